"""Frames in NumPy: what stretches of samples come to. lib/Frontend holds the same in C++.

A frame is the last `samples` samples, once every `hop`; the first is due when it is whole. All
values but the mean are of the signal without the frame's mean, as a vibration meter shows them.
"""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from project.errors import UserError
from project.profile import Frame, Profile
from project.profile.catalogue import FRAME_CATALOGUE

Array = npt.NDArray[np.float64]

_RATE_TOLERANCE: Final = 0.05  # of a recording, of the profile's rate


def compute(frame: Frame, rate_hz: float, samples: Array) -> Array:
    """The values [frames, values] of samples [rows, channels]; none where no frame is whole."""
    if len(samples) < frame.samples:
        return np.empty((0, len(frame.values)))
    windows = np.lib.stride_tricks.sliding_window_view(samples, frame.samples, axis=0)
    hops = windows[:: frame.hop]  # [frames, channels, samples]
    return np.stack(
        [_FUNCTIONS[value.kind](hops[:, value.channel], rate_hz) for value in frame.values],
        axis=-1,
    )


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
    """Mean, in the channel's unit. `x` is [frames, samples], here and below."""
    return np.asarray(x.mean(axis=-1))


def variance(x: Array, rate_hz: float) -> Array:
    """Mean squared distance from the mean, in the unit's square."""
    return np.asarray(x.var(axis=-1))


def rms(x: Array, rate_hz: float) -> Array:
    """Root of the variance, in the channel's unit."""
    return np.asarray(x.std(axis=-1))


def peak_to_peak(x: Array, rate_hz: float) -> Array:
    """Largest minus smallest, in the channel's unit."""
    return np.asarray(np.ptp(x, axis=-1))


def crest(x: Array, rate_hz: float) -> Array:
    """Crest factor: the largest distance from the mean over the RMS; 0 where nothing moves."""
    return _shape(x, np.max(abs(_moving(x)), axis=-1), x.std(axis=-1))


def kurtosis(x: Array, rate_hz: float) -> Array:
    """Fourth moment over the squared variance, 3 for Gaussian noise; 0 where nothing moves."""
    return _shape(x, np.mean(_moving(x) ** 4, axis=-1), x.var(axis=-1) ** 2)


def zero_crossing_rate(x: Array, rate_hz: float) -> Array:
    """Crossings of the mean, in a second; a sample that is the mean counts as above it."""
    above = _moving(x) >= 0
    crossings = np.sum(above[:, 1:] != above[:, :-1], axis=-1)
    return np.asarray(crossings * rate_hz / (x.shape[-1] - 1))


# The function of each kind has its name.
_FUNCTIONS: Final[dict[str, Callable[[Array, float], Array]]] = {
    kind: globals()[kind] for kind in FRAME_CATALOGUE
}


def _moving(x: Array) -> Array:
    return np.asarray(x - x.mean(axis=-1, keepdims=True))


def _shape(x: Array, size: Array, scale: Array) -> Array:
    moves = np.ptp(x, axis=-1) > 0
    return np.where(moves, size / np.where(moves, scale, 1.0), 0.0)
