"""The inputs that fuzzing has found (test/fuzz/corpus), once more: what they broke stays mended."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HARNESSES = ("console", "recording", "tables", "app", "link")


@pytest.fixture(scope="module")
def output(project: Path) -> str:
    if sys.platform != "linux" or not shutil.which("g++"):
        pytest.skip("the harnesses need Linux and g++")
    done = subprocess.run(
        [sys.executable, project / "test/fuzz/run.py", "--replay"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    return done.stdout


@pytest.mark.parametrize("harness", HARNESSES)
def test_every_kept_input_passes(output: str, project: Path, harness: str) -> None:
    kept = len(list((project / "test/fuzz/corpus" / harness).iterdir()))
    assert f"{harness}: {kept} kept inputs, status 0" in output, output
