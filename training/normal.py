"""What a detector is trained and calibrated on: features of normal data."""

import dataclasses
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from project.errors import UserError
from project.profile import Features, Profile
from training import features, stretch
from training.data import Dataset
from training.noise import MeasuredNoise, block_residuals, measure, true_sigma

Array = npt.NDArray[np.float64]

SAMPLE_ROWS: Final = 100_000
EPISODE_S: Final = 450.0
"""Scores over the threshold within so many seconds are one alarm to a tail calibration."""
# A recording at least this long is trained on beside the virtual one, as half of the rows.
LONG_RECORDING_S: Final = 900.0
# A recording on another clock than the profile's (hourly readings, say) stands alone: how often its
# rows may alarm where they are so many seconds apart or more, and what counts as one alarm.
OWN_CLOCK_RATE: Final = 1e-3
OWN_CLOCK_SLOW_S: Final = 300.0
OWN_CLOCK_EPISODE: Final = 24
# How many rows the slowest features need first in a recording that stands alone, and how many it
# must have after that.
_ALONE_RUN_IN: Final = 128
_ALONE_SETTLED: Final = 384
# So many blocks give a tail that can be fitted; an episode is cut shorter where there are fewer.
_ALONE_BLOCKS: Final = 250
# A virtual recording of more rows does not fit into the memory of every computer: it then has fewer
# streams, but not so few that they would not show how noises differ.
_VIRTUAL_ROWS: Final = 3_000_000
_LEAST_STREAMS: Final = 16

_OWN: Final = 1e-6  # share of a channel's noise that no other has, at least
_LEAST_SHOWN: Final = 0.1  # of the noise that is believed: what is sized by it is never nothing


@dataclass(frozen=True)
class Normal:
    """Features of normal data [streams, rows, features], the run-in of each stream included."""

    features: Array
    run_in: int  # rows
    rate: float  # alarms a row that are allowed
    episode: int  # exceedances within so many rows are one alarm
    drawn: bool = False  # the virtual recording; otherwise a piece of a real one

    def settled(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Rows after the run-in of `values` [streams, rows, ...], as [rows, ...]."""
        part = values[:, self.run_in :]
        return part.reshape(-1, *part.shape[2:])


def noise(dataset: Dataset) -> list[MeasuredNoise]:
    """The noise of each channel, over all segments.

    Raises:
      UserError: every segment is shorter than the block that a noise is measured in.
    """
    channels = range(dataset.segments[0].shape[1])
    try:
        return [measure([s[:, channel] for s in dataset.segments]) for channel in channels]
    except UserError as error:
        raise UserError(f"{dataset.record['description']}: {error}; record without gaps") from None


def visible_noise(dataset: Dataset) -> Array:
    """Standard deviation of each channel's noise [channels], as it shows.

    `noise` is at least half a step of a sensor, even where readings seldom leave a step.
    """
    longest = max(dataset.segments, key=len)
    result = []
    for channel, found in zip(longest.T, noise(dataset), strict=True):
        squares = np.sum(block_residuals(channel) ** 2, axis=1)
        shown = np.sqrt(squares.mean() / (features.NOISE_BLOCK - 2)) / found.sigma
        sigma = true_sigma(found, np.array([found.colour]))[0]
        result.append(sigma * np.clip(shown, _LEAST_SHOWN, 1.0))
    return np.array(result)


def typical_level(dataset: Dataset) -> Array:
    """A level that all channels [channels] had at the same time, the one most in the middle."""
    longest = max(dataset.segments, key=len)
    size = features.NOISE_BLOCK
    count = len(longest) // size
    blocks = longest[: count * size].reshape(count, size, -1).mean(axis=1)
    spread = blocks.std(axis=0)
    away = (blocks - np.median(blocks, axis=0)) / np.where(spread > 0.0, spread, 1.0)
    return np.asarray(blocks[np.argmin(np.sum(away**2, axis=1))])


def mixing(dataset: Dataset) -> Array:
    """Lower triangle [channels, channels] that gives independent noise of variance one what the
    channels' noise has in common.

    Seen in the differences of neighbouring readings, which know nothing of slow changes.
    """
    steps = np.diff(max(dataset.segments, key=len), axis=0)
    size = steps.std(axis=0)
    steps = (steps - steps.mean(axis=0)) / np.where(size > 0.0, size, 1.0)
    common = steps.T @ steps / len(steps)
    np.fill_diagonal(common, 1.0)
    # Two channels that are the same are taken to differ a little, or there is no such triangle.
    shrunk = (1.0 - _OWN) * common + _OWN * np.eye(len(common))
    return np.asarray(np.linalg.cholesky(shrunk))


def on_own_clock(profile: Profile, dataset: Dataset) -> bool:
    """Whether the recording's readings come at another pace than the profile's."""
    interval_s, rate_hz = dataset.interval_s, profile.frame_rate_hz
    return interval_s is not None and not 0.5 < interval_s * rate_hz < 2.0


def frame_s(profile: Profile, dataset: Dataset) -> float:
    """Seconds from frame to frame: the recording's own, where it has a clock of its own."""
    if dataset.interval_s is not None and on_own_clock(profile, dataset):
        return dataset.interval_s
    return 1 / profile.frame_rate_hz


def suited(profile: Profile, dataset: Dataset) -> Profile:
    """The profile as this data can carry it.

    What a recording on its own clock calls noise is hours of life, which is nothing to adapt to.
    """
    if not on_own_clock(profile, dataset):
        return profile
    chosen = dataclasses.replace(profile.features, adaptation=Features.adaptation)
    return dataclasses.replace(profile, features=chosen)


def allowed(profile: Profile, dataset: Dataset) -> float:
    """Alarms a row that a tail calibration allows in this data."""
    rule = profile.detector.calibration
    assert rule is not None
    if dataset.interval_s is None or not on_own_clock(profile, dataset):
        return rule.false_alarms_per_day / (86400.0 * profile.frame_rate_hz)
    if dataset.interval_s >= OWN_CLOCK_SLOW_S:
        return OWN_CLOCK_RATE
    return rule.false_alarms_per_day * dataset.interval_s / 86400.0


def prepare(
    profile: Profile, dataset: Dataset, sigma: Array, size: stretch.Size | None = None
) -> list[Normal]:
    """Normal data for a tail calibration, from recordings and the profile's stretch.

    `size` is that of the virtual recording, where it is another than usual.

    Raises:
      UserError: the recording is too short to stand alone, or the stretch cannot be drawn.
    """
    profile, size = suited(profile, dataset), size or stretch.Size()
    rate_hz, rule = profile.frame_rate_hz, profile.detector.calibration
    assert rule is not None
    rate = allowed(profile, dataset)
    episode = max(1, int(EPISODE_S * rate_hz))
    if profile.data.stretch is None or on_own_clock(profile, dataset):
        pieces = _pieces(profile, dataset, _ALONE_RUN_IN)
        rows = sum(len(piece) - run_in for piece, run_in in pieces)
        if rows < _ALONE_SETTLED:
            least = _ALONE_SETTLED + max(_ALONE_RUN_IN, profile.warmup_frames)
            raise UserError(
                f"{dataset.record['description']}: a recording that cannot be stretched needs at "
                f"least {least} rows in one piece, or more in several"
            )
        if on_own_clock(profile, dataset):
            episode = OWN_CLOCK_EPISODE
        else:
            episode = min(episode, max(1, rows // _ALONE_BLOCKS))
        return _recorded(profile, pieces, sigma, rate, episode)
    drawn = features.compute(profile, sigma, virtual(profile, dataset, size)[..., None])
    result = [Normal(drawn, _run_in(profile, size), rate, episode, drawn=True)]
    # A device that learns its days has them in its limits, and keeps the sharp model of a minute.
    learns = profile.detector.learning is not None
    if not learns and dataset.rows >= LONG_RECORDING_S * rate_hz:
        pieces = _pieces(profile, dataset, _run_in(profile, size))
        result += _recorded(profile, pieces, sigma, rate, episode)
    return result


def _run_in(profile: Profile, size: stretch.Size) -> int:
    """Rows before each stream of a virtual recording, which are not judged."""
    rows = int(size.run_in_seconds * profile.frame_rate_hz)
    return max(rows, profile.warmup_frames)


def _pieces(profile: Profile, dataset: Dataset, run_in: int) -> list[tuple[Array, int]]:
    """Segments [rows, channels] with their run-in: a quarter at most, but the warm-up at least."""
    warm = profile.warmup_frames
    found = [(s, max(warm, min(run_in, len(s) // 4))) for s in dataset.segments]
    return [(segment, rows) for segment, rows in found if len(segment) > rows]


def _recorded(
    profile: Profile, pieces: list[tuple[Array, int]], sigma: Array, rate: float, episode: int
) -> list[Normal]:
    return [
        Normal(features.compute(profile, sigma, segment)[None], run_in, rate, episode)
        for segment, run_in in pieces
    ]


def virtual(profile: Profile, dataset: Dataset, size: stretch.Size | None = None) -> Array:
    """The virtual recording of a profile that stretches its data [streams, rows].

    Raises:
      UserError: it is more than fits into memory.
    """
    prior, rate_hz = profile.data.stretch, profile.frame_rate_hz
    assert prior is not None
    size = size or stretch.Size()
    samples = int(size.stream_seconds * rate_hz) + _run_in(profile, size)
    streams = min(size.streams, max(_LEAST_STREAMS, _VIRTUAL_ROWS // samples))
    if streams * samples > 2 * _VIRTUAL_ROWS:
        seconds = size.stream_seconds + size.run_in_seconds
        most = 2 * _VIRTUAL_ROWS / (_LEAST_STREAMS * seconds)
        raise UserError(
            f"profile {profile.name}: at {rate_hz:g} Hz what [data.stretch] draws does not fit "
            f"into memory; lower rate_hz to {most:.0f} or less, or leave [data.stretch] out"
        )
    found = noise(dataset)[0]
    return stretch.virtual_recording(found, streams, samples, rate_hz=rate_hz, slope=prior.slope)


def pooled(parts: list[Normal], values: list[npt.NDArray[Any]]) -> list[npt.NDArray[Any]]:
    """Settled rows of `values` [streams, rows, ...]: of what was drawn, of all that was recorded.

    Each is [rows, ...]; one that there is none of is left out.
    """
    pairs = list(zip(parts, values, strict=True))
    groups = [[p.settled(v) for p, v in pairs if p.drawn == drawn] for drawn in (True, False)]
    return [np.concatenate(group) for group in groups if group]


def sample(parts: list[Normal], random: np.random.Generator) -> Array:
    """Rows [rows, features] to fit to: as many drawn ones as recorded ones."""
    rows = pooled(parts, [part.features for part in parts])
    count = max(len(rows) * min(map(len, rows)), 10_000 * (len(rows) > 1))
    return balanced(rows, min(SAMPLE_ROWS, count), random)


def balanced(
    parts: list[npt.NDArray[Any]], count: int, random: np.random.Generator
) -> npt.NDArray[Any]:
    """`count` rows, equally many from each of `parts` [rows, features]."""
    share = count // len(parts)
    return np.concatenate(
        [part[random.choice(len(part), share, replace=len(part) < share)] for part in parts]
    )
