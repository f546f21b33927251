"""The section on the scores of normal data: where the threshold comes from."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from benchmark.report import drawing
from benchmark.report.drawing import THRESHOLD, Key, Pen
from benchmark.report.page import Part
from project.profile import Profile
from training import calibration, evaluation, layers, normal
from training.data import Dataset
from training.manifest import Manifest

Array = npt.NDArray[np.float64]

_TAIL_STREAMS: Final = 160
_SCORES: Final = Key("Normal scores", "score", "bars")
_MEASURED: Final = Key("Measured", "score", "line")
_FITTED: Final = Key("Fitted tail", "expected", "line")


def section(profile: Profile, found: Manifest, dataset: Dataset) -> Part:
    """Distribution of normal scores; where the threshold comes from a tail, that tail."""
    rule = profile.detector.calibration
    threshold = float(found["pipeline"]["decision"]["threshold"])
    part = None
    if rule is not None and rule.kind == "tail":
        part = normal.prepare(profile, dataset, np.asarray(found["pipeline"]["sigma"]))[0]
    if rule is None or part is None or not part.drawn:
        own = evaluation.run(profile, found, max(dataset.segments, key=len)).score
        return Part(
            "Scores of normal data",
            "How often each score occurs in the data.",
            drawing.picture(
                "scores", lambda figure, pen: _histogram(pen, figure.subplots(), own, threshold), 3
            ),
        )
    scores = _shown_scores(profile, found, part.features[:_TAIL_STREAMS])[:, part.run_in :]
    per_day = rule.false_alarms_per_day / part.rate  # rows
    blocks = scores.shape[1] // part.episode
    maxima = np.sort(scores[:, : blocks * part.episode].reshape(-1, part.episode).max(axis=1))
    days = scores.size / per_day
    over = np.arange(len(maxima), 0, -1) / days
    allowed = np.geomspace(rule.false_alarms_per_day / 4, 15, 40)
    levels = np.array([calibration.tail_level(scores, a / per_day, part.episode) for a in allowed])

    def draw(figure: Any, pen: Pen) -> None:
        rows, columns = (2, 1) if pen.is_narrow else (1, 2)
        left, right = figure.subplots(rows, columns).flat
        _histogram(pen, left, scores.ravel(), threshold)
        pen.line(right, _MEASURED, maxima, over)
        pen.line(right, _FITTED, levels, allowed)
        pen.upright(right, THRESHOLD, threshold)
        right.set_yscale("log")
        right.set_xlabel("score")
        right.set_ylabel("episodes a day over it")

    text = (
        f"{days:.1f} days of normal data, most of them drawn from what the recording shows. First "
        "how often each score occurs; then how often a day it is exceeded, measured and as the "
        f"fitted tail says. {rule.false_alarms_per_day:g} false alarms a day are allowed, half to "
        "each of the two charts; that sets the threshold."
    )
    return Part("Where the threshold comes from", text, drawing.picture("tail", draw, 3.0, 5.1))


def _histogram(pen: Pen, axes: Any, scores: Array, threshold: float) -> None:
    pen.bars(axes, _SCORES, scores, max(float(scores.max()), threshold) * 1.05)
    pen.upright(axes, THRESHOLD, threshold)
    axes.set_yscale("log")
    axes.set_xlabel("score")
    axes.set_ylabel("samples")


def _shown_scores(profile: Profile, found: Manifest, streams: Array) -> Array:
    """Scores [streams, rows] of features [streams, rows, features], on the threshold's scale."""
    pipeline = found["pipeline"]
    scaler = evaluation.read_scaler(pipeline["scaling"])
    scorer = evaluation.read_scorer(pipeline["score"])
    inputs = scaler.apply(streams)
    flat = inputs.reshape(-1, inputs.shape[-1])
    outputs = np.zeros_like(flat)
    if found["layers"]:
        outputs = layers.run(found["layers"], found["quantization"], flat)
    decision = pipeline["decision"]
    charts = calibration.Thresholds(decision["threshold"], decision["chart_threshold"])
    scores = scorer.score(inputs, outputs.reshape(inputs.shape))
    return charts.shown(scores, decision["chart_tau"])
