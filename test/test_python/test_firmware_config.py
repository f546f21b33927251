"""What only the ESP32 build reads: partitions, ESP-IDF settings, component versions, pins."""

import configparser
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

MB = 1 << 20
CHIPS = ("esp32", "esp32s3", "esp32c3")
ENVIRONMENTS = ("esp32dev", "esp32-s3-devkitc-1", "esp32-c3-devkitm-1")

# components/partition_table/gen_esp32part.py of ESP-IDF 5.5
TABLE_END = 0x8000 + 0x1000
OWN_TYPES = range(0x40, 0xFF)
SUBTYPES = {
    "app": {"factory": 0x00, "ota_0": 0x10, "ota_1": 0x11, "test": 0x20},
    "data": {
        "ota": 0,
        "phy": 1,
        "nvs": 2,
        "coredump": 3,
        "nvs_keys": 4,
        "efuse": 5,
        "undefined": 6,
    },
}
APP_ALIGNMENT = 0x10000
SECTOR = 0x1000
LONGEST_NAME = 15
LEAST_NVS = 0x3000
OTADATA = 0x2000


@dataclass(frozen=True)
class Partition:
    name: str
    type: str
    subtype: int
    offset: int
    size: int

    @property
    def end(self) -> int:
        return self.offset + self.size


def size(text: str) -> int:
    """Bytes of "0x1000", "24K" or "24 KB"."""
    digits, kilobytes, _ = text.partition("K")
    return int(digits, 0) * (1024 if kilobytes else 1)


@pytest.fixture(scope="module")
def partitions(project: Path) -> list[Partition]:
    table = []
    for line in (project / "partitions.csv").read_text().splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        name, kind, subtype, *place = (field.strip() for field in line.split(","))
        number = SUBTYPES.get(kind, {}).get(subtype)
        offset, length = map(size, place)
        subtype_number = int(subtype, 0) if number is None else number
        table.append(Partition(name, kind, subtype_number, offset, length))
    return table


def settings(path: Path) -> dict[str, str]:
    """Symbol to value of an sdkconfig.defaults; fails on a line that means nothing."""
    found: dict[str, str] = {}
    for number, line in enumerate(path.read_text().splitlines(), 1):
        unset = re.fullmatch(r"# (CONFIG_\w+) is not set", line)
        value = re.fullmatch(r"(CONFIG_[A-Z0-9_]+)=(y|\d+|0x[0-9a-f]+|\".*\")", line)
        if not line or (line.startswith("#") and not unset):
            continue
        assert unset or value, f"{path.name}:{number}: {line}"
        name, content = (unset[1], "n") if unset else (value[1], value[2]) if value else ("", "")
        assert name not in found, f"{path.name}:{number}: {name} for the second time"
        found[name] = content
    return found


@pytest.fixture(scope="module")
def common(project: Path) -> dict[str, str]:
    return settings(project / "sdkconfig.defaults")


def test_partitions_keep_the_rules_of_esp_idf(partitions: list[Partition]) -> None:
    assert len({p.name for p in partitions}) == len(partitions)
    for p in partitions:
        assert p.type in SUBTYPES or int(p.type, 0) in OWN_TYPES, p
        assert 0 < len(p.name) <= LONGEST_NAME
        assert 0 <= p.subtype <= 0xFE
        assert p.offset % (APP_ALIGNMENT if p.type == "app" else SECTOR) == 0, p
        assert p.size % SECTOR == 0, p


def test_partitions_neither_overlap_nor_leave_the_flash(partitions: list[Partition]) -> None:
    end = TABLE_END
    for p in sorted(partitions, key=lambda p: p.offset):
        assert p.size > 0
        assert p.offset >= end, p
        end = p.end
    assert end <= 4 * MB


def test_partitions_are_two_firmwares_two_models_and_their_data(
    partitions: list[Partition],
) -> None:
    by_name = {p.name: p for p in partitions}
    data = SUBTYPES["data"]
    apps = [p for p in partitions if p.type == "app"]
    assert [p.subtype for p in apps] == [SUBTYPES["app"]["ota_0"], SUBTYPES["app"]["ota_1"]]
    assert apps[0].size == apps[1].size
    # nvs_flash_init() takes the one of this name.
    assert (by_name["nvs"].type, by_name["nvs"].subtype) == ("data", data["nvs"])
    assert (by_name["identity"].type, by_name["identity"].subtype) == ("data", data["nvs"])
    assert min(by_name["nvs"].size, by_name["identity"].size) >= LEAST_NVS
    assert (by_name["otadata"].type, by_name["otadata"].subtype) == ("data", data["ota"])
    assert by_name["otadata"].size == OTADATA
    assert by_name["coredump"].subtype == data["coredump"]
    own = [by_name[name] for name in ("model_a", "model_b", "events")]
    assert len({(int(p.type, 0), p.subtype) for p in own}) == len(own)


def test_the_page_has_the_partitions_as_they_are(
    project: Path, partitions: list[Partition]
) -> None:
    page = (project / "docs" / "partitions.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (0x\w+) \| (\d+ KB) \|", page, re.MULTILINE)
    described = [(name, int(offset, 16), size(length)) for name, offset, length in rows]
    assert described == [(p.name, p.offset, p.size) for p in partitions]
    largest = f"{partitions[2].size:,} bytes"
    assert partitions[2].name == "ota_0"
    for name in ("partitions.md", "firmware.md"):
        text = (project / "docs" / name).read_text(encoding="utf-8")
        assert f"A firmware may have {largest}" in text


def test_settings_name_the_partition_table(project: Path, common: dict[str, str]) -> None:
    assert common["CONFIG_PARTITION_TABLE_CUSTOM"] == "y"
    name = common["CONFIG_PARTITION_TABLE_CUSTOM_FILENAME"].strip('"')
    assert (project / name).is_file()


def test_settings_are_those_of_the_firmware(common: dict[str, str]) -> None:
    assert common["CONFIG_COMPILER_OPTIMIZATION_PERF"] == "y"
    assert common["CONFIG_ESP_TASK_WDT_EN"] == "y"
    assert common["CONFIG_ESP_TASK_WDT_PANIC"] == "y"
    assert common["CONFIG_ESP_BROWNOUT_DET"] == "y"
    assert common["CONFIG_ESP_CONSOLE_UART_DEFAULT"] == "y"
    # Fed by the sampling task alone.
    assert common["CONFIG_ESP_TASK_WDT_CHECK_IDLE_TASK_CPU0"] == "n"
    assert common["CONFIG_ESP_TASK_WDT_CHECK_IDLE_TASK_CPU1"] == "n"


@pytest.mark.parametrize("chip", CHIPS)
def test_each_chip_has_its_settings(project: Path, common: dict[str, str], chip: str) -> None:
    own = settings(project / f"sdkconfig.defaults.{chip}")
    everything = {**common, **own}
    assert any(name.startswith("CONFIG_ESP_DEFAULT_CPU_FREQ_MHZ_") for name in own)
    assert not [n for n in everything if re.match(r"CONFIG_(ESP_)?(WIFI|BT|BLUETOOTH)_", n)]
    clock = "CONFIG_ESP_DEFAULT_CPU_FREQ_MHZ_" + ("160" if chip == "esp32c3" else "240")
    assert own[clock] == "y"


def test_chips_without_settings_are_not_left_over(project: Path) -> None:
    found = {path.suffix.removeprefix(".") for path in project.glob("sdkconfig.defaults.*")}
    assert found == set(CHIPS)


def test_component_versions_are_pinned(project: Path) -> None:
    text = (project / "src" / "idf_component.yml").read_text()
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    assert lines[0] == "dependencies:"
    versions = {}
    for line in lines[1:]:
        match = re.fullmatch(r'  ([a-z/-]+): "([^"]+)"', line)
        assert match, line
        versions[match[1]] = match[2]
    assert versions.pop("idf") == ">=5.1"
    assert set(versions) == {
        *("espressif/esp-tflite-micro", "espressif/esp-nn", "espressif/esp-dsp"),
    }
    for name, version in versions.items():
        assert re.fullmatch(r"==\d+\.\d+\.\d+", version), name


def test_platformio_builds_with_the_same_files(project: Path, common: dict[str, str]) -> None:
    ini = configparser.ConfigParser(interpolation=None)
    ini.read(project / "platformio.ini")
    shared = ini["esp32"]
    assert shared["platform"] == "espressif32@^6.13.0"
    assert shared["framework"] == "espidf"
    assert shared["board_build.partitions"] == "partitions.csv"
    # Else the board file's, 8 MB for the S3, and PlatformIO warns.
    assert shared["board_upload.flash_size"] == "4MB"
    assert common["CONFIG_ESPTOOLPY_FLASHSIZE_4MB"] == "y"
    assert shared["custom_engine"] == "tflm"
    assert "esp32_exception_decoder" in shared["monitor_filters"]
    assert "build_src_filter" not in shared, "ESP-IDF takes the sources from src/CMakeLists.txt"
    for environment in ENVIRONMENTS:
        assert ini[f"env:{environment}"]["extends"] == "esp32"
        assert ini[f"env:{environment}"]["board"] == environment


def test_the_workflow_builds_for_every_chip(project: Path) -> None:
    workflow = (project / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    assert f"environment: [{', '.join(ENVIRONMENTS)}]" in workflow


# SOC_GPIO_VALID_GPIO_MASK and SOC_GPIO_VALID_OUTPUT_GPIO_MASK of ESP-IDF's soc_caps.h
PINS = {
    "esp32": 0xFFFFFFFFFF & ~sum(1 << n for n in (24, 28, 29, 30, 31)),
    "esp32s3": 0x1FFFFFFFFFFFF & ~sum(1 << n for n in (22, 23, 24, 25)),
    "esp32c3": (1 << 22) - 1,
}
OUTPUTS = {
    "esp32": 0xFFFFFFFFFF & ~sum(1 << n for n in (24, 28, 29, 30, 31, 34, 35, 36, 37, 38, 39)),
    "esp32s3": 0x1FFFFFFFFFFFF & ~sum(1 << n for n in (22, 23, 24, 25)),
    "esp32c3": (1 << 22) - 1,
}


def compile_pins(project: Path, folder: Path, chip: str, *defines: str) -> str:
    """What the compiler says about a choice of pins; "" if it compiles."""
    (folder / "soc").mkdir()
    (folder / "esp_bit_defs.h").touch()
    (folder / "sdkconfig.h").write_text(f"#define CONFIG_IDF_TARGET_{chip.upper()} 1\n")
    mask = f"#define SOC_GPIO_VALID_OUTPUT_GPIO_MASK {OUTPUTS[chip]:#x}ULL\n"
    mask += f"#define SOC_GPIO_VALID_GPIO_MASK {PINS[chip]:#x}ULL\n"
    (folder / "soc" / "soc_caps.h").write_text(mask)
    header = project / "lib" / "Esp32" / "src" / "Pins.h"
    command = ["g++", "-std=gnu++17", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", f"-I{folder}"]
    command += [*defines, "-x", "c++", "-include", str(header), "/dev/null"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert bool(result.returncode) == bool(result.stderr)
    return result.stderr


@pytest.mark.skipif(not shutil.which("g++"), reason="needs a C++ compiler")
@pytest.mark.parametrize(
    ("chip", "defines", "error"),
    [
        ("esp32", [], None),
        ("esp32s3", [], None),
        ("esp32c3", [], None),
        ("esp32", ["-DSENSOR_GPIO=36", "-DLED_GPIO=23"], None),
        ("esp32", ["-DSENSOR_GPIO=34,35,32"], None),
        ("esp32", ["-DSENSOR_GPIO=4"], "not a pin of ADC1"),  # ADC2
        ("esp32", ["-DSENSOR_GPIO=34,34"], "the same pin twice"),
        ("esp32", ["-DLED_GPIO=34"], "not an output"),
        ("esp32", ["-DLED_GPIO=24"], "not an output"),  # there is none
        ("esp32", ["-DLED_GPIO=-1"], "not an output"),
        ("esp32", ["-DLED_GPIO=40"], "not an output"),
        ("esp32", ["-DLED_GPIO=6"], "taken by the flash"),
        ("esp32", ["-DLED_GPIO=1"], "or the console"),
        ("esp32", ["-DSENSOR_GPIO=32", "-DLED_GPIO=32"], "the same pin as a sensor"),
        ("esp32s3", ["-DSENSOR_GPIO=34"], "not a pin of ADC1"),
        ("esp32s3", ["-DLED_GPIO=43"], "or the console"),
        ("esp32c3", ["-DSENSOR_GPIO=5"], "not a pin of ADC1"),
        ("esp32c3", ["-DLED_GPIO=22"], "not an output"),
        ("esp32c3", ["-DLED_GPIO=3"], "the same pin as a sensor"),
        ("esp32", ["-DLED_GPIO=22"], None),  # of I2C, which may not be used
        ("esp32", ["-DI2C_SDA_GPIO=32", "-DI2C_SCL_GPIO=33"], None),
        ("esp32", ["-DI2C_SDA_GPIO=34"], "I2C_SDA_GPIO: not an output"),
        ("esp32", ["-DI2C_SCL_GPIO=39"], "I2C_SCL_GPIO: not an output"),
        ("esp32", ["-DI2C_SDA_GPIO=22"], "I2C_SDA_GPIO, I2C_SCL_GPIO: the same pin twice"),
        ("esp32", ["-DI2C_SCL_GPIO=3"], "I2C_..._GPIO: taken by the flash memory or the console"),
        ("esp32", ["-DI2S_SD_GPIO=34"], None),  # an input is enough
        ("esp32", ["-DI2S_SD_GPIO=24"], "I2S_SD_GPIO: not a pin of this chip"),
        ("esp32", ["-DI2S_WS_GPIO=35"], "I2S_WS_GPIO: not an output"),
        ("esp32", ["-DI2S_SCK_GPIO=36"], "I2S_SCK_GPIO: not an output"),
        ("esp32", ["-DI2S_SD_GPIO=25"], "I2S_..._GPIO: the same pin twice"),
        ("esp32s3", ["-DI2S_SD_GPIO=30"], "I2S_..._GPIO: taken by the flash"),
        ("esp32c3", ["-DI2C_SDA_GPIO=20"], "I2C_..._GPIO: taken by the flash"),
        ("esp32", ["-DBUZZER_GPIO=18", "-DRELAY_GPIO=19", "-DRELAY_ACTIVE_LOW=1"], None),
        ("esp32s3", ["-DBUZZER_GPIO=18", "-DBUZZER_ACTIVE_LOW=1", "-DRELAY_GPIO=21"], None),
        ("esp32c3", ["-DBUZZER_GPIO=18", "-DRELAY_GPIO=19"], None),
        ("esp32", ["-DBUZZER_GPIO=34"], "BUZZER_GPIO: not an output"),
        ("esp32", ["-DRELAY_GPIO=39"], "RELAY_GPIO: not an output"),
        ("esp32", ["-DBUZZER_GPIO=3"], "BUZZER_GPIO: taken by the flash memory or the console"),
        ("esp32", ["-DRELAY_GPIO=12"], "read when the chip starts"),
        ("esp32s3", ["-DRELAY_GPIO=0"], "read when the chip starts"),
        ("esp32c3", ["-DBUZZER_GPIO=9"], "read when the chip starts"),
        ("esp32", ["-DBUZZER_GPIO=33"], "BUZZER_GPIO: the same pin as a sensor"),
        ("esp32", ["-DRELAY_GPIO=32"], "RELAY_GPIO: the same pin as a sensor"),
        ("esp32", ["-DLED_GPIO=4", "-DBUZZER_GPIO=4"], "BUZZER_GPIO: the same pin as LED_GPIO"),
        ("esp32", ["-DLED_GPIO=4", "-DRELAY_GPIO=4"], "RELAY_GPIO: the same pin as LED_GPIO"),
        ("esp32", ["-DBUZZER_GPIO=4", "-DRELAY_GPIO=4"], "as LED_GPIO or BUZZER_GPIO"),
        ("esp32", ["-DRELAY_GPIO=22"], None),  # of I2C, which may not be used
    ],
)
def test_impossible_pins_do_not_compile(
    project: Path, tmp_path: Path, chip: str, defines: list[str], error: str | None
) -> None:
    said = compile_pins(project, tmp_path, chip, *defines)
    assert (error in said) if error else not said, said
