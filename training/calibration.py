"""Residuals to a score, and the threshold of that score from normal data alone."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from project.profile import Detector
from training import scaling
from training.normal import Normal

Array = npt.NDArray[np.float64]
Floats = npt.NDArray[np.float32]


TAIL_SHARE: Final = 0.10
SHAPE_RANGE: Final = (0.0, 0.3)
CHART_CAP: Final = 2.0  # times the threshold
_LEAST_LEVEL: Final = 1e-6  # nothing may be divided by 0, and no score is over a threshold of 0


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

    def parts(self, inputs: Floats, outputs: Floats) -> Array:
        """Weighed residuals [..., features]; of a single channel the largest names the cause."""
        r = self.residual(inputs, outputs)
        if self.residual_mean is None or self.residual_whitening is None:
            return r
        return np.asarray((r - self.residual_mean) @ self.residual_whitening.T)

    def score(self, inputs: Floats, outputs: Floats) -> Array:
        """One score a row [...]."""
        w = self.parts(inputs, outputs)
        if self.kind == "absolute":
            return np.asarray(np.mean(abs(w), axis=-1))
        power = {"rms": 2, "quartic": 4}[self.kind]
        return np.asarray(np.mean(w**power, axis=-1) ** (1 / power))


@dataclass(frozen=True)
class Thresholds:
    """What the charts are compared with; `chart` is 0 where there is no second chart."""

    score: float
    chart: float = 0.0

    @property
    def chart_cap(self) -> float:
        """The most that one score counts in the second chart: a single spike must not fill it."""
        return CHART_CAP * self.score

    def shown(self, scores: Array, tau: float) -> Array:
        """The larger of both charts on the scale of `score`, for scores [..., rows]."""
        if not self.chart:
            return scores
        slow = chart(scores, tau, self.chart_cap)
        return np.maximum(scores, slow * (self.score / self.chart))


def chart(scores: Array, tau: float, cap: float) -> Array:
    """The second chart: exponential mean of the scores [..., rows], each cut to `cap`, from 0."""
    from scipy.signal import lfilter

    alpha = 1 / tau
    return np.asarray(lfilter([alpha], [1.0, alpha - 1.0], np.minimum(scores, cap)))


def fit_scorer(detector: Detector, whiten: bool, inputs: Floats, outputs: Floats) -> Scorer:
    """Fits to what the network makes of normal input; both [rows, features]."""
    low = high = None
    if detector.clip_output:
        low = outputs.min(axis=0).astype(np.float64)
        high = outputs.max(axis=0).astype(np.float64)
    plain = Scorer(detector.score, low, high, None, None)
    if detector.score == "absolute":
        return plain
    r = plain.residual(inputs, outputs)
    matrix = np.eye(r.shape[1])
    if whiten:
        matrix = scaling.whitening(r, detector.residual_shrink, detector.residual_floor)
    mean = r.mean(axis=0).astype(np.float32).astype(np.float64)
    return Scorer(detector.score, low, high, mean, matrix)


def level_tails(
    scorer: Scorer, normal: list[Normal], inputs: list[Floats], outputs: list[Floats]
) -> Scorer:
    """Divides each weighed residual by the level that it alone exceeds at its share of the rate.

    So a feature whose normal tail is long does not raise the threshold of the others.
    """
    assert scorer.residual_whitening is not None
    count = inputs[0].shape[-1]
    weighed = [
        abs(scorer.parts(u[:, n.run_in :], y[:, n.run_in :]))
        for n, u, y in zip(normal, inputs, outputs, strict=True)
    ]
    tails = [_highest(normal, [w[..., i] for w in weighed], 0.5 / count) for i in range(count)]
    matrix = scaling.single(scorer.residual_whitening / np.array(tails)[:, None])
    return dataclasses.replace(scorer, residual_whitening=matrix)


def quantile_thresholds(
    detector: Detector, pieces: list[Array], held: list[npt.NDArray[np.bool_]]
) -> Thresholds:
    """The calibration's quantile times its margin, of the scores that were not trained on.

    `pieces` are scores [rows], each continuous in time; the second chart runs over all of them, as
    it will on the device. `held` [rows] says which were not trained on.
    """
    rule = detector.calibration
    assert rule is not None

    def level(scores: list[Array]) -> float:
        chosen = np.concatenate([s[mask] for s, mask in zip(scores, held, strict=True)])
        return _single(max(float(np.quantile(chosen, rule.quantile)) * rule.margin, _LEAST_LEVEL))

    found = Thresholds(level(pieces))
    if not detector.chart_tau:
        return found
    smooth = [chart(s, detector.chart_tau, found.chart_cap) for s in pieces]
    return Thresholds(found.score, level(smooth))


def tail_thresholds(detector: Detector, normal: list[Normal], scores: list[Array]) -> Thresholds:
    """What the scores [streams, rows] exceed at the allowed rate; each chart gets half of it."""
    share = 0.5 if detector.chart_tau else 1.0

    def level(values: list[Array]) -> float:
        settled = [v[:, n.run_in :] for n, v in zip(normal, values, strict=True)]
        return _single(_highest(normal, settled, share))

    found = Thresholds(level(scores))
    if not detector.chart_tau:
        return found
    smooth = [chart(s, detector.chart_tau, found.chart_cap) for s in scores]
    return Thresholds(found.score, level(smooth))


def _highest(normal: list[Normal], values: list[Array], share: float) -> float:
    """What settled `values` [streams, rows] of each part exceed at a share of the allowed rate.

    The recorded parts are one sample together, the virtual recording is another; the higher level
    of the two counts.
    """
    levels = [_LEAST_LEVEL]
    for drawn in (True, False):
        own = [(n, v) for n, v in zip(normal, values, strict=True) if n.drawn == drawn]
        if own:
            rule = own[0][0]
            levels.append(tail_level([v for _, v in own], rule.rate * share, rule.episode))
    return max(levels)


def tail_level(values: Array | Sequence[Array], rate: float, episode: int) -> float:
    """Level that `values` [..., rows], or several of them, exceed `rate` times a row, exceedances
    within `episode` rows counted once.

    A generalised Pareto distribution is fitted to the largest tenth of the maxima of blocks of
    `episode` rows (J. Pickands, 1975; peaks over threshold as in Siffer et al., KDD 2017), its
    shape held within 0 to 0.3. With fewer than 20 maxima in the tail the level is at least 1.1
    times the greatest value. Values of fewer rows than an episode are one block.
    """
    maxima, rows = _block_maxima([values] if isinstance(values, np.ndarray) else values, episode)
    base = float(np.quantile(maxima, 1 - TAIL_SHARE))
    excess = maxima[maxima > base] - base
    if len(excess) < 3:
        return 1.1 * float(maxima.max())
    shape = float(np.clip(_pareto_shape(excess), *SHAPE_RANGE))
    scale = float(np.mean(excess)) * (1 - shape)
    rarity = rate * rows / TAIL_SHARE
    if rarity >= 1:
        level = base
    elif shape < 1e-3:
        level = base - scale * float(np.log(rarity))
    else:
        level = base + scale / shape * (rarity**-shape - 1)
    return max(level, 1.1 * float(maxima.max())) if len(excess) < 20 else level


def _block_maxima(parts: Sequence[Array], episode: int) -> tuple[Array, float]:
    """Maxima of blocks of `episode` rows, and how many rows a block has on average."""
    maxima, rows = [], 0
    for part in parts:
        length = min(episode, part.shape[-1])
        count = part.shape[-1] // length
        blocks = part[..., : count * length].reshape(-1, length)
        maxima.append(blocks.max(axis=1))
        rows += blocks.size
    found = np.concatenate(maxima)
    return found, rows / len(found)


def _pareto_shape(excess: Array) -> float:
    """Shape of a generalised Pareto distribution by probability-weighted moments.

    J. R. M. Hosking and J. R. Wallis, 1987.
    """
    ordered, count = np.sort(excess), len(excess)
    mean = float(np.mean(ordered))
    weighted = float(np.mean(ordered * (count - np.arange(1, count + 1) + 0.35) / count))
    return 2 - mean / (mean - 2 * weighted)


def _single(value: float) -> float:
    return float(np.float32(value))
