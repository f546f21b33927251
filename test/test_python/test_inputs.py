"""Kinds of sensors that are more than a voltage: what a profile says, what C++ gets of it."""

import shutil
import subprocess
from pathlib import Path

import pytest

from project import profile as profiles
from project.errors import UserError
from project.paths import PROJECT
from project.profile import Sensor

REST = """
[features]
use = ["value"]

[scaling]
kind = "standard"

[detector]
kind = "mahalanobis"
score = "rms"

[detector.calibration]
kind = "quantile"
quantile = 0.99
margin = 1.2
"""

MPU6050 = """
[sensor]
kind = "mpu6050"
channels = ["x", "y", "z"]
unit = "g"
valid = [-16.0, 16.0]
range_g = 4
dlpf_hz = 184

[sampling]
rate_hz = 1000.0
"""

PIEZO = """
[sensor]
kind = "adc_continuous"
channels = ["piezo"]
unit = "V"
valid = [-10.0, 10.0]
gain = 1.0
offset = -1.65

[sampling]
rate_hz = 16000.0
"""

MICROPHONE = """
[sensor]
kind = "inmp441"
channels = ["sound"]
unit = "FS"
valid = [-1.0, 1.0]

[sampling]
rate_hz = 16000.0
"""


def sensor_of(folder: Path, text: str) -> Sensor:
    path = folder / "probe.toml"
    path.write_text(text + REST, encoding="utf-8")
    return profiles.load(path).sensor


def test_an_mpu6050_reads_to_its_range(tmp_path: Path) -> None:
    sensor = sensor_of(tmp_path, MPU6050)
    assert sensor.input.driver == "Mpu6050Input"
    assert sensor.input.step(0) == 4 / 32768
    assert sensor.visible(2) == (-4, 4 - 4 / 32768)
    assert sensor.members(1000.0)["analog"] == "nullptr"
    assert sensor.input.config() == (
        "{\n    .rate_hz = kSampleRateHz,\n    .range_g = 4,\n    .dlpf_hz = 184,\n"
        "    .address = 0x68,\n}"
    )


def test_a_piezo_has_the_transfer_of_a_linear_sensor(tmp_path: Path) -> None:
    sensor = sensor_of(tmp_path, PIEZO)
    assert sensor.visible(0) == pytest.approx((-1.65, 1.65))
    assert sensor.input.oversampling == 2
    assert sensor.members(16000.0)["analog"] == "&kAnalog"
    assert sensor.input.config() == "{\n    .analog = &kAnalog,\n    .rate_hz = kSampleRateHz,\n}"


def test_full_scale_of_a_microphone_is_one(tmp_path: Path) -> None:
    sensor = sensor_of(tmp_path, MICROPHONE)
    assert sensor.visible(0) == (-1, 1 - 2**-23)
    assert ".right = false" in sensor.input.config()
    right = sensor_of(tmp_path, MICROPHONE.replace("[sampling]", 'slot = "right"\n[sampling]'))
    assert ".right = true" in right.input.config()


@pytest.mark.parametrize(
    ("text", "old", "new", "message"),
    [
        (MPU6050, '["x", "y", "z"]', '["x", "y"]', "channels: are 2, an MPU6050 has three axes"),
        (MPU6050, "range_g = 4", "range_g = 6", "range_g: is 6, an MPU6050 has 2, 4, 8 or 16"),
        (
            MPU6050,
            "dlpf_hz = 184",
            "dlpf_hz = 100",
            "dlpf_hz: is 100, an MPU6050 has 260, 184, 94, 44, 21, 10 or 5",
        ),
        (MPU6050, "dlpf_hz = 184\n", "", "dlpf_hz: is missing"),
        (MPU6050, "range_g = 4", "address = 0x70", "address: 112 is not within 104 to 105"),
        (
            MPU6050,
            "rate_hz = 1000.0",
            "rate_hz = 2000.0",
            'kind: "mpu6050" gives 1000 Hz divided by 1 to 256, rate_hz is 2000: take 1000',
        ),
        (
            MPU6050,
            "rate_hz = 1000.0",
            "rate_hz = 300.0",
            'kind: "mpu6050" gives 1000 Hz divided by 1 to 256, rate_hz is 300: take 333.333',
        ),
        (
            MPU6050,
            "rate_hz = 1000.0",
            "rate_hz = 1.0",
            'kind: "mpu6050" gives 1000 Hz divided by 1 to 256, rate_hz is 1: take 3.90625',
        ),
        (
            MPU6050.replace("184", "260"),
            "rate_hz = 1000.0",
            "rate_hz = 20.0",
            'kind: "mpu6050" gives 1000 Hz divided by 1 to 32, rate_hz is 20: take 31.25',
        ),
        (
            MPU6050,
            "rate_hz = 1000.0",
            "rate_hz = 100.0",
            "dlpf_hz: 184 lets through more than half of rate_hz, which then shows as what it is "
            "not: take 44 or less, or a higher rate_hz",
        ),
        (PIEZO, '["piezo"]', '["a", "b"]', 'channels: are 2, "adc_continuous" has one'),
        (PIEZO, "gain = 1.0", "gain = 0.0", "gain: must not be 0"),
        (PIEZO, "gain = 1.0", "gain = 1.0\nadc_bits = 10", "adc_bits: are 12"),
        (
            PIEZO,
            "gain = 1.0",
            "gain = 1.0\noversampling = 16",
            "oversampling: 16 conversions for each of 16000 samples a second are not within 20000 "
            "to 80000 a second: take 2 to 5",
        ),
        (
            PIEZO,
            "rate_hz = 16000.0",
            "rate_hz = 1000.0",
            "oversampling: 2 conversions for each of 1000 samples a second are not within 20000 to "
            "80000 a second: take 20 to 80",
        ),
        (
            PIEZO,
            "rate_hz = 16000.0",
            "rate_hz = 2.0",
            'kind: "adc_continuous" cannot give 2 samples a second',
        ),
        (MICROPHONE, '["sound"]', '["a", "b"]', 'channels: are 2, "inmp441" has one'),
        (
            MICROPHONE,
            "rate_hz = 16000.0",
            "rate_hz = 4000.0",
            'kind: "inmp441" gives 7200 to 48000 whole samples a second, rate_hz is 4000',
        ),
        (
            MICROPHONE,
            "rate_hz = 16000.0",
            "rate_hz = 11025.5",
            'kind: "inmp441" gives 7200 to 48000 whole samples a second, rate_hz is 11025.5',
        ),
        (
            MICROPHONE,
            "[sampling]",
            'slot = "middle"\n[sampling]',
            'slot: "middle" is not one of left, right',
        ),
        (
            MICROPHONE.replace("inmp441", "linear").replace("[sampling]", "gain = 1.0\n[sampling]"),
            "rate_hz = 16000.0",
            "rate_hz = 2000.0",
            'kind: "linear" can be read 1000 times a second, rate_hz is 2000',
        ),
    ],
)
def test_what_a_part_cannot_do_is_one_sentence(
    tmp_path: Path, text: str, old: str, new: str, message: str
) -> None:
    assert old in text
    with pytest.raises(UserError) as error:
        sensor_of(tmp_path, text.replace(old, new))
    assert f"[sensor] {message}" in str(error.value)


@pytest.mark.skipif(not shutil.which("g++"), reason="needs a C++ compiler")
@pytest.mark.parametrize(
    ("text", "config", "header"),
    [
        (MPU6050, "Mpu6050Config", "Mpu6050.h"),
        # The driver's, which only a chip can compile.
        (PIEZO, "struct { const AnalogConfig* analog; float rate_hz; }", "AnalogConfig.h"),
        (MICROPHONE, "MicrophoneConfig", "Microphone.h"),
    ],
    ids=["mpu6050", "adc_continuous", "inmp441"],
)
def test_the_driver_gets_what_the_profile_says(
    tmp_path: Path, text: str, config: str, header: str
) -> None:
    sensor = sensor_of(tmp_path, text)
    source = tmp_path / "probe.cpp"
    source.write_text(
        f'#include "{header}"\n#include "AnalogConfig.h"\nusing namespace anomaly;\n'
        f"inline constexpr float kSampleRateHz = 1.0f;\n{sensor.input.tables(1)}"
        f"using Config = {config};\n"
        f"template <typename T>\ninline constexpr T kDriverConfig = {sensor.input.config()};\n"
        "static_assert(kDriverConfig<Config>.rate_hz == 1.0f);\n"
    )
    rooms = [f"-I{PROJECT / 'lib' / room / 'src'}" for room in ("Signal", "Inputs")]
    flags = ["-std=gnu++17", "-fsyntax-only", "-Wall", "-Wextra", "-Wconversion", "-Werror"]
    subprocess.run(["g++", *flags, *rooms, source], check=True)
