"""Runs a whole detector in NumPy, sample to state, as the firmware does."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from project.errors import UserError
from project.profile import Profile
from training import cause, data, features, layers, limits, normal, scaling
from training.calibration import Scorer, Thresholds
from training.data import Dataset
from training.manifest import Manifest, as_trained
from training.scaling import Scaler

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Result:
    """One entry a sample. Scores of the warm-up are computed but never alarm."""

    expected: Array  # of the first channel, in its unit: what the network thinks it shows
    score: Array  # the larger chart, on the scale of the threshold
    alarm: npt.NDArray[np.bool_]
    threshold: float
    channel: npt.NDArray[np.int_]  # whose own deviation explains the sample best
    largest: npt.NDArray[np.int_]  # the feature whose weighed residual is largest

    def intervals(self) -> list[tuple[int, int]]:
        """Alarms as (first, last + 1) sample numbers."""
        return intervals(self.alarm)


def intervals(alarm: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Alarms [rows] as (first, last + 1) row numbers."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], alarm.astype(int), [0]])))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def run(profile: Profile, found: Manifest, samples: Array, learns: bool = True) -> Result:
    """Detector of a profile and its manifest over samples [rows, channels].

    Where it learns limits, and not `learns`, those that the recording taught stay as they are.
    """
    profile, pipeline = as_trained(profile, found), found["pipeline"]
    scaler, scorer = read_scaler(pipeline["scaling"]), read_scorer(pipeline["score"])
    sigma = np.asarray(pipeline["sigma"])
    computed = features.compute(profile, sigma, samples)
    inputs = scaler.apply(computed)
    if found["layers"]:
        outputs = layers.run(found["layers"], found["quantization"], inputs)
    else:
        outputs = np.zeros_like(inputs)
    decision = pipeline["decision"]
    threshold = float(decision["threshold"])
    charts = Thresholds(threshold, float(decision["chart_threshold"]))
    parts = scorer.parts(inputs, outputs)
    if profile.detector.learning:
        config, learnt = limits.read(pipeline["learning"])
        judged = limits.judge(profile, config, learnt, charts, parts, learns)
    else:
        score = charts.shown(scorer.score(inputs, outputs), decision["chart_tau"])
        alarms = _alarms(profile, score, threshold)
        judged = limits.Judged(score, alarms, np.argmax(abs(parts), axis=-1))
    residual = scorer.residual(inputs, outputs)
    reconstruction = inputs[:, 0].astype(np.float64) - residual[:, 0]
    expected = features.invert(profile, sigma, samples, scaler.invert_first(reconstruction))
    channel = np.zeros(len(samples), dtype=int)
    if len(profile.value_names) > 1:
        channel = cause.read(profile, pipeline).channels(scaler.standardise(computed))
    return Result(expected, judged.score, judged.alarm, threshold, channel, judged.largest)


def _alarms(profile: Profile, score: Array, threshold: float) -> npt.NDArray[np.bool_]:
    """k of n over the threshold raises the alarm, a run of low scores clears it."""
    alarm = np.zeros(len(score), dtype=bool)
    over = score > threshold
    low = score < profile.detector.clear_ratio * threshold
    active, calm = False, 0
    recent: list[bool] = []
    for index in range(profile.warmup_frames, len(score)):
        recent = [*recent, bool(over[index])][-profile.alarm_frames :]
        calm = calm + 1 if low[index] else 0
        if not active and sum(recent) >= profile.detector.alarm_count:
            active = True
        elif active and calm >= profile.clear_frames:
            active = False
            recent = []
        alarm[index] = active
    return alarm


def own_alarms(
    profile: Profile, found: Manifest, dataset: Dataset, held: list[tuple[int, int, int]]
) -> dict[str, Any]:
    """How often the model alarms on the normal data that it was made from, for its manifest.

    `held` are the blocks (segment, begin, end) that were not trained on, if there are any. An alarm
    is what lights the LED, warm-up and clearing included; an episode is what a tail calibration
    counts once. `own_promised` is how many episodes the calibration allows in so many rows: the
    quantile lets its share of the rows through; a fixed threshold promises nothing, and one in a
    hundred is taken for it.
    """
    rule, warm = profile.detector.calibration, profile.warmup_frames
    interval_s = normal.frame_s(profile, dataset)
    rate, episode = 0.01 if rule is None else 1 - rule.quantile, 1
    if rule is not None and rule.kind == "tail":
        rate, episode = normal.allowed(profile, dataset), round(normal.EPISODE_S / interval_s)
    begun: list[tuple[int, int]] = []  # (segment, row)
    for index, segment in enumerate(dataset.segments):
        alarms = run(profile, found, segment).intervals()
        begun += [(index, first) for first, _ in alarms]
    episodes: list[tuple[int, int]] = []
    for index, row in begun:
        if not episodes or episodes[-1][0] != index or row >= episodes[-1][1] + episode:
            episodes.append((index, row))
    rows = sum(max(0, len(segment) - warm) for segment in dataset.segments)
    held_rows = sum(end - begin for _, begin, end in held)
    before = [0, *np.cumsum([len(segment) for segment in dataset.segments])]
    return {
        "own_hours": rows * interval_s / 3600,
        "own_alarms": len(begun),
        "own_episodes": len(episodes),
        "own_promised": rate * rows,
        "own_first_row": int(before[begun[0][0]]) + begun[0][1] if begun else None,
        "held_out_hours": held_rows * interval_s / 3600,
        "held_out_alarms": sum(
            any(s == index and begin <= row < end for s, begin, end in held) for index, row in begun
        ),
    }


def read_scaler(record: dict[str, Any]) -> Scaler:
    offset = np.asarray(record["offset"])
    whitening = record["whitening"]
    return Scaler(
        offset,
        np.asarray(record["scale"]),
        record["squash"],
        np.asarray(record["clip_low"]),
        np.asarray(record["clip_high"]),
        None if whitening is None else np.asarray(record["mean"]),
        None if whitening is None else scaling.unpack(whitening, len(offset)),
        record["whitening_clip"],
    )


def read_scorer(record: dict[str, Any]) -> Scorer:
    def array(key: str) -> Array | None:
        return None if record[key] is None else np.asarray(record[key])

    whitening = record["residual_whitening"]
    mean = array("residual_mean")
    return Scorer(
        record["kind"],
        array("output_low"),
        array("output_high"),
        mean,
        None if mean is None else scaling.unpack(whitening, len(mean)),
    )


def about_value(profile: Profile, found: Manifest, asked: float, samples: int = 4) -> str:
    """What the detector says when a value comes for some samples after normal data, as text.

    Raises:
      UserError: the profile judges frames, of which one value says nothing.
    """
    if profile.frame is not None:
        raise UserError(
            f"profile {profile.name} judges frames of {profile.frame.samples} samples, and one "
            "value says nothing of them: give --data FILE.csv"
        )
    history = _history(profile)
    rows = np.concatenate([history, np.full((samples, history.shape[1]), asked)])
    result = run(profile, found, rows)
    part = slice(len(history), None)
    worst = len(history) + int(np.argmax(result.score[part]))
    verdict = "over" if result.score[worst] > result.threshold else "not over"
    state = "ANOMALY" if result.alarm[part].any() else "NORMAL"
    unit = profile.sensor.unit
    return (
        f"Real: {asked:.2f} | Recon: {result.expected[worst]:.2f} | "
        f"Score: {result.score[worst]:.4f} | Threshold: {result.threshold:.4f} | State: {state}\n"
        f"{samples} samples of {asked:g} {unit} after {len(history)} normal ones "
        f"(the last {history[-1, 0]:.2f} {unit}): the largest score is {verdict} the threshold."
    )


def about_data(profile: Profile, found: Manifest, samples: Array, listed: int = 20) -> str:
    """Scores and alarms over recorded samples [rows, channels], or frames of them, as text."""
    what = "samples" if profile.frame is None else "frames"
    result = run(profile, found, samples)
    intervals = result.intervals()
    median, high, top = np.quantile(result.score, [0.5, 0.99, 1.0])
    lines = [
        f"{len(samples)} {what}: score median {median:.4g}, 99 % {high:.4g}, greatest {top:.4g}, "
        f"threshold {result.threshold:.4g}",
        f"{len(intervals)} alarm{'s' * (len(intervals) != 1)}, "
        f"{int(result.alarm.sum())} {what} in alarm ({100 * result.alarm.mean():.2f} %)",
    ]
    for begin, end in intervals[:listed]:
        peak = result.score[begin:end].max()
        lines.append(f"  rows {begin} to {end - 1}: greatest score {peak:.4g}")
    if len(intervals) > listed:
        lines.append(f"  and {len(intervals) - listed} more")
    return "\n".join(lines)


def _history(profile: Profile) -> Array:
    """Normal samples for a detector to settle on: from the profile's own data."""
    segment = data.own(profile).segments[0]
    return segment[: max(32, 2 * profile.warmup_frames)]
