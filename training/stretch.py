"""A long virtual recording from a short real one.

One minute of normal readings shows the noise of a sensor but not the slow life of what it measures.
The noise is measured with its uncertainty; the virtual recording draws noise from what the
measurement leaves possible and adds slow changes, which are a prior that the profile states
(`slope` in its unit a minute).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from training.noise import MeasuredNoise, true_sigma

Array = NDArray[np.float64]

GAIN_SPREAD: Final = 0.04  # the noise's size varies by so much, relative, from stream to stream
SEED: Final = 0
WHITE_SHARE: Final = 0.9
WHITE_SPREAD: Final = 0.03
COLOUR_RANGE: Final = (-0.3, 0.97)


@dataclass(frozen=True)
class Size:
    """How long a virtual recording is: twelve days, in pieces of an hour."""

    streams: int = 288
    stream_seconds: float = 3600.0
    run_in_seconds: float = 600.0  # before each stream, not trained on


def draw_colours(noise: MeasuredNoise, count: int, rng: np.random.Generator) -> Array:
    """AR(1) coefficients `[count]` that the measured one leaves possible.

    The prior is that nine in ten sensors are as good as white (standard deviation `WHITE_SPREAD`)
    and that the others have any coefficient between `COLOUR_RANGE`; the draws are from the
    posterior.
    """
    low, high = COLOUR_RANGE
    error = noise.colour_error
    total = float(np.hypot(error, WHITE_SPREAD))
    white = np.exp(-0.5 * (noise.colour / total) ** 2) / (total * np.sqrt(2.0 * np.pi))
    any_colour = 1.0 / (high - low)
    share = WHITE_SHARE * white / (WHITE_SHARE * white + (1.0 - WHITE_SHARE) * any_colour)
    shrunk = noise.colour * (WHITE_SPREAD / total) ** 2
    near_white = rng.normal(shrunk, error * WHITE_SPREAD / total, count)
    coloured = rng.normal(noise.colour, error, count)
    drawn = np.where(rng.uniform(size=count) < share, near_white, coloured)
    return np.clip(drawn, low, high)


def virtual_recording(
    noise: MeasuredNoise,
    streams: int,
    samples: int,
    *,
    rate_hz: float,
    slope: float,
    piece_s: tuple[float, float] = (30.0, 480.0),
) -> Array:
    """Readings `[streams, samples]` about 0, in the recording's unit.

    Each stream has its own noise: colour and size drawn from their standard errors, the size also
    with a relative spread `GAIN_SPREAD` (normal sensors are not quite steady). The level is
    piecewise linear with slopes uniform within `slope` a minute and pieces of `piece_s` seconds
    (log-uniform).
    """
    from scipy.signal import lfilter

    rng = np.random.default_rng(SEED)
    colour = draw_colours(noise, streams, rng)
    spread = float(np.hypot(noise.sigma_error, GAIN_SPREAD))
    size = true_sigma(noise, colour) * np.exp(rng.normal(0.0, spread, streams))
    white = rng.standard_normal((streams, samples))
    x = np.empty_like(white)
    for i in range(streams):
        white[i, 1:] *= np.sqrt(1.0 - colour[i] ** 2)
        x[i] = lfilter([size[i]], [1.0, -colour[i]], white[i])
    x += _slow_level(streams, samples, rng, rate_hz, slope, piece_s)
    if noise.lsb > 0.0:
        x = np.round(x / noise.lsb) * noise.lsb
    return x


def _slow_level(
    streams: int,
    samples: int,
    rng: np.random.Generator,
    rate_hz: float,
    slope: float,
    piece_s: tuple[float, float],
) -> Array:
    """Piecewise linear levels `[streams, samples]`; `slope`: largest, unit a minute."""
    result = np.empty((streams, samples))
    low, high = np.log(piece_s[0] * rate_hz), np.log(piece_s[1] * rate_hz)
    pieces = int(samples / (piece_s[0] * rate_hz)) + 2
    for i in range(streams):
        lengths = np.ceil(np.exp(rng.uniform(low, high, pieces))).astype(int)
        slopes = rng.uniform(-slope, slope, pieces) / (60.0 * rate_hz)
        result[i] = np.cumsum(np.repeat(slopes, lengths)[:samples])
    return result
