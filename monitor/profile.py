"""The sensor of the profile that a board names."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from project.errors import UserError
from project.paths import PROFILES

if TYPE_CHECKING:
    from project.profile import Sensor

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


def sensor_in(file: Path) -> Sensor | None:
    """The sensor of a profile's file; None where there is no such file, or no reader for it.

    Raises:
      UserError: the profile is wrong.
    """
    try:
        from project import profile as profiles
    except ImportError:  # a Python before 3.11 has no TOML
        return None
    return profiles.load(file).sensor if file.is_file() else None


def sensor_of(name: str) -> Sensor | None:
    """The sensor of the profile of that name; None where there is none that can be read."""
    try:
        return sensor_in(PROFILES / f"{name}.toml") if NAME.fullmatch(name) else None
    except UserError:
        return None


def unit_of(name: str) -> str | None:
    sensor = sensor_of(name)
    return sensor.unit if sensor else None


def units_of(name: str) -> dict[str, str]:
    """The unit of each channel by its name; empty where the profile is not known."""
    sensor = sensor_of(name)
    return dict(zip(sensor.channels, sensor.units, strict=True)) if sensor else {}
