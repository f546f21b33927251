"""The slow charts in NumPy: from minutes to weeks. lib/Detector/src/SlowCharts.h has the same in
C++, in float32 and in the same order; a test compares the two minute by minute.

Once a minute each chart compares one statistic of a value with a limit on both sides: the level at
five scales, the trend between them, the activity at three, and the length of the value's own cycle.
Limits come from the span that the profile states, and from the days: of the largest and the
smallest value of a day the mean and the variance are learnt, and a quantile of their Gumbel
distribution (E. J. Gumbel, "Statistics of Extremes", 1958) is the limit.
"""

import copy
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]
Booleans = npt.NDArray[np.bool_]

DAY: Final = 1440  # minutes
SCALES: Final = 5
LEVEL, TREND, ACTIVITY, PERIOD, DWELL, CLOCK = 0, 5, 9, 12, 13, 14
LEARNT: Final = 14  # charts that learn from the days; the clock is one more
CHARTS: Final = 15
NAMES: Final = (
    *(f"level {scale}" for scale in ("2 min", "15 min", "1 h", "6 h", "1 day")),
    *(f"trend {scale}" for scale in ("15 min", "1 h", "6 h", "1 day")),
    *(f"activity {scale}" for scale in ("15 min", "1 h", "1 day")),
    "period",
    "dwell",
    "clock",
)


def single(values: Any) -> Array:
    """Rounded to float32, as the firmware holds them."""
    return np.asarray(values, np.float32)


def reach(rarity: float) -> float:
    """A Gumbel quantile, in standard deviations from the mean."""
    return max(0.7797 * rarity - 0.45, 0.1)


_TAU: Final = single([2, 15, 60, 360, 1440])
_FAST: Final = 3  # scales that begin anew at a start
_ENERGY_TAU: Final = single([60, 240, 720])
_ENERGY_WAIT: Final = (30, 120, 120)
_ACTIVITY_WAIT: Final = 240
# A slope moves the fastest mean as far from the next one as this part of how far it moves that.
_OF_SLOPE: Final = np.float32((15 - 2) / (60 - 15))
_LEAST_CYCLES: Final = 8  # before the period is judged, and the clock of a long cycle
_SHORT_CYCLES: Final = 24  # before the clock of a shorter one is
_LONG_CYCLE: Final = np.float32(3.4011974)  # logarithm of half an hour
_FIRST_CYCLES: Final = 4  # that are taken as they are
_MEMORY_DAYS: Final = 30
_MOST_FROZEN: Final = 7
_CUT: Final = np.float32(reach(6.0))  # standard deviations: what a day counts at most, later on
_SIGN: Final = single([1, -1])[:, None]  # of the upper and the lower side
NEVER: Final = np.float32(1e30)  # beyond what any value has been: nothing was seen yet


@dataclass(frozen=True)
class Config:
    """SlowValueConfig of SlowConfig.h, and the days of SlowConfig.

    `span` is in the value's unit, `quiet` the variance of a minute's mean (it may be [streams]).
    """

    span: float
    bounded: bool
    limits: tuple[float, float] | None
    quiet: Any
    reach: Array  # [LEARNT]
    doubt: Array  # [LEARNT]
    floor: Array  # [LEARNT], standard deviations
    learn_days: float


@dataclass
class Learnt:
    """SlowLearnt of SlowConfig.h for `streams` values at a time; the last axis is theirs.

    Sides are the upper and the lower one.
    """

    mean: Array  # [LEARNT, 2, streams], of the extremes of the days
    variance: Array
    seen: Array  # [SCALES, 2, streams]
    slow_means: Array  # [2, streams]
    energies: Array  # [3, streams]
    cycle_energy: Array  # [streams], and so the following
    period: Array
    period_variance: Array
    longest: Array
    bounds: Array  # [2, streams]
    today: Array  # [LEARNT, 2, streams]
    cycles: npt.NDArray[np.int64]
    frozen: npt.NDArray[np.int64]  # [LEARNT, 2, streams]
    known_days: npt.NDArray[np.int64]  # [LEARNT, 2, streams] that were learnt
    days: int = 0
    minutes: int = 0
    minute_of_day: int = 0

    @classmethod
    def fresh(cls, streams: int) -> "Learnt":
        """Nothing learnt yet."""

        def zeros(*shape: int) -> Array:
            return np.zeros((*shape, streams), np.float32)

        sides = (LEARNT, 2)
        return cls(
            zeros(*sides),
            zeros(*sides),
            zeros(SCALES, 2),
            zeros(2),
            zeros(3),
            zeros(),
            zeros(),
            zeros(),
            zeros(),
            NEVER * _SIGN + zeros(2),
            -NEVER * _SIGN + zeros(*sides),
            np.zeros(streams, np.int64),
            np.zeros((*sides, streams), np.int64),
            np.zeros((*sides, streams), np.int64),
        )

    def repeated(self, streams: int) -> "Learnt":
        """What one stream has learnt, for several."""
        found = copy.copy(self)
        for name, value in vars(self).items():
            if isinstance(value, np.ndarray):
                setattr(found, name, np.repeat(value, streams, axis=-1))
        return found


class Charts:
    """The charts of `streams` values that have the same profile, minute by minute."""

    def __init__(self, config: Config, learnt: Learnt) -> None:
        self.config = config
        self.learnt = copy.deepcopy(learnt)
        streams = learnt.period.shape[-1]
        self._values = np.zeros((CHARTS, streams), np.float32)
        self._on = np.zeros((CHARTS, 2, streams), bool)
        self._calm = np.zeros((CHARTS, 2, streams), np.int64)
        self._ratio = np.zeros((CHARTS, 2, streams), np.float32)
        self.resume()

    def resume(self) -> None:
        """The next minute comes after a pause of unknown length, as after a start."""
        streams = len(self.learnt.period)
        self._boot = 0
        self._means = np.zeros((SCALES, streams), np.float32)
        self._since_cycle = np.zeros(streams, np.float32)
        self._half = np.zeros(streams, np.int64)
        self._on[:] = False

    @property
    def values(self) -> Array:
        """What is compared with the limits [CHARTS, streams]."""
        return self._values

    @property
    def on(self) -> Booleans:
        """Which charts are in alarm [CHARTS, sides, streams]."""
        return self._on

    @property
    def ratio(self) -> Array:
        """How near the nearest limit is [streams]: 1 at the limit."""
        return np.asarray(self._ratio.max(axis=(0, 1)))

    def minute(self, mean: Array, judge: bool = True) -> None:
        """Takes the mean of a minute [streams]; without `judge` it is only learnt."""
        learnt = self.learnt
        if learnt.minutes == 0:
            learnt.slow_means[:] = mean
        if self._boot == 0:
            self._means[:_FAST] = mean
        self._boot += 1
        learnt.minutes = min(learnt.minutes + 1, 1_000_000)
        valid, bounds_only = self._update(np.asarray(mean, np.float32))
        self._judge(valid, bounds_only, judge)
        learnt.minute_of_day += 1
        if learnt.minute_of_day == DAY:
            learnt.minute_of_day = 0
            self._end_day()

    def _update(self, mean: Array) -> tuple[Booleans, Booleans]:
        """Values of the charts; whether each is valid, and whether bounds alone judge it.

        Both are [CHARTS, streams].
        """
        boot, life, values = self._boot, self.learnt.minutes, self._values
        valid = np.zeros(values.shape, bool)
        bounds_only = np.zeros(values.shape, bool)
        count = single([boot] * _FAST + [life] * (SCALES - _FAST))
        self._means[_FAST:] = self.learnt.slow_means
        self._means += (mean - self._means) * _part(count, _TAU)[:, None]
        self.learnt.slow_means[:] = self._means[_FAST:]
        values[LEVEL:TREND] = self._means
        twice = single([2] * _FAST + [1] * (SCALES - _FAST))
        settled = count >= twice * _TAU
        valid[LEVEL:TREND] = settled[:, None]
        bounds_only[LEVEL:TREND] = ~settled[:, None]
        values[TREND:ACTIVITY] = self._means[:-1] - self._means[1:]
        alone = np.array([boot >= 2 * tau or i >= _FAST for i, tau in enumerate(_TAU)])
        ready = (count[1:] >= _TAU[1:]) & alone[:-1] & alone[1:]
        valid[TREND:ACTIVITY] = ready[:, None]
        self._update_activity(valid)
        self._update_cycle(valid)
        return valid, bounds_only

    def _update_activity(self, valid: Booleans) -> None:
        learnt, m = self.learnt, self._means
        swings = np.stack([m[0] - m[1], m[0] - m[2], m[2] - m[4]])
        part = _part(np.float32(learnt.minutes), _ENERGY_TAU)
        for i in range(3):
            if self._boot >= _ENERGY_WAIT[i]:
                energy = learnt.energies[i]
                learnt.energies[i] = energy + (swings[i] * swings[i] - energy) * part[i]
            settled = learnt.minutes >= 2 * _ENERGY_TAU[i] and self._boot >= _ACTIVITY_WAIT
            valid[ACTIVITY + i] = settled
        quiet = np.float32(4) * np.float32(self.config.quiet)
        self._values[ACTIVITY:PERIOD] = np.float32(0.5) * np.log(learnt.energies + quiet)

    def _update_cycle(self, valid: Booleans) -> None:
        learnt, values = self.learnt, self._values
        fast, slow = self._means[0] - self._means[1], self._means[1] - self._means[2]
        swing = fast - _OF_SLOPE * slow
        quiet = np.sqrt(np.float32(self.config.quiet))
        h = np.maximum(np.float32(4) * quiet, np.float32(0.4) * np.sqrt(learnt.cycle_energy))
        part = _part(np.float32(learnt.minutes), np.float32(4320))
        learnt.cycle_energy += (swing * swing - learnt.cycle_energy) * part
        self._since_cycle += np.float32(1)
        up = (self._half <= 0) & (swing > h)
        down = (self._half >= 0) & (swing < -h)
        begins = up & (self._half < 0)
        if begins.any():
            self._begin_cycles(begins)
        self._half = np.where(up, 1, np.where(down, -1, self._half))
        self._since_cycle = np.where(up, np.float32(0), self._since_cycle)
        length = np.log(np.maximum(self._since_cycle, np.float32(1)))
        over = length - learnt.period
        late = np.minimum(np.float32(0.5), over) / np.float32(8)
        values[PERIOD] = learnt.period + np.where(over > 0, late, np.float32(0))
        values[DWELL], values[CLOCK] = length, over
        valid[PERIOD] = valid[DWELL] = learnt.cycles >= _LEAST_CYCLES
        needed = np.where(learnt.period >= _LONG_CYCLE, _LEAST_CYCLES, _SHORT_CYCLES)
        regular = (learnt.period_variance < np.float32(0.09)) & (learnt.cycles >= needed)
        valid[CLOCK] = regular & (learnt.days < self.config.learn_days)

    def _begin_cycles(self, begins: Booleans) -> None:
        learnt = self.learnt
        length = np.log(np.maximum(self._since_cycle, np.float32(1)))
        change = length - learnt.period
        learnt.cycles += begins & (learnt.cycles < 65535)
        known = learnt.cycles > _FIRST_CYCLES
        longest = np.maximum(length, learnt.longest - np.float32(0.005))
        learnt.longest = np.where(begins & known, longest, learnt.longest)
        change = np.where(known, np.clip(change, np.float32(-0.5), np.float32(0.5)), change)
        cycles = np.maximum(learnt.cycles, 1).astype(np.float32)
        period = learnt.period + change * _part(cycles, np.float32(8))
        learnt.period = np.where(begins, period, learnt.period)
        count = np.maximum(cycles - np.float32(_FIRST_CYCLES), np.float32(1))
        step = (change * change - learnt.period_variance) * _part(count, np.float32(24))
        variance = learnt.period_variance + step
        learnt.period_variance = np.where(begins & known, variance, learnt.period_variance)

    def _judge(self, valid: Booleans, bounds_only: Booleans, judge: bool) -> None:
        learnt = self.learnt
        used = np.append(self.config.reach, self.config.reach[DWELL])[:, None] > 0
        valid, bounds_only = valid & used, bounds_only & used
        signed = self._values[:LEARNT, None] * _SIGN
        highest = np.maximum(signed, learnt.today * _SIGN)
        learnt.today[:] = np.where(valid[:LEARNT, None], highest * _SIGN, learnt.today)
        if not judge:
            return
        limit, middle = self._find_limits(valid, bounds_only)
        with np.errstate(invalid="ignore"):  # of limits that there are not
            room = limit - middle
            calm_limit = limit - np.maximum(np.float32(0), room) / np.float32(4)
        value = self._values[:, None] * _SIGN
        over, calm = value > limit, value < calm_limit
        judged = (valid | bounds_only)[:, None]
        minutes = np.where(calm & ~over & self._on, self._calm + 1, 0)
        needed = single([*np.maximum(60, _TAU), *[60] * (CHARTS - SCALES)])[:, None, None]
        on = over | (self._on & (minutes < needed))
        self._calm = np.where(judged, minutes, self._calm)
        self._on = np.where(judged, on, self._on)
        least = np.append(self.config.floor, np.float32(0.1))[:, None, None]
        with np.errstate(invalid="ignore"):
            ratio = np.float32(1) + (value - limit) / np.maximum(room, least)
        known = judged & np.isfinite(limit)
        self._ratio = np.where(known, np.maximum(np.float32(0), ratio), np.float32(0))

    def _find_limits(self, valid: Booleans, bounds_only: Booleans) -> tuple[Array, Array]:
        """Limits and the middles below them, of the signed values [CHARTS, sides, streams]."""
        learnt, config = self.learnt, self.config
        limit = np.full(self._ratio.shape, np.inf, np.float32)
        if config.bounded:
            limit[LEVEL:TREND] = self._level_limits(valid)
        limit[:LEARNT] = np.minimum(limit[:LEARNT], self._day_limits(valid))
        low, high = -limit[:LEARNT, 1], limit[:LEARNT, 0]
        crossed = high < low
        meet = np.float32(0.5) * (np.where(crossed, high, 0) + np.where(crossed, low, 0))
        limit[:LEARNT, 0] = np.where(crossed, meet, high)
        limit[:LEARNT, 1] = np.where(crossed, -meet, -low)
        cycles = single(np.maximum(learnt.cycles, _LEAST_CYCLES) - _FIRST_CYCLES)
        doubt = np.float32(1) + np.float32(8) / cycles
        slow_clock = np.float32(6) * np.sqrt(learnt.period_variance * doubt)
        clock = learnt.longest - learnt.period + np.float32(1.0986123)
        limit[CLOCK, 0] = np.maximum(clock, slow_clock)
        middle = np.zeros_like(limit)
        before = limit[:LEARNT] - np.float32(config.span)
        middle[:LEARNT] = np.where(learnt.known_days > 0, learnt.mean * _SIGN, before)
        return limit, middle

    def _level_limits(self, valid: Booleans) -> Array:
        """What the span, or the limits, leave of the levels [SCALES, sides, streams], signed."""
        learnt, config = self.learnt, self.config
        span = np.float32(config.span)
        limit = np.repeat((learnt.bounds * _SIGN)[None], SCALES, axis=0)
        if config.limits is None:
            slack = np.float32(0.25) * span * single([1, 0, 0, 0, 0])[:, None, None]
            limit = limit + slack
            limit = np.minimum(limit, self._today_limits() + slack)
            days = learnt.seen * _SIGN + np.float32(0.25) * span
            if learnt.days < config.learn_days:
                days = np.maximum(days, learnt.seen[:, ::-1] * _SIGN + span)
            known = valid[LEVEL:TREND] & (learnt.known_days[:SCALES] > 0).all(axis=1)
            limit = np.where(known[:, None], np.minimum(limit, days), limit)
        return limit

    def _today_limits(self) -> Array:
        """What today leaves of the levels until a day is known [SCALES, sides, streams], signed.

        Two minutes may show a door, so a quarter of an hour stands in for them.
        """
        learnt, span = self.learnt, np.float32(self.config.span)
        shown = [max(scale, 1) for scale in range(SCALES)]
        today = learnt.today[shown]
        unknown = (learnt.known_days[shown] == 0).all(axis=1) & (today[:, 0] >= today[:, 1])
        least = learnt.bounds * _SIGN - np.float32(0.75) * span
        limit = np.maximum(today[:, ::-1] * _SIGN + span, least)
        return np.where(unknown[:, None], limit, np.float32(np.inf))

    def _day_limits(self, valid: Booleans) -> Array:
        """What the days leave [LEARNT, sides, streams], signed."""
        learnt, config = self.learnt, self.config
        limit = learnt.mean * _SIGN + config.reach[:, None, None] * self._spread()
        known = np.repeat(valid[:LEARNT, None], 2, axis=1)
        known &= learnt.known_days >= config.learn_days
        irregular = np.sqrt(learnt.variance[PERIOD].max(axis=0)) > np.float32(0.35)
        known[PERIOD] &= ~irregular
        return np.where(known, limit, np.float32(np.inf))

    def _end_day(self) -> None:
        learnt, config = self.learnt, self.config
        learnt.days += 1
        seen = np.repeat(learnt.today[:, :1] > -NEVER, 2, axis=1)
        alarm = self._on[:LEARNT]
        waits = seen & alarm & (learnt.frozen < _MOST_FROZEN)
        learnt.frozen = np.where(
            waits, learnt.frozen + 1, np.where(seen & ~alarm, 0, learnt.frozen)
        )
        learns = seen & ~waits
        value = np.where(learns, learnt.today * _SIGN, np.float32(0))
        mean = learnt.mean * _SIGN
        learnt.today[:] = -NEVER * _SIGN
        learnt.known_days += learns & (learnt.known_days < 255)
        days = single(np.maximum(learnt.known_days, 1))
        cut = np.minimum(value, mean + _CUT * self._spread())
        first = days == 1
        value = np.where((days >= config.learn_days) & ~first, cut, value)
        before = learnt.seen * _SIGN
        leaking = before - (before - mean[:SCALES]) / np.float32(60)
        highest = np.where(first[:SCALES], value[:SCALES], np.maximum(value[:SCALES], leaking))
        highest = highest * _SIGN
        learnt.seen = np.where(learns[:SCALES], highest, learnt.seen)
        weight = _part(days, np.float32(_MEMORY_DAYS))
        change = value - mean
        new = np.where(first, value, mean + weight * change)
        learnt.mean = np.where(learns, new * _SIGN, learnt.mean)
        variance = (np.float32(1) - weight) * (learnt.variance + weight * change * change)
        variance = np.where(first, np.float32(0), variance)
        learnt.variance = np.where(learns, variance, learnt.variance)

    def _spread(self) -> Array:
        """Standard deviation of the days that is believed [LEARNT, sides, streams]."""
        learnt, config = self.learnt, self.config
        days = single(np.maximum(learnt.known_days, 1))
        doubt = np.float32(1) + config.doubt[:, None, None] / days
        return np.asarray(np.sqrt(learnt.variance * doubt + np.square(config.floor)[:, None, None]))


def _part(count: Any, tau: Any) -> Any:
    return np.float32(1) / np.minimum(count, tau)
