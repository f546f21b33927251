"""From normal data to a published model: the whole chain of this package, once."""

import contextlib
import dataclasses
import hashlib
import importlib.metadata
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from project.errors import UserError
from project.profile import CATALOGUE, Profile
from training import (
    adaptation,
    arena,
    calibration,
    cause,
    conversion,
    data,
    evaluation,
    features,
    fingerprint,
    interpreter,
    layers,
    limits,
    manifest,
    network,
    normal,
    quiet,
    scaling,
    slow,
    stretch,
)
from training.calibration import Scorer, Thresholds
from training.data import Dataset
from training.manifest import Manifest
from training.network import Progress
from training.normal import Normal
from training.scaling import Scaler

Array = npt.NDArray[np.float64]
Floats = npt.NDArray[np.float32]

_GOLDEN: Final = 16
_REPRESENTATIVE: Final = 2000  # rows that show an int8 model its ranges
_HOLDOUT: Final = 0.2  # share of the rows that are only scored
_LEAST_ROWS: Final = 30  # after the warm-up of each segment
_SHOWN_ROWS: Final = 1_000_000  # of a piece, that tell what is simulated; a fast sensor has more
_LARGEST: Final = 1e15  # of a reading; its square is a number on the chip too


@dataclass(frozen=True)
class Trained:
    """A finished model that has not been written anywhere."""

    tflite: bytes
    manifest: Manifest


def train(
    profile: Profile,
    dataset: Dataset,
    progress: Progress,
    arena_by_trying: bool = True,
    virtual: stretch.Size | None = None,
) -> Trained:
    """Trains, converts, calibrates and measures. The same profile and data give the same bytes.

    `virtual` is the size of a virtual recording, where it is another than usual.

    Raises:
      UserError: the data does not do for this profile.
    """
    identity = fingerprint.compute(profile, dataset.identity)
    profile = normal.suited(profile, dataset)
    _check_size(profile, dataset)
    sigma = np.array([n.sigma for n in normal.noise(dataset)])
    _check_digits(profile, dataset, sigma)
    rule = profile.detector.calibration
    if rule is not None and rule.kind == "tail":
        parts = normal.prepare(profile, dataset, sigma, virtual)
        fitted = _fit_tail(profile, dataset, parts, progress)
    else:
        fitted = _fit_held_out(profile, dataset, sigma, progress)
    scores, thresholds, trained = fitted.scores, fitted.thresholds, fitted.network
    metrics = {
        "loss": trained.loss,
        "rows_trained": fitted.rows,
        "rows_scored": len(scores),
        "score_mean": float(scores.mean()),
        "score_median": float(np.median(scores)),
        "score_p99": float(np.quantile(scores, 0.99)),
        "score_max": float(scores.max()),
        "over_threshold": float(np.mean(scores > thresholds.score)),
    }
    content: Manifest = {
        "format": manifest.FORMAT,
        "profile": profile.name,
        "fingerprint": identity,
        "data": dataset.record,
        "versions": _versions(),
        "model": _model(trained.tflite, trained.converted, arena_by_trying),
        "pipeline": _pipeline(profile, dataset, sigma, fitted),
        "normal": _normal(dataset.as_samples()),
        "metrics": metrics,
        "quantization": trained.converted.quantization,
        "layers": trained.converted.layers,
        "golden": _golden(trained, fitted.inputs),
    }
    metrics |= evaluation.own_alarms(profile, content, dataset, fitted.held)
    return Trained(trained.tflite, content)


def _check_size(profile: Profile, dataset: Dataset) -> None:
    """Raises UserError where the numbers are too large or too small for the chip's arithmetic."""
    values = np.concatenate(dataset.segments)
    for name, column in zip(profile.value_names, values.T, strict=True):
        size, span = float(abs(column).max()), float(np.ptp(column))
        if size > _LARGEST or 0 < span < 1 / _LARGEST:
            raise UserError(
                f"{dataset.record['description']}: {name} goes to {size:g} and changes by "
                f"{span:g}, too {'large' if size > _LARGEST else 'small'} for the chip's numbers; "
                f"give it in another unit"
            )


def _check_digits(profile: Profile, dataset: Dataset, sigma: Array) -> None:
    """Raises UserError where the noise is lost in the seven digits that the chip computes with."""
    size = abs(np.concatenate(dataset.segments)).max(axis=0)
    step = np.spacing(size.astype(np.float32)).astype(np.float64)
    for name, top, least, noise in zip(profile.value_names, size, step, sigma, strict=True):
        if least > noise:
            raise UserError(
                f"{dataset.record['description']}: {name} is about {top:g} and its noise "
                f"{noise:g}; the chip computes with seven digits and would not see it; take off "
                f"what is constant"
            )


@dataclass(frozen=True)
class _Network:
    """A trained and converted network; without layers where the detector has none."""

    tflite: bytes
    converted: conversion.Converted
    loss: float

    def reconstruct(self, values: Floats) -> Floats:
        """What the deployed network makes of input [..., features]; 0, the mean, without one."""
        if not self.converted.layers:
            return np.zeros_like(values)
        rows = values.reshape(-1, values.shape[-1])
        outputs = layers.run(self.converted.layers, self.converted.quantization, rows)
        return outputs.reshape(values.shape)


@dataclass(frozen=True)
class _Fitted:
    network: _Network
    scaler: Scaler
    scorer: Scorer
    thresholds: Thresholds
    rows: int  # trained on
    inputs: Floats  # normal network input [rows, features]
    spread: Array  # standard deviation of each weighed residual [features] of normal data
    scores: Array  # of normal data: the larger of both charts, on the scale of the threshold
    held: list[tuple[int, int, int]]  # (segment, begin, end) that were not trained on


def _train_network(profile: Profile, inputs: Floats, progress: Progress) -> _Network:
    if not profile.has_network:
        return _Network(b"", conversion.Converted([], None, [], 3), 0.0)
    import_tensorflow()
    model, loss = network.train(profile.network, inputs, progress)
    shown = _representative(profile, inputs)
    tflite = conversion.to_tflite(model, shown, profile.network.quantize)
    return _Network(tflite, conversion.read(tflite), loss)


def _representative(profile: Profile, inputs: Floats) -> Floats:
    """Input whose ranges int8 has to span: normal rows, and the corners where input is cut."""
    if not profile.scaling.whiten:
        return inputs
    corners = np.diag(np.full(inputs.shape[1], profile.scaling.whiten_clip)).astype(np.float32)
    return np.concatenate([inputs[:_REPRESENTATIVE], corners, -corners])


def fit_scaler(profile: Profile, rows: Array, samples: list[Array]) -> Scaler:
    """Scaling from features [rows, features] and the readings behind them [rows, channels] each."""
    use = profile.features.use
    walk = scaling.wander(samples)[[feature.channel for feature in use]]
    return scaling.fit(profile.scaling, rows, [CATALOGUE[f.kind].one_sided for f in use], walk)


def _fit_tail(
    profile: Profile, dataset: Dataset, parts: list[Normal], progress: Progress
) -> _Fitted:
    """Everything from (mostly virtual) normal data; thresholds from its tail."""
    detector, width = profile.detector, profile.feature_count
    random = np.random.default_rng(profile.network.seed)
    sample = normal.sample(parts, random)
    scaler = fit_scaler(profile, sample, dataset.segments)
    trained = _train_network(profile, scaler.apply(sample), progress)
    inputs = [scaler.apply(part.features) for part in parts]
    outputs = [trained.reconstruct(u) for u in inputs]
    pairs = [
        np.concatenate(both, axis=1)
        for both in zip(normal.pooled(parts, inputs), normal.pooled(parts, outputs), strict=True)
    ]
    drawn = normal.balanced(pairs, min(2 * normal.SAMPLE_ROWS, sum(map(len, pairs))), random)
    scorer = calibration.fit_scorer(
        detector, profile.scaling.whiten, drawn[:, :width], drawn[:, width:]
    )
    if scorer.residual_whitening is not None:
        scorer = calibration.level_tails(scorer, parts, inputs, outputs)
    spread = scorer.parts(drawn[:, :width], drawn[:, width:]).std(axis=0)
    scores = [scorer.score(u, y) for u, y in zip(inputs, outputs, strict=True)]
    thresholds = calibration.tail_thresholds(detector, parts, scores)
    shown = [
        part.settled(thresholds.shown(s, detector.chart_tau))
        for part, s in zip(parts, scores, strict=True)
    ]
    some = scaler.apply(sample[:_REPRESENTATIVE])
    return _Fitted(
        trained, scaler, scorer, thresholds, len(sample), some, spread, np.concatenate(shown), []
    )


def _fit_held_out(profile: Profile, dataset: Dataset, sigma: Array, progress: Progress) -> _Fitted:
    """Trained on most of the rows, scored on the others."""
    detector, rule = profile.detector, profile.detector.calibration
    cut = _blocks(profile, dataset)
    parts = [features.compute(profile, sigma, segment) for segment in dataset.segments]
    rows = [parts[segment][begin:end] for segment, begin, end, _ in cut]
    sample = np.concatenate([r for r, (*_, held) in zip(rows, cut, strict=True) if not held])
    # The blocks that are trained on are too short to show a walk, so all readings do.
    scaler = fit_scaler(profile, sample, dataset.segments)
    inputs = scaler.apply(sample)
    trained = _train_network(profile, inputs, progress)
    outputs = trained.reconstruct(inputs)
    scorer = calibration.fit_scorer(detector, profile.scaling.whiten, inputs, outputs)
    scaled = [scaler.apply(r) for r in rows]
    scores: list[list[Array]] = [[] for _ in parts]
    masks: list[list[npt.NDArray[np.bool_]]] = [[] for _ in parts]
    for u, (segment, _, _, held) in zip(scaled, cut, strict=True):
        scores[segment].append(scorer.score(u, trained.reconstruct(u)))
        masks[segment].append(np.full(len(u), held))
    pieces = [np.concatenate(blocks) for blocks in scores if blocks]
    held_rows = [np.concatenate(blocks) for blocks in masks if blocks]
    thresholds = Thresholds(detector.threshold)
    if rule is not None:
        thresholds = calibration.quantile_thresholds(detector, pieces, held_rows)
    shown = np.concatenate(
        [
            thresholds.shown(s, detector.chart_tau)[mask]
            for s, mask in zip(pieces, held_rows, strict=True)
        ]
    )
    some = np.concatenate([u for u, (*_, held) in zip(scaled, cut, strict=True) if held])
    held_out = [(segment, begin, end) for segment, begin, end, held in cut if held]
    spread = scorer.parts(inputs, outputs).std(axis=0)
    return _Fitted(trained, scaler, scorer, thresholds, len(sample), some, spread, shown, held_out)


def _blocks(profile: Profile, dataset: Dataset) -> list[tuple[int, int, int, bool]]:
    """Blocks (segment, begin, end, held out) after each segment's warm-up.

    Raises:
      UserError: too few rows are left.
    """
    warm = profile.warmup_frames
    settled = [segment[warm:] for segment in dataset.segments]
    count = sum(map(len, settled))
    cut = [
        (segment, begin + warm, end + warm, held)
        for segment, begin, end, held in data.blocks(settled, _HOLDOUT, warm)
        if begin < end
    ]
    if count < _LEAST_ROWS or len({held for *_, held in cut}) < 2:
        after = f" after the first {warm} of each piece (warmup_seconds)" if warm else ""
        raise UserError(
            f"{dataset.record['description']}: {count} rows{after} are too few to train on some "
            f"and hold out others, at least {_LEAST_ROWS} are needed; record for longer, or "
            f"without gaps"
        )
    return cut


def publish(trained: Trained, folder: Path) -> None:
    """Puts the model in place of the one in `folder`. Hold `manifest.lock(folder)`."""
    manifest.publish(folder, trained.tflite, trained.manifest)


def _model(tflite: bytes, converted: conversion.Converted, by_trying: bool) -> dict[str, Any]:
    need = arena.Arena(0, 0, 0, 0, 0, "No network, no arena")
    if tflite:
        need = arena.measure(tflite, converted, by_trying)
    return {
        "file": manifest.MODEL,
        "sha256": hashlib.sha256(tflite).hexdigest(),
        "bytes": len(tflite),
        "type": "int8" if converted.quantization else "float32",
        "schema_version": converted.schema_version,
        "operators": converted.operators,
        "arena": dataclasses.asdict(need),
        "interpreter": interpreter.name() if tflite else "none",
    }


def _pipeline(profile: Profile, dataset: Dataset, sigma: Array, fitted: _Fitted) -> dict[str, Any]:
    """The constants between a sample and a state, as the generated header needs them."""
    scaler, scorer, thresholds = fitted.scaler, fitted.scorer, fitted.thresholds
    several = len(profile.value_names) > 1
    result: dict[str, Any] = {}
    if profile.slow:
        result["slow"] = slow.record(profile, dataset, sigma)
    if profile.detector.learning:
        frame_s = normal.frame_s(profile, dataset)
        config = limits.configure(profile, frame_s)
        parts = [_residuals(profile, sigma, fitted, segment) for segment in dataset.segments]
        result["learning"] = limits.record(config, limits.learn(config, parts, frame_s))
    return result | {
        "sigma": _floats(sigma),
        "adaptation": {
            "limit": profile.features.adaptation.limit,
            "memory_blocks": adaptation.MEMORY_BLOCKS,
            "measured_blocks": adaptation.MEASURED_BLOCKS,
        },
        "scaling": {
            "offset": _floats(scaler.offset),
            "scale": _floats(scaler.scale),
            "squash": scaler.squash,
            "clip_low": _floats(scaler.clip_low),
            "clip_high": _floats(scaler.clip_high),
            "mean": _floats(scaler.mean),
            "whitening": None if scaler.whitening is None else scaling.pack(scaler.whitening),
            "whitening_clip": scaler.whitening_clip,
        },
        "score": {
            "kind": scorer.kind,
            "output_low": _floats(scorer.output_low),
            "output_high": _floats(scorer.output_high),
            "residual_mean": _floats(scorer.residual_mean),
            "residual_whitening": None
            if scorer.residual_whitening is None
            else scaling.pack(scorer.residual_whitening),
            "residual_spread": _floats(fitted.spread),
        },
        "cause": cause.record(scaler, fitted.inputs) if several else None,
        "decision": {
            "threshold": thresholds.score,
            "chart_tau": profile.detector.chart_tau,
            "chart_threshold": thresholds.chart,
            "chart_cap": thresholds.chart_cap,
            "normal_score": float(np.float32(fitted.scores.mean())),
        },
    }


def _residuals(profile: Profile, sigma: Array, fitted: _Fitted, samples: Array) -> Array:
    """Weighed residuals [rows, features] of normal samples [rows, channels]."""
    inputs = fitted.scaler.apply(features.compute(profile, sigma, samples))
    return fitted.scorer.parts(inputs, fitted.network.reconstruct(inputs))


def _normal(dataset: Dataset) -> dict[str, list[float]]:
    """What normal data look like, channel by channel, for who simulates them."""
    some = [segment[:_SHOWN_ROWS] for segment in dataset.segments]
    dataset = dataclasses.replace(dataset, segments=some)
    return {
        "level": _floats(normal.typical_level(dataset)),
        "noise": _floats(normal.visible_noise(dataset)),
        "colour": _floats(np.array([n.colour for n in normal.noise(dataset)])),
        "mixing": _floats(np.array(scaling.pack(normal.mixing(dataset)))),
    }


def _golden(trained: _Network, inputs: Floats) -> dict[str, list[list[float]]]:
    """Network input and output for the firmware's self-test, out of the real interpreter.

    Half of the inputs are normal data, half span the input's range. Those of an int8 model are
    exact multiples of its input scale, so that no rounding rule decides about the result.
    """
    count = inputs.shape[1]
    random = np.random.default_rng(_GOLDEN)
    chosen = np.linspace(0, len(inputs) - 1, _GOLDEN // 2).astype(int)
    low, high = inputs.min(axis=0), inputs.max(axis=0)
    spread = random.uniform(low, high, (_GOLDEN - len(chosen), count)).astype(np.float32)
    vectors = np.concatenate([inputs[chosen], spread]).astype(np.float32)
    tflite = trained.tflite
    if not tflite:
        return {"inputs": _rows(vectors), "outputs": _rows(np.zeros_like(vectors))}
    q = trained.converted.quantization
    if q is None:
        return {"inputs": _rows(vectors), "outputs": _rows(interpreter.invoke(tflite, vectors))}
    codes = layers.quantize(vectors, q["input_scale"], q["input_zero_point"])
    exact = layers.dequantize(codes, q["input_scale"], q["input_zero_point"])
    result = interpreter.invoke(tflite, codes)
    real = layers.dequantize(result, q["output_scale"], q["output_zero_point"])
    return {"inputs": _rows(exact), "outputs": _rows(real)}


def _versions() -> dict[str, str]:
    """Of the tools that shape the result."""
    found = {"python": ".".join(map(str, sys.version_info[:2]))}
    for package in ("tensorflow", "keras", "numpy", "tflite-micro"):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[package] = importlib.metadata.version(package)
    return found


def _floats(values: Array | None) -> Any:
    if values is None:
        return None
    return [float(v) for v in np.asarray(values, dtype=np.float32)]


def _rows(values: Floats) -> list[list[float]]:
    return [[float(v) for v in row] for row in values]


def import_tensorflow() -> None:
    """With the same arithmetic on every computer, and without its chatter."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
    with quiet.captured():
        import tensorflow  # noqa: F401
