"""The section on hours and days: what the slow charts would say of a rise and of a wrong level."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from benchmark.report import drawing
from benchmark.report.drawing import ALARM, REAL, Key, Pen
from benchmark.report.page import Part, pairs
from benchmark.report.signals import label, name_and_unit, verdict
from project.profile import Profile
from training import charts, evaluation, normal, slow
from training.charts import DAY, Array, Booleans, Charts
from training.data import Dataset
from training.manifest import Manifest

TITLE: Final = "Over hours and days"

_DAYS: Final = 2  # for which an event is watched
_LEAD: Final = 240  # minutes before it, where the recording has less than a day
_RISES: Final = (1 / 500, 1 / 200, 1 / 50)  # scales a minute
_STARTS: Final = (1.0, 2.0)  # scales higher
_MOST: Final = 3.5  # scales that a rise comes to
_DRAWN: Final = _RISES[1]
_DRAWN_MINUTES: Final = round(1.2 * _MOST / _DRAWN)
_LIMIT: Final = Key("Alarm from the first minute on", "alarm", "dash")


@dataclass(frozen=True)
class _Value:
    """The slow charts of one value of a frame, and an ordinary day of it [minutes].

    `scale`, by which it is moved, is the span; without one, what the recording has of it.
    """

    name: str
    unit: str
    label: str  # of an axis
    config: charts.Config
    learnt: charts.Learnt
    day: Array
    scale: float

    @property
    def judges(self) -> bool:
        """Whether a board that begins with this has a limit for the level."""
        return self.config.bounded or self.learnt.days >= self.config.learn_days

    def rise(self, scales: float) -> Array:
        """The day, and then some in which it rises by so many scales a minute."""
        minutes = np.arange(_DAYS * DAY)
        added = self.scale * np.minimum(_MOST, scales * minutes)
        return np.concatenate([self.day, charts.single(self._days() + added)])

    def start(self, scales: float) -> Array:
        """Days that begin so many scales higher than the recording."""
        return charts.single(self._days() + scales * self.scale)

    def alarms(self, means: Array) -> Booleans:
        """Whether a chart is in alarm at each of the minutes after a start."""
        board = Charts(self.config, self.learnt)
        found = np.zeros(len(means), bool)
        for minute, mean in enumerate(means):
            board.minute(mean[None])
            found[minute] = board.on.any()
        return found

    def _days(self) -> Array:
        return np.resize(self.day, _DAYS * DAY)


def section(profile: Profile, found: Manifest, dataset: Dataset) -> tuple[Part, str]:
    """The section, and its result in a sentence."""
    assert profile.slow is not None
    values = [_value(profile, found, dataset, i) for i in range(len(profile.value_names))]
    first, days, needed = values[0], values[0].learnt.days, profile.slow.learn_days
    if not first.judges:
        sentence = f"Nothing is an alarm before {needed} days are known; the recording has {days}."
        return Part(
            TITLE, f"{sentence} With `span` or `limits` the level is judged at once."
        ), sentence
    x = first.rise(_DRAWN)
    alarms = first.alarms(x)
    table = pairs([*_levels(values), *_events(values)], ["", *(value.name for value in values)])
    text = "What the slow charts would say, on a board that begins with this model. "
    if days < needed:
        text += (
            f"After {needed} days on the device every chart has a limit of its own, and more is "
            f"found; the recording has {days}. "
        )
    text += f"The picture shows a rise of {_size([first], _DRAWN)} a minute."
    shown = slice(len(first.day) + _DRAWN_MINUTES)
    body = drawing.picture(
        "slow", lambda f, pen: _draw(pen, f.subplots(), first, x[shown], alarms[shown]), 3.0
    )
    sentence = f"A rise of {_size([first], _DRAWN)} a minute is {_verdict(alarms, len(first.day))}."
    return Part(TITLE, text, body + table), sentence


def _value(profile: Profile, found: Manifest, dataset: Dataset, index: int) -> _Value:
    config, learnt = slow.read(found["pipeline"]["slow"], index)
    segments = [segment[:, index] for segment in dataset.segments]
    parts = slow.minute_means(segments, normal.frame_s(profile, dataset))
    day = max(parts, key=len)[-DAY:]
    if len(day) < DAY:  # not to repeat a part of one, whose ends do not meet
        day = np.full(_LEAD, day.mean(), np.float32)
    seen = max(float(np.ptp(part)) for part in parts)
    scale = config.span if config.bounded else max(seen, config.span)
    return _Value(*name_and_unit(profile, index), label(profile, index), config, learnt, day, scale)


def _levels(values: list[_Value]) -> list[list[str]]:
    """Between which levels a value may begin."""
    texts = []
    for value in values:
        high, low = value.learnt.bounds[:, 0].tolist()
        shown = f"{low:.4g} to {high:.4g} {value.unit}" if value.config.bounded else "any"
        texts.append(shown.strip())
    return [["normal from the start", *texts]]


def _events(values: list[_Value]) -> list[list[str]]:
    """A row for each event: after how long each value is in alarm."""
    rows = []
    for scales in _STARTS:
        verdicts = [_verdict(value.alarms(value.start(scales)), 0) for value in values]
        rows.append([f"starts {_size(values, scales)} higher", *verdicts])
    for scales in _RISES:
        alarms = [(value.alarms(value.rise(scales)), len(value.day)) for value in values]
        name = f"rises by {_size(values, scales)} a minute"
        rows.append([name, *(_verdict(*found) for found in alarms)])
    return rows


def _size(values: list[_Value], scales: float) -> str:
    """So many scales in the unit, where all values have the same."""
    if len({(value.scale, value.unit) for value in values}) == 1:
        return f"{scales * values[0].scale:.2g} {values[0].unit}".strip()
    return f"{scales:.2g} spans"


def _verdict(alarms: Booleans, begin: int) -> str:
    """Of alarms [minutes] and the minute at which the event begins: one that was on before it does
    not count."""
    on = np.flatnonzero(alarms[begin:])
    found = len(on) > 0 and not alarms[begin - 1 : begin].any()
    return verdict(60 * float(on[0]) if found else None)


def _draw(pen: Pen, axes: Any, value: _Value, x: Array, alarms: Booleans) -> None:
    hours = np.arange(len(x)) / 60
    pen.line(axes, REAL, hours, x.astype(np.float64))
    if value.config.bounded:
        for level in value.learnt.bounds[:, 0].tolist():
            pen.across(axes, _LIMIT, level)
    for begin, end in evaluation.intervals(alarms):
        pen.band(axes, ALARM, hours[begin], hours[min(end, len(x) - 1)])
    axes.set_xlabel("hours")
    axes.set_ylabel(value.label)
