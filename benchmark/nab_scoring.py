"""NAB's scoring rules, standard profile.

A. Lavin and S. Ahmad, "Evaluating Real-time Anomaly Detection Algorithms: the Numenta Anomaly
Benchmark", ICMLA 2015 (arXiv:1510.03336); the rules in detail are those of nab/sweeper.py in
numenta/NAB.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]

PROBATION_SHARE: Final = 0.15
PROBATION_ROWS: Final = 5000
FALSE_POSITIVE_WEIGHT: Final = 0.11
MISS_WEIGHT: Final = 1.0


@dataclass(frozen=True)
class Series:
    """One file: alarms [rows, thresholds], and its windows as (first row, last row)."""

    alarms: Booleans
    windows: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Result:
    """`score_*` are normalised: 0 for a detector that never alarms, 100 for a perfect one."""

    score_fixed: float
    score_best: float
    best: int  # column of `alarms`
    raw_fixed: tuple[float, ...]  # of each file
    raw_best: tuple[float, ...]


def probation_rows(rows: int) -> int:
    """Rows at the start of a file that do not count; a detector may learn from them."""
    return int(PROBATION_SHARE * min(rows, PROBATION_ROWS))


def scaled_sigmoid(position: float) -> float:
    """Worth at a position relative to a window: -1 its start, 0 its end, far behind it -1."""
    return -1.0 if position > 3 else float(2 / (1 + np.exp(5 * position)) - 1)


def row_weights(
    rows: int, windows: Sequence[tuple[int, int]]
) -> tuple[Array, npt.NDArray[np.int64]]:
    """What an alarm at each row is worth [rows], and the window that it lies in (-1: none).

    In a window: the reward for a detection there (its first row is worth 1). Outside: the negative
    cost, less close behind a window.
    """
    value = np.full(rows, -FALSE_POSITIVE_WEIGHT)
    inside = np.full(rows, -1, dtype=np.int64)
    top = scaled_sigmoid(-1.0)
    ordered = sorted(windows)
    ends = [*(first for first, _ in ordered), rows][1:]
    for number, ((first, last), end) in enumerate(zip(ordered, ends, strict=True)):
        width = last - first + 1
        for row in range(first, last + 1):
            value[row] = scaled_sigmoid(-(last - row + 1) / width) / top
        inside[first : last + 1] = number
        for row in range(last + 1, end):
            value[row] = FALSE_POSITIVE_WEIGHT * scaled_sigmoid((row - last) / max(width - 1, 1))
    return value, inside


def raw_scores(series: Series) -> Array:
    """Raw score of a file with each set of alarms [thresholds].

    Every alarm outside the windows costs; of each window only the earliest alarm counts, which is
    worth the most; a window without one costs 1. A perfect result is the number of windows, no
    alarm at all its negative.
    """
    rows, sets = series.alarms.shape
    value, inside = row_weights(rows, series.windows)
    counted = np.arange(rows) >= probation_rows(rows)
    outside = counted & (inside < 0)
    result = value[outside] @ series.alarms[outside]
    for number in range(len(series.windows)):
        rows_in = counted & (inside == number)
        if not np.any(rows_in):
            continue
        alarms = series.alarms[rows_in]
        first = alarms.argmax(axis=0)
        found = alarms[first, np.arange(sets)]
        result = result + np.where(found, value[rows_in][first], -MISS_WEIGHT)
    return np.asarray(result)


def evaluate(files: Sequence[Series], fixed: int) -> Result:
    """Scores files with column `fixed` of their alarms, and with the best one for all of them."""
    raw = np.stack([raw_scores(series) for series in files])
    best = int(np.argmax(raw.sum(axis=0)))
    windows = max(1, sum(len(series.windows) for series in files))

    def normalised(total: float) -> float:
        return 100 * (total + MISS_WEIGHT * windows) / (windows + MISS_WEIGHT * windows)

    return Result(
        normalised(float(raw[:, fixed].sum())),
        normalised(float(raw[:, best].sum())),
        best,
        tuple(float(v) for v in raw[:, fixed]),
        tuple(float(v) for v in raw[:, best]),
    )
