"""The suites of test/target, compiled for this computer against the sources of TFLM.

benchmark/speed/tflm_source.py says where they are looked for; without them the tests are skipped.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from benchmark.speed import tflm_source

TREE = tflm_source.tree()

pytestmark = [
    pytest.mark.skipif(TREE is None, reason=f"{tflm_source.VARIABLE} is not set"),
    pytest.mark.skipif(not shutil.which("g++"), reason="needs g++"),
]

COMMAND = ("g++", "-std=gnu++17", "-O1")
WARNINGS = ("-Wall", "-Wextra", "-Wshadow", "-Wconversion", "-Wdouble-promotion", "-Werror")
BOARDS = ("Esp32", "Host")  # libraries that no suite of test/target uses


def run(*command: str | Path) -> str:
    result = subprocess.run(
        list(map(str, command)), capture_output=True, text=True, errors="replace", check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def tree() -> Path:
    assert TREE is not None
    return TREE


@pytest.fixture(scope="module")
def interpreter(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The object files of TFLM."""
    return tflm_source.compile_objects(tree, tmp_path_factory.mktemp("tflm"), COMMAND)


@pytest.mark.parametrize("suite", ["test_tflm_autoencoder", "test_speed"])
@pytest.mark.parametrize("profile", ["lesson", "temperature"])
def test_suite_passes_on_this_computer(
    project: Path, tree: Path, interpreter: list[Path], tmp_path: Path, profile: str, suite: str
) -> None:
    headers = tmp_path / "include"
    export = ["-m", "training", "export", "--profile", profile, "--out", str(headers)]
    subprocess.run([sys.executable, *export], cwd=project, check=True)
    libraries = [f for f in project.glob("lib/*/src") if f.parent.name not in BOARDS]
    includes = [f"-I{folder}" for folder in libraries]
    includes += [f"-I{headers}", f"-I{project / 'offline' / 'unity' / 'src'}"]
    program = tmp_path / "suite"
    run(
        *COMMAND,
        *(*tflm_source.FLAGS, *WARNINGS, *includes, *tflm_source.includes(tree)),
        project / "test" / "target" / suite / "test_main.cpp",
        *(source for folder in libraries for source in folder.glob("*.cpp")),
        *interpreter,
        *(*tflm_source.LINK_FLAGS, "-o", program),
    )
    output = run(program)
    print(output)
    assert re.search(r"^\d+ Tests 0 Failures 0 Ignored\s*$", output, re.MULTILINE)


JUDGE = """\
#include <anomaly_detector.h>
#include <cstdio>
anomaly::Detector<temperature::Model> tflm;
anomaly::Detector<temperature::Model, anomaly::DenseAutoencoder> dense;
int main() {
  unsigned random = 1;
  int anomalies = 0;
  for (int i = 0; i < 4000; ++i) {
    float noise = -6.0f;
    for (int k = 0; k < 12; ++k) {
      random = random * 1664525u + 1013904223u;
      noise += static_cast<float>(random >> 8) / 16777216.0f;
    }
    const float celsius = 24.81f + 0.08f * noise + (i % 1000 > 990 ? 1.0f : 0.0f);
    const anomaly::Verdict one = tflm.Update(celsius);
    const anomaly::Verdict other = dense.Update(celsius);
    if (one.state != other.state || one.score != other.score) return 1;
    anomalies += one.state == anomaly::State::kAnomaly;
  }
  std::printf("%d anomalies, %s %s%s\\n", anomalies, tflm.started().engine().name(), tflm.error(),
              dense.error());
}
"""


def test_a_package_with_it_says_the_same_as_without(
    project: Path, tree: Path, interpreter: list[Path], tmp_path: Path
) -> None:
    made = tmp_path / "made"
    options = ["--profile", "temperature", "--engine", "tflm", "--out", str(made)]
    subprocess.run([sys.executable, "-m", "training", "package", *options], cwd=project, check=True)
    assert "espressif/esp-tflite-micro" in (made / "idf_component.yml").read_text()
    pinned = (project / "src" / "idf_component.yml").read_text()
    for line in re.findall(r"^  espressif/.*", (made / "idf_component.yml").read_text(), re.M):
        assert line in pinned
    (tmp_path / "main.cpp").write_text(JUDGE)
    program = tmp_path / "judge"
    run(
        *COMMAND,
        *(*tflm_source.FLAGS, *WARNINGS, f"-I{made / 'src'}", *tflm_source.includes(tree)),
        *(tmp_path / "main.cpp", *made.glob("src/anomaly/*.cpp"), *interpreter),
        *(*tflm_source.LINK_FLAGS, "-o", program),
    )
    assert re.fullmatch(r"[1-9]\d+ anomalies, tflm int8 \n", run(program))
