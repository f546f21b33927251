"""The profile that a board names, as far as the computer's side of the line wants it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from project.errors import UserError
from project.paths import PROFILES

if TYPE_CHECKING:
    from project.profile import Profile, Sensor

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


def sensor_in(file: Path) -> Sensor | None:
    """The sensor of a profile's file; None where there is no such file, or no reader for it.

    Raises:
      UserError: the profile is wrong.
    """
    found = _load(file)
    return found.sensor if found else None


def sensor_of(name: str) -> Sensor | None:
    """The sensor of the profile of that name; None where there is none that can be read."""
    found = _named(name)
    return found.sensor if found else None


def unit_of(name: str) -> str | None:
    """Of what the monitor shows as the value: the first of a frame, or its level."""
    found = _named(name)
    if found is None:
        return None
    if found.frame is not None and any("rms" in value.kind for value in found.frame.values):
        return found.sensor.units[0]
    return found.value_units[0]


def units_of(name: str) -> dict[str, str]:
    """The unit of each value of a reading by its name; empty where the profile is not known."""
    found = _named(name)
    return dict(zip(found.value_names, found.value_units, strict=True)) if found else {}


def _named(name: str) -> Profile | None:
    try:
        return _load(PROFILES / f"{name}.toml") if NAME.fullmatch(name) else None
    except UserError:
        return None


def _load(file: Path) -> Profile | None:
    try:
        from project import profile as profiles
    except ImportError:  # a Python before 3.11 has no TOML
        return None
    return profiles.load(file) if file.is_file() else None
