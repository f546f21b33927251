"""Detectors that take one mean a minute of several lives: the slow charts, and what they are
compared with.

Each is trained on the minutes before the first day of a life and then goes on for as long as the
life does. `Watcher.minute` says which of its alarms are on, [streams, alarms].
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import sqrt
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from benchmark import return_period
from benchmark.devices import RATE_HZ
from benchmark.life_events import HOUR_S, MINUTE_S
from benchmark.life_kinds import KINDS
from benchmark.lives import Life
from project.profile import Slow
from training import charts, slow

Array = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]
Index = npt.NDArray[np.int64]

CALM: Final = 60  # minutes within its limits that end an alarm
SIGMAS: Final = 3.0
PERIOD: Final = 10  # minutes whose mean `return_period` takes: it looks at hours


class Watcher(Protocol):
    def off(self) -> Booleans:
        """Alarms [streams, alarms] before the first minute: none is on."""

    def minute(self, means: Array) -> Booleans:
        """Takes the means of a minute in C [streams]; which alarms are on [streams, alarms]."""

    def boot(self) -> None:
        """The board starts again; what was learnt is still there."""

    def chosen(self, streams: Index) -> "Watcher":
        """A watcher that goes on from here for some of the streams, each as often as named."""


class _Charts(charts.Charts):
    """Charts of which some streams can go on by themselves."""

    def chosen(self, streams: Index) -> "_Charts":
        def of(record: Any) -> dict[str, Any]:
            return {
                name: value[..., streams] if isinstance(value, np.ndarray) else value
                for name, value in vars(record).items()
            }

        result = copy.copy(self)
        vars(result).update(of(self), learnt=charts.Learnt(**of(self.learnt)))
        result.config = replace(self.config, quiet=self.config.quiet[streams])
        return result


class SlowCharts:
    """The charts of the firmware, for lives of several kinds at a time, each with its own span.

    Every chart measures in shares of the span or in logarithms, so lives that are divided by their
    spans are judged as if each had its own profile.
    """

    def __init__(self, found: _Charts, spans: Array) -> None:
        self._charts, self._spans = found, spans

    @classmethod
    def trained(cls, lives: Sequence[Life], recordings: Array, rules: Slow) -> "SlowCharts":
        """On the recordings in C [streams, minutes], with the spans of the kinds of lives; by rules
        that state no span, with the noise as the unit."""
        noise = np.array([life.noise for life in lives])
        spans = np.array([KINDS[life.kind].span for life in lives]) if rules.span_of(0) else noise
        rules = replace(rules, span=float(rules.span_of(0) > 0), limits=None)
        config = slow.configure(rules, 0, noise / spans, MINUTE_S * RATE_HZ)
        shares = charts.single(recordings / spans[:, None])
        learner = _Charts(config, charts.Learnt.fresh(len(lives)))
        for means in shares.T:
            learner.minute(means, judge=False)
        one = charts.Learnt.fresh(1)
        bounds = [slow.lay_bounds(config, one, [row]).bounds[:, 0] for row in shares]
        learner.learnt.bounds = np.array(bounds).T
        return cls(_Charts(config, learner.learnt), spans)

    def off(self) -> Booleans:
        return np.zeros((len(self._spans), 2 * charts.CHARTS), bool)

    def minute(self, means: Array) -> Booleans:
        self._charts.minute(charts.single(means / self._spans))
        return np.moveaxis(self._charts.on, -1, 0).reshape(len(means), -1)

    def boot(self) -> None:
        self._charts.resume()

    def chosen(self, streams: Index) -> "SlowCharts":
        return SlowCharts(self._charts.chosen(streams), self._spans[streams])


@dataclass
class Limits:
    """Alarm outside of limits in C [streams], until an hour of minutes in turn is inside."""

    low: Array
    high: Array
    on: Booleans
    calm: Index

    @classmethod
    def of(cls, low: Array, high: Array) -> "Limits":
        return cls(low, high, np.zeros(len(low), bool), np.zeros(len(low), np.int64))

    def off(self) -> Booleans:
        return np.zeros((len(self.low), 1), bool)

    def minute(self, means: Array) -> Booleans:
        outside = (means < self.low) | (means > self.high)
        self.calm = np.where(outside, 0, self.calm + 1)
        self.on = outside | (self.on & (self.calm < CALM))
        return self.on[:, None]

    def boot(self) -> None:
        self.on = np.zeros_like(self.on)

    def chosen(self, streams: Index) -> "Limits":
        return Limits(*(field[streams] for field in vars(self).values()))


class ReturnPeriod:
    """`return_period` on means of ten minutes; it has no start and learns for ever."""

    def __init__(self, watches: list[return_period.Watch]) -> None:
        self._watches = watches
        self._sums = np.zeros(len(watches))
        self._minutes = 0
        self._on = np.zeros((len(watches), 2), bool)
        self._calm = np.zeros((len(watches), 2), np.int64)

    def off(self) -> Booleans:
        return np.zeros((len(self._watches), 2), bool)

    def minute(self, means: Array) -> Booleans:
        self._sums += means
        self._minutes += 1
        if self._minutes == PERIOD:
            pairs = zip(self._watches, (self._sums / PERIOD).tolist(), strict=True)
            scores = np.array([watch.add(value) for watch, value in pairs])
            scores /= return_period.THRESHOLD
            self._calm = np.where(scores < return_period.RELEASE, self._calm + 1, 0)
            needed = return_period.CALM_H * HOUR_S / MINUTE_S / PERIOD
            self._on = (scores >= 1) | (self._on & (self._calm < needed))
            self._sums = np.zeros(len(self._watches))
            self._minutes = 0
        return self._on

    def boot(self) -> None:
        pass

    def chosen(self, streams: Index) -> "ReturnPeriod":
        result = copy.copy(self)
        result._watches = [copy.deepcopy(self._watches[stream]) for stream in streams]
        result._sums = self._sums[streams]
        result._on, result._calm = self._on[streams], self._calm[streams]
        return result


def trained(name: str, lives: Sequence[Life], recordings: Array, rules: Slow) -> Watcher:
    """One of `NAMES`, trained on recordings in C [streams, minutes] of lives."""
    if name == "slow":
        return SlowCharts.trained(lives, recordings, rules)
    if name == "return_period":
        hours = PERIOD * MINUTE_S / HOUR_S
        result = ReturnPeriod([return_period.Watch(hours) for _ in lives])
        for means in recordings.T:
            result.minute(means)
        return result
    if name == "by_hand":
        typed = np.array([KINDS[life.kind].by_hand for life in lives])
        return Limits.of(typed[:, 0], typed[:, 1])
    least = [life.noise / sqrt(MINUTE_S * RATE_HZ) for life in lives]
    reach = SIGMAS * np.maximum(recordings.std(axis=1), least)
    middle = recordings.mean(axis=1)
    return Limits.of(middle - reach, middle + reach)


NAMES: Final = ("slow", "by_hand", "sigma", "return_period")
