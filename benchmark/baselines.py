"""Detectors that everyone knows, for comparison. Their thresholds come from the same rule as ours.

A baseline turns readings or features into scores; larger is stranger. The classical ones look at
the readings of one channel, the others at the features of a profile after its scaling (without
whitening).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from benchmark import running_z

Array = npt.NDArray[np.float64]

WINDOW: Final = 60  # samples of the rolling z-score
EWMA_SHARE: Final = 0.2
CUSUM_SLACK: Final = 0.5  # sigma
_FIT_ROWS: Final = 2000  # what isolation forest, one-class SVM and LOF are fitted to
_SEED: Final = 0

# Minutes of computing for a day of data: the benchmark runs them on a few devices only.
SLOW: Final = ("isolation_forest", "one_class_svm", "lof")


@dataclass(frozen=True)
class Baseline:
    """A fitted baseline; `bytes`: constants that a chip would have to hold, 4 bytes a number."""

    score: Callable[[Array], Array]
    bytes: int


# --- on readings [..., rows] of one channel


def deviation(mean: Array, sd: float) -> Callable[[Array], Array]:
    """|x - mean| / sd; `mean` [..., 1] of the normal recording."""
    return lambda x: abs(x - mean) / sd


def ewma(mean: Array, sd: float) -> Callable[[Array], Array]:
    """EWMA control chart (Roberts, 1959) in its own standard deviations, from `mean` [..., 1]."""
    from scipy.signal import lfilter

    share = EWMA_SHARE
    limit = sd * np.sqrt(share / (2 - share))
    return lambda x: abs(lfilter([share], [1.0, share - 1.0], x - mean)) / limit


def cusum(mean: Array, sd: float) -> Callable[[Array], Array]:
    """Two-sided tabular CUSUM (Page, 1954) with a slack of half a sigma, from `mean` [..., 1]."""

    def score(x: Array) -> Array:
        z = np.moveaxis((x - mean) / sd, -1, 0)
        result = np.empty_like(z)
        high, low = np.zeros(z.shape[1:]), np.zeros(z.shape[1:])
        for row, value in enumerate(z):
            high = np.maximum(high + value - CUSUM_SLACK, 0)
            low = np.maximum(low - value - CUSUM_SLACK, 0)
            result[row] = np.maximum(high, low)
        return np.moveaxis(result, 0, -1)

    return score


def rolling_z(least_sd: float) -> Callable[[Array], Array]:
    """|x - mean| / sd over the `WINDOW` samples before; the sd is at least `least_sd`."""

    def score(x: Array) -> Array:
        centred = x - x[..., :1]
        sums = [np.cumsum(p, axis=-1) for p in (centred, centred**2)]
        result = np.zeros_like(x)
        if x.shape[-1] <= WINDOW:
            return result
        zero = np.zeros_like(x[..., :1])
        mean, square = (
            (s[..., WINDOW - 1 : -1] - np.concatenate([zero, s[..., : -WINDOW - 1]], axis=-1))
            / WINDOW
            for s in sums
        )
        sd = np.sqrt(np.maximum(square - mean**2, least_sd**2))
        result[..., WINDOW:] = abs(centred[..., WINDOW:] - mean) / sd
        return result

    return score


# --- on scaled features [..., rows, features]


def pca(rows: Array) -> Baseline:
    """Hotelling's T2 in the principal components that hold 90 % of the variance, Q outside.

    Each over its 99.9 % quantile on the normal `rows`; the larger one counts (for Q: Jackson and
    Mudholkar, 1979).
    """
    mean = rows.mean(axis=0)
    values, vectors = np.linalg.eigh(np.cov(rows, rowvar=False))
    values, vectors = values[::-1], vectors[:, ::-1]
    kept = 1 + int(np.searchsorted(np.cumsum(values) / values.sum(), 0.9))
    inner = vectors[:, :kept] / np.sqrt(np.maximum(values[:kept], 1e-9))
    outer = vectors[:, kept:]

    def charts(f: Array) -> list[Array]:
        centred = f - mean
        return [np.sum((centred @ axes) ** 2, axis=-1) for axes in (inner, outer)]

    limits = [max(float(np.quantile(chart, 0.999)), 1e-9) for chart in charts(rows)]

    def score(f: Array) -> Array:
        t2, q = (np.sqrt(c / limit) for c, limit in zip(charts(f), limits, strict=True))
        return np.maximum(t2, q)

    return Baseline(score, 4 * (vectors.size + 2 * len(mean) + 2))


def isolation_forest(rows: Array) -> Baseline:
    """Liu, Ting and Zhou, 2008; 100 trees of 256 rows."""
    from sklearn.ensemble import IsolationForest

    model = IsolationForest(n_estimators=100, max_samples=min(256, len(rows)), random_state=_SEED)
    return _fitted(model, rows, lambda: 8 * sum(t.tree_.node_count for t in model.estimators_))


def one_class_svm(rows: Array) -> Baseline:
    """Schoelkopf et al., 2001; radial basis functions, nu 0.01."""
    from sklearn.svm import OneClassSVM

    model = OneClassSVM(nu=0.01, gamma="scale")
    return _fitted(model, rows, lambda: 4 * model.support_vectors_.size)


def lof(rows: Array) -> Baseline:
    """Local outlier factor (Breunig et al., 2000) of 20 neighbours."""
    from sklearn.neighbors import LocalOutlierFactor

    model = LocalOutlierFactor(n_neighbors=20, novelty=True)
    return _fitted(model, rows, lambda: 4 * min(_FIT_ROWS, len(rows)) * (rows.shape[1] + 1))


def _fitted(model: Any, rows: Array, size: Callable[[], int]) -> Baseline:
    random = np.random.default_rng(_SEED)
    chosen = rows[random.choice(len(rows), min(_FIT_ROWS, len(rows)), replace=False)]
    model.fit(chosen)

    def score(f: Array) -> Array:
        flat = -model.score_samples(f.reshape(-1, f.shape[-1]))
        return np.asarray(flat).reshape(f.shape[:-1])

    return Baseline(score, size())


ON_FEATURES: Final[dict[str, Callable[[Array], Baseline]]] = {
    "pca": pca,
    "isolation_forest": isolation_forest,
    "one_class_svm": one_class_svm,
    "lof": lof,
}
# `three_sigma` is the textbook: alarm beyond three. The same score with a calibrated threshold is
# `mean_sd`.
ON_READINGS: Final = ("three_sigma", "mean_sd", "rolling_z", "ewma", "cusum")
NAMES: Final = (running_z.NAME, *ON_READINGS, *ON_FEATURES)


def on_readings(name: str, normal: Array, sd: float, least_sd: float) -> Callable[[Array], Array]:
    """The score of a classical baseline; `normal` [..., rows] is what it takes as normal.

    `sd` is the noise of the recording, `least_sd` the least that a window is believed to have.
    """
    if name == "rolling_z":
        return rolling_z(least_sd)
    make = {"three_sigma": deviation, "mean_sd": deviation, "ewma": ewma, "cusum": cusum}[name]
    return make(normal.mean(axis=-1, keepdims=True), sd)
