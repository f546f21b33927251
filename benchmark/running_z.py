"""The textbook's statistical thresholding, for comparison: how far a value is from its running
mean, in running standard deviations. Its threshold comes from the same rule as ours.
"""

import dataclasses
from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt

from project.profile import Feature, Features, Profile
from training import calibration, features, normal, scaling
from training.data import Dataset

Array = npt.NDArray[np.float64]

NAME: Final = "sigma"
BYTES: Final = 76  # of constants that a chip would have to hold
_TAU: Final = 64.0


def zscore(x: Array, sigma: float) -> Array:
    """Deviation [streams, rows] from the mean over the running standard deviation, both before
    the sample.

    The running variance starts at sigma^2, takes squares of at most nine times itself, and counts
    as at least sigma^2 / 4.
    """
    streams = features.Streams(x, sigma)
    z = features.level(streams, _TAU)
    result = np.empty_like(z)
    variance = np.ones(z.shape[1])
    for index in range(len(z)):
        used = np.maximum(variance, 0.25)
        result[index] = z[index] / np.sqrt(used)
        variance = variance + (np.minimum(z[index] ** 2, 9 * used) - variance) / _TAU
    return streams.restored(result)


def fit(profile: Profile, dataset: Dataset) -> Callable[[Array], Array]:
    """The score over its threshold, for readings [streams, rows]; scaling, score and charts are
    those of the profile.
    """
    sigma = normal.noise(dataset)[0].sigma
    readings = dataclasses.replace(profile, features=Features((Feature("value", 0),)))
    parts = [
        dataclasses.replace(part, features=zscore(part.features[..., 0], sigma)[..., None])
        for part in normal.prepare(readings, dataset, np.array([sigma]))
    ]
    random = np.random.default_rng(profile.network.seed)
    sample = normal.sample(parts, random)
    scaler = scaling.fit(dataclasses.replace(profile.scaling, whiten=False), sample, [False])
    inputs = [scaler.apply(part.features) for part in parts]
    outputs = [np.zeros_like(u) for u in inputs]  # without a network: the mean of normal data
    pooled = normal.pooled(parts, inputs)
    drawn = normal.balanced(pooled, min(2 * normal.SAMPLE_ROWS, sum(map(len, pooled))), random)
    detector = profile.detector
    scorer = calibration.fit_scorer(detector, False, drawn, np.zeros_like(drawn))
    if scorer.residual_whitening is not None:
        scorer = calibration.level_tails(scorer, parts, inputs, outputs)
    scores = [scorer.score(u, y) for u, y in zip(inputs, outputs, strict=True)]
    thresholds = calibration.tail_thresholds(detector, parts, scores)

    def ratio(x: Array) -> Array:
        u = scaler.apply(zscore(x, sigma)[..., None])
        shown = thresholds.shown(scorer.score(u, np.zeros_like(u)), detector.chart_tau)
        return shown / thresholds.score

    return ratio
