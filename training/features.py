"""The feature catalogue in NumPy. lib/Features holds the same in C++; a test pins the two.

Each function takes one channel's samples and gives one feature of the same shape: entry i depends
on samples 0..i only. Windows and time constants are in samples; the first rows look at as many
samples as there are. The windowed kinds take one stream [rows] and answer in the sensor's unit; the
streaming kinds take any number of streams [..., rows] and answer in multiples of the noise `sigma`,
so that scaling readings and sigma together changes nothing.
"""

from collections.abc import Callable

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
    """Deviation from the robust mean before this sample, in sigma; 0 for the first."""
    return _restored(_level(_rows_first(x), sigma, tau), x)


def jump(x: Array, sigma: float) -> Array:
    """Difference to the previous sample over sqrt(2) sigma; 0 for the first."""
    return _restored(_jump(_rows_first(x), sigma), x)


def trend(x: Array, sigma: float, fast_tau: float, slow_tau: float) -> Array:
    """Fast robust mean minus slow one, in sigma, both with this sample in them."""
    return _restored(_trend(_rows_first(x), sigma, fast_tau, slow_tau), x)


def jump_energy(x: Array, sigma: float, tau: float) -> Array:
    """Cube root of the mean square of `jump`."""
    return _restored(_energy(_jump(_rows_first(x), sigma), tau), x)


def level_energy(x: Array, sigma: float, level_tau: float, tau: float) -> Array:
    """Cube root of the mean square of `level`."""
    return _restored(_energy(_level(_rows_first(x), sigma, level_tau), tau), x)


def trend_energy(x: Array, sigma: float, fast_tau: float, slow_tau: float, tau: float) -> Array:
    """Cube root of the mean square of `trend`, over its variance for white noise."""
    power = 1 / (2 * fast_tau - 1) + 1 / (2 * slow_tau - 1) - 2 / (fast_tau + slow_tau - 1)
    h = _trend(_rows_first(x), sigma, fast_tau, slow_tau) / np.sqrt(power)
    return _restored(_energy(h, tau), x)


def smooth(x: Array, sigma: float, tau: float) -> Array:
    """Plain exponential mean from the first sample, in the sensor's unit; sigma plays no part.

    For channels whose level itself matters, such as the pressure of a pump.
    """
    rows = _rows_first(x)
    result = np.empty_like(rows)
    mean = rows[0].copy()
    for index in range(len(rows)):
        mean = mean + (rows[index] - mean) / tau
        result[index] = mean
    return _restored(result, x)


def zscore(x: Array, sigma: float, tau: float) -> Array:
    """Deviation from the mean over the running standard deviation, both before this sample.

    The textbook's statistical thresholding. The running variance starts at sigma^2, takes squares
    of at most nine times itself, and counts as at least sigma^2 / 4.
    """
    z = _level(_rows_first(x), sigma, tau)
    result = np.empty_like(z)
    variance = np.ones(z.shape[1])
    for index in range(len(z)):
        used = np.maximum(variance, 0.25)
        result[index] = z[index] / np.sqrt(used)
        variance = variance + (np.minimum(z[index] ** 2, 9 * used) - variance) / tau
    return _restored(result, x)


def compute(profile: Profile, sigma: Array, samples: Array) -> Array:
    """All features of a profile [..., rows, features] for samples [..., rows, channels].

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
        "smooth": smooth,
        "zscore": zscore,
    }
    columns = [
        functions[f.kind](samples[..., f.channel], float(sigma[f.channel]), *f.parameters)
        for f in profile.features.use
    ]
    return np.stack(columns, axis=-1)


def invert(profile: Profile, sigma: Array, samples: Array, first: Array) -> Array:
    """What channel 0 would have been [rows] had the first feature been `first` [rows]."""
    feature = profile.features.use[0]
    x, noise = samples[:, feature.channel], float(sigma[feature.channel])
    if feature.kind == "level":
        own = level(x, noise, *feature.parameters)
    elif feature.kind == "zscore":
        # Its own deviation is what it divides the level by.
        own = zscore(x, noise, *feature.parameters)
        plain = level(x, noise, *feature.parameters)
        first = first * np.divide(plain, own, out=np.ones_like(own), where=own != 0)
        own = plain
    else:
        return first
    return x + (first - own) * noise


def _rolling(x: Array, window: int, function: Callable[[Array], Array]) -> Array:
    """`function` over the last axis of every window that ends at a sample."""
    short = [function(x[: i + 1]) for i in range(min(window - 1, len(x)))]
    if len(x) < window:
        return np.asarray(short)
    full = function(np.lib.stride_tricks.sliding_window_view(x, window))
    return np.concatenate([np.asarray(short).reshape(-1), full])


def _rows_first(x: Array) -> Array:
    """Streams [..., rows] as [rows, streams]."""
    return np.ascontiguousarray(x.reshape(-1, x.shape[-1]).T)


def _restored(rows: Array, like: Array) -> Array:
    """The reverse of `_rows_first`."""
    return np.ascontiguousarray(rows.T).reshape(like.shape)


def _level(x: Array, sigma: float, tau: float) -> Array:
    before, _ = _follow(x, sigma, tau)
    return (x - before) / sigma


def _jump(x: Array, sigma: float) -> Array:
    return np.asarray(np.diff(x, axis=0, prepend=x[:1]) / (np.sqrt(2) * sigma))


def _trend(x: Array, sigma: float, fast_tau: float, slow_tau: float) -> Array:
    return (_follow(x, sigma, fast_tau)[1] - _follow(x, sigma, slow_tau)[1]) / sigma


def _follow(x: Array, sigma: float, tau: float) -> tuple[Array, Array]:
    """Robust exponential mean of streams [rows, streams], before and after each sample.

    The n-th sample weighs 1 / min(n, tau); its deviation from the mean is cut to a bound that never
    falls below 4 sigma, grows while deviations fill it and shrinks when they do not: four samples
    of nonsense hardly move the mean, a level that stays is soon followed, whatever its size.
    """
    if x.shape[1] == 1:
        before, after = _follow_one(x[:, 0].tolist(), sigma, tau)
        return before[:, None], after[:, None]
    before, after = np.empty_like(x), np.empty_like(x)
    lowest = 4 * sigma
    mean, bound, count = x[0].copy(), np.full(x.shape[1], lowest), 1.0
    before[0] = after[0] = mean
    for index in range(1, len(x)):
        before[index] = mean
        deviation = x[index] - mean
        size = np.minimum(abs(deviation), bound)
        count = min(count + 1, tau)
        mean = mean + np.copysign(size, deviation) / count
        bound = np.maximum(lowest, 0.9 * bound + 0.25 * size)
        after[index] = mean
    return before, after


def _follow_one(x: list[float], sigma: float, tau: float) -> tuple[Array, Array]:
    """The same operations for one stream, far faster than arrays of one element."""
    before, after = np.empty(len(x)), np.empty(len(x))
    lowest = 4 * sigma
    mean, bound, count = x[0], lowest, 1.0
    before[0] = after[0] = mean
    for index in range(1, len(x)):
        before[index] = mean
        deviation = x[index] - mean
        size = min(abs(deviation), bound)
        count = min(count + 1, tau)
        mean += (size if deviation >= 0 else -size) / count
        bound = max(lowest, 0.9 * bound + 0.25 * size)
        after[index] = mean
    return before, after


def _energy(h: Array, tau: float) -> Array:
    """Cube root of the exponential mean of min(h^2, 16) from zero, for streams [rows, streams].

    The cube root makes a chi-square nearly normal (E. B. Wilson and M. M. Hilferty, 1931). From
    zero an energy can only be too small after a start, never too large.
    """
    squares = np.minimum(h * h, 16.0)
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
