"""What the slow charts are told by a profile, and what a recording teaches them."""

import dataclasses
from collections.abc import Sequence
from math import log
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from project.profile import Profile, Slow
from training import normal
from training.charts import ACTIVITY, Array, Charts, Config, Learnt, reach, single
from training.data import Dataset

# How rare a limit is: the logarithm of its return period in days, at 0.01 false alarms a day of all
# charts together.
_RARITY: Final = (8.0, 5, 5, 5, 5, 8, 5, 5, 5, 8, 7, 5, 4.5, 5)
_AT_RATE: Final = 0.01
# Days of history of which half of the variance has been seen.
_DOUBT: Final = (7.0, 7, 7, 10, 10, 7, 7, 7, 7, 7, 7, 2, 3, 7)
# The least standard deviation of the days: shares of the span, then of one (charts of logarithms).
_FLOOR: Final = (*(1 / 60,) * 3, *(1 / 150,) * 2, *(1 / 60,) * 2, *(1 / 150,) * 2, *(0.1,) * 3)
_FLOOR_OF_CYCLE: Final = (0.05, 0.1)
_SPAN_IN_SIGMA: Final = 6.0  # where no span is stated: a floor of a tenth of the noise
# Over how many minutes a chart averages: a level over its time constant, a trend over that of its
# faster mean, an activity over that of its energy, a cycle over the fastest mean.
_AVERAGING: Final = (2, 15, 60, 360, 1440, 2, 15, 60, 360, 60, 240, 720, 2, 2)


def configure(slow: Slow, value: int, sigma: Any, frames_a_minute: float) -> Config:
    """Constants of one value of a frame, whose noise is `sigma`.

    Where the profile states neither span nor limits, the noise is the unit of small changes.
    """
    limits = slow.limits_of(value)
    own = slow.span_of(value) or (limits[1] - limits[0] if limits else 0.0)
    span = own or _SPAN_IN_SIGMA * float(np.max(sigma))
    shift = log(_AT_RATE / slow.false_alarms_per_day)
    floor = single(_FLOOR[:ACTIVITY]) * np.float32(span)
    return Config(
        span,
        own > 0,
        limits,
        single(np.square(sigma) / max(frames_a_minute, 1.0) + (span / 1000) ** 2),
        single(
            [
                reach(rarity + shift) if minutes >= slow.fastest_minutes else 0.0
                for rarity, minutes in zip(_RARITY, _AVERAGING, strict=True)
            ]
        ),
        single(_DOUBT),
        np.concatenate([floor, single([*_FLOOR[ACTIVITY:], *_FLOOR_OF_CYCLE])]),
        float(slow.learn_days),
    )


def record(profile: Profile, dataset: Dataset, sigma: npt.NDArray[np.float64]) -> dict[str, Any]:
    """What the manifest says of the slow charts: their constants, and what normal data taught.

    `sigma` is the noise of each value of a frame. A recording on its own clock gives the charts
    its clock. To a device that measures its own noise it teaches nothing, and the unit is that.
    """
    assert profile.slow is not None
    frame_s = normal.frame_s(profile, dataset)
    values = []
    for index, noise in enumerate([1.0] if profile.is_generic else sigma.tolist()):
        pieces = [] if profile.is_generic else [part[:, index] for part in dataset.segments]
        parts = minute_means(pieces, frame_s) if pieces else []
        config = configure(profile.slow, index, noise, 60 / frame_s)
        values.append(record_of(config, learn(config, parts)))
    return {
        "values": values,
        "learn_days": profile.slow.learn_days,
        "frame_us": round(frame_s * 1e6),
    }


def record_of(config: Config, learnt: Learnt) -> dict[str, Any]:
    """What a manifest says of one value of a frame."""
    rules = zip(config.reach, config.doubt, config.floor, strict=True)
    return {
        "span": config.span,
        "bounded": config.bounded,
        "limited": config.limits is not None,
        "quiet": float(config.quiet),
        "rules": [{"reach": float(r), "doubt": float(d), "floor": float(f)} for r, d, f in rules],
        "learnt": _plain(learnt),
    }


def read(found: dict[str, Any], value: int) -> tuple[Config, Learnt]:
    """What `record` said of one value of a frame, as a board begins with it."""
    one = found["values"][value]
    reaches, doubts, floors = (
        single([rule[key] for rule in one["rules"]]) for key in ("reach", "doubt", "floor")
    )
    learnt = Learnt.fresh(1)
    for name, fresh in vars(learnt).items():
        if isinstance(fresh, np.ndarray) and name in one["learnt"]:
            setattr(learnt, name, np.asarray(one["learnt"][name], fresh.dtype)[..., None])
        elif name in one["learnt"]:
            setattr(learnt, name, one["learnt"][name])
    high, low = one["learnt"]["bounds"]
    config = Config(
        one["span"],
        one["bounded"],
        (low, high) if one["limited"] else None,
        single([one["quiet"]]),
        reaches,
        doubts,
        floors,
        float(found["learn_days"]),
    )
    return config, learnt


def _plain(learnt: Learnt) -> dict[str, Any]:
    """One stream of what was learnt, as JSON has it."""
    fields = dataclasses.asdict(learnt)
    return {
        name: value[..., 0].tolist() if isinstance(value, np.ndarray) else value
        for name, value in fields.items()
        if name != "frozen"
    }


def minute_means(parts: Sequence[Any], frame_s: float) -> list[Array]:
    """Means of whole minutes [minutes] of one value's recorded pieces [frames] each.

    Frames that are longer than a minute hold their value until the next. A recording without a
    whole minute gives the mean of its longest piece.
    """
    found = []
    for part in parts:
        x = np.asarray(part, np.float32)
        ends = np.floor((np.arange(len(x) + 1) * frame_s + 1e-9) / 60).astype(np.int64)
        minutes = np.diff(ends)  # that end with each frame
        last = np.flatnonzero(minutes)
        means = [
            _mean(x[begin : end + 1]) for begin, end in zip([0, *(last + 1)], last, strict=False)
        ]
        found.append(np.repeat(single(means), minutes[last]))
    if any(map(len, found)):
        return [means for means in found if len(means)]
    longest = max(parts, key=len)
    return [single([_mean(np.asarray(longest, np.float32))])]


def _mean(x: Array) -> np.float32:
    """In the order of the firmware: what each differs from the first one by, added up."""
    total = np.add.accumulate(x - x[0])[-1]
    return np.float32(x[0] + total / np.float32(len(x)))


def learn(config: Config, parts: Sequence[Array]) -> Learnt:
    """What a recording teaches: minute means [minutes] of its pieces, each as after a start."""
    charts = Charts(config, Learnt.fresh(1))
    for part in parts:
        charts.resume()
        for mean in part:
            charts.minute(mean[None], judge=False)
    return lay_bounds(config, charts.learnt, parts)


def lay_bounds(config: Config, learnt: Learnt, parts: Sequence[Array]) -> Learnt:
    """With the span laid about what two-minute means of a recording showed, or with the limits."""
    if not config.bounded:
        return learnt
    if config.limits is not None:
        low, high = config.limits
        return dataclasses.replace(learnt, bounds=single([[high], [low]]))
    fast = [m for part in parts for m in _two_minutes(part)]
    high, low = max(fast), min(fast)
    span = config.span
    bounds = [max(low + span, high + span / 4), min(high - span, low - span / 4)]
    return dataclasses.replace(learnt, bounds=single(bounds)[:, None])


def _two_minutes(part: Array) -> list[float]:
    """The fastest mean of the charts over minute means [minutes]."""
    found = [float(part[0])]
    for mean in part[1:].tolist():
        found.append(found[-1] + (mean - found[-1]) / 2)
    return found
