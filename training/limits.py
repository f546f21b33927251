"""What a device does every day, learnt as a limit for each weighed residual and each side.

lib/Detector/src/ResidualLimits.h has the same in C++; a test compares the two. A residual is
divided by its limit before it enters the score. The largest value of a day is learnt as mean and
variance, and a quantile of its Gumbel distribution (E. J. Gumbel, "Statistics of Extremes", 1958)
is the limit, never below 1, which is what training takes for normal.
"""

from collections.abc import Sequence
from dataclasses import astuple, dataclass, field
from itertools import accumulate
from math import log
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from project.profile import CATALOGUE, Profile
from training.calibration import CHART_CAP, Thresholds

Array = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]

LIVELY: Final = 1.1
_MEMORY_DAYS: Final = 30
_DOUBT: Final = 3.0  # days whose variance has been half seen
_SHARE: Final = 0.1  # of the mean: the least standard deviation of the days
_LASTING_SHARE: Final = 0.2
_CUT: Final = 4.23
_GUMBEL: Final = (0.78, 0.45)
_FREE_DAYS: Final = 2
_WEEK: Final = 7
_MOST_FROZEN: Final = 7
_RHO_STEPS: Final = (0.6, 0.072)  # up after a day with an alarm, down after one without
_RHO_RANGE: Final = (1.6, 4.4)
_ECHO: Final = 1.5
_MOST_ECHO: Final = 2.0
_OSCILLATES: Final = 0.7
_FADE: Final = 2

_RHO: Final = 2.6  # at 0.2 false alarms a day
_AT_RATE: Final = 0.2
_GROWTH: Final = (1.15, 1.05)  # of a limit in a day; the second of features that stay sharp
_SETTLE_S: Final = 300.0
_LEAST_LASTING_S: Final = 120.0
_LEAST_RECORDING_S: Final = 3600.0  # from which on a recording teaches what a device does
_CHUNK: Final = 4096  # rows that are judged at a time: an alarm that ends changes the rest


@dataclass(frozen=True)
class Config:
    """LearningConfig of LearningConfig.h; arrays are [features]."""

    growth: Array
    prior: Array
    echoes: Booleans
    mirrors: Booleans
    rho: float
    day_frames: int
    settle_frames: int
    oscillation: int | None
    least_lasting: float


@dataclass
class Lasting:
    """LearntSide of LearningConfig.h, of the logarithm of the frames an oscillation lasts."""

    mean: float = 0.0
    variance: float = 0.0
    today: float = 0.0
    limit: float = 0.0
    now: float = 0.0


@dataclass
class Learnt:
    """LearntSide and LearntDays of LearningConfig.h; arrays are [features, sides]."""

    mean: Array
    variance: Array
    today: Array
    limit: Array
    now: Array
    rho: float
    lasting: Lasting = field(default_factory=Lasting)
    days: int = 0
    frame_of_day: int = 0
    frozen: int = 0
    alarms: int = 0


def configure(profile: Profile, frame_s: float) -> Config:
    """The constants of a profile that learns, with so many seconds from frame to frame."""
    learning, use = profile.detector.learning, profile.features.use
    assert learning is not None
    kinds = [CATALOGUE[feature.kind] for feature in use]
    bands = [i for i, kind in enumerate(kinds) if kind.lasts]
    lively = [kind.lively if learning.lively else 1.0 for kind in kinds]
    return Config(
        np.array([_GROWTH[kind.stays_sharp] for kind in kinds]),
        np.array(lively),
        np.array([kind.echoes for kind in kinds]),
        np.array([kind.mirrors for kind in kinds]),
        _RHO + log(_AT_RATE / learning.false_alarms_per_day),
        max(1, round(86400 / frame_s)),
        round(_SETTLE_S / frame_s),
        bands[0] if bands else None,
        log(1 + round(_LEAST_LASTING_S / frame_s)),
    )


def fresh(config: Config) -> Learnt:
    """Nothing learnt yet."""
    prior = np.repeat(config.prior[:, None], 2, axis=1)
    zero = np.zeros_like(prior)
    learnt = Learnt(zero, zero.copy(), zero.copy(), np.ones_like(prior), prior, config.rho)
    learnt.lasting.limit = learnt.lasting.now = config.least_lasting
    return learnt


def learn(config: Config, parts: Sequence[Array], frame_s: float) -> Learnt:
    """What a recording of an hour or more teaches.

    `parts` are the weighed residuals [rows, features] of its pieces. A whole day of it is a day on
    the device. Less widens the limits until the first day is known.
    """
    learnt = fresh(config)
    if sum(map(len, parts)) * frame_s < _LEAST_RECORDING_S:
        return learnt
    for part in parts:
        lasting = _lasting(config, part)
        at = config.settle_frames
        learnt.frame_of_day += min(at, len(part))
        while at < len(part):
            end = min(len(part), at + max(1, config.day_frames - learnt.frame_of_day))
            _see(learnt, part[at:end], lasting[at:end])
            learnt.frame_of_day += end - at
            at = end
            if learnt.frame_of_day >= config.day_frames:
                _end_day(config, learnt, alarm=False)
                learnt.rho = config.rho  # there were no alarms to learn it from
    if learnt.days == 0:
        learnt.now = np.maximum(learnt.now, _ECHO * learnt.today)
    return learnt


@dataclass(frozen=True)
class Judged:
    """What the decision makes of residuals: one entry a row."""

    score: Array  # the larger chart, on the scale of the threshold
    alarm: Booleans
    largest: npt.NDArray[np.int_]  # the feature that is farthest over its limit


def judge(
    profile: Profile,
    config: Config,
    learnt: Learnt,
    thresholds: Thresholds,
    residuals: Array,
    learns: bool = True,
) -> Judged:
    """Runs the limits and the latch over weighed residuals [rows, features] after a start.

    `learnt` is changed: it holds afterwards what had been learnt by the end. Unless it `learns`:
    then every row is judged by the limits of the beginning.
    """
    state = _State(profile, config, learnt, thresholds, residuals, learns)
    while state.row < len(residuals):
        state.advance()
    return Judged(state.score, state.alarm, state.largest)


class _State:
    """Where a run over residuals has come to."""

    def __init__(
        self,
        profile: Profile,
        config: Config,
        learnt: Learnt,
        thresholds: Thresholds,
        residuals: Array,
        learns: bool,
    ) -> None:
        self.row = 0
        self._learns = learns
        self.score = np.zeros(len(residuals))
        self.alarm = np.zeros(len(residuals), bool)
        self.largest = np.zeros(len(residuals), int)
        self._detector, self._config, self._learnt = profile.detector, config, learnt
        self._thresholds, self._residuals = thresholds, residuals
        self._warmup, self._window = profile.warmup_frames, profile.alarm_frames
        self._clear = profile.clear_frames
        self._lasting = _lasting(config, residuals)
        self._power = {"rms": 2, "quartic": 4}[profile.detector.score]
        self._chart = 0.0
        self._active, self._calm = False, 0
        self._recent: list[bool] = []

    def advance(self) -> None:
        """To the end of the day, of an alarm or of a chunk, whichever comes first."""
        learnt, config, row = self._learnt, self._config, self.row
        end = min(len(self._residuals), row + _CHUNK)
        if self._learns:
            end = min(end, row + config.day_frames - learnt.frame_of_day)
        charts = self._weigh(row, end)
        end, ended = self._decide(row, end)
        self.row = end
        if len(charts):
            self._chart = charts[end - row - 1]
        if not self._learns:
            return
        seen = max(row, config.settle_frames)
        if seen < end:
            _see(learnt, self._residuals[seen:end], self._lasting[seen:end])
        learnt.frame_of_day += end - row
        if ended:
            _end_alarm(config, learnt)
        if learnt.frame_of_day >= config.day_frames:
            _end_day(config, learnt, bool(self._active))

    def _weigh(self, row: int, end: int) -> Array:
        """Scores of rows, with the limits as they are now; returns the second chart."""
        from scipy.signal import lfilter

        part = self._residuals[row:end]
        side = (part < 0).astype(int)
        limits = self._learnt.now[np.arange(part.shape[1])[None, :], side]
        ratio = abs(part) / limits
        lively = limits > LIVELY
        powers = ratio**self._power
        quiet = np.where(lively, 0, powers).sum(axis=1)
        most = np.where(lively, powers, 0).max(axis=1)
        charted = (quiet / part.shape[1]) ** (1 / self._power)
        score = ((quiet + most) / part.shape[1]) ** (1 / self._power)
        self.largest[row:end] = np.argmax(ratio, axis=1)
        found, charts = self._thresholds, np.empty(0)
        if found.chart:
            share = 1 / self._detector.chart_tau
            counted = np.minimum(charted, CHART_CAP * found.score)
            begin = [(1 - share) * self._chart]
            charts = lfilter([share], [1, share - 1], counted, zi=begin)[0]
            score = np.maximum(score, charts * (found.score / found.chart))
        self.score[row:end] = score
        return np.asarray(charts)

    def _decide(self, row: int, end: int) -> tuple[int, bool]:
        """The latch over rows; returns where it stopped, and whether an alarm ended there."""
        threshold, detector, learnt = self._thresholds.score, self._detector, self._learnt
        lasts = self._lasting[row:end] >= learnt.lasting.limit if learnt.days >= 1 else None
        score = self.score[row:end]
        over, low = score > threshold, score < detector.clear_ratio * threshold
        if lasts is not None:
            over, low = over | lasts, low & ~lasts
        for index, (high, calm) in enumerate(zip(over.tolist(), low.tolist(), strict=True)):
            if row + index < self._warmup:
                continue
            self._recent = [*self._recent, high][-self._window :]
            self._calm = self._calm + 1 if calm else 0
            if not self._active and sum(self._recent) >= detector.alarm_count:
                self._active = True
                learnt.alarms += 1
            elif self._active and self._calm >= self._clear:
                self._active, self._recent = False, []
                return row + index + 1, True
            self.alarm[row + index] = self._active
        return end, False


def _lasting(config: Config, residuals: Array) -> Array:
    """Logarithm of how many rows an oscillation has lasted [rows]: those without it count twice,
    the other way. No day has more than its rows."""
    if config.oscillation is None:
        return np.zeros(len(residuals))
    steps = np.where(residuals[:, config.oscillation] > _OSCILLATES, 1, -_FADE).tolist()
    most = config.day_frames
    lasted = accumulate(steps, lambda rows, step: min(max(rows + step, 0), most), initial=0)
    return np.asarray(np.log1p(np.fromiter(lasted, float, len(steps) + 1)[1:]))


def _see(learnt: Learnt, residuals: Array, lasting: Array) -> None:
    """Takes the largest residuals and the longest oscillation of rows of the day."""
    above, below = residuals.max(axis=0), -residuals.min(axis=0)
    learnt.today = np.maximum(learnt.today, np.stack([above, below], axis=1))
    learnt.lasting.today = max(learnt.lasting.today, float(lasting.max()))


def _end_alarm(config: Config, learnt: Learnt) -> None:
    seen = learnt.today
    if learnt.days < _FREE_DAYS:
        # What has come from one side will come from the other: a door that opens is closed.
        seen = np.where(config.mirrors[:, None], np.maximum(seen, seen[:, ::-1]), seen)
        wide = _ECHO * seen
    else:
        wide = np.minimum(_ECHO * seen, _MOST_ECHO * learnt.now)
        wide = np.where(config.echoes[:, None], wide, 0)
    learnt.now = np.maximum(learnt.now, wide)


def _end_day(config: Config, learnt: Learnt, alarm: bool) -> None:
    learnt.frame_of_day = 0
    if alarm and learnt.days >= _FREE_DAYS and learnt.frozen < _MOST_FROZEN:
        learnt.frozen += 1
    else:
        learnt.frozen = 0
        if learnt.days >= 1:
            rho = learnt.rho + (_RHO_STEPS[0] if learnt.alarms else -_RHO_STEPS[1])
            learnt.rho = min(max(rho, _RHO_RANGE[0]), _RHO_RANGE[1])
        days, before = learnt.days, learnt.limit
        learnt.mean, learnt.variance = _learn(
            days, learnt.mean, learnt.variance, learnt.today, _SHARE * learnt.mean
        )
        limit = _limit(learnt, learnt.mean, learnt.variance, _SHARE * learnt.mean, 1.0)
        slow = np.minimum(limit, before * config.growth[:, None])
        learnt.limit = slow if days + 1 > _WEEK else limit
        one = learnt.lasting
        mean, variance = _learn(days, one.mean, one.variance, one.today, _LASTING_SHARE)
        longest = float(_limit(learnt, mean, variance, _LASTING_SHARE, config.least_lasting))
        learnt.lasting = Lasting(float(mean), float(variance), limit=longest, now=longest)
        learnt.days += 1
    learnt.today = np.zeros_like(learnt.today)
    learnt.now = learnt.limit.copy()
    learnt.lasting.today = 0.0
    learnt.alarms = 0


def _learn(days: int, mean: Any, variance: Any, value: Any, deviation: Any) -> tuple[Any, Any]:
    if days >= _FREE_DAYS:
        value = np.minimum(
            value, mean + _CUT * np.sqrt(variance * (1 + _DOUBT / days) + deviation**2)
        )
    weight = 1 / min(days + 1, _MEMORY_DAYS)
    change = value - mean
    return mean + weight * change, (1 - weight) * (variance + weight * change * change)


def _limit(learnt: Learnt, mean: Any, variance: Any, deviation: Any, least: float) -> Any:
    days = learnt.days + 1
    floor = deviation * (1 + 1 / days)
    spread = np.sqrt(variance * (1 + _DOUBT / days) + floor**2)
    return np.maximum(least, mean + (_GUMBEL[0] * learnt.rho - _GUMBEL[1]) * spread)


# --- the manifest


def record(config: Config, learnt: Learnt) -> dict[str, Any]:
    """What a manifest says of the limits: their constants, and what the recording taught."""
    sides = np.stack([learnt.mean, learnt.variance, learnt.today, learnt.limit, learnt.now], -1)
    return {
        "rules": [
            {
                "growth": float(growth),
                "prior": float(prior),
                "echoes": bool(echoes),
                "mirrors": bool(mirrors),
            }
            for growth, prior, echoes, mirrors in zip(
                config.growth, config.prior, config.echoes, config.mirrors, strict=True
            )
        ],
        "rho": config.rho,
        "day_frames": config.day_frames,
        "settle_frames": config.settle_frames,
        "oscillation": config.oscillation,
        "least_lasting": config.least_lasting,
        "learnt": {
            "sides": sides.astype(np.float32).astype(np.float64).tolist(),
            "lasting": list(astuple(learnt.lasting)),
            "rho": learnt.rho,
            "days": learnt.days,
            "frame_of_day": learnt.frame_of_day,
        },
    }


def read(found: dict[str, Any]) -> tuple[Config, Learnt]:
    """The reverse of `record`."""
    rules, learnt = found["rules"], found["learnt"]
    config = Config(
        np.array([rule["growth"] for rule in rules]),
        np.array([rule["prior"] for rule in rules]),
        np.array([rule["echoes"] for rule in rules]),
        np.array([rule["mirrors"] for rule in rules]),
        found["rho"],
        found["day_frames"],
        found["settle_frames"],
        found["oscillation"],
        found["least_lasting"],
    )
    mean, variance, today, limit, now = np.moveaxis(np.array(learnt["sides"]), -1, 0).copy()
    return config, Learnt(
        mean,
        variance,
        today,
        limit,
        now,
        learnt["rho"],
        Lasting(*learnt["lasting"]),
        learnt["days"],
        learnt["frame_of_day"],
    )
