"""The noise that is believed follows the sensor's, and a slow fault is not learnt away."""

import subprocess
from pathlib import Path

import numpy as np
import numpy.typing as npt

HOUR = 7200  # samples
SD = 0.08


def states(program: Path, folder: Path, sizes: npt.NDArray[np.float64]) -> list[str]:
    """The state at each sample of a room whose noise has these standard deviations [rows]."""
    random = np.random.default_rng(2)
    ripple = 0.3 * np.sin(np.arange(len(sizes)) * 2 * np.pi / 1200)
    x = 25 + ripple + sizes * random.standard_normal(len(sizes))
    recording = folder / "recording.csv"
    rows = (f"{i / 2},{value:.3f}\n" for i, value in enumerate(x))
    recording.write_text("time,value\n" + "".join(rows))
    command = [str(program), "--replay", str(recording)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    lines = [line for line in done.stdout.splitlines() if line.startswith("Real: ")]
    assert len(lines) == len(sizes)
    return [line.rsplit("State: ", 1)[1].split()[0] for line in lines]


def test_a_noise_that_doubles_within_an_hour_is_found(program: Path, tmp_path: Path) -> None:
    growing = np.linspace(SD, 2 * SD, HOUR)
    found = states(program, tmp_path, np.concatenate([np.full(HOUR, SD), growing]))
    assert "ANOMALY" not in found[:HOUR]
    assert "ANOMALY" in found[HOUR:]


def test_a_sensor_a_little_noisier_than_trained_is_normal(program: Path, tmp_path: Path) -> None:
    found = states(program, tmp_path, np.full(4 * HOUR, 1.15 * SD))
    assert "ANOMALY" not in found
