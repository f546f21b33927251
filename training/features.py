"""The feature catalogue in NumPy. lib/Features holds the same in C++; a test pins the two together.

Each function takes one channel's samples [rows] and gives one feature [rows]: entry i depends on
samples 0..i only. Windows are in samples; the first rows look at as many samples as there are.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt

from training.profiles import Profile

Array = npt.NDArray[np.float64]


def value(x: Array) -> Array:
    """The sample itself, in the sensor's unit."""
    return x.copy()


def difference(x: Array) -> Array:
    """The sample minus the one before it; 0 for the first."""
    return np.diff(x, prepend=x[:1])


def mean(x: Array, window: int) -> Array:
    """Mean over the window, in the sensor's unit."""
    return _rolling(x, window, lambda part: part.mean(axis=-1))


def slope(x: Array, window: int, rate_hz: float) -> Array:
    """Slope of the least-squares line through the window, in units per second; 0 for one sample."""

    def fit(part: Array) -> Array:
        time = (np.arange(part.shape[-1]) - (part.shape[-1] - 1) / 2) / rate_hz
        power = np.sum(time**2)
        result: Array = part @ time / power if power > 0 else np.zeros(part.shape[:-1])
        return result

    return _rolling(x, window, fit)


def variance(x: Array, window: int) -> Array:
    """Population variance over the window, in units squared."""
    return _rolling(x, window, lambda part: part.var(axis=-1))


def level(x: Array, sigma: float, tau: float) -> Array:
    """Deviation from the exponential mean before this sample, in sigma; 0 for the first."""
    return (x - _before(x, sigma, tau)) / sigma


def jump(x: Array, sigma: float) -> Array:
    """Difference to the previous sample over sqrt(2) sigma: 1 is what noise makes."""
    return difference(x) / (np.sqrt(2) * sigma)


def trend(x: Array, sigma: float, fast_tau: float, slow_tau: float) -> Array:
    """Fast exponential mean minus slow one, in sigma, both with this sample in them."""
    return (_follow(x, sigma, fast_tau) - _follow(x, sigma, slow_tau)) / sigma


def jump_energy(x: Array, sigma: float, tau: float) -> Array:
    return _energy(jump(x, sigma), tau)


def level_energy(x: Array, sigma: float, level_tau: float, tau: float) -> Array:
    return _energy(level(x, sigma, level_tau), tau)


def trend_energy(x: Array, sigma: float, fast_tau: float, slow_tau: float, tau: float) -> Array:
    """The trend's energy; white noise gives a trend of variance `power`."""
    power = 1 / (2 * fast_tau - 1) + 1 / (2 * slow_tau - 1) - 2 / (fast_tau + slow_tau - 1)
    return _energy(trend(x, sigma, fast_tau, slow_tau) / np.sqrt(power), tau)


def compute(profile: Profile, sigma: Array, samples: Array) -> Array:
    """All features of a profile [rows, features] for samples [rows, channels].

    `sigma` is the noise of each channel [channels] in the sensor's unit.
    """
    window, rate_hz = profile.features.window, profile.sampling.rate_hz
    functions: dict[str, Callable[..., Array]] = {
        "value": lambda x, s: value(x),
        "difference": lambda x, s: difference(x),
        "mean": lambda x, s: mean(x, window),
        "slope": lambda x, s: slope(x, window, rate_hz),
        "variance": lambda x, s: variance(x, window),
        "level": level,
        "jump": jump,
        "trend": trend,
        "jump_energy": jump_energy,
        "level_energy": level_energy,
        "trend_energy": trend_energy,
    }
    columns = [
        functions[f.kind](samples[:, f.channel], float(sigma[f.channel]), *f.parameters)
        for f in profile.features.use
    ]
    return np.stack(columns, axis=1)


def invert(profile: Profile, sigma: Array, samples: Array, first: Array) -> Array:
    """What channel 0 would have been [rows] had the first feature been `first` [rows]."""
    feature = profile.features.use[0]
    if feature.kind != "level":
        return first
    noise = float(sigma[feature.channel])
    return _before(samples[:, feature.channel], noise, *feature.parameters) + first * noise


# 1.4826 makes the median absolute deviation a standard deviation for Gaussian noise.
_MAD_TO_SD: Final = 1.4826


def noise_sigma(samples: Array, step: Array) -> Array:
    """Standard deviation of each channel's noise [channels], from its differences.

    A moving level hardly shows in the median of the differences. Not below half of `step`, the
    sensor's resolution [channels].
    """
    deviation = _MAD_TO_SD * np.median(abs(np.diff(samples, axis=0)), axis=0) / np.sqrt(2)
    return np.asarray(np.maximum(deviation, step / 2))


def _rolling(x: Array, window: int, function: Callable[[Array], Array]) -> Array:
    """`function` over the last axis of every window that ends at a sample."""
    short = [function(x[: i + 1]) for i in range(min(window - 1, len(x)))]
    if len(x) < window:
        return np.asarray(short)
    full = function(np.lib.stride_tricks.sliding_window_view(x, window))
    return np.concatenate([np.asarray(short).reshape(-1), full])


def _before(x: Array, sigma: float, tau: float) -> Array:
    """The exponential mean before each sample; the first sample itself at the start."""
    return np.concatenate([x[:1], _follow(x, sigma, tau)[:-1]])


def _follow(x: Array, sigma: float, tau: float) -> Array:
    """A robust exponential mean [rows], with the sample of each row in it.

    The n-th sample weighs 1 / min(n, tau); its deviation from the mean is cut to a bound that never
    falls below 4 sigma, grows while deviations fill it and shrinks when they do not.
    """
    result = np.empty_like(x)
    lowest = 4 * sigma
    mean, bound, count = float(x[0]), lowest, 1.0
    result[0] = mean
    for index, sample in enumerate(x[1:].tolist(), start=1):
        deviation = sample - mean
        size = min(abs(deviation), bound)
        count = min(count + 1, tau)
        mean += (size if deviation >= 0 else -size) / count
        bound = max(0.9 * bound + 0.25 * size, lowest)
        result[index] = mean
    return result


def _energy(h: Array, tau: float) -> Array:
    """Cube root of the exponential mean of min(h^2, 16) from zero.

    The cube root makes a chi-square nearly normal (E. B. Wilson and M. M. Hilferty, 1931).
    """
    result = np.empty_like(h)
    energy = 0.0
    for index, square in enumerate(np.minimum(h * h, 16.0).tolist()):
        energy += (square - energy) / tau
        result[index] = energy
    return np.cbrt(result)
