"""The few facts of a profile that the computer's side of the line needs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from project.paths import PROFILES
from project.paths import PROJECT as PROJECT

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


@dataclass(frozen=True, slots=True)
class SensorFacts:
    """Units and names of the channels, and the range (unit) that the sensor can show at all."""

    unit: str = ""  # of the first channel
    units: tuple[str, ...] = ()  # of each
    channels: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    rate_hz: float | None = None


def load_facts(name: str) -> SensorFacts | None:
    """Facts of the profile that a board names; None where there is none that can be read."""
    return read_facts(PROFILES / f"{name}.toml") if NAME.fullmatch(name) else None


def read_facts(file: Path) -> SensorFacts | None:
    """Facts of a profile's file; None where it cannot be read."""
    try:
        import tomllib

        table = tomllib.loads(file.read_text("utf-8"))
    except (ImportError, OSError, ValueError):
        return None
    sensor = _table(table.get("sensor"))
    channels = sensor.get("channels")
    valid = sensor.get("valid")
    low, high = map(_number, valid if isinstance(valid, list) and len(valid) == 2 else (None, None))
    if sensor.get("kind") == "linear":
        gain, offset = _number(sensor.get("gain")), _number(sensor.get("offset"))
        volts = _number(sensor.get("full_scale_volts"))
        if gain is not None and offset is not None and volts is not None:
            rails = sorted((offset, offset + gain * volts))
            low = rails[0] if low is None else max(rails[0], low)
            high = rails[1] if high is None else min(rails[1], high)
    names = tuple(map(str, channels)) if isinstance(channels, list) else ()
    units = sensor.get("units")
    if not isinstance(units, list) or len(units) != len(names):
        units = [sensor.get("unit", "")] * len(names)
    return SensorFacts(
        unit=str(units[0] if units else sensor.get("unit", "")),
        units=tuple(map(str, units)),
        channels=names,
        low=low,
        high=high,
        rate_hz=_number(_table(table.get("sampling")).get("rate_hz")),
    )


def unit_of(name: str) -> str | None:
    facts = load_facts(name)
    return facts.unit if facts else None


def units_of(name: str) -> dict[str, str]:
    """The unit of each channel by its name; empty where the profile is not known."""
    facts = load_facts(name)
    return dict(zip(facts.channels, facts.units, strict=True)) if facts else {}


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
