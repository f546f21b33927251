"""What simulated lives are made of: a calendar, weather that wanders, bodies that warm up and cool
down, thermostats.

Times are seconds since the first day of a life began. A life exists from two days before that, room
for a recording, to four months after it. What wanders is drawn on a grid of its own once and
interpolated; what warms up or cools down is solved exactly from one change to the next.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import exp, inf, log
from typing import Final

import numpy as np
import numpy.typing as npt

from benchmark.life_events import DAY_S, HOUR_S, MINUTE_S, Change

Array = npt.NDArray[np.float64]
Days = npt.NDArray[np.int64]
Course = Callable[[Array], Array]  # seconds, rising -> C, or a share

BEGIN_S: Final = -2 * DAY_S
END_S: Final = 120 * DAY_S
OUTSIDE_S: Final = 600.0  # for how long a thermostat's surroundings count as constant
HOLD_S: Final = 1800.0  # with which one whose cycle stops goes to the middle


class Draw:
    """The random numbers of one life: constants, and a generator for each thing that goes on.

    The order of the calls decides what each is given, so a kind makes them in the same order
    whatever event there is.
    """

    def __init__(self, *key: int) -> None:
        self._key, self._generators = key, 0
        self._constants = np.random.default_rng([*key, 0])
        self.week_s = self.uniform(0.0, 7 * DAY_S)  # since Monday, when the first day begins

    def uniform(self, low: float, high: float) -> float:
        return float(self._constants.uniform(low, high))

    def generator(self) -> np.random.Generator:
        self._generators += 1
        return np.random.default_rng([*self._key, self._generators])

    def hour(self, t: Array) -> Array:
        """Hour of the day, 0 to 24."""
        return np.asarray((t + self.week_s) % DAY_S / HOUR_S)

    def days(self) -> Days:
        """Numbers of the calendar's days, from midnight to midnight; day 0 is a Monday."""
        first, last = (int((t + self.week_s) // DAY_S) for t in (BEGIN_S, END_S))
        return np.arange(first - 1, last + 2)

    def midnight_s(self, days: Days) -> Array:
        """When calendar days begin."""
        return np.asarray(days * DAY_S - self.week_s)


# --- what wanders


def wander(draw: Draw, sd: float, tau_s: float) -> Course:
    """A mean-reverting random walk (Ornstein and Uhlenbeck) about zero."""
    from scipy.signal import lfilter

    step = min(600.0, max(10.0, tau_s / 30))
    t = np.arange(BEGIN_S, END_S + step, step)
    kept = exp(-step / tau_s)
    drive = sd * draw.generator().standard_normal(len(t))
    drive[1:] *= np.sqrt(1 - kept**2)
    values = lfilter([1.0], [1.0, -kept], drive)
    return lambda at: np.interp(at, t, values)


def by_day(draw: Draw, mean: float, sd: float, low: float, high: float) -> Course:
    """A number drawn for each day, within low to high; it is that of the day at noon."""
    days = draw.days()
    values = np.clip(draw.generator().normal(mean, sd, len(days)), low, high)
    noons = draw.midnight_s(days) + DAY_S / 2
    return lambda at: np.interp(at, noons, values)


def lagged(course: Course, tau_s: float, step_s: float = MINUTE_S) -> Course:
    """The course as a body with this time constant follows it."""
    from scipy.signal import lfilter

    t = np.arange(BEGIN_S, END_S + step_s, step_s)
    x = course(t)
    kept = exp(-step_s / tau_s)
    values, _ = lfilter([1 - kept], [1.0, -kept], x, zi=[kept * x[0]])
    return lambda at: np.interp(at, t, values)


def ripple(draw: Draw, period_s: float, change: Change) -> Course:
    """The wave of a thermostat, -1 to 1: its period wanders by 5 %, its size by 10 %.

    It dies out when the cycle stops, or when what makes it fails.
    """
    size, pace = wander(draw, 0.1, 3 * HOUR_S), wander(draw, 0.05, 2 * HOUR_S)
    t = np.arange(BEGIN_S, END_S + MINUTE_S, MINUTE_S)
    turns = np.cumsum(np.exp(pace(t))) * MINUTE_S / period_s

    def phase(at: Array) -> Array:
        return np.interp(at, t, turns)

    def course(at: Array) -> Array:
        doubled = change.begins_s("double")
        slowed = phase(np.maximum(at, doubled)) - phase(np.array(doubled)) if doubled < inf else 0.0
        angle = 2 * np.pi * (phase(at) - slowed / 2)
        left = 1 - change.approach("stop", at, period_s) - change.approach("fail", at, period_s)
        wave = np.sin(angle) + 0.15 * np.sin(2 * angle)
        return np.asarray(left * np.maximum(0.0, 1 + size(at)) * wave)

    return course


# --- what warms up and cools down


@dataclass(frozen=True)
class Relaxation:
    """A value that follows one target after another, each with its time constant.

    `rows` [changes, 4]: when, the value then, its target, time constant in seconds.
    """

    rows: Array

    def __call__(self, t: Array) -> Array:
        row = np.maximum(np.searchsorted(self.rows[:, 0], t, side="right") - 1, 0)
        start, value, target, tau = self.rows[row].T
        return np.asarray(target + (value - target) * np.exp(-(t - start) / tau))


def switched(spans: Array, rise_s: float, fall_s: float) -> Relaxation:
    """What goes to 1 in `spans` [count, 2], apart and in order, and back to 0 between them."""
    rows = [(BEGIN_S, 0.0, 0.0, fall_s)]
    for begin, end in spans.tolist():
        for when, aim, tau in ((begin, 1.0, rise_s), (end, 0.0, fall_s)):
            start, value, target, before = rows[-1]
            now = target + (value - target) * exp(-(when - start) / before)
            rows.append((when, now, aim, tau))
    return Relaxation(np.array(rows))


def apart(begins: Array, lengths: Array, gap_s: float) -> Array:
    """Spans [count, 2] in order; one that begins less than `gap_s` after another waits for it."""
    spans, free = [], BEGIN_S
    for begin, length in sorted(zip(begins.tolist(), lengths.tolist(), strict=True)):
        start = max(begin, free)
        if start + length < END_S:
            spans.append((start, start + length))
            free = start + length + gap_s
    return np.array(spans).reshape(-1, 2)


def repeated(draw: Draw, period_s: float, length_s: float) -> Array:
    """Spans [count, 2] of one length, a period apart that varies by 5 %."""
    random = draw.generator()
    count = int((END_S - BEGIN_S) / period_s * 1.2)
    waits = period_s * random.uniform(0.95, 1.05, count)
    begins = BEGIN_S + random.uniform(0.0, period_s) + np.cumsum(waits)
    return apart(begins, np.full(count, length_s), 0.0)


@dataclass(frozen=True)
class Thermostat:
    """A body between two temperatures, in C and C a second; `drive` below zero cools."""

    low: float
    high: float
    tau_s: float  # of the body towards its surroundings
    drive: float

    def run(
        self, outside: Course, blocked: Array, kicks: Iterable[tuple[float, float]], change: Change
    ) -> Relaxation:
        """Its temperature. In `blocked` spans it cannot switch on; `kicks`: when it is warmed by
        how many C at once.

        When the cycle stops it holds the middle; when it fails it is off for ever; when the
        period doubles it is twice as heavy.
        """
        around: list[float] = outside(np.arange(BEGIN_S, END_S, OUTSIDE_S)).tolist()
        stops, fails, doubles = (change.begins_s(kind) for kind in ("stop", "fail", "double"))
        rows, t, value, on, held = [], BEGIN_S, self.low, False, False
        for until, kick, hold in _marks(blocked, kicks, change):
            while t < until:
                place = int((t - BEGIN_S) // OUTSIDE_S)
                end = min(until, (place + 1) * OUTSIDE_S + BEGIN_S)
                idle = held or t >= fails
                on = not idle and self._on(on, value)
                tau = self.tau_s * (2 if t >= doubles else 1)
                target = around[place] + on * self.drive * self.tau_s
                if t >= stops:
                    target, tau = (self.low + self.high) / 2, HOLD_S
                elif not idle:
                    end = min(end, t + self._seconds(value, target, tau, on))
                rows.append((t, value, target, tau))
                value = target + (value - target) * exp(-(end - t) / tau)
                t = end
            value, held = value + kick, held if hold is None else hold
        return Relaxation(np.array(rows))

    def _edge(self, on: bool) -> float:
        """The temperature at which it switches."""
        return self.low if on == (self.drive < 0) else self.high

    def _on(self, on: bool, value: float) -> bool:
        edge = self._edge(on)
        beyond = value >= edge - _NEAR if edge == self.high else value <= edge + _NEAR
        return on != beyond

    def _seconds(self, value: float, target: float, tau: float, on: bool) -> float:
        """Until it switches, at the present target; infinite if it never does."""
        left, whole = target - self._edge(on), target - value
        reached = left * whole > 0 and abs(left) < abs(whole)
        return max(_SHORTEST_S, tau * log(whole / left)) if reached else inf


_NEAR: Final = 1e-9  # C; an edge is reached, but for rounding
_SHORTEST_S: Final = 1e-3


def _marks(
    blocked: Array, kicks: Iterable[tuple[float, float]], change: Change
) -> list[tuple[float, float, bool | None]]:
    """What happens to a thermostat: when, a kick in C, and whether it is blocked from now on."""
    marks: list[tuple[float, float, bool | None]] = [(when, kick, None) for when, kick in kicks]
    for begin, end in blocked.tolist():
        marks += [(begin, 0.0, True), (end, 0.0, False)]
    if change.start_s < END_S:
        marks.append((change.start_s, 0.0, None))
    return [*sorted(marks, key=lambda mark: mark[0]), (END_S, 0.0, None)]
