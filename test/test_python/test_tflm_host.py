"""The suite of TflmAutoencoder, compiled for this computer against the sources of TFLM.

TFLM_SOURCE_DIR names their root: esp-tflite-micro, or tflite-micro after `make -f
tensorflow/lite/micro/tools/make/Makefile third_party_downloads`. Without it the tests are skipped.
"""

import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

TREE = Path(os.environ.get("TFLM_SOURCE_DIR", ""))

pytestmark = [
    pytest.mark.skipif("TFLM_SOURCE_DIR" not in os.environ, reason="TFLM_SOURCE_DIR is not set"),
    pytest.mark.skipif(not shutil.which("g++"), reason="needs g++"),
]

# The interpreter and the kernels that a profile's network can use.
SOURCES = (
    "tensorflow/compiler/mlir/lite/core/api/error_reporter.cc",
    "tensorflow/compiler/mlir/lite/schema/schema_utils.cc",
    "tensorflow/lite/core/api/*.cc",
    "tensorflow/lite/core/c/common.cc",
    "tensorflow/lite/kernels/internal/*.cc",
    "tensorflow/lite/kernels/internal/reference/portable_tensor_utils.cc",
    "tensorflow/lite/kernels/kernel_util.cc",
    "tensorflow/lite/micro/*.cc",
    "tensorflow/lite/micro/arena_allocator/*.cc",
    "tensorflow/lite/micro/kernels/activations*.cc",
    "tensorflow/lite/micro/kernels/fully_connected*.cc",
    "tensorflow/lite/micro/kernels/kernel_util.cc",
    "tensorflow/lite/micro/kernels/logistic*.cc",
    "tensorflow/lite/micro/kernels/tanh.cc",
    "tensorflow/lite/micro/memory_planner/*.cc",
    "tensorflow/lite/micro/tflite_bridge/*.cc",
)
NOT_NEEDED = re.compile(r"_test\.cc$|test_helper|^fake_|^mock_|^recording_|^micro_time")

# Where the two trees keep what TFLM includes.
THIRD_PARTY = ("third_party", "tensorflow/lite/micro/tools/make/downloads")
INCLUDES = ("flatbuffers/include", "gemmlowp", "kissfft", "ruy")

FLAGS = (
    "-std=gnu++17",
    "-O1",
    "-fno-exceptions",
    "-fno-rtti",
    "-ffunction-sections",
    "-fdata-sections",
    "-DTF_LITE_STATIC_MEMORY",
)
WARNINGS = ("-Wall", "-Wextra", "-Wshadow", "-Wconversion", "-Wdouble-promotion", "-Werror")
LIBRARIES = ("Autoencoder", "Features", "Sensor", "AnomalyDetector", "TflmAutoencoder")


def run(*command: str | Path) -> str:
    result = subprocess.run(
        list(map(str, command)), capture_output=True, text=True, errors="replace", check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def tree_includes() -> list[str]:
    folders = [TREE / party / name for party in THIRD_PARTY for name in INCLUDES]
    return [f"-isystem{folder}" for folder in (TREE, *folders) if folder.is_dir()]


@pytest.fixture(scope="module")
def interpreter(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The object files of TFLM."""
    folder = tmp_path_factory.mktemp("tflm")
    sources = [path for pattern in SOURCES for path in sorted(TREE.glob(pattern))]
    sources = [path for path in sources if not NOT_NEEDED.search(path.name)]
    assert len(sources) > 30, f"TFLM_SOURCE_DIR = {TREE}: not a source tree of TFLM"

    def compile_one(numbered: tuple[int, Path]) -> Path:
        number, source = numbered
        target = folder / f"{number}_{source.stem}.o"
        run("g++", *FLAGS, "-w", *tree_includes(), "-c", source, "-o", target)
        return target

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(compile_one, enumerate(sources)))


@pytest.mark.parametrize("profile", ["lesson", "temperature"])
def test_suite_passes_on_this_computer(
    project: Path, interpreter: list[Path], tmp_path: Path, profile: str
) -> None:
    headers = tmp_path / "include"
    export = ["-m", "training", "export", "--profile", profile, "--out", str(headers)]
    subprocess.run([sys.executable, *export], cwd=project, check=True)
    includes = [f"-I{project / 'lib' / name / 'src'}" for name in LIBRARIES]
    includes += [f"-I{headers}", f"-I{project / 'offline' / 'unity' / 'src'}"]
    program = tmp_path / "suite"
    run(
        "g++",
        *(*FLAGS, *WARNINGS, *includes, *tree_includes()),
        project / "test" / "target" / "test_tflm_autoencoder" / "test_main.cpp",
        *sorted(project.glob("lib/*Autoencoder/src/*.cpp")),
        *interpreter,
        *("-Wl,--gc-sections", "-o", program),
    )
    output = run(program)
    print(output)
    assert re.search(r"^\d\d Tests 0 Failures 0 Ignored\s*$", output, re.MULTILINE)
