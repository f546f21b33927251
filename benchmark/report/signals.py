"""The sections that show readings: the normal data, and the same with anomalies in them."""

import re
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from benchmark.report import drawing
from benchmark.report.anomalies import Anomaly, Trial
from benchmark.report.drawing import ALARM, REAL, SCORE, THRESHOLD, Key, Pen
from benchmark.report.page import Part, pairs
from project.profile import Profile
from training import evaluation
from training.data import Dataset
from training.evaluation import Result
from training.manifest import Manifest

Array = npt.NDArray[np.float64]

_SHOWN_ROWS: Final = 2400  # of a recording; more cannot be told apart in a picture
_PUT_IN: Final = Key("Anomaly put in", "ink", "mark")


def name_and_unit(profile: Profile, channel: int) -> tuple[str, str]:
    """The name and the unit of a value of a frame; without frames the values are the channels.

    A unit at the end of the name, in brackets, is taken from there.
    """
    name = profile.value_names[channel]
    own = re.fullmatch(r"(.*\S)\s*(?:\[([^\]]+)\]|\(([^)]+)\))", name)
    if own:
        return own[1], own[2] or own[3]
    return name, profile.value_units[channel]


def duration(seconds: float) -> str:
    """A length of time for a reader, two figures of the largest unit that suits."""
    for unit, size in (("days", 86400.0), ("hours", 3600.0), ("minutes", 60.0)):
        if seconds >= 2 * size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.3g} seconds"


def seconds_a_row(profile: Profile, dataset: Dataset) -> float:
    return dataset.interval_s or 1 / profile.frame_rate_hz


def normal(profile: Profile, found: Manifest, dataset: Dataset) -> tuple[Part, int]:
    """The data that the model was trained on, and how many alarms there are in them."""
    step = seconds_a_row(profile, dataset)
    results = [evaluation.run(profile, found, segment) for segment in dataset.segments]
    alarms = sum(len(result.intervals()) for result in results)
    longest = max(range(len(results)), key=lambda i: len(results[i].score))
    x, result = dataset.segments[longest], results[longest]
    length = duration(dataset.rows * step)
    text = f"{found['data']['description']}: {dataset.rows:,} readings, {length}"
    if profile.has_score:
        text += f", {alarms or 'no'} alarm{'s' * (alarms != 1)} in them"
    text += "."
    if dataset.rows > min(len(x), _SHOWN_ROWS):
        text += f" {min(len(x), _SHOWN_ROWS):,} of them are shown."
    return Part("Normal data", text, _picture("normal", profile, x, result, step, [])), alarms


def injected(profile: Profile, trial: Trial, step: float) -> Part:
    """What the detector says of anomalies. `step`: seconds a row."""
    others = trial.false_alarms or "no"
    text = (
        "The same data with anomalies put in, which this computer judges as the firmware would. "
        "One is found if an alarm begins while it lasts, or within as long again. "
        f"Elsewhere there {'was' if trial.false_alarms == 1 else 'were'} {others} "
        f"alarm{'s' * (trial.false_alarms != 1)}. Sigma is the noise of the channel."
    )
    several = len(profile.value_names) > 1
    rows = [
        [
            a.kind,
            *[name_and_unit(profile, a.channel)[0]] * several,
            a.size,
            _verdict(a, step),
        ]
        for a in trial.anomalies
    ]
    head = ["", *["channel"] * several, "put in", "verdict"]
    drawn = _picture("injected", profile, trial.samples, trial.result, step, trial.anomalies)
    return Part("What it would say", text, drawn + pairs(rows, head))


def _verdict(anomaly: Anomaly, step: float) -> str:
    return verdict(None if anomaly.latency is None else anomaly.latency * step)


def verdict(after_s: float | None) -> str:
    """What became of an anomaly: found so many seconds after its begin, or not at all."""
    if after_s is None:
        return "missed"
    return f"found after {duration(after_s)}" if after_s else "found at once"


def _picture(
    name: str, profile: Profile, x: Array, result: Result, step: float, anomalies: list[Anomaly]
) -> str:
    """Every channel, over the score if any. `x` [rows, channels]; `step`: seconds a row."""
    shown = slice(len(x) if anomalies else _SHOWN_ROWS)
    x, score, expected = x[shown], result.score[shown], result.expected[shown]
    channels = x.shape[1]
    has_score = profile.has_score
    unit, size = _time_unit(len(x) * step)
    time = np.arange(len(x), dtype=np.float64) * (step / size)
    recon = Key("Recon" if channels == 1 else f"Recon of {_first(profile)}", "expected", "line")

    def draw(figure: Any, pen: Pen) -> None:
        ratios = [3, 2] if channels == 1 else [2] * channels + [3]
        rows = channels + has_score
        pictures = figure.subplots(
            rows, sharex=True, squeeze=False, height_ratios=ratios[:rows]
        ).flat
        tops = pictures[:channels]
        pictures[-1].set_xlabel(unit)
        for channel, axes in enumerate(tops):
            pen.line(axes, REAL, time, x[:, channel])
            axes.set_ylabel(label(profile, channel, is_short=channels > 2))
        if not has_score:
            return
        bottom = pictures[-1]
        pen.line(tops[0], recon, time, expected)
        pen.line(bottom, SCORE, time, score)
        pen.across(bottom, THRESHOLD, result.threshold)
        bottom.set_yscale("log" if score.max() > 20 * result.threshold else "linear")
        bottom.set_ylabel("score")
        for begin, end in result.intervals():
            if begin < len(x):
                for axes in pictures:
                    pen.band(axes, ALARM, time[begin], time[min(end, len(x) - 1)])
        for a in anomalies:
            verdict = "missed" if a.latency is None else "found"
            text = f"{a.kind}\n{verdict}"
            pen.mark(tops[a.channel], _PUT_IN, time[a.begin], time[a.end], text)

    height = 4.4 if channels == 1 else 1.6 * channels + 1.8
    return drawing.picture(name, draw, height)


def _first(profile: Profile) -> str:
    return name_and_unit(profile, 0)[0]


def label(profile: Profile, channel: int, is_short: bool = False) -> str:
    """Name and unit, such as temperature, C; in two lines where there is little room."""
    name, unit = name_and_unit(profile, channel)
    text = name if not unit else f"{name},\n{unit}" if is_short else f"{name}, {unit}"
    return text.replace("$", r"\$")  # between two of them matplotlib would read formulas


def _time_unit(seconds: float) -> tuple[str, float]:
    for unit, size in (("days", 86400.0), ("hours", 3600.0), ("minutes", 60.0)):
        if seconds >= 5 * size:
            return unit, size
    return "seconds", 1.0
