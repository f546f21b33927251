"""What a reading of a frame shows: its level in the unit of the sensor, and its spectrum."""

import math
import re
from collections import deque
from typing import NamedTuple

from monitor.telemetry import Reading

_LEVEL = re.compile(r"(?:.+\.)?(log_)?rms").fullmatch
_BAND = re.compile(r"(.+)\.(?:band_([0-9.]+)_[0-9.]+|mel_([0-9]+))\.(mean|max)").fullmatch
_RECENT = 64  # frames whose bands set the scale of the bars


class Shown(NamedTuple):
    value: float
    text: str
    expected: str
    spectrum: str  # "" without bands


class FrameView:
    """`first` is the name of the value that a reading begins with, "" where it is not known."""

    def __init__(self) -> None:
        self.first = ""
        self._ranges: deque[tuple[float, float]] = deque(maxlen=_RECENT)

    def show(self, item: Reading, glyphs: str, width: int) -> Shown | None:
        """None where the reading is of a sample, or nothing is known of its values."""
        values = {name: (one.value, one.expected) for name, one in item.channels.items()}
        if self.first:
            values = {self.first: (item.real, item.recon), **values}
        bands, level = _bands(values), _level(values)
        if not values or not (bands or level):
            return None
        value, expected = level or (item.real, item.recon)
        text = f"{value:#.4g}" if level else item.real_text
        return Shown(value, text, f"{expected:#.4g}", self._draw(bands, glyphs)[:width])

    def _draw(self, bands: list[float], glyphs: str) -> str:
        if not bands:
            return ""
        self._ranges.append((min(bands), max(bands)))
        low = min(low for low, _ in self._ranges)
        span = max(high for _, high in self._ranges) - low
        if span <= 0:
            return glyphs[0] * len(bands)
        top = len(glyphs) - 1e-6
        return "".join(glyphs[int((x - low) / span * top)] for x in bands)


_Values = dict[str, tuple[float, float | None]]


def _bands(values: _Values) -> list[float]:
    """The means of the bands of one channel, or else their largest, from low to high."""
    found: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for name, (value, _) in values.items():
        if match := _BAND(name):
            channel, low, index, take = match.groups()
            found.setdefault((take, channel), []).append((float(low or index), value))
    if not found:
        return []
    chosen = min(found, key=lambda key: (key[0] != "mean", -len(found[key])))
    return [value for _, value in sorted(found[chosen])]


def _level(values: _Values) -> tuple[float, float] | None:
    """The root mean square over all channels, and what was expected."""
    squares = expected = 0.0
    found = False
    for name, (value, guess) in values.items():
        match = _LEVEL(name)
        if match is None:
            continue
        found = True
        squares += _square(value, bool(match[1]))
        expected += _square(value if guess is None else guess, bool(match[1]))
    return (math.sqrt(squares), math.sqrt(expected)) if found else None


def _square(value: float, logarithm: bool) -> float:
    return 10.0 ** (2 * min(value, 18.0)) if logarithm else value * value
