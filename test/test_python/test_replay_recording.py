"""A recorded real series through everything: train, convert, generate, compile, replay."""

import csv
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

PlatformIO = Callable[..., subprocess.CompletedProcess[str]]

# Hourly office temperatures (Fahrenheit) of the Numenta Anomaly Benchmark, and its two failures.
RECORDING = Path(__file__).resolve().parents[3] / "shared" / "data" / "nab_ambient_temperature.csv"
FAILURES = (
    ("2013-12-15 07:00:00", "2013-12-30 09:00:00"),
    ("2014-03-29 15:00:00", "2014-04-20 22:00:00"),
)
PROBATION = 1090  # the first 15 %

pytestmark = pytest.mark.skipif(not RECORDING.is_file(), reason="the recording is not here")


def test_both_failures_are_flagged(
    project_copy: Path, platformio: PlatformIO, tmp_path: Path
) -> None:
    folder = tmp_path / "office"
    command = [sys.executable, "-m", "training", "train", "--profile", "temperature"]
    command += ["--data", str(RECORDING), "--rows", f"0:{PROBATION}", "--out", str(folder)]
    done = subprocess.run(command, cwd=project_copy, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    built = platformio("run", "-e", "native", cwd=project_copy, ANOMALY_MODEL_DIR=folder)
    assert built.returncode == 0, built.stdout + built.stderr

    plain = tmp_path / "office.csv"
    command = [sys.executable, "-m", "training", "import", str(RECORDING), "--out", str(plain)]
    subprocess.run([*command, "--rows", f"{PROBATION}:"], cwd=project_copy, check=True)
    program = project_copy / ".pio" / "build" / "native" / "program"
    replayed = subprocess.run(
        [str(program), "--replay", str(plain)], capture_output=True, text=True, check=True
    )
    readings = [line for line in replayed.stdout.splitlines() if line.startswith("Real: ")]
    pattern = re.compile(r"Real: \S+ \| Recon: \S+ \| Score: \S+ \| ")
    assert all(pattern.match(line) for line in readings)
    with RECORDING.open() as file:
        times = [time for time, _ in list(csv.reader(file))[1 + PROBATION :]]
    assert len(readings) == len(times)
    flagged = [time for time, line in zip(times, readings, strict=True) if "State: ANOMALY" in line]
    for begin, end in FAILURES:
        assert any(begin <= time <= end for time in flagged)
    dated = re.findall(r"Summary: anomaly .* s, peak score \S+, (\S+) \.\. \S+", replayed.stdout)
    assert dated[0].replace("T", " ") == flagged[0]
    outside = sum(not any(b <= t <= e for b, e in FAILURES) for t in flagged)
    assert outside < 0.2 * len(times), "it flags nearly everything"
