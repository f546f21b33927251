"""Features to network input, fitted to normal data: ScalingConfig of DetectorConfig.h in NumPy."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from project.profile import Scaling

Array = npt.NDArray[np.float64]

_DRIFT_BLOCK: Final = 40  # rows


@dataclass(frozen=True)
class Scaler:
    """z = (f - offset) * scale, squashed and clipped; u = whitening (z - mean), clipped."""

    offset: Array  # [features]
    scale: Array  # [features]
    squash: float
    clip_low: Array  # [features]
    clip_high: Array  # [features]
    mean: Array | None  # [features]
    whitening: Array | None  # [features, features], lower triangular
    whitening_clip: float

    def apply(self, features: Array) -> npt.NDArray[np.float32]:
        """Network input [rows, features]."""
        z = self.standardise(features)
        if self.whitening is not None and self.mean is not None:
            limit = self.whitening_clip
            z = np.clip((z - self.mean) @ self.whitening.T, -limit, limit)
        return z.astype(np.float32)

    def invert_first(self, inputs: Array) -> Array:
        """The first feature [rows] of the network's first input [rows]: the way back.

        The whitening is lower triangular, so the first input depends on the first feature alone.
        """
        z = inputs
        if self.whitening is not None and self.mean is not None:
            z = z / self.whitening[0, 0] + self.mean[0]
        if self.squash:
            z = self.squash * np.sinh(z / self.squash)
        return np.asarray(z / self.scale[0] + self.offset[0])

    def standardise(self, features: Array) -> Array:
        """Scaled, squashed and clipped, not whitened [rows, features]."""
        z = (features - self.offset) * self.scale
        if self.squash:
            z = self.squash * np.arcsinh(z / self.squash)
        return np.clip(z, self.clip_low, self.clip_high)


def fit(
    scaling: Scaling,
    features: Array,
    one_sided: Sequence[bool],
    walk: Array | None = None,
) -> Scaler:
    """Fits to the features [rows, features] of normal data.

    A feature that is `one_sided` [features] is cut at its mean from below: little of it is no
    anomaly. `walk` [features] is the variance that a feature's random walk gains in a row; it
    counts `drift_rows` times.
    """
    count = features.shape[1]
    if scaling.kind == "range":
        offset = np.full(count, scaling.low)
        scale = np.full(count, 1 / (scaling.high - scaling.low))
    else:
        offset = features.mean(axis=0)
        variance = features.var(axis=0)
        if walk is not None:
            variance = variance + scaling.drift_rows * walk
        scale = 1 / np.maximum(np.sqrt(variance), scaling.sd_floor)
    low, high = (np.full(count, limit) for limit in scaling.clip)
    low = np.where(one_sided, 0.0, low)
    plain = Scaler(single(offset), single(scale), scaling.squash, low, high, None, None, 0.0)
    if not scaling.whiten:
        return plain
    z = plain.standardise(features)
    return dataclasses.replace(
        plain,
        mean=single(z.mean(axis=0)),
        whitening=whitening(z, scaling.whiten_shrink, scaling.whiten_floor),
        whitening_clip=scaling.whiten_clip,
    )


def wander(parts: Sequence[Array]) -> Array:
    """How much variance a random walk gains in a row [channels], as the means of 40 rows show it.

    Each of `parts` [rows, channels] are normal readings in their order.
    """
    steps = []
    for samples in parts:
        blocks = len(samples) // _DRIFT_BLOCK
        shape = (blocks, _DRIFT_BLOCK, samples.shape[1])
        means = samples[: blocks * _DRIFT_BLOCK].reshape(shape).mean(axis=1)
        steps.append(np.diff(means, axis=0))
    together = np.concatenate(steps)
    if not len(together):
        return np.zeros(parts[0].shape[1])
    return np.asarray(np.mean(together**2, axis=0) / _DRIFT_BLOCK)


def whitening(values: Array, shrink: float, floor: float) -> Array:
    """Inverse Cholesky factor [n, n] of the covariance of `values` [rows, n].

    The covariance is shrunk towards its diagonal (the idea of Ledoit and Wolf, 2004, with a fixed
    share) and its diagonal raised by `floor`, so that it is never singular.
    """
    covariance = np.atleast_2d(np.cov(values, rowvar=False, bias=True))
    diagonal = np.diag(np.diag(covariance))
    covariance = (1 - shrink) * covariance + shrink * diagonal + floor * np.eye(len(covariance))
    return single(np.linalg.inv(np.linalg.cholesky(covariance)))


def pack(matrix: Array) -> list[float]:
    """The lower triangle, row after row: n (n + 1) / 2 values."""
    return [float(v) for v in matrix[np.tril_indices(len(matrix))]]


def unpack(values: list[float], size: int) -> Array:
    """The reverse of `pack`."""
    matrix = np.zeros((size, size))
    matrix[np.tril_indices(size)] = values
    return matrix


def single(values: Array) -> Array:
    """Rounded to float32, as the firmware will hold them."""
    return values.astype(np.float32).astype(np.float64)
