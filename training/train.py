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

from training import (
    arena,
    calibration,
    conversion,
    data,
    features,
    fingerprint,
    interpreter,
    layers,
    manifest,
    network,
    quiet,
    scaling,
)
from training.calibration import Scorer, Thresholds
from training.data import Dataset
from training.manifest import Manifest
from training.network import Progress
from training.profiles import Profile
from training.scaling import Scaler

Array = npt.NDArray[np.float64]
Floats = npt.NDArray[np.float32]

_GOLDEN: Final = 16


@dataclass(frozen=True)
class Trained:
    """A finished model that has not been written anywhere."""

    tflite: bytes
    manifest: Manifest


def train(profile: Profile, dataset: Dataset, progress: Progress) -> Trained:
    """Trains, converts, calibrates and measures. The same profile and data give the same bytes.

    Raises:
      UserError: the data does not do for this profile.
    """
    _import_tensorflow()
    sigma = data.sigma(profile, dataset)
    parts = [features.compute(profile, sigma, segment) for segment in dataset.segments]
    warm = profile.detector.warmup_samples
    share = profile.detector.calibration.holdout
    fit_rows: list[Array] = []
    held_rows: list[Array] = []
    for segment, begin, end, held in data.blocks(dataset.segments, share, warm):
        rows = parts[segment][max(begin, warm) : end]
        if len(rows):
            (held_rows if held else fit_rows).append(rows)
    normal = np.concatenate(fit_rows)
    scaler = scaling.fit(profile.scaling, normal)
    inputs = scaler.apply(normal)

    tflite, converted, loss = b"", conversion.Converted([], None, [], 3), 0.0
    if profile.has_network:
        model, loss = network.train(profile.network, inputs, progress)
        tflite = conversion.to_tflite(model, inputs, profile.network.quantize)
        converted = conversion.read(tflite)

    def reconstruct(values: Floats) -> Floats:
        if not converted.layers:
            return np.zeros_like(values)
        return layers.run(converted.layers, converted.quantization, values)

    outputs = reconstruct(inputs)
    scorer = calibration.fit_scorer(profile.detector, inputs, outputs)
    held_inputs = [scaler.apply(rows) for rows in held_rows]
    scores = [scorer.score(u, reconstruct(u)) for u in held_inputs]
    thresholds = calibration.thresholds(profile.detector, scores)
    golden = _golden(tflite, converted, inputs, np.concatenate(held_inputs))
    held_scores = np.concatenate(scores)
    metrics = {
        "loss": loss,
        "rows_trained": len(normal),
        "rows_held_out": len(held_scores),
        "score_median": float(np.median(held_scores)),
        "score_p99": float(np.quantile(held_scores, 0.99)),
        "score_max": float(held_scores.max()),
        "held_out_over_threshold": float(np.mean(held_scores > thresholds.score)),
    }
    return Trained(
        tflite,
        {
            "format": manifest.FORMAT,
            "profile": profile.name,
            "fingerprint": fingerprint.compute(profile, dataset.identity),
            "data": dataset.record,
            "versions": _versions(),
            "model": _model(tflite, converted),
            "pipeline": _pipeline(profile, sigma, scaler, scorer, thresholds),
            "metrics": metrics,
            "quantization": converted.quantization,
            "layers": converted.layers,
            "golden": golden,
        },
    )


def publish(trained: Trained, folder: Path) -> None:
    """Puts the model in place of the one in `folder`. Hold `manifest.lock(folder)`."""
    manifest.publish(folder, trained.tflite, trained.manifest)


def _model(tflite: bytes, converted: conversion.Converted) -> dict[str, Any]:
    return {
        "file": manifest.MODEL,
        "sha256": hashlib.sha256(tflite).hexdigest(),
        "bytes": len(tflite),
        "type": "int8" if converted.quantization else "float32",
        "schema_version": converted.schema_version,
        "operators": converted.operators,
        "arena": dataclasses.asdict(arena.measure(tflite, converted)),
        "interpreter": interpreter.name(),
    }


def _pipeline(
    profile: Profile,
    sigma: Array,
    scaler: Scaler,
    scorer: Scorer,
    thresholds: Thresholds,
) -> dict[str, Any]:
    """The constants between a sample and a state, as the generated header needs them."""
    return {
        "sigma": _floats(sigma),
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
        },
        "decision": {
            "threshold": thresholds.score,
            "chart_tau": profile.detector.chart_tau,
            "chart_threshold": thresholds.chart,
        },
    }


def _golden(
    tflite: bytes, converted: conversion.Converted, inputs: Floats, held: Floats
) -> dict[str, list[list[float]]]:
    """Network input and output for the firmware's self-test, out of the real interpreter.

    Half of the inputs are normal data, half span the input's range. Those of an int8 model are
    exact multiples of its input scale, so that no rounding rule decides about the result.
    """
    count = inputs.shape[1]
    random = np.random.default_rng(_GOLDEN)
    chosen = np.linspace(0, len(held) - 1, _GOLDEN // 2).astype(int)
    low, high = inputs.min(axis=0), inputs.max(axis=0)
    spread = random.uniform(low, high, (_GOLDEN - len(chosen), count)).astype(np.float32)
    vectors = np.concatenate([held[chosen], spread]).astype(np.float32)
    if not tflite:
        return {"inputs": _rows(vectors), "outputs": _rows(np.zeros_like(vectors))}
    q = converted.quantization
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


def _import_tensorflow() -> None:
    """With the same arithmetic on every computer, and without its chatter."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
    with quiet.captured():
        import tensorflow  # noqa: F401
