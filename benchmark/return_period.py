"""Return periods of a slow level: a detector for months of readings of any unit.

The deviation is the level of the last hours against the mean of twelve weeks. The largest one of a
day follows about a Gumbel distribution (E. J. Gumbel, "Statistics of Extremes", 1958), whose two
parameters are estimated from the days so far, by moments; so every row has a return period, and the
threshold is a stated rate of false alarms. Nothing is trained, and neither a label nor a noise
figure is read. It needs some twenty numbers of memory.
"""

from dataclasses import dataclass
from math import log, pi, sqrt
from typing import Final

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

LEVEL_H: Final = 6.0
NORMAL_H: Final = 2016.0  # twelve weeks
DAY_H: Final = 24.0
LEAST_DAYS: Final = 2  # no score before
PRIOR_DAYS: Final = 7.0  # a history of t days has shown 1 / (1 + PRIOR_DAYS / t) of the variance
MEMORY_DAYS: Final = 30.0
CAP: Final = 6.0  # the most that a day counts, as its own score, once there are PRIOR_DAYS days
THRESHOLD: Final = log(14.0)  # a false alarm a fortnight
RELEASE: Final = 0.5  # an alarm ends below this share of the threshold ...
CALM_H: Final = 24.0  # ... for so long

_EULER: Final = 0.57721566
_SD_TO_BETA: Final = sqrt(6) / pi


def scores(values: Array, interval_hours: float) -> Array:
    """Logarithm of the return period in days [rows, 2]: of a level that is high, and low."""
    watch = Watch(interval_hours)
    return np.array([watch.add(value) for value in values.tolist()]).reshape(-1, 2)


class Watch:
    """The same for one value after another, this many hours apart."""

    def __init__(self, interval_hours: float) -> None:
        self._level = _GrowingMean(LEVEL_H / interval_hours)
        self._normal = _GrowingMean(NORMAL_H / interval_hours)
        self._maxima = _DailyMaxima(max(1, round(DAY_H / interval_hours)))

    def add(self, value: float) -> tuple[float, float]:
        """Scores of a level that is high, and low."""
        deviation = self._level.add(value) - self._normal.add(value)
        score = self._maxima.score(abs(deviation))
        return (0.0, score) if deviation < 0 else (score, 0.0)


@dataclass
class _GrowingMean:
    """Exponential mean; the plain average until there are `tau` samples."""

    tau: float
    count: float = 0.0
    mean: float = 0.0

    def add(self, value: float) -> float:
        self.count = min(self.count + 1, max(1.0, self.tau))
        self.mean += (value - self.mean) / self.count
        return self.mean


@dataclass
class _DailyMaxima:
    """Gumbel distribution of the largest deviation of a day."""

    day: int  # rows
    rows: int = 0
    largest: float = 0.0
    days: int = 0
    mean: float = 0.0
    variance: float = 0.0

    def score(self, deviation: float) -> float:
        """Logarithm of the return period in days, 0 for an ordinary day; then learns the row."""
        mode, beta = self._fit()
        score = max(0.0, (deviation - mode) / beta) if beta > 0 else 0.0
        self.largest = max(self.largest, deviation)
        self.rows += 1
        if self.rows == self.day:
            self._end_day(mode + CAP * beta)
        return score

    def _fit(self) -> tuple[float, float]:
        if self.days < LEAST_DAYS:
            return 0.0, 0.0
        beta = _SD_TO_BETA * sqrt(self.variance * (1 + PRIOR_DAYS / self.days))
        return self.mean - _EULER * beta, beta

    def _end_day(self, most: float) -> None:
        largest = min(self.largest, most) if self.days >= PRIOR_DAYS else self.largest
        self.days += 1
        weight = 1 / min(float(self.days), MEMORY_DAYS)
        step = largest - self.mean
        self.mean += weight * step
        self.variance = (1 - weight) * (self.variance + weight * step * step)
        self.rows, self.largest = 0, 0.0
