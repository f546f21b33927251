"""How much of a signal is hum of the mains: its power at 50 and at 60 Hz, half a second at a time.

Both go into half a second without a rest, so that each is judged without the other.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from operator import mul
from typing import Final

LINES_HZ: Final = (50, 60)
_WINDOW_S: Final = 0.5


class HumMeter:
    """Takes one channel's numbers, and sums up power: of all, and of each line."""

    def __init__(self, rate_hz: float) -> None:
        self.total = 0.0
        self.lines = dict.fromkeys(LINES_HZ, 0.0)
        self._size = round(_WINDOW_S * rate_hz)
        self._waves = {
            line: tuple(
                [wave(2 * math.pi * line * n / rate_hz) for n in range(self._size)]
                for wave in (math.cos, math.sin)
            )
            for line in LINES_HZ
        }
        self._waiting: array[int] = array("h")

    def add(self, numbers: Sequence[int], gap: bool) -> None:
        """The next numbers; `gap`: they do not continue the last ones."""
        if gap:
            self._waiting = array("h")
        self._waiting.extend(numbers)
        while len(self._waiting) >= self._size:
            self._take(self._waiting[: self._size])
            del self._waiting[: self._size]

    def _take(self, window: Sequence[int]) -> None:
        size = self._size
        mean = sum(window) / size
        self.total += sum(map(mul, window, window)) - size * mean * mean
        for line, waves in self._waves.items():
            sums = (sum(map(mul, window, wave)) - mean * sum(wave) for wave in waves)
            self.lines[line] += sum(part * part for part in sums) * 2 / size

    def loudest(self) -> tuple[int, float]:
        """The line that has more power, and its share of the whole signal's; 0 of silence."""
        line = max(LINES_HZ, key=self.lines.__getitem__)
        return line, self.lines[line] / self.total if self.total > 0 else 0.0
