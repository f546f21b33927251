"""`./piow package`: a library for other people's projects, made, compiled and used as one of them
would. What docs/library.md says is typed here, in folders outside of this project."""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import numpy as np
import page_files
import pytest
from conftest import PROJECT, PlatformIO, once

from project import profile as profiles
from training import codegen, package
from training.__main__ import main

PAGE: Final = PROJECT / "docs" / "library.md"
HERE: Final = Path(__file__).parent
ROWS: Final = 100_000
WARNINGS: Final = (
    *("-Wall", "-Wextra", "-Wshadow", "-Wconversion", "-Wdouble-promotion", "-Werror"),
)
WITHOUT: Final = ["-fno-exceptions", "-fno-rtti"]

pytestmark = pytest.mark.skipif(not shutil.which("g++"), reason="needs g++")

Verdict = tuple[str, float, str]


def run(*command: str | Path, **options: object) -> str:
    done = subprocess.run(
        [*map(str, command)], capture_output=True, text=True, errors="replace", **options
    )  # type: ignore[call-overload]
    assert done.returncode == 0, done.stdout + done.stderr
    return str(done.stdout)


def make(folder: Path, *options: str) -> Path:
    """A package in `folder`."""
    run(sys.executable, "-m", "training", "package", *options, "--out", folder, cwd=PROJECT)
    return folder


def compiled(made: Path, into: Path, compiler: str, *flags: str) -> list[Path]:
    """The object files of a package."""
    into.mkdir(exist_ok=True)

    def compile(source: Path) -> Path:
        target = into / f"{source.stem}.o"
        run(compiler, *flags, f"-I{made / 'src'}", "-c", source, "-o", target)
        return target

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(compile, sorted(made.glob("src/anomaly/*.cpp"))))


@pytest.fixture(scope="module")
def temperature(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return once(tmp_path_factory, "package", lambda folder: (make(folder / "temperature"), None)[1])


@pytest.fixture(scope="module")
def library(temperature: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """It, compiled with every warning as an error, and without what chips do without."""

    def build(folder: Path) -> None:
        flags = ("-std=c++17", "-O1", "-ffp-contract=off", *WARNINGS, *WITHOUT)
        objects = compiled(temperature / "temperature", folder, "g++", *flags)
        run("ar", "rcs", folder / "library.a", *objects)

    return once(tmp_path_factory, "package-objects", build) / "library.a"


# --- what is in it


def test_its_code_is_that_of_lib_and_nothing_is_missing(temperature: Path) -> None:
    made = temperature / "temperature"
    ours = {path.name: path.read_bytes() for path in PROJECT.glob("lib/*/src/*")}
    packed = {path.name: path.read_bytes() for path in (made / "src" / "anomaly").iterdir()}
    generated = packed.keys() - ours.keys()
    assert generated == {"temperature_model.h"}
    assert all(packed[name] == ours[name] for name in packed.keys() - generated - {"Parts.h"})
    for file in made.rglob("*.[hc]*"):
        for name in re.findall(r'^#include "([^"]+)"', file.read_text("utf-8"), re.M):
            assert (file.parent / name).exists() or "idf" in str(file), f"{file}: {name}"
    for only_firmware in ("Transfer.h", "LineBuffer.h", "BlockRing.h", "Mpu6050.h", "Twin.h"):
        assert only_firmware not in packed
    assert (made / "LICENSE").read_bytes() == (PROJECT / "LICENSE").read_bytes()
    assert str(PROJECT) not in "".join(f.read_text("utf-8") for f in made.rglob("*") if f.is_file())


@pytest.mark.parametrize(
    ("names", "wanted"),
    [(["any"], set()), (["vibration"], {"Frames", "Refit", "Channels"})],
)
def test_what_no_model_of_it_needs_is_switched_off(names: list[str], wanted: set[str]) -> None:
    """The linker then leaves it out; the firmware's own header has all of them."""
    text = codegen.parts_header([profiles.load(profiles.find(name)) for name in names])
    switches = dict(re.findall(r"kWith(\w+) = (true|false);", text))
    assert switches.keys() == {"Frames", "Refit", "Channels"}
    assert {name for name, value in switches.items() if value == "true"} == wanted


def test_its_manifests_say_what_it_is(temperature: Path) -> None:
    made = temperature / "temperature"
    library = json.loads((made / "library.json").read_text())
    assert (library["name"], library["headers"]) == ("anomaly_detector", "anomaly_detector.h")
    assert "dependencies" not in library
    for example in library["examples"]:
        assert all((made / example["base"] / name).is_file() for name in example["files"])
    properties = dict(
        line.split("=", 1) for line in (made / "library.properties").read_text().splitlines()
    )
    assert properties["name"] == library["name"]
    assert properties["version"] == library["version"]
    assert properties["includes"] == "anomaly_detector.h"
    assert "espressif" not in (made / "idf_component.yml").read_text()
    sketch = next(made.glob("examples/*/*.ino"))
    assert sketch.stem == sketch.parent.name  # or the Arduino IDE does not take it


def test_its_readme_has_the_figures_of_this_model(temperature: Path) -> None:
    text = (temperature / "temperature" / "README.md").read_text("utf-8")
    found = json.loads((PROJECT / "models/temperature/manifest.json").read_text("utf-8"))
    threshold = f"{found['pipeline']['decision']['threshold']:.4g}"
    alarms = "0.2 a day of the score"
    description, versions = found["data"]["description"], found["versions"]["tensorflow"]
    for said in (found["fingerprint"], threshold, alarms, description, versions):
        assert said in text, said
    assert "believed from -40 to 125" in text
    assert not re.search(r"\{[a-z]+\}", text), "a placeholder"


def test_the_tables_are_as_large_as_a_compiler_has_them(temperature: Path, tmp_path: Path) -> None:
    made = temperature / "temperature"
    header = (made / "src/anomaly/temperature_model.h").read_text("utf-8")
    names = re.findall(
        r"^inline constexpr (?:float|u?int\d+_t|bool) (\w+)(?:\[\w+\])+ =", header, re.M
    )
    total = " + ".join(f"sizeof(temperature::{name})" for name in names)
    said = re.search(r"tables in flash \| ([\d,]+) bytes", (made / "README.md").read_text("utf-8"))
    assert said
    source = tmp_path / "size.cpp"
    source.write_text(
        f"#include <anomaly_detector.h>\nstatic_assert({total} == {said[1].replace(',', '')});\n"
    )
    run("g++", "-std=c++17", "-fsyntax-only", f"-I{made / 'src'}", source)


@pytest.mark.parametrize(
    ("profile", "name"),
    [
        ("vibration_adc", "vibration_adc"),
        ("cold-store 2", "cold_store_2"),
        ("2nd-floor", "model_2nd_floor"),
        ("class", "class_model"),
        ("time", "time_model"),
        ("bit", "bit_model"),
        ("anomaly", "anomaly_model"),
        ("F", "f"),
        ("Detector", "detector"),
        ("Küche", "K_che"),
        ("--", "model"),
    ],
)
def test_a_namespace_is_called_as_the_profile_as_far_as_c_plus_plus_lets(
    profile: str, name: str
) -> None:
    assert package.identifier(profile) == name


# --- what the command refuses


def refused(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> str:
    assert main(["package", *map(str, arguments)]) == 1
    return capsys.readouterr().err


def test_a_folder_of_something_else_stays_as_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    said = refused(capsys, "--profile", "lesson", "--out", tmp_path)
    assert "is no package; name a new folder with --out" in said
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
    said = refused(capsys, "--profile", "lesson", "--out", tmp_path / "thesis.txt")
    assert "is no folder" in said


def test_a_profile_without_a_model_is_told_to_train(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    attic = tmp_path / "attic.toml"
    attic.write_bytes((PROJECT / "profiles" / "lesson.toml").read_bytes())
    said = refused(capsys, "--profile", attic, "--out", tmp_path / "made")
    assert "there is no model yet" in said
    assert f"train it: ./piow train --profile {attic}" in said or os.name == "nt"
    assert not (tmp_path / "made").exists()


def test_an_unknown_engine_is_bad_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["package", "--engine", "tpu"])
    assert ended.value.code == 2
    assert "'dense', 'tflm'" in capsys.readouterr().err


def test_two_profiles_of_one_name_and_one_model_for_two_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = refused(capsys, "--profile", "lesson", "--profile", "lesson", "--out", tmp_path / "x")
    assert "lesson and lesson would both be called lesson" in said
    two = ("--profile", "lesson", "--profile", "temperature", "--model", PROJECT / "models/lesson")
    assert "--model: is the folder of one model" in refused(capsys, *two, "--out", tmp_path / "x")


def test_made_again_it_is_brought_up_to_date(tmp_path: Path) -> None:
    made = tmp_path / "made"
    assert main(["package", "--profile", "lesson", "--out", str(made)]) == 0
    before = {path: path.stat().st_mtime_ns for path in made.rglob("*") if path.is_file()}
    (made / "examples" / "mine.cpp").write_text("mine")
    assert main(["package", "--profile", "lesson", "--out", str(made)]) == 0
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert main(["package", "--profile", "temperature", "--out", str(made)]) == 0
    headers = {path.name for path in made.glob("src/anomaly/*_model.h")}
    assert headers == {"temperature_model.h"}
    assert (made / "examples" / "mine.cpp").exists()


def test_the_target_makes_the_package_of_the_build(
    platformio: PlatformIO, project_copy: Path
) -> None:
    arguments = ("run", "-e", "native", "-t", "package")
    done = platformio(*arguments, cwd=project_copy, ANOMALY_PROFILE="lesson")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "anomaly::Detector<lesson::Model>" in done.stdout
    assert (project_copy / "package/lesson/src/anomaly/lesson_model.h").is_file()
    assert not (project_copy / ".pio/build/native/src").exists()  # nothing was compiled


def test_git_keeps_no_package(project: Path) -> None:
    name = "package/lesson/README.md"
    asked = ["git", "check-ignore", name]
    ignored = subprocess.run(asked, cwd=project, capture_output=True, text=True)
    if ignored.returncode not in (0, 1):
        pytest.skip("this is no git clone")
    assert ignored.stdout.strip() == name


# --- what it says, as a part of other projects


@pytest.fixture(scope="module")
def millivolts() -> np.ndarray:
    """What a sensor gives: a day and more, with jumps, drifts, a wave, a stuck hour and readings
    that nobody believes."""
    random = np.random.default_rng(16)
    celsius = random.normal(24.81, 0.08, ROWS)
    celsius += 0.2 * np.sin(np.arange(ROWS) * 2 * np.pi / 7200)
    for start in range(4000, ROWS, 9000):
        celsius[start : start + 40] += random.choice([-4.0, -1.0, 0.6, 3.0])
        celsius[start + 3000 : start + 3600] += np.linspace(0, 2.0, 600)
    celsius[50_000:50_400] = celsius[50_000]
    celsius[70_000:70_010] = 200.0
    return np.rint((celsius - 20) * 100).astype(np.int64)


def readings(millivolts: np.ndarray) -> np.ndarray:
    """As the pages compute them, in float32."""
    return millivolts.astype(np.float32) * np.float32(0.01) + np.float32(20.0)


@pytest.fixture(scope="module")
def replayed(
    program: Path, millivolts: np.ndarray, tmp_path_factory: pytest.TempPathFactory
) -> list[Verdict]:
    """What the firmware says of the same readings."""
    return replay(program, readings(millivolts), tmp_path_factory.mktemp("replay"))


def replay(program: Path, values: np.ndarray, folder: Path) -> list[Verdict]:
    file = folder / "values.csv"
    lines = [f"{row / 2:.1f},{value:.9g}\n" for row, value in enumerate(values.tolist())]
    file.write_text("time,temperature\n" + "".join(lines))
    said = run(program, "--replay", file)
    found = re.findall(
        r"^(?:Fault|Real): [^|]*(?:\|.*?Score: ([\d.naNif-]+))?.*?\| State: (\w+)"
        r"(?: \| Cause: ([^|\n\r]*[^|\s]))?",
        said,
        re.MULTILINE,
    )
    assert len(found) == len(values)
    return [(state, float(score or "nan"), cause) for score, state, cause in found]


def verdicts(said: str) -> list[Verdict]:
    """The lines `STATE score cause` that the programs of the page print."""
    found = re.findall(r"^([A-Z]+) ([\d.na-]+) ?(.*?)\r?$", said, re.MULTILINE)
    return [(state, float(score), cause.strip()) for state, score, cause in found]


def assert_same(found: list[Verdict], expected: list[Verdict]) -> None:
    assert len(found) == len(expected)
    for row, (mine, theirs) in enumerate(zip(found, expected, strict=True)):
        assert (mine[0], mine[2]) == (theirs[0], theirs[2]), f"row {row}: {mine}, {theirs}"
        assert np.isclose(mine[1], theirs[1], rtol=1e-6, atol=1.01e-4, equal_nan=True), f"row {row}"


def typed(folder: Path, *tops: str) -> None:
    """Writes the files that the page has in these folders."""
    for name, text in page_files.of(PAGE):
        if name.split("/")[0] in tops:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")


def test_the_rows_have_every_state(replayed: list[Verdict]) -> None:
    states = {state for state, _, _ in replayed}
    assert states == {"WARMUP", "NORMAL", "ANOMALY", "FAULT"}
    assert len({cause for _, _, cause in replayed}) >= 3


def test_an_arduino_sketch_says_the_same_as_the_firmware(
    temperature: Path,
    library: Path,
    millivolts: np.ndarray,
    replayed: list[Verdict],
    tmp_path: Path,
) -> None:
    typed(tmp_path, "WatchTemperature")
    sketch = next(tmp_path.glob("*/*.ino"))
    assert sketch.stem == sketch.parent.name
    main = tmp_path / "sketch.cpp"  # as arduino-cli makes it
    text = f'#include "{HERE / "fake_arduino.h"}"\n{sketch.read_text()}'
    main.write_text(text + "\nint main() {\n  setup();\n  for (;;) loop();\n}\n")
    flags = ["-std=gnu++17", "-O1", "-ffp-contract=off"]
    includes = [f"-I{temperature / 'temperature' / 'src'}"]
    run("g++", *flags, *includes, main, library, "-o", tmp_path / "sketch")
    said = run(tmp_path / "sketch", input="\n".join(map(str, millivolts.tolist())))
    assert_same(verdicts(said), replayed)


@pytest.mark.skipif(not shutil.which("cmake"), reason="needs cmake")
def test_an_esp_idf_project_says_the_same_as_the_firmware(
    temperature: Path, millivolts: np.ndarray, program: Path, tmp_path: Path
) -> None:
    typed(tmp_path, "station")
    station = tmp_path / "station"
    shutil.copytree(temperature / "temperature", station / "components" / "anomaly_detector")
    environment = {**os.environ, "IDF_PATH": str(HERE / "fake_idf")}
    flags = "-DCMAKE_CXX_FLAGS=-O0 -ffp-contract=off"
    run("cmake", "-B", tmp_path / "build", "-S", station, flags, env=environment)
    run("cmake", "--build", tmp_path / "build", "-j", "2", env=environment)
    counts = np.clip(np.rint(millivolts * (4095 / 3300)), 0, 4095).astype(np.int64)
    factor = np.float32(33.0) / np.float32(4095.0)
    values = counts.astype(np.float32) * factor + np.float32(20.0)
    app = next(tmp_path.glob("build/**/app"))
    said = run(app, input="\n".join(map(str, counts.tolist())))
    assert_same(verdicts(said), replay(program, values, tmp_path))


def test_a_platformio_project_says_the_same_as_the_firmware(
    temperature: Path,
    millivolts: np.ndarray,
    replayed: list[Verdict],
    platformio: PlatformIO,
    tmp_path: Path,
) -> None:
    typed(tmp_path, "watch")
    watch = tmp_path / "watch"
    shutil.copytree(temperature / "temperature", watch / "lib" / "anomaly_detector")
    built = platformio("run", "-d", watch, cwd=watch)
    assert built.returncode == 0, built.stdout + built.stderr
    assert "warning" not in built.stderr
    name = "program.exe" if os.name == "nt" else "program"
    values = readings(millivolts).tolist()
    said = run(
        watch / ".pio/build/native" / name, input="\n".join(f"{value:.9g}" for value in values)
    )
    assert_same(verdicts(said), replayed)


@pytest.mark.parametrize("profile", ["temperature", "vibration"])
def test_its_own_examples_compile(profile: str, library: Path, tmp_path: Path) -> None:
    """Of one channel and of several; the sketch among the macros of Arduino."""
    made = make(tmp_path / "made", "--profile", profile)
    sketch = next(made.glob("examples/*/*.ino"))
    text = f'#include "{HERE / "fake_arduino.h"}"\n{sketch.read_text()}'
    (tmp_path / "sketch.cpp").write_text(text)
    flags = ["-fsyntax-only", f"-I{made / 'src'}", f"-I{HERE / 'fake_idf'}"]
    host, idf = made / "examples/host/main.cpp", made / "examples/esp-idf/main/main.cpp"
    for standard in ("c++17", "c++20"):
        for file in (tmp_path / "sketch.cpp", host, idf):
            run("g++", f"-std={standard}", *WARNINGS[:3], *flags, file)


def test_two_models_work_in_one_program(tmp_path: Path) -> None:
    made = make(tmp_path / "made", "--profile", "lesson", "--profile", "vibration")
    (tmp_path / "main.cpp").write_text("""\
#include <anomaly_detector.h>
#include <cstdio>
anomaly::Detector<lesson::Model> one;
anomaly::Detector<vibration::Model> other;
int main() {
  for (int i = 0; i < 1000; ++i) {
    const float some = 0.5f * static_cast<float>(i % 3);
    const anomaly::Verdict a = one.Update(i < 900 ? 25.0f + some : 45.0f);
    const anomaly::Verdict b = other.Update({some, 0.0f, 1.0f});
    if (i == 899 || i == 999) std::printf("%s %d\\n", anomaly::StateText(a.state), b.is_new);
  }
  const anomaly::Verdict beyond = other.Update({0.0f, 0.0f, 99.0f});
  std::printf("%s%s%s\\n", one.error(), other.error(), anomaly::StateText(beyond.state));
}
""")
    flags = ["-std=c++17", f"-I{made / 'src'}"]
    sources = [tmp_path / "main.cpp", *sorted(made.glob("src/anomaly/*.cpp"))]
    run("g++", *flags, *WARNINGS, *sources, "-o", tmp_path / "main")
    said = run(tmp_path / "main").splitlines()
    assert said[0].startswith("NORMAL") and said[1].startswith("ANOMALY")


# --- what the code is made of


def symbols(nm: str, file: Path, *options: str) -> set[str]:
    """Their names, mangled."""
    lines = run(nm, *options, file).splitlines()
    return {line.split()[-1] for line in lines if len(line.split()) >= 2}


FLOATS: Final = re.compile(
    r"(asinh|atan2|cbrt|ceil|cos|exp|fabs|floor|fma|fmax|fmin|fmod|hypot|ldexp|log|log10|log1p|lround"
    r"|pow|round|sin|sinh|sqrt|tanh|trunc)f"
)
C_LIBRARY: Final = {"memcpy", "memset", "memmove", "memcmp", "strcmp", "strlen"}


def test_it_takes_nothing_from_a_heap_and_stays_in_its_namespace(library: Path) -> None:
    mine = re.compile(r"_Z(TV|TI|TS|T[hv]\w*_|GV|Z)?(N?[KVR]*7anomaly)|_ZNSt|_ZNKSt|_ZSt")
    needed = symbols("nm", library, "--undefined-only")
    foreign = {
        name
        for name in needed
        if not mine.match(name) and not FLOATS.fullmatch(name) and name not in C_LIBRARY
    }
    assert foreign <= {"_GLOBAL_OFFSET_TABLE_", "__stack_chk_fail", "__cxa_pure_virtual"}
    defined = symbols("nm", library, "--defined-only", "--extern-only")
    assert {name for name in defined if not mine.match(name)} == set()


@pytest.mark.skipif(
    not shutil.which("riscv64-unknown-elf-g++"), reason="needs gcc-riscv64-unknown-elf"
)
def test_it_computes_nothing_in_double(temperature: Path, tmp_path: Path) -> None:
    """As soft-float code each operation is a call: __adddf3, __muldf3, __extendsfdf2, ..."""
    place = PROJECT / "test" / "riscv32" / "run.py"
    spec = importlib.util.spec_from_file_location("riscv32", place)
    assert spec and spec.loader
    riscv32 = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(riscv32)
    if riscv32.missing_packages():
        pytest.skip("packages of test/riscv32 are missing")
    flags = [*riscv32.MACHINE, *riscv32.COMPILE.replace("-O2", "-Os").split(), "-Werror"]
    flags += riscv32.system_includes()
    objects = compiled(temperature / "temperature", tmp_path, riscv32.PREFIX + "g++", *flags)
    names = {n for o in objects for n in symbols(riscv32.PREFIX + "nm", o, "--undefined-only")}
    assert {"__addsf3", "__mulsf3"} <= names
    assert {n for n in names if re.fullmatch(r"__\w*df\w*", n)} == set()
    assert not names & {"malloc", "free", "calloc", "realloc", "_Znwj", "_ZdlPv", "_ZdlPvj"}


def test_no_code_of_a_global_detector_runs_before_main(temperature: Path, tmp_path: Path) -> None:
    """On an ESP32 a float that is computed before the first task starts is a panic."""
    source = tmp_path / "early.cpp"
    source.write_text(
        "#include <anomaly_detector.h>\n"
        "constinit anomaly::Detector<temperature::Model> detector;\n"
        "float Use() { return detector.Update(25.0f).score; }\n"
    )
    flags = ["-std=c++20", "-O0", f"-I{temperature / 'temperature' / 'src'}"]
    run("g++", *flags, "-c", source, "-o", tmp_path / "early.o")
    names = symbols("nm", tmp_path / "early.o")
    assert not [name for name in names if name.startswith("_GLOBAL__sub_I")]
    assert "__cxa_atexit" not in names


@pytest.mark.parametrize("standard", ["c++20", "c++23"])
def test_it_compiles_as_newer_c_plus_plus(standard: str, temperature: Path, tmp_path: Path) -> None:
    made = temperature / "temperature"
    everything = tmp_path / "everything.cpp"
    sources = sorted(made.glob("src/anomaly/*.h"))
    everything.write_text("".join(f'#include "{source}"\n' for source in sources))
    run("g++", f"-std={standard}", "-fsyntax-only", *WARNINGS, *WITHOUT, everything)


def test_it_says_so_where_the_compiler_is_told_to_take_an_older_one(
    temperature: Path, tmp_path: Path
) -> None:
    source = tmp_path / "old.cpp"
    source.write_text("#include <anomaly_detector.h>\n")
    command = ["g++", "-std=gnu++11", "-fsyntax-only", f"-I{temperature / 'temperature/src'}"]
    done = subprocess.run([*command, source], capture_output=True, text=True)
    assert "anomaly_detector needs C++17" in done.stderr.splitlines()[1] + done.stderr
