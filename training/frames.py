"""Frames in NumPy: what stretches of samples come to. lib/Frontend holds the same in C++.

A frame is the last `samples` samples, once every `hop`; the first is due when it is whole. Windows
lie in it from its begin on. All values but mean, minimum, maximum and jerk are of the signal
without its mean, as a vibration meter shows them.
"""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from project.errors import UserError
from project.profile import Frame, Profile
from project.profile.catalogue import FRAME_CATALOGUE
from project.profile.frame import FrameValue, Windows
from project.profile.keys import ALL
from training import spectrum
from training.spectrum import Column

Array = npt.NDArray[np.float64]

_RATE_TOLERANCE: Final = 0.05  # of a recording, of the profile's rate
_LEAST: Final = 1e-6  # amplitude at which a logarithm stops
_AT_A_TIME: Final = 1 << 22  # samples of windows that are looked at together


def compute(frame: Frame, rate_hz: float, samples: Array) -> Array:
    """The values [frames, values] of samples [rows, channels]; none where no frame is whole."""
    count = max(0, (len(samples) - frame.samples) // frame.hop + 1)
    result = np.empty((count, len(frame.values)))
    length = frame.samples * samples.shape[1]
    overlap = 1 if frame.windows is None else -(-frame.windows.size // frame.windows.hop)
    together = max(1, _AT_A_TIME // (length * overlap))
    for first in range(0, count, together):
        last = min(count, first + together)
        part = samples[first * frame.hop : (last - 1) * frame.hop + frame.samples]
        result[first:last] = _frames(frame, rate_hz, part)
    return result


def _frames(frame: Frame, rate_hz: float, samples: Array) -> Array:
    cut = _cut(samples, frame.samples, frame.hop)
    of_windows = _OfWindows(frame, rate_hz, samples) if frame.windows else None
    values = []
    for value in frame.values:
        if value.take and of_windows is not None:
            values.append(of_windows.value(value))
        else:
            values.append(_FUNCTIONS[value.kind](_axes(cut, value.channel), rate_hz))
    return np.stack(values, axis=-1)


def _cut(samples: Array, length: int, hop: int) -> Array:
    """Stretches [stretches, channels, length] of samples [rows, channels]."""
    return np.lib.stride_tricks.sliding_window_view(samples, length, axis=0)[::hop]


def _axes(cut: Array, channel: int) -> Array:
    """One channel [stretches, 1, length], or all of them."""
    return cut if channel == ALL else cut[:, [channel]]


class _OfWindows:
    """What the windows of frames come to, each of their numbers worked out once."""

    def __init__(self, frame: Frame, rate_hz: float, samples: Array) -> None:
        assert frame.windows is not None
        self._windows: Windows = frame.windows
        self._rate_hz = rate_hz
        self._cut = _cut(samples, frame.windows.size, frame.windows.hop)
        self._a_frame = (frame.samples - frame.windows.size) // frame.windows.hop + 1
        self._step = frame.hop // frame.windows.hop
        self._columns: dict[Column, Array] = {}
        self._powers: dict[int, Array] = {}

    def value(self, value: FrameValue) -> Array:
        """One value [frames]."""
        found = [
            self._of_frames(column)
            for column in spectrum.columns(self._windows, self._rate_hz, value)
        ]
        if value.kind == "mfcc":
            weights = spectrum.cosines(self._windows.mel_bands, value.index)
            means = np.stack([column.mean(axis=-1) for column in found], axis=-1)
            return np.asarray(means @ np.array(weights))
        return np.asarray(_TAKES[value.take](found[0]))

    def _of_frames(self, column: Column) -> Array:
        """A number of each window of each frame [frames, windows]."""
        if column not in self._columns:
            self._columns[column] = self._of_windows(column)
        views = np.lib.stride_tricks.sliding_window_view(self._columns[column], self._a_frame)
        return np.asarray(views[:: self._step])

    def _of_windows(self, column: Column) -> Array:
        """A number of each window [windows]."""
        if column.filter is not None:
            part = column.filter
            power = self._power(column.channel)[:, part.first : part.first + part.count]
            weights = part.weights or (1.0,) * part.count
            total = (power @ np.array(weights)) * part.scale
            return np.asarray(np.log10(np.maximum(total, _LEAST**2)))
        if column.kind == "centroid":
            return centroid(self._power(column.channel), self._rate_hz / self._windows.size)
        return _FUNCTIONS[column.kind](_axes(self._cut, column.channel), self._rate_hz)

    def _power(self, channel: int) -> Array:
        """Squared magnitudes [windows, bins], summed over the axes."""
        if channel not in self._powers:
            x = _axes(self._cut, channel)
            shaped = (x - x.mean(axis=-1, keepdims=True)) * spectrum.shape(self._windows.size)
            self._powers[channel] = (abs(np.fft.rfft(shaped)) ** 2).sum(axis=1)
        return self._powers[channel]


_TAKES: Final[dict[str, Callable[[Array], Array]]] = {
    "mean": lambda x: x.mean(axis=-1),
    "max": lambda x: x.max(axis=-1),
    "sd": lambda x: x.std(axis=-1),
}


def judged(
    profile: Profile, segments: Sequence[Array], interval_s: float | None, name: str
) -> list[Array]:
    """Segments of samples [rows, channels] as what the detector judges: frames [rows, values].

    Without frames they are the segments. `interval_s`: between two samples, where it is known.

    Raises:
      UserError: at another rate than the profile's a frame means something else.
    """
    frame, rate_hz = profile.frame, profile.sampling.rate_hz
    if frame is None:
        return list(segments)
    if interval_s is not None and abs(interval_s * rate_hz - 1) > _RATE_TOLERANCE:
        raise UserError(
            f"{name}: has {1 / interval_s:.6g} samples a second, and the profile's frames are of "
            f"{rate_hz:g}: --resample {1 / rate_hz:g}, or another rate_hz"
        )
    found = [compute(frame, rate_hz, segment) for segment in segments]
    return [values for values in found if len(values)]


def mean(x: Array, rate_hz: float) -> Array:
    """Mean, in the channel's unit. `x` is [stretches, axes, samples], here and below; of several
    axes it is the length of the vector that counts."""
    return np.asarray(_length(x).mean(axis=-1))


def minimum(x: Array, rate_hz: float) -> Array:
    """Smallest, in the channel's unit."""
    return np.asarray(_length(x).min(axis=-1))


def maximum(x: Array, rate_hz: float) -> Array:
    """Largest, in the channel's unit."""
    return np.asarray(_length(x).max(axis=-1))


def variance(x: Array, rate_hz: float) -> Array:
    """Mean squared distance from the mean, in the unit's square."""
    return np.asarray(_length(x).var(axis=-1))


def rms(x: Array, rate_hz: float) -> Array:
    """Root of the variance, in the channel's unit."""
    return np.asarray(_length(x).std(axis=-1))


def peak_to_peak(x: Array, rate_hz: float) -> Array:
    """Largest minus smallest, in the channel's unit."""
    return np.asarray(np.ptp(_length(x), axis=-1))


def crest(x: Array, rate_hz: float) -> Array:
    """Crest factor: the largest distance from the mean over the RMS; 0 where nothing moves."""
    moving = _moving(x)
    return _shape(moving, np.max(abs(moving), axis=-1), moving.std(axis=-1))


def skewness(x: Array, rate_hz: float) -> Array:
    """Third moment over the cubed RMS; 0 where nothing moves."""
    moving = _moving(x)
    return _shape(moving, np.mean(moving**3, axis=-1), moving.std(axis=-1) ** 3)


def kurtosis(x: Array, rate_hz: float) -> Array:
    """Fourth moment over the squared variance, 3 for Gaussian noise; 0 where nothing moves."""
    moving = _moving(x)
    return _shape(moving, np.mean(moving**4, axis=-1), moving.var(axis=-1) ** 2)


def zero_crossing_rate(x: Array, rate_hz: float) -> Array:
    """Crossings of the mean, in a second; a sample that is the mean counts as above it."""
    above = _moving(x) >= 0
    crossings = np.sum(above[:, 1:] != above[:, :-1], axis=-1)
    return np.asarray(crossings * rate_hz / (x.shape[-1] - 1))


def log_rms(x: Array, rate_hz: float) -> Array:
    """Decimal logarithm of the RMS, of 1e-6 at least."""
    return _logarithm(rms(x, rate_hz))


def log_peak_to_peak(x: Array, rate_hz: float) -> Array:
    """Decimal logarithm of largest minus smallest, of 1e-6 at least."""
    return _logarithm(peak_to_peak(x, rate_hz))


def log_jerk(x: Array, rate_hz: float) -> Array:
    """Decimal logarithm of the largest distance of two neighbours, of 1e-6 at least."""
    return _logarithm(np.linalg.norm(np.diff(x, axis=-1), axis=1).max(axis=-1))


def tilt(x: Array, rate_hz: float) -> Array:
    """Angle in degrees between the mean vectors of the stretch's first and last half.

    Between unit vectors, so that a small angle keeps its digits (W. Kahan, 2006).
    """
    half = x.shape[-1] // 2
    ends = [x[..., :half].mean(axis=-1), x[..., -half:].mean(axis=-1)]
    lengths = [np.linalg.norm(end, axis=-1, keepdims=True) for end in ends]
    points = (lengths[0] > 0) & (lengths[1] > 0)
    a, b = (end / np.where(points, size, 1.0) for end, size in zip(ends, lengths, strict=True))
    apart, together = np.linalg.norm(a - b, axis=-1), np.linalg.norm(a + b, axis=-1)
    return np.where(points[:, 0], 2 * np.degrees(np.arctan2(apart, together)), 0.0)


def centroid(power: Array, bin_hz: float) -> Array:
    """Mean frequency in Hz [windows] of spectra [windows, bins], weighed by power; 0 for none."""
    bins = np.arange(1, power.shape[1])
    total = power[:, 1:].sum(axis=-1)
    some = total > 0
    return np.where(some, bin_hz * (power[:, 1:] @ bins) / np.where(some, total, 1.0), 0.0)


# The function of each kind of a stretch has its name.
_FUNCTIONS: Final[dict[str, Callable[[Array, float], Array]]] = {
    kind: globals()[kind] for kind, about in FRAME_CATALOGUE.items() if not about.spectral
}


def _length(x: Array) -> Array:
    """One axis as it is, several as the length of their vector [stretches, samples]."""
    return np.asarray(x[:, 0] if x.shape[1] == 1 else np.linalg.norm(x, axis=1))


def _moving(x: Array) -> Array:
    signal = _length(x)
    return np.asarray(signal - signal.mean(axis=-1, keepdims=True))


def _shape(moving: Array, size: Array, scale: Array) -> Array:
    moves = np.ptp(moving, axis=-1) > 0
    return np.where(moves, size / np.where(moves, scale, 1.0), 0.0)


def _logarithm(size: Array) -> Array:
    return np.asarray(np.log10(np.maximum(size, _LEAST)))
