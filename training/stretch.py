"""A long virtual recording from a short real one.

One minute of normal readings shows the noise of a sensor but not the slow life of what it measures.
The noise is measured with its uncertainty; the virtual recording draws noise from what the
measurement leaves possible and adds slow changes, which are a prior that the profile states
(`slope` in its unit a minute).
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from project.errors import UserError
from training.features import NOISE_BLOCK as BLOCK

Array = NDArray[np.float64]

WHITE_SHARE: Final = 0.9
WHITE_SPREAD: Final = 0.03
COLOUR_RANGE: Final = (-0.3, 0.97)
COLOURS: Final = np.linspace(-0.5, 0.98, 149)


@dataclass(frozen=True)
class Noise:
    """What a recording says about its noise.

    `sigma`: standard deviation about the straight line of each block, not below half a step (unit
    of the recording). `colour`: AR(1) coefficient. `*_error`: standard errors, of sigma
    relative to sigma. `lsb`: smallest step between two different readings, 0 if there is none.
    """

    sigma: float
    colour: float
    sigma_error: float
    colour_error: float
    lsb: float


def _line_projector(size: int) -> Array:
    """Matrix `[size, size]` that removes the least-squares straight line from a block."""
    t = np.linspace(-1.0, 1.0, size)
    basis = np.linalg.qr(np.stack([np.ones(size), t], axis=1))[0]
    return np.asarray(np.eye(size) - basis @ basis.T)


@functools.cache
def _expectations(colour: float) -> tuple[float, float]:
    """For AR(1) noise of variance one: expected block variance and lag-one product, both as
    estimated."""
    p = _line_projector(BLOCK)
    lags = np.abs(np.subtract.outer(np.arange(BLOCK), np.arange(BLOCK)))
    residual = p @ (colour**lags if colour != 0.0 else np.eye(BLOCK)) @ p
    return float(np.trace(residual)) / (BLOCK - 2), float(np.trace(residual, offset=1)) / (
        BLOCK - 2
    )


def block_residuals(x: Array) -> Array:
    """Readings `[T]` as blocks `[T // BLOCK, BLOCK]`, each without its straight line."""
    count = len(x) // BLOCK
    return np.asarray(x[: count * BLOCK].reshape(count, BLOCK) @ _line_projector(BLOCK))


def smallest_step(x: Array) -> float:
    """Smallest difference between two different readings of `x`; 0 when all are equal.

    Differences under a millionth of the range, or under 1e-9 if that is less, are rounding.
    """
    digits = max(9, 6 - int(np.floor(np.log10(span)))) if (span := float(np.ptp(x))) else 9
    steps = np.diff(np.unique(np.round(x, digits)))
    steps = steps[steps > 10.0**-digits]
    return float(steps.min()) if len(steps) else 0.0


def measure_noise(pieces: Sequence[Array]) -> Noise:
    """Measure the noise of normal readings, in `pieces` `[T]` that are each continuous in time.

    Blocks whose variance is over four times the median (a glitch in a normal recording) are left
    out. The colour is the AR(1) coefficient whose expected lag-one ratio, straight lines removed,
    is the measured one, so the bias of short blocks is undone.

    Raises:
      UserError: no piece is as long as a block.
    """
    x = np.concatenate(pieces)
    residuals = np.concatenate([block_residuals(piece) for piece in pieces])
    if not len(residuals):
        raise UserError(f"a noise is measured over {BLOCK} rows in one piece, and there are fewer")
    variances = np.sum(residuals**2, axis=1) / (BLOCK - 2)
    kept = variances <= 4.0 * np.median(variances)
    residuals, variances = residuals[kept], variances[kept]
    variance = float(np.mean(variances))
    lag = float(np.mean(np.sum(residuals[:, 1:] * residuals[:, :-1], axis=1))) / (BLOCK - 2)
    expected = [_expectations(float(c)) for c in COLOURS]
    ratios = np.array([product / power for power, product in expected])
    ratio = lag / variance if variance > 0.0 else 0.0
    colour = float(np.interp(ratio, ratios, COLOURS)) if variance > 0.0 else 0.0
    lsb = smallest_step(x)
    least = min(1e-6, 1e-3 * float(np.ptp(x))) or 1e-6  # what is measured in 1e-9 has noise, too
    sigma = max(float(np.sqrt(variance)), 0.5 * lsb, least)
    samples = BLOCK * len(variances)
    effective = samples * (1.0 - 2.0 / BLOCK) * (1.0 - colour**2) / (1.0 + colour**2)
    return Noise(
        sigma=sigma,
        colour=colour,
        sigma_error=float(1.0 / np.sqrt(2.0 * max(effective, 8.0))),
        colour_error=float(1.1 / np.sqrt(samples)),
        lsb=lsb,
    )


def true_sigma(noise: Noise, colour: Array) -> Array:
    """Standard deviation of AR(1) noise of each `colour` `[B]` that block detrending reads
    as `sigma`."""
    grid = np.array([_expectations(float(c))[0] for c in COLOURS])
    return np.asarray(noise.sigma / np.sqrt(np.interp(colour, COLOURS, grid)))


def draw_colours(noise: Noise, count: int, rng: np.random.Generator) -> Array:
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
    noise: Noise,
    streams: int,
    samples: int,
    rng: np.random.Generator,
    *,
    rate_hz: float,
    slope: float,
    gain_spread: float,
    piece_s: tuple[float, float] = (30.0, 480.0),
) -> Array:
    """Readings `[streams, samples]` about 0, in the recording's unit.

    Each stream has its own noise: colour and size drawn from their standard errors, the size also
    with a relative spread `gain_spread` (normal sensors are not quite steady). The level is
    piecewise linear with slopes uniform within `slope` a minute and pieces of `piece_s` seconds
    (log-uniform).
    """
    from scipy.signal import lfilter

    colour = draw_colours(noise, streams, rng)
    spread = float(np.hypot(noise.sigma_error, gain_spread))
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
