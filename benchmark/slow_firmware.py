"""Simulated lives at two readings a second, through the compiled program: false alarms of the first
day and after, and what it finds of the events of `devices.GRID` once it knows the device.

The program is trained on one minute or on one day before the first day. It keeps what it learns in
a file, as a board keeps it in its flash; each event is tried with a copy of that file.
"""

import dataclasses
import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from benchmark import lives, program, synthetic, variants
from benchmark.devices import GRID, RATE_HZ, window
from benchmark.life_events import DAY_S, Event
from benchmark.life_kinds import KINDS
from benchmark.lives import Array, Life
from project.profile import Profile

Booleans = npt.NDArray[np.bool_]

TRAININGS: Final = {"1min": 60.0, "24h": DAY_S}  # seconds
DAYS_OF_EVENTS: Final = (0, 1, 8)
CELLS: Final = tuple((k, size) for k, sizes in GRID.items() for size in sizes if k != "stuck")
# What only the slow charts call a cause; they share `level` with the fast part, and are then near
# their limit or over it.
SLOW_CAUSES: Final = (b"drift", b"activity", b"cycle")

_READING: Final = re.compile(
    rb"State: ([WNAF])[A-Z]*(?: \| Cause: ([^|\r\n]*?))?(?: \| Slow: ([^ |\r\n]+))?[ \r\n]"
)


@dataclass(frozen=True)
class Task:
    """One life; `times` events of each kind and size on each day that has some."""

    profile: Profile
    life: Life
    training: str  # of TRAININGS
    days: int
    events_on: tuple[int, ...]
    times: int
    compiler: program.Compiler
    folder: Path


@dataclass
class Outcome:
    """What one life had: alarms of clean days, and found events by day."""

    life: Life
    training: str
    days: int
    first_day: int = 0  # false alarms
    after: int = 0
    slow: int = 0  # of both, those of the slow charts
    in_alarm_days: float = 0.0
    events: dict[int, synthetic.Outcome] = field(default_factory=dict)


def for_kind(profile: Profile, kind: str) -> Profile:
    """The profile as the owner of such a device would write it: with its span."""
    if profile.slow is None or profile.is_generic:
        return profile
    slow = dataclasses.replace(profile.slow, span=KINDS[kind].span)
    return dataclasses.replace(profile, slow=slow)


def measure(task: Task) -> Outcome:
    """Trains, compiles and runs one life."""
    life, profile = task.life, for_kind(task.profile, task.life.kind)
    recorded_s = TRAININGS[task.training]
    recording = lives.readings(life, -recorded_s, recorded_s)
    found = variants.model(profile, synthetic.dataset(recording))
    folder = task.folder / f"{life.kind}-{life.seed}-{task.training}"
    built = task.compiler.build(profile, found, folder)
    state = folder / "state" if profile.slow else None
    if state is not None and profile.is_generic:
        built.learn(recording[:, None], state)
    outcome = Outcome(life, task.training, task.days)
    stops = sorted({0, 1, task.days, *(day for day in DAYS_OF_EVENTS if day < task.days)})
    for day, end in zip(stops, [*stops[1:], task.days], strict=True):
        if day in task.events_on:
            outcome.events[day] = _events(built, life, day, task.times, state)
        if end > day:
            _clean(built, outcome, day, end, state)
    return outcome


def _clean(
    built: program.Program, outcome: Outcome, day: int, end: int, state: Path | None
) -> None:
    """Runs days without an event and counts their alarms."""
    samples = lives.readings(outcome.life, day * DAY_S, (end - day) * DAY_S)
    alarm, slow = alarms(built, samples, state)
    episodes = synthetic.beginnings(alarm)
    if day == 0:
        outcome.first_day += len(episodes)
    else:
        outcome.after += len(episodes)
    outcome.slow += int(slow[episodes].sum())
    outcome.in_alarm_days += float(alarm.sum()) / RATE_HZ / DAY_S


def _events(
    built: program.Program, life: Life, day: int, times: int, state: Path | None
) -> synthetic.Outcome:
    """Every event of the grid at random times of a day, each with what was learnt before it."""
    random = np.random.default_rng([life.seed, list(KINDS).index(life.kind), day, 4])
    before_s = synthetic.BEFORE / RATE_HZ
    found: dict[synthetic.Cell, list[Booleans]] = {}
    for kind, size in CELLS:
        for start in day * DAY_S + before_s + random.uniform(0, DAY_S - 2 * before_s, times):
            start = round(start * RATE_HZ) / RATE_HZ
            event = Event(kind, size, start, int(random.integers(1 << 30)))
            seconds = before_s + (window(kind) + 1) / RATE_HZ
            samples = lives.readings(life, start - before_s, seconds, event)
            alarm, slow = alarms(built, samples, _copied(state))
            # An alarm of the slow charts may be on for hours; what is asked is the fast part.
            found.setdefault((kind, size), []).append(alarm & ~slow)
    return synthetic.judge([], found, 0)


def _copied(state: Path | None) -> Path | None:
    """A copy of what was learnt, which the program may change; on the first day there is none."""
    if state is None:
        return None
    copy = state.with_suffix(".event")
    copy.unlink(missing_ok=True)
    if state.exists():
        shutil.copy(state, copy)
    return copy


def alarms(built: program.Program, samples: Array, state: Path | None) -> tuple[Booleans, Booleans]:
    """Which samples are in alarm, and in which of them the slow charts say the cause."""
    parts: list[tuple[Booleans, Booleans]] = []
    for block in built.blocks([samples[:, None]], state):
        rows = _READING.findall(block)
        alarm = np.array([letter in b"AF" for letter, _, _ in rows], bool)
        slow = np.array([_is_slow(cause, ratio) for _, cause, ratio in rows], bool)
        parts.append((alarm, slow))
    both = tuple(np.concatenate(part) for part in zip(*parts, strict=True))
    if len(both[0]) != len(samples):
        raise AssertionError(f"{len(both[0])} readings for {len(samples)} samples")
    return both[0], both[1]


def _is_slow(cause: bytes, ratio: bytes) -> bool:
    return cause in SLOW_CAUSES or (cause == b"level" and float(ratio or 0) >= 1)
