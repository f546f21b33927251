"""The feature catalogue in NumPy. lib/Features holds the same in C++; a test pins the two.

A function takes the `Streams` of one channel and gives one feature [rows, streams]: row i depends
on samples 0..i only. Time constants are in samples. `value` and `smooth` answer in the sensor's
unit, the others in multiples of the noise, so that scaling readings and noise together changes
nothing.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt

from project.profile import CATALOGUE, Adaptation, Profile
from training.adaptation import MEASURED_BLOCKS, MEMORY_BLOCKS

Array = npt.NDArray[np.float64]

NOISE_BLOCK: Final = 20
"""Samples in a block from which the least-squares line is removed before its noise is measured."""
_LOWEST_BOUND: Final = 3.0  # of a follower, in sigma: normal noise hardly meets it
_ENERGY_BOUND: Final = 6.0  # largest square that enters an energy
_BAND: Final = (1.0, -1.75, 0.875, -0.125)  # of the four means of a band
_BAND_BOUND: Final = 3.0  # largest square that enters its energy: a ramp's kinks are soon over
_BLOCK_BOUND: Final = 2.0  # largest variance of a block that counts, over the one believed so far


class Streams:
    """Samples of one channel [..., rows] as [rows, streams], and the noise believed at each.

    `sigma` > 0 is the measured noise in the sensor's unit; with an `adaptation` the believed one
    follows the sensor.
    """

    def __init__(self, x: Array, sigma: float, adaptation: Adaptation | None = None) -> None:
        self._shape = x.shape
        self.x = np.ascontiguousarray(x.reshape(-1, x.shape[-1]).T, dtype=np.float64)
        self.sigma = np.full((len(self.x), 1), float(sigma))
        if adaptation is not None and adaptation.limit > 1:
            self.sigma = _adapted(self.x, float(sigma), adaptation)
        self._followed: dict[float, tuple[Array, Array]] = {}
        self._averaged: dict[float, Array] = {}

    def restored(self, feature: Array) -> Array:
        """A feature [rows, streams] in the shape of the samples."""
        return np.ascontiguousarray(feature.T).reshape(self._shape)

    def followed(self, tau: float) -> tuple[Array, Array]:
        """The robust exponential mean before and after each sample, both [rows, streams]."""
        if tau not in self._followed:
            self._followed[tau] = _follow(self.x, self.sigma, tau)
        return self._followed[tau]

    def averaged(self, tau: float) -> Array:
        """The plain exponential mean with each sample [rows, streams].

        The n-th sample weighs 1 / min(n, tau).
        """
        if tau not in self._averaged:
            self._averaged[tau] = _average(self.x, tau)
        return self._averaged[tau]


def value(s: Streams) -> Array:
    """The sample itself, in the sensor's unit."""
    return s.x.copy()


def level(s: Streams, tau: float) -> Array:
    """Deviation from the robust mean before this sample, in sigma; 0 for the first."""
    return np.asarray((s.x - s.followed(tau)[0]) / s.sigma)


def jump(s: Streams) -> Array:
    """Difference to the previous sample over sqrt(2) sigma; 0 for the first."""
    return np.asarray(np.diff(s.x, axis=0, prepend=s.x[:1]) / (np.sqrt(2) * s.sigma))


def trend(s: Streams, fast_tau: float, slow_tau: float) -> Array:
    """Fast robust mean minus slow one, in sigma, both with this sample in them."""
    return np.asarray((s.followed(fast_tau)[1] - s.followed(slow_tau)[1]) / s.sigma)


def jump_energy(s: Streams, tau: float) -> Array:
    """Cube root of the mean square of `jump`."""
    return _energy(jump(s), tau)


def level_energy(s: Streams, level_tau: float, tau: float) -> Array:
    """Cube root of the mean square of `level`."""
    return _energy(level(s, level_tau), tau)


def trend_energy(s: Streams, fast_tau: float, slow_tau: float, tau: float) -> Array:
    """Cube root of the mean square of `trend`, over its variance for white noise."""
    power = 1 / (2 * fast_tau - 1) + 1 / (2 * slow_tau - 1) - 2 / (fast_tau + slow_tau - 1)
    return _energy(trend(s, fast_tau, slow_tau) / np.sqrt(power), tau)


def level2(s: Streams, fast_tau: float, slow_tau: float) -> Array:
    """Deviation from the line through two plain means before this sample, in sigma; 0 for the
    first.

    The line is that of R. G. Brown, "Smoothing, Forecasting and Prediction" (1963), one step on.
    """
    fast, slow = s.averaged(fast_tau), s.averaged(slow_tau)
    line = 2 * _shifted(fast, s.x) - _shifted(slow, s.x)
    return np.asarray((s.x - line) / s.sigma)


def band(s: Streams, level_tau: float, tau: float) -> Array:
    """Cube root of the mean square of a band: what is left of four plain means, each twice as slow
    as the one before, when constants, ramps and parabolas cancel.

    Over its variance for white noise, each square cut to `_BAND_BOUND`.
    """
    taus = [level_tau * 2**i for i in range(len(_BAND))]
    passed = sum(share * s.averaged(t) for share, t in zip(_BAND, taus, strict=True))
    power = sum(
        a * b / (t + u - 1)
        for a, t in zip(_BAND, taus, strict=True)
        for b, u in zip(_BAND, taus, strict=True)
    )
    return _energy(np.asarray(passed / (s.sigma * np.sqrt(power))), tau, _BAND_BOUND)


def smooth(s: Streams, tau: float) -> Array:
    """Plain exponential mean from the first sample, in the sensor's unit; sigma plays no part.

    For channels whose level itself matters, such as the pressure of a pump.
    """
    result = np.empty_like(s.x)
    mean = s.x[0].copy()
    for index in range(len(s.x)):
        mean = mean + (s.x[index] - mean) / tau
        result[index] = mean
    return result


# The function of each kind has its name.
_FUNCTIONS: Final[dict[str, Callable[..., Array]]] = {kind: globals()[kind] for kind in CATALOGUE}


def compute(profile: Profile, sigma: Array, samples: Array) -> Array:
    """All features of a profile [..., rows, features] for samples [..., rows, channels].

    `sigma` is the noise of each channel [channels] in the sensor's unit.
    """
    streams = [
        Streams(samples[..., channel], float(sigma[channel]), profile.features.adaptation)
        for channel in range(samples.shape[-1])
    ]
    columns = [
        streams[f.channel].restored(_FUNCTIONS[f.kind](streams[f.channel], *f.parameters))
        for f in profile.features.use
    ]
    return np.stack(columns, axis=-1)


def invert(profile: Profile, sigma: Array, samples: Array, first: Array) -> Array:
    """What channel 0 would have been [rows] had the first feature been `first` [rows]."""
    feature = profile.features.use[0]
    s = Streams(
        samples[:, feature.channel], float(sigma[feature.channel]), profile.features.adaptation
    )
    if feature.kind not in ("level", "jump", "level2"):
        return first
    own = _FUNCTIONS[feature.kind](s, *feature.parameters)[:, 0]
    unit = s.sigma[:, 0] * (np.sqrt(2) if feature.kind == "jump" else 1.0)
    return np.asarray(s.x[:, 0] + (first - own) * unit)


def _block_variance(block: Array) -> Array:
    """Variance of blocks [NOISE_BLOCK, streams] about their least-squares lines."""
    n = NOISE_BLOCK
    d = block - block[:1]
    total, weighted = d.sum(axis=0), (np.arange(n) - (n - 1) / 2) @ d
    rest = (d * d).sum(axis=0) - total**2 / n - weighted**2 * 12 / (n * (n * n - 1))
    return np.asarray(np.maximum(rest, 0) / (n - 2))


def _adapted(x: Array, sigma: float, adaptation: Adaptation) -> Array:
    """Noise of streams [rows, streams] as believed at each sample, the same shape.

    The variance of each block, cut to twice the believed one, enters a mean that begins with the
    measured noise, and stays within `limit` of it.
    """
    result = np.empty_like(x)
    variance = np.full(x.shape[1], sigma**2)
    count, used = MEASURED_BLOCKS, np.full(x.shape[1], sigma)
    for start in range(0, len(x), NOISE_BLOCK):
        block = x[start : start + NOISE_BLOCK]
        result[start : start + NOISE_BLOCK] = used
        if len(block) < NOISE_BLOCK:
            break
        count = min(count + 1, MEMORY_BLOCKS)
        new = np.minimum(_block_variance(block), _BLOCK_BOUND * variance)
        variance = variance + (new - variance) / count
        variance = np.clip(
            variance, (sigma / adaptation.limit) ** 2, (sigma * adaptation.limit) ** 2
        )
        used = np.sqrt(variance)
    return result


def _follow(x: Array, sigma: Array, tau: float) -> tuple[Array, Array]:
    """Robust exponential mean of streams [rows, streams], before and after each sample.

    The n-th sample weighs 1 / min(n, tau); its deviation from the mean is cut to a bound that never
    falls below 3 sigma, grows while deviations fill it and shrinks when they do not: four samples
    of nonsense hardly move the mean, a level that stays is soon followed, whatever its size.
    """
    lowest = _LOWEST_BOUND * sigma
    if x.shape[1] == 1:
        one_before, one_after = _follow_one(x[:, 0].tolist(), lowest[:, 0].tolist(), tau)
        return one_before[:, None], one_after[:, None]
    before, after = np.empty_like(x), np.empty_like(x)
    mean, bound, count = x[0].copy(), lowest[0], 1.0
    before[0] = after[0] = mean
    for index in range(1, len(x)):
        before[index] = mean
        deviation = x[index] - mean
        size = np.minimum(abs(deviation), bound)
        count = min(count + 1, tau)
        mean = mean + np.copysign(size, deviation) / count
        bound = np.maximum(lowest[index], 0.9 * bound + 0.25 * size)
        after[index] = mean
    return before, after


def _follow_one(x: list[float], lowest: list[float], tau: float) -> tuple[Array, Array]:
    """The same operations for one stream, far faster than arrays of one element."""
    before, after = np.empty(len(x)), np.empty(len(x))
    mean, bound, count = x[0], lowest[0], 1.0
    before[0] = after[0] = mean
    for index in range(1, len(x)):
        before[index] = mean
        deviation = x[index] - mean
        size = min(abs(deviation), bound)
        count = min(count + 1, tau)
        mean += (size if deviation >= 0 else -size) / count
        bound = max(lowest[index], 0.9 * bound + 0.25 * size)
        after[index] = mean
    return before, after


def _average(x: Array, tau: float) -> Array:
    """Plain exponential means of streams [rows, streams]."""
    from scipy.signal import lfilter

    result = np.empty_like(x)
    mean, first = x[0].copy(), min(len(x), int(np.ceil(tau)))
    result[0] = mean
    for index in range(1, first):
        mean = mean + (x[index] - mean) / min(index + 1, tau)
        result[index] = mean
    if first < len(x):
        left = (1 - 1 / tau) * mean[None]
        result[first:] = lfilter([1 / tau], [1, 1 / tau - 1], x[first:], axis=0, zi=left)[0]
    return result


def _shifted(mean: Array, x: Array) -> Array:
    """Means [rows, streams] before each sample; before the first one it is itself."""
    return np.concatenate([x[:1], mean[:-1]])


def _energy(h: Array, tau: float, bound: float = _ENERGY_BOUND) -> Array:
    """Cube root of the exponential mean of min(h^2, bound) from zero, for streams [rows, streams].

    The cube root makes a chi-square nearly normal (E. B. Wilson and M. M. Hilferty, 1931). From
    zero an energy can only be too small after a start, never too large. The bound keeps short what
    a few samples of nonsense leave behind.
    """
    squares = np.minimum(h * h, bound)
    result = np.empty_like(squares)
    if squares.shape[1] == 1:
        one = 0.0
        for index, square in enumerate(squares[:, 0].tolist()):
            one += (square - one) / tau
            result[index] = one
        return np.cbrt(result)
    energy = np.zeros(squares.shape[1])
    for index in range(len(squares)):
        energy = energy + (squares[index] - energy) / tau
        result[index] = energy
    return np.cbrt(result)
