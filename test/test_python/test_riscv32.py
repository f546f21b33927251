"""lib/ and the shared suites as 32-bit code, on a simulated RISC-V (test/riscv32/run.py)."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

SKIPPED = 77


@pytest.fixture(scope="module")
def output(project: Path) -> str:
    done = subprocess.run(
        [sys.executable, project / "test/riscv32/run.py"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode == SKIPPED:
        pytest.skip(done.stdout.strip())
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_every_shared_suite_passes_as_32_bit_code(output: str, project: Path) -> None:
    suites = len(list(project.glob("test/shared/test_*")))
    assert len(re.findall(r"^[1-9]\d* Tests 0 Failures", output, re.MULTILINE)) == suites


def test_32_bit_code_compiles_without_a_warning(output: str) -> None:
    assert "warning:" not in output


def test_int8_needs_less_than_half_the_instructions_of_float32(output: str) -> None:
    counts = dict(re.findall(r"^inference +8-8-4-8-8 (\w+) +(\d+)$", output, re.MULTILINE))
    assert 0 < 2 * int(counts["int8"]) < int(counts["float32"]) < 100_000


def test_a_sample_of_the_profile_needs_less_than_a_tenth_of_its_period(output: str) -> None:
    found = re.search(r"^sample +temperature +(\d+)$", output, re.MULTILINE)
    # 2 Hz on an ESP32-C3 at 160 MHz, an instruction being at most two clock cycles or so.
    assert found and int(found[1]) * 2 < 0.1 * 160e6 / 2
