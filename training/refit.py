"""`learn` of a board in NumPy (Refit.h): a detector fitted again to normal signal.

The network stays. A fit from minutes is no better than the independent frames in them, so each
figure is weighed against the trained one by how many those are.
"""

import copy
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from project.errors import UserError
from project.profile import Profile
from training import calibration, features, layers, scaling
from training.codegen import refit as codegen
from training.evaluation import read_scaler, read_scorer
from training.features import NOISE_BLOCK
from training.manifest import Manifest, as_trained
from training.noise import block_residuals

Array = npt.NDArray[np.float64]

DOUBT: Final = 8.0  # frames: so many scores prove half as much
STEP: Final = 0.9  # share of a value's variance that is a step
_BLOCKS: Final = 16
NOISE_FACTOR: Final = 4.0
_LEAST_DEVIATION: Final = 1e-15
_LEAST_LEVEL: Final = 1e-6
_LEAST_VARIANCE: Final = 0.05  # of a residual, as a share of the trained one


def learn(profile: Profile, found: Manifest, values: Array) -> Manifest:
    """The manifest of the board after `learn`, from frames [rows, values] of normal signal.

    The first half of them gives the scaling, a quarter the residuals, the last quarter the scores.

    Raises:
      UserError: the frames are too few, or not of one state.
    """
    profile = as_trained(profile, found)
    found = copy.deepcopy(found)
    pipeline = found["pipeline"]
    warm, least = profile.warmup_frames, codegen.least_frames(profile)
    if len(values) - warm < least:
        raise UserError(f"{len(values) - warm} frames are too few to learn from: take {least}")
    half, last = (len(values) - warm) // 2, (len(values) - warm) * 3 // 4
    _check_steps(profile, values[warm:])
    sigma = np.asarray(pipeline["sigma"])
    computed = features.compute(profile, sigma, values)[warm:]
    spread = _Spread.of(computed[:half])
    if not all(absolute := codegen.absolute(profile)):
        pipeline["sigma"] = _floats(_noise(profile, sigma, values[warm : warm + half]))
        computed = features.compute(profile, np.asarray(pipeline["sigma"]), values)[warm:]
    if profile.scaling.kind == "standard":
        _fit_scaling(profile, pipeline["scaling"], spread, half, np.array(absolute))
    share = float(spread.independent.min())
    scaler = read_scaler(pipeline["scaling"])

    def reconstructed(rows: Array) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        inputs = scaler.apply(rows)
        if not found["layers"]:
            return inputs, np.zeros_like(inputs)
        return inputs, layers.run(found["layers"], found["quantization"], inputs)

    if pipeline["score"]["residual_whitening"] is not None:
        parts = read_scorer(pipeline["score"]).parts(*reconstructed(computed[half:last]))
        _fit_residuals(pipeline["score"], parts, share)
    scores = read_scorer(pipeline["score"]).score(*reconstructed(computed[last:]))
    _fit_thresholds(profile, pipeline["decision"], scores)
    return found


def _check_steps(profile: Profile, values: Array) -> None:
    """Raises UserError where a value takes one step, and hardly moves besides."""
    edges = np.arange(len(values)) * _BLOCKS // len(values)
    for name, column in zip(profile.value_names, values.T, strict=True):
        if (share := step_share(column, edges)) > STEP:
            raise UserError(f"{name} took a step ({share:.2f} of its variance)")


def step_share(column: Array, blocks: npt.NDArray[np.int_]) -> float:
    """The largest share of the variance of a value [rows] that two levels explain, one before and
    one after the edge of a block. `blocks` [rows] numbers them."""
    total = float(np.sum((column - column.mean()) ** 2))
    if total == 0:
        return 0.0
    counts, sums = np.bincount(blocks), np.bincount(blocks, column - column.mean())
    before, rest = np.cumsum(counts)[:-1], np.cumsum(sums)[:-1]
    between = rest**2 / before + rest**2 / (len(column) - before)
    return float(between.max() / total)


@dataclass(frozen=True)
class _Spread:
    """What rows of features show."""

    mean: Array  # [features]
    covariance: Array  # [features, features]
    independent: Array  # [features] share of the rows

    @classmethod
    def of(cls, rows: Array) -> "_Spread":
        """The independent ones by the autocorrelation of neighbours, which the mean square of their
        differences tells (J. von Neumann, 1941)."""
        covariance = np.atleast_2d(np.cov(rows, rowvar=False, bias=True))
        variance = np.maximum(np.diag(covariance), 1e-30)
        differences = np.mean(np.diff(rows, axis=0) ** 2, axis=0)
        correlation = np.clip(1 - differences / (2 * variance), 0.0, 0.999)
        return cls(rows.mean(axis=0), covariance, (1 - correlation) / (1 + correlation))


def _noise(profile: Profile, trained: Array, values: Array) -> Array:
    """The noise of each value of frames [rows, values], as `calibrate` measures it.

    Raises:
      UserError: it is not the trained one within a factor of 4.
    """
    blocks = (block_residuals(column) for column in values.T)
    found = np.array([np.sqrt(np.sum(b**2) / (len(b) * (NOISE_BLOCK - 2))) for b in blocks])
    for name, old, new in zip(profile.value_names, trained, found, strict=True):
        if not old / NOISE_FACTOR <= new <= old * NOISE_FACTOR:
            raise UserError(f"the noise of {name} is {new:g}, trained was {old:g}")
    return found


def _fit_scaling(
    profile: Profile,
    record: dict[str, Any],
    spread: _Spread,
    rows: int,
    absolute: npt.NDArray[np.bool_],
) -> None:
    """Those features that are in the unit of a value; the others are in that of the noise."""
    old = read_scaler(record)
    deviation = np.sqrt(np.diag(spread.covariance))
    scale = 1 / np.maximum(deviation, profile.scaling.sd_floor)
    record["offset"] = _floats(np.where(absolute, spread.mean, old.offset))
    record["scale"] = _floats(np.where(absolute, scale, old.scale))
    if old.whitening is None or not absolute.all():
        return
    weight = _weight(rows * spread.independent.min(), len(absolute))
    trained = np.linalg.inv(old.whitening)
    trained = trained @ trained.T
    kept, shown = np.sqrt(np.diag(trained)), np.maximum(deviation, _LEAST_DEVIATION)
    correlation = (1 - profile.scaling.whiten_shrink) * spread.covariance / np.outer(shown, shown)
    blended = weight * correlation * np.outer(kept, kept) + (1 - weight) * trained
    np.fill_diagonal(blended, kept**2)
    record["whitening"] = scaling.pack(scaling.single(np.linalg.inv(np.linalg.cholesky(blended))))


def _fit_residuals(record: dict[str, Any], parts: Array, share: float) -> None:
    """Weighed residuals [rows, features], brought to the mean and the spread that they had."""
    count = parts.shape[1]
    spread = np.asarray(record["residual_spread"])
    weight = _weight(len(parts) * share, count)
    mean = weight * parts.mean(axis=0)
    variance = weight * np.mean(parts**2, axis=0) + (1 - weight) * spread**2 - mean**2
    variance = np.maximum(variance, _LEAST_VARIANCE * spread**2)
    whitening = scaling.unpack(record["residual_whitening"], count)
    shift = np.linalg.solve(whitening, mean)
    record["residual_mean"] = _floats(np.asarray(record["residual_mean"]) + shift)
    record["residual_whitening"] = scaling.pack(
        scaling.single(whitening * (spread / np.sqrt(variance))[:, None])
    )


def _fit_thresholds(profile: Profile, record: dict[str, Any], scores: Array) -> None:
    """Thresholds in proportion to the scores [rows], and a margin over the largest of them."""
    chart = record["chart_threshold"]
    smooth = _smoothed(scores, record["chart_tau"]) if chart else scores
    shown = np.maximum(scores, smooth * (record["threshold"] / chart)) if chart else scores
    proportion = 0.0
    if codegen.proportional(profile):
        proportion = max(1.0, float(shown.mean()) / record["normal_score"])
    margin = codegen.margin(profile)
    doubt = 1 + DOUBT / len(scores)
    record["threshold"], record["chart_threshold"] = (
        _level(max(trained * proportion, margin * found.max()) * doubt) if trained else 0.0
        for trained, found in ((record["threshold"], scores), (chart, smooth))
    )
    record["chart_cap"] = calibration.CHART_CAP * record["threshold"]
    record["normal_score"] = _single(shown.mean())


def _smoothed(scores: Array, tau: float) -> Array:
    """Exponential mean of scores [rows], from the first one on."""
    level, found = scores[0], []
    for score in scores:
        level += (score - level) / tau
        found.append(level)
    return np.array(found)


def _weight(independent: Any, count: int) -> Any:
    """What independent rows of `count` features count for beside the trained figures."""
    return independent / (independent + count)


def _floats(values: Array) -> list[float]:
    return [float(v) for v in scaling.single(values)]


def _level(value: float) -> float:
    return max(_single(value), _LEAST_LEVEL)


def _single(value: float) -> float:
    return float(np.float32(value))
