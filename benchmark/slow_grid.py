"""Slow events in simulated lives, at one mean a minute: what is found, how soon, and how often
there is an alarm without one.

Every life is recorded before its first day for as long as a training is, and then watched for a
month. Out of that month each event is tried in the middle of certain days, on a copy of what has
been learnt until then. An event is found if an alarm begins in its window that was not on before;
where the event is a start of the board, none was.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from benchmark import lives, slow_watchers
from benchmark.life_events import EVENTS, MINUTE_S, slow
from benchmark.life_kinds import KINDS
from benchmark.lives import Life
from benchmark.slow_watchers import Watcher
from project.profile import Slow

Array = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]

DAY: Final = 1440  # minutes
TRAININGS: Final = {"1min": 1, "1h": 60, "24h": DAY}  # minutes
DAYS_OF_EVENTS: Final = {"1min": (0, 8), "1h": (0,), "24h": (0, 1, 8, 25)}
AFTER: Final = DAY // 2  # minutes from the beginning of a day to an event
CHANCE: Final = "no event"
CHANCE_MINUTES: Final = 14 * DAY  # for which what is found by chance is looked for
_PART: Final = 240  # minutes; then what was found is no longer watched


@dataclass(frozen=True)
class Task:
    """One detector after one training; with `reboots` the board starts again once a day."""

    detector: str
    training: str
    reboots: bool
    rules: Slow
    kinds: tuple[str, ...]
    devices: int  # of each kind
    days: int
    seed: int


Cell = tuple[str, str, str]  # event, column (training and day), kind of life


@dataclass
class Outcome:
    """What one task measured."""

    task: Task
    false_alarms: dict[str, int]  # by kind of life
    in_alarm_days: float = 0.0
    found: dict[Cell, list[float]] = field(default_factory=dict)  # minutes; infinite: not found


@dataclass(frozen=True)
class _Clip:
    """A stretch of a life from an event on; `stream` is its place among the lives."""

    stream: int
    life: Life
    event: str  # or CHANCE
    minutes: int

    @property
    def boots(self) -> bool:
        return self.event != CHANCE and EVENTS[self.event].kind == "boot"

    def means(self, first: int) -> Array:
        event = None if self.event == CHANCE else slow(self.event, first * MINUTE_S)
        return lives.minute_means(self.life, first, self.minutes, event)


def tasks(
    detectors: Sequence[str],
    rules: Slow,
    kinds: tuple[str, ...],
    devices: int,
    days: int,
    seed: int,
) -> list[Task]:
    """All that is measured, the longest first."""
    settings = (rules, kinds, devices, days, seed)
    result = [
        Task(detector, training, False, *settings)
        for training in reversed(TRAININGS)
        for detector in detectors
        if detector != "by_hand" or training == "24h"  # which is the same after any training
    ]
    reboots = [Task("slow", training, True, *settings) for training in ("1min", "24h")]
    return result + reboots if "slow" in detectors else result


def measure(task: Task) -> Outcome:
    """Runs one task: the days of every life without an event, and events on some of them."""
    drawn = [Life(kind, seed) for kind in task.kinds for seed in seeds(task.seed, task.devices)]
    recorded, minutes = TRAININGS[task.training], task.days * DAY
    means = np.array([lives.minute_means(life, -recorded, recorded + minutes) for life in drawn])
    watcher = slow_watchers.trained(task.detector, drawn, means[:, :recorded], task.rules)
    days = () if task.reboots else DAYS_OF_EVENTS[task.training]
    columns = {day * DAY + AFTER: f"{task.training}_day{day}" for day in days}
    boots = _boots(task)
    outcome = Outcome(task, dict.fromkeys(task.kinds, 0))
    on = watcher.off()
    for minute, mean in enumerate(means[:, recorded:].T):
        if minute in columns:
            _try_events(watcher, on, drawn, minute, columns[minute], outcome)
        if minute in boots:
            watcher.boot()
        before, on = on, watcher.minute(mean)
        for stream in np.flatnonzero(on.any(axis=1) & ~before.any(axis=1)):
            outcome.false_alarms[drawn[stream].kind] += 1
        outcome.in_alarm_days += float(on.any(axis=1).sum()) / DAY
    return outcome


def seeds(seed: int, devices: int) -> range:
    """Of the devices of a kind."""
    return range(1000 * seed, 1000 * seed + devices)


def _boots(task: Task) -> set[int]:
    """Minutes at which the board starts again: one a day, or none."""
    random = np.random.default_rng([task.seed, 3])
    return {day * DAY + int(random.integers(DAY)) for day in range(task.days * task.reboots)}


def _try_events(
    watcher: Watcher, on: Booleans, drawn: list[Life], minute: int, column: str, outcome: Outcome
) -> None:
    """Every event in every life that may have it, from `minute` on; `on` [streams, alarms]."""
    clips = []
    for stream, life in enumerate(drawn):  # one life after another: each is drawn once
        for name, event in EVENTS.items():
            if KINDS[life.kind].may_have(event.kind):
                clips.append(_Clip(stream, life, name, round(event.window_s / MINUTE_S)))
        clips.append(_Clip(stream, life, CHANCE, CHANCE_MINUTES))
    for boots in (True, False):
        group = [clip for clip in clips if clip.boots == boots]
        for clip, found in zip(group, _watch(watcher, on, group, minute, boots), strict=True):
            cell = (clip.event, column, clip.life.kind)
            outcome.found.setdefault(cell, []).append(float(found))


def _watch(watcher: Watcher, on: Booleans, clips: list[_Clip], minute: int, boots: bool) -> Array:
    """Minutes from `minute` until another alarm begins in each clip; infinite without one."""
    streams = np.array([clip.stream for clip in clips])
    left = np.arange(len(clips))
    means = [clip.means(minute).astype(np.float32) for clip in clips]
    fork, on = watcher.chosen(streams), on[streams] & (not boots)
    if boots:
        fork.boot()
    found = np.full(len(clips), np.inf)
    longest = max(clip.minutes for clip in clips)
    part = min(_PART, longest)
    for start in range(0, longest, part):
        rows = np.array([means[clip][start : start + part] for clip in left])
        for after, mean in enumerate(rows.T, start=start):
            before, on = on, fork.minute(mean)
            begins = (on & ~before).any(axis=1)
            found[left[begins]] = np.minimum(found[left[begins]], after)
        lasts = np.array([clips[clip].minutes > start + part for clip in left])
        kept = np.flatnonzero(lasts & np.isinf(found[left]))
        if not len(kept):
            break
        left, on, fork = left[kept], on[kept], fork.chosen(kept)
    return found
