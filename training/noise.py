"""The noise of a recording: how large it is, whatever its level and slope, and its colour.

In blocks of 20 samples the least-squares line is taken away; what is left is noise.
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

COLOURS: Final = np.linspace(-0.5, 0.98, 149)


@dataclass(frozen=True)
class MeasuredNoise:
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


def measure(pieces: Sequence[Array]) -> MeasuredNoise:
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
    return MeasuredNoise(
        sigma=sigma,
        colour=colour,
        sigma_error=float(1.0 / np.sqrt(2.0 * max(effective, 8.0))),
        colour_error=float(1.1 / np.sqrt(samples)),
        lsb=lsb,
    )


def true_sigma(noise: MeasuredNoise, colour: Array) -> Array:
    """Standard deviation of AR(1) noise of each `colour` `[B]` that block detrending reads
    as `sigma`."""
    grid = np.array([_expectations(float(c))[0] for c in COLOURS])
    return np.asarray(noise.sigma / np.sqrt(np.interp(colour, COLOURS, grid)))
