"""What a build costs: our step before it, a build without a change, a retraining."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from benchmark.speed.figures import Figure, absent
from project.errors import UserError
from project.paths import PROJECT

_SECTION: Final = "Building"

# The step in an interpreter that has just started, as in a build; its import is part of it.
_MODEL_STEP: Final = """\
import sys, time
start = time.perf_counter()
from pathlib import Path
from training import model_step
choice = model_step.choose(sys.argv[1], "reuse", sys.argv[2])
model_step.prepare(choice, Path(sys.argv[3]))
print(time.perf_counter() - start)
"""


def measure(profile: str, model: Path, runs: int, quick: bool) -> list[Figure]:
    """Times of the model step, of a build and of a training; `quick` leaves out the last two."""
    figures = [_model_step(profile, model, runs)]
    build = ("build without a change, all of pio run", "no_change_build_s")
    retrain = ("retraining", "retrain_s")
    if quick:
        reason = "left out by --quick"
        return figures + [absent(_SECTION, *what, "s", reason) for what in (build, retrain)]
    figures.append(_timed(*build, lambda: _builds(profile, model, runs)))
    figures.append(_timed(*retrain, lambda: _trainings(profile, min(runs, 3))))
    return figures


def _timed(title: str, key: str, work: Callable[[], list[float]]) -> Figure:
    try:
        return Figure(_SECTION, title, key, "s", work())
    except UserError as error:
        return absent(_SECTION, title, key, "s", str(error))


def _model_step(profile: str, model: Path, runs: int) -> Figure:
    def work() -> list[float]:
        with tempfile.TemporaryDirectory() as include:
            command = [sys.executable, "-c", _MODEL_STEP, profile, str(model), include]
            _run(command)  # writes the headers
            return [float(_run(command)) for _ in range(runs)]

    return _timed("our step before a build, model up to date", "model_step_s", work)


def _builds(profile: str, model: Path, runs: int) -> list[float]:
    with tempfile.TemporaryDirectory() as workspace:
        command = [sys.executable, str(PROJECT / "piow"), "run", "-e", "native"]
        settings = {
            "PLATFORMIO_WORKSPACE_DIR": workspace,
            "ANOMALY_PROFILE": profile,
            "ANOMALY_MODEL": "reuse",
            "ANOMALY_MODEL_DIR": str(model),
        }
        _run(command, settings)
        _run(command, settings)  # the first one after a build still looks at everything
        return [_seconds(command, settings) for _ in range(runs)]


def _trainings(profile: str, runs: int) -> list[float]:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "training", "train", "--profile", profile]
        command += ["--out", str(Path(folder) / "model")]
        return [_seconds(command, {}) for _ in range(runs)]


def _seconds(command: Sequence[str], settings: dict[str, str]) -> float:
    start = time.perf_counter()
    _run(command, settings)
    return time.perf_counter() - start


def _run(command: Sequence[str], settings: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        command,
        cwd=PROJECT,
        env={**os.environ, **(settings or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
    )
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines() or ["no reason given"]
        raise UserError(f"it failed: {said[-1]}")
    return done.stdout
