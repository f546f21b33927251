"""Residuals to a score, and the threshold of that score from normal data alone."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training import scaling
from training.profiles import Detector

Array = npt.NDArray[np.float64]
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Scorer:
    """Fitted constants of ScoreConfig (DetectorConfig.h)."""

    kind: str
    output_low: Array | None  # [features]
    output_high: Array | None
    residual_mean: Array | None
    residual_whitening: Array | None  # [features, features], lower triangular

    def residual(self, inputs: Floats, outputs: Floats) -> Array:
        """Network input minus its reconstruction [rows, features]."""
        clipped = outputs.astype(np.float64)
        if self.output_low is not None and self.output_high is not None:
            clipped = np.clip(clipped, self.output_low, self.output_high)
        return inputs.astype(np.float64) - clipped

    def score(self, inputs: Floats, outputs: Floats) -> Array:
        """One score a row [rows]."""
        r = self.residual(inputs, outputs)
        if self.residual_mean is None or self.residual_whitening is None:
            return np.asarray(np.mean(abs(r), axis=1))
        whitened = (r - self.residual_mean) @ self.residual_whitening.T
        return np.asarray(np.sqrt(np.mean(whitened**2, axis=1)))


@dataclass(frozen=True)
class Thresholds:
    """What the charts are compared with; `chart` is 0 where there is no second chart."""

    score: float
    chart: float


def fit_scorer(detector: Detector, inputs: Floats, outputs: Floats) -> Scorer:
    """Fits to what the network makes of normal input; both [rows, features]."""
    low = high = None
    if detector.clip_output:
        low = outputs.min(axis=0).astype(np.float64)
        high = outputs.max(axis=0).astype(np.float64)
    plain = Scorer(detector.score, low, high, None, None)
    if detector.score == "absolute":
        return plain
    r = plain.residual(inputs, outputs)
    matrix = scaling.whitening(r, detector.residual_shrink, detector.residual_floor)
    mean = r.mean(axis=0).astype(np.float32).astype(np.float64)
    return Scorer(detector.score, low, high, mean, matrix)


def thresholds(detector: Detector, segments: list[Array]) -> Thresholds:
    """Thresholds from the scores of normal data that was not trained on, one array a segment.

    A fixed threshold of the profile is taken as it is. Otherwise: the quantile times the margin.
    """
    if detector.threshold:
        return Thresholds(detector.threshold, 0.0)
    rule = detector.calibration
    score = float(np.quantile(np.concatenate(segments), rule.quantile)) * rule.margin
    chart = 0.0
    if detector.chart_tau:
        smooth = np.concatenate([exponential_mean(s, detector.chart_tau) for s in segments])
        chart = float(np.quantile(smooth, rule.quantile)) * rule.margin
    return Thresholds(_single(score), _single(chart))


def exponential_mean(values: Array, tau: float) -> Array:
    """m += (v - m) / min(n, tau) for the n-th value: the first ones weigh 1/n."""
    result = np.empty_like(values)
    mean, count = 0.0, 0.0
    for index, item in enumerate(values.tolist()):
        count = min(count + 1, tau)
        mean += (item - mean) / count
        result[index] = mean
    return result


def _single(value: float) -> float:
    return float(np.float32(value))
