"""Which of several channels an anomaly comes from: lib/Detector/src/Cause.h in NumPy."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from project.profile import Profile, Scaling
from training import scaling
from training.scaling import Scaler

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Cause:
    """How normal standardised features spread: CauseConfig of DetectorConfig.h."""

    owners: npt.NDArray[np.int_]  # the channel of each feature [features]
    mean: Array  # [features]
    whitening: Array | None  # [features, features], lower triangular; None: of frames

    def channels(self, z: Array) -> npt.NDArray[np.int_]:
        """The channel [rows] whose own deviation explains standardised features [rows, features]
        best: without it they would be nearest to normal data.

        The squared distance to normal data is the squared length of the whitened features (P. C.
        Mahalanobis, 1936); what may be anything in the features of one channel is the part of it
        that lies in their columns of the whitening. What a frame comes to moves together, so of
        frames it is the value with the largest deviation.
        """
        if self.whitening is None:
            return np.asarray(self.owners[np.argmax(abs(z - self.mean), axis=-1)])
        v = (z - self.mean) @ self.whitening.T
        lengths = []
        for channel in range(int(self.owners.max()) + 1):
            basis, _ = np.linalg.qr(self.whitening[:, self.owners == channel])
            lengths.append(np.sum((v @ basis) ** 2, axis=-1))
        return np.asarray(np.argmax(lengths, axis=0))


def record(scaler: Scaler, inputs: npt.NDArray[np.float32]) -> dict[str, list[float]]:
    """For the manifest, from normal network input [rows, features].

    Where the scaling whitens, it knows how normal features spread already.
    """
    mean, matrix = scaler.mean, scaler.whitening
    if mean is None or matrix is None:
        mean = scaling.single(inputs.mean(axis=0, dtype=np.float64))
        matrix = scaling.whitening(
            inputs.astype(np.float64), Scaling.whiten_shrink, Scaling.whiten_floor
        )
    return {"mean": mean.tolist(), "whitening": scaling.pack(matrix)}


def read(profile: Profile, pipeline: dict[str, Any]) -> Cause:
    """The reverse of `record`, from the pipeline of a manifest of several channels."""
    found = pipeline["cause"]
    owners = np.array([feature.channel for feature in profile.features.use])
    mean = np.asarray(found["mean"])
    whitening = None
    if profile.frame is None:
        whitening = scaling.unpack(found["whitening"], len(mean))
    return Cause(owners, mean, whitening)
