"""Gets the detector and its models out of the project that this component is a folder of."""

import json
import re
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import esphome.config_validation as cv
from esphome.core import CORE, CoroPriority, EsphomeError, coroutine_with_priority
from esphome.helpers import write_file_if_changed

PROJECT = Path(__file__).parents[2]

# Asks the project itself, in a process of its own: its packages are not ESPHome's to import.
_QUESTION = """\
import json, sys
from project import profile as profiles
from project.errors import UserError
from training.package import identifier
try:
    profile = profiles.load(profiles.find(sys.argv[1]))
except UserError as error:
    sys.exit(f"{error}")
print(json.dumps({
    "name": identifier(profile.name),
    "channels": len(profile.sensor.channels),
    "frames": profile.frame is not None,
    "is_generic": profile.is_generic,
    "rate_hz": profile.sampling.rate_hz,
}))
"""

# A short name of each model at global scope, which might be that of an ESPHome namespace (logger).
_SHORT_NAME = re.compile(r"^namespace (\w+) = (?:::)?anomaly::\1;.*\n", re.MULTILINE)


@dataclass(frozen=True)
class Model:
    """What a profile is, as far as this component has to know it."""

    name: str  # of its namespace in the library
    channels: int
    frames: bool
    is_generic: bool  # of any rate
    rate_hz: float


def model_option(value: Any) -> str:
    """Validates `model:`, the name of a profile of the project or a path to a .toml."""
    value = cv.string_strict(value)
    profile = _profile(value)
    model = describe(profile)
    if model.channels != 1 or model.frames:
        has = "frames of samples" if model.frames else f"{model.channels} channels"
        raise cv.Invalid(
            f"The model '{value}' has {has}: a sensor of ESPHome gives one value at a time, so "
            "only a model of one channel without frames can watch it, e.g. 'any'"
        )
    return profile


def _profile(value: str) -> str:
    return str(CORE.relative_config_path(value)) if value.endswith(".toml") else value


@lru_cache
def describe(profile: str) -> Model:
    """Reads a profile; cv.Invalid with the project's own sentence if it cannot be had."""
    done = _run("-c", _QUESTION, profile)
    if done.returncode:
        raise cv.Invalid(_reason(done))
    return Model(**json.loads(done.stdout))


@coroutine_with_priority(CoroPriority.FINAL)
async def add_library(profiles: Iterable[str]) -> None:
    """Packages these profiles and puts the library's sources among those of the program."""
    package = CORE.relative_build_path("anomaly_detector")
    chosen = [word for profile in profiles for word in ("--profile", profile)]
    done = _run("-m", "training", "package", *chosen, "--out", str(package))
    if done.returncode:
        raise EsphomeError(f"The detector cannot be packaged: {_reason(done)}")
    sources = {file.relative_to(package / "src"): file for file in package.glob("src/**/*.*")}
    target = CORE.relative_src_path()
    for name, file in sources.items():
        text = file.read_text(encoding="utf-8")
        write_file_if_changed(target / name, _SHORT_NAME.sub("", text))
    for old in (target / "anomaly").iterdir():
        if old.relative_to(target) not in sources:
            old.unlink()


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)


def _reason(done: subprocess.CompletedProcess[str]) -> str:
    lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
    return lines[-1].removeprefix("error: ")
