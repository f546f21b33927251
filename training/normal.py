"""What a detector is trained and calibrated on: features of normal data."""

import dataclasses
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from training import features, stretch
from training.data import Dataset
from training.errors import UserError
from training.profiles import Features, Profile

Array = npt.NDArray[np.float64]

# A recording at least this long is trained on beside the virtual one, as half of the rows.
LONG_RECORDING_S: Final = 900.0
# A recording on another clock than the profile's (hourly readings, say) stands alone: how often its
# rows may alarm, what counts as one alarm, and how many rows the slowest features need first.
OWN_CLOCK_RATE: Final = 1e-3
OWN_CLOCK_EPISODE: Final = 24
OWN_CLOCK_RUN_IN: Final = 128

_OWN: Final = 1e-6  # share of a channel's noise that no other has, at least
_LEAST_SHOWN: Final = 0.1  # of the noise that is believed: what is sized by it is never nothing


@dataclass(frozen=True)
class Normal:
    """Features of normal data [streams, rows, features], the run-in of each stream included."""

    features: Array
    run_in: int  # rows
    rate: float  # alarms a row that are allowed
    episode: int  # exceedances within so many rows are one alarm

    def settled(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Rows after the run-in of `values` [streams, rows, ...], as [rows, ...]."""
        part = values[:, self.run_in :]
        return part.reshape(-1, *part.shape[2:])


def noise(dataset: Dataset) -> list[stretch.Noise]:
    """The noise of each channel, from the longest segment."""
    longest = max(dataset.segments, key=len)
    return [stretch.measure_noise(channel) for channel in longest.T]


def visible_noise(dataset: Dataset) -> Array:
    """Standard deviation of each channel's noise [channels], as it shows.

    `noise` is at least half a step of a sensor, even where readings seldom leave a step.
    """
    longest = max(dataset.segments, key=len)
    result = []
    for channel, found in zip(longest.T, noise(dataset), strict=True):
        squares = np.sum(stretch.block_residuals(channel) ** 2, axis=1)
        shown = np.sqrt(squares.mean() / (features.NOISE_BLOCK - 2)) / found.sigma
        sigma = stretch.true_sigma(found, np.array([found.colour]))[0]
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
    interval_s, rate_hz = dataset.interval_s, profile.sampling.rate_hz
    return interval_s is not None and not 0.5 < interval_s * rate_hz < 2.0


def suited(profile: Profile, dataset: Dataset) -> Profile:
    """The profile as this data can carry it.

    What a recording on its own clock calls noise is hours of life, which is nothing to adapt to.
    """
    if not on_own_clock(profile, dataset):
        return profile
    chosen = dataclasses.replace(profile.features, adaptation=Features.adaptation)
    return dataclasses.replace(profile, features=chosen)


def prepare(profile: Profile, dataset: Dataset, sigma: Array) -> list[Normal]:
    """Normal data for a tail calibration, from recordings and the profile's stretch.

    Raises:
      UserError: the recording is too short to stand alone.
    """
    profile = suited(profile, dataset)
    rate_hz, rule = profile.sampling.rate_hz, profile.detector.calibration
    assert rule is not None
    settings = profile.data.stretch
    if settings is None or on_own_clock(profile, dataset):
        if max(map(len, dataset.segments)) < 4 * OWN_CLOCK_RUN_IN:
            raise UserError(
                f"{dataset.record['description']}: a recording that cannot be stretched needs at "
                f"least {4 * OWN_CLOCK_RUN_IN} rows in one piece"
            )
        return [
            Normal(
                features.compute(profile, sigma, segment)[None],
                OWN_CLOCK_RUN_IN,
                OWN_CLOCK_RATE,
                OWN_CLOCK_EPISODE,
            )
            for segment in dataset.segments
            if len(segment) >= 4 * OWN_CLOCK_RUN_IN
        ]
    run_in = int(settings.run_in_seconds * rate_hz)
    rate = rule.false_alarms_per_day / (86400.0 * rate_hz)
    episode = int(rule.episode_seconds * rate_hz)
    drawn = virtual(profile, dataset)[..., None]
    result = [Normal(features.compute(profile, sigma, drawn), run_in, rate, episode)]
    for segment in dataset.segments:
        if len(segment) >= LONG_RECORDING_S * rate_hz:
            computed = features.compute(profile, sigma, segment)[None]
            result.append(Normal(computed, run_in, rate, episode))
    return result


def virtual(profile: Profile, dataset: Dataset) -> Array:
    """The virtual recording of a profile that stretches its data [streams, rows]."""
    settings, rate_hz = profile.data.stretch, profile.sampling.rate_hz
    assert settings is not None
    return stretch.virtual_recording(
        noise(dataset)[0],
        settings.streams,
        int(settings.stream_seconds * rate_hz) + int(settings.run_in_seconds * rate_hz),
        np.random.default_rng(settings.seed),
        rate_hz=rate_hz,
        slope=settings.slope,
        gain_spread=settings.gain_spread,
    )


def balanced(
    parts: list[npt.NDArray[Any]], count: int, random: np.random.Generator
) -> npt.NDArray[Any]:
    """`count` rows, equally many from each of `parts` [rows, features]."""
    share = count // len(parts)
    return np.concatenate(
        [part[random.choice(len(part), share, replace=len(part) < share)] for part in parts]
    )
