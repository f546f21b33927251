"""Anomalies put into normal data, each found or missed."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from project.profile import Profile
from training import evaluation
from training.manifest import Manifest

Array = npt.NDArray[np.float64]

KINDS: Final = ("spike", "step", "drift", "noise", "swing")
_ROWS: Final = 60  # that an anomaly lasts
_SPACING: Final = 480  # rows for each, most of them to come back from the one before
_LEAD: Final = 120  # of them before it begins


@dataclass(frozen=True)
class Anomaly:
    """One that was put in, at rows `begin` to `end` - 1 of a channel."""

    kind: str
    size: str  # in words, sigma being the channel's noise
    channel: int
    begin: int
    end: int
    latency: int | None  # rows from its begin until an alarm began; None: missed


@dataclass(frozen=True)
class Trial:
    """What a detector makes of normal data with anomalies in them."""

    samples: Array  # [rows, channels]
    result: evaluation.Result
    anomalies: list[Anomaly]
    false_alarms: int  # that began where there was no anomaly


def put_in(profile: Profile, found: Manifest, normal: Array) -> Trial:
    """One anomaly after another into `normal` [rows, channels], at least one for each channel."""
    channels, sigma = normal.shape[1], found["pipeline"]["sigma"]
    count, warmup = max(len(KINDS), channels), profile.warmup_frames
    x = _long(normal, warmup + count * _SPACING)
    random = np.random.default_rng(1)
    planned = []
    for index in range(count):
        kind, channel = KINDS[index % len(KINDS)], index % channels
        begin = warmup + index * _SPACING + _LEAD
        shape, size = _shape(kind, random)
        x[begin : begin + _ROWS, channel] += sigma[channel] * shape
        end = begin + (1 if kind == "spike" else _ROWS)
        planned.append((kind, size, channel, begin, end))
    if profile.frame is None:
        # Beyond what is believed lies a FAULT, which is not what this is about.
        believed = [profile.sensor.believed(channel) for channel in range(channels)]
        x = np.clip(x, *np.array(believed).T)
    # Each as the first: what alarms on the first day widens the limits for what follows.
    result = evaluation.run(profile, found, x, learns=False)
    begins = np.array([begin for begin, _ in result.intervals()], dtype=int)
    anomalies = []
    others = np.ones(len(begins), dtype=bool)
    for kind, size, channel, begin, end in planned:
        within = (begins >= begin) & (begins < begin + 2 * _ROWS)
        others &= ~within
        latency = int(begins[within][0]) - begin if within.any() else None
        anomalies.append(Anomaly(kind, size, channel, begin, end, latency))
    return Trial(x, result, anomalies, int(others.sum()))


def _long(normal: Array, rows: int) -> Array:
    """At least so many rows, and a copy: shorter data go back and forth, so as not to jump."""
    pieces = [normal, normal[::-1]]
    repeats = -(-rows // len(normal))
    return np.concatenate([pieces[i % 2] for i in range(repeats)])[:rows].copy()


def _shape(kind: str, random: np.random.Generator) -> tuple[Array, str]:
    """What is added [rows], in sigma, and its size in words."""
    rows = np.arange(_ROWS)
    if kind == "spike":
        return np.where(rows == 0, 20.0, 0.0), "one reading off by 20 sigma"
    if kind == "step":
        return np.full(_ROWS, 10.0), "10 sigma higher"
    if kind == "drift":
        return np.linspace(0.0, 20.0, _ROWS), "rises by 20 sigma"
    if kind == "noise":
        return random.normal(0, 4, _ROWS), "noise of 4 sigma on top"
    return 6 * np.sin(rows * 2 * np.pi / 12), "a wave of 6 sigma"
