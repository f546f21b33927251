"""Detectors on simulated devices: what they find, by kind and size, and how often they cry wolf.

Every device is another sensor in another room. Each detector is trained on the same recording of
it. Those of a profile then run as the compiled firmware; the baselines run in NumPy, behind the
same check for a stuck sensor and with the same hysteresis.
"""

import dataclasses
import functools
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from benchmark import baselines, devices, processes, program, running_z, variants
from benchmark.alarms import latch
from benchmark.devices import GRID, RATE_HZ, Device
from project.errors import UserError
from project.profile import CATALOGUE, Profile
from training import calibration, features, normal, scaling
from training.data import Dataset
from training.noise import smallest_step
from training.normal import Normal

Array = npt.NDArray[np.float64]
Alarms = npt.NDArray[np.bool_]
Cell = tuple[str, float]  # kind and size of an anomaly

EVENTS: Final = 15  # of each kind and size, a device
BEFORE: Final = 1440  # normal samples before an event
CLEAN_HOURS: Final = 2.0  # normal data come in streams of this length, at times within a week
RUN_IN: Final = 600  # samples at the start of each in which alarms are not counted
EPISODE: Final = 60  # samples; alarms closer than this are one
SLOW_DEVICES: Final = 4  # devices that the slow baselines see
SLOW_STREAMS: Final = 96  # virtual streams that they are calibrated on: two days


@dataclass(frozen=True)
class Settings:
    """What the command line says."""

    days: float = 2.0
    train_s: float = 60.0
    devices: int = 20
    seed: int = 1
    colour: float = 0.0
    ripple: float = 0.3
    jobs: int = 1


@dataclass
class Outcome:
    """What one detector did on one device, or on several."""

    bytes: int
    days: float = 0.0
    false_alarms: int = 0
    in_alarm_days: float = 0.0
    worst: float = 0.0  # false alarms a day of the worst device
    count: dict[Cell, int] = field(default_factory=dict)  # events
    latencies: dict[Cell, list[float]] = field(default_factory=dict)  # s, of those found

    def add(self, other: "Outcome") -> None:
        self.bytes = max(self.bytes, other.bytes)
        self.days += other.days
        self.false_alarms += other.false_alarms
        self.in_alarm_days += other.in_alarm_days
        self.worst = max(self.worst, other.false_alarms / other.days)
        self.add_events(other)

    def add_events(self, other: "Outcome") -> None:
        for cell, count in other.count.items():
            self.count[cell] = self.count.get(cell, 0) + count
            self.latencies.setdefault(cell, []).extend(other.latencies[cell])

    def recalls(self) -> dict[Cell, float]:
        return {cell: len(self.latencies[cell]) / count for cell, count in self.count.items()}


@dataclass(frozen=True)
class Signals:
    """One device's life, the same for every detector. All [streams, samples], in C."""

    recording: Array  # [samples]
    clean: Array
    events: dict[Cell, Array]


@dataclass(frozen=True)
class _Task:
    """One detector that runs as the firmware, or all baselines, on one device."""

    profile: Profile
    names: list[str]
    device: Device
    index: int
    settings: Settings
    compiler: program.Compiler
    folder: Path


def known(profile: Profile) -> list[str]:
    """Names of the detectors that can be measured beside this profile."""
    names = list(variants.named(profile))
    return names + list(baselines.NAMES) if variants.is_tail_calibrated(profile) else names


def suits(profile: Profile) -> bool:
    """Whether the simulated devices are what this profile is for."""
    return len(profile.sensor.channels) == 1 and profile.sampling.rate_hz == RATE_HZ


def run(
    profile: Profile,
    names: list[str],
    settings: Settings,
    told: Callable[[int, int], None],
    compiler: program.Compiler | None = None,
) -> dict[str, Outcome]:
    """Measures detectors; `told` hears (tasks done, tasks in all), some for each device.

    Raises:
      UserError: the profile is for another sensor, or there is no C++ compiler.
    """
    if not suits(profile):
        raise UserError(
            f"profile {profile.name}: the simulated devices have one channel at {RATE_HZ:g} Hz"
        )
    total = {name: Outcome(0) for name in names}
    with tempfile.TemporaryDirectory() as folder:
        compiler = compiler or program.compiler(Path(folder) / "objects")
        drawn = devices.draw(settings.devices, settings.seed, settings.colour, settings.ripple)
        tasks = [
            _Task(profile, group, device, index, settings, compiler, Path(folder))
            for index, device in enumerate(drawn)
            for group in _groups(profile, names, index)
        ]
        told(0, len(tasks))
        for done, result in enumerate(processes.spread(_measure, tasks, settings.jobs), start=1):
            for name, outcome in result.items():
                total[name].add(outcome)
            told(done, len(tasks))
    return total


def report(outcome: Outcome) -> dict[str, Any]:
    """An outcome as it goes into the JSON file."""
    recalls = outcome.recalls()
    kinds: dict[str, Any] = {}
    for (kind, size), recall in recalls.items():
        latencies = outcome.latencies[kind, size]
        latency = float(np.median(latencies)) if latencies else None
        kinds.setdefault(kind, {})[str(size)] = {"recall": recall, "latency_s": latency}
    return {
        "recall": float(np.mean(list(recalls.values()))),
        "events": sum(outcome.count.values()),
        "kinds": kinds,
        "false_alarms_per_day": outcome.false_alarms / outcome.days,
        "false_alarms_ci": list(poisson_interval(outcome.false_alarms, outcome.days)),
        "false_alarms_worst_device": outcome.worst,
        "alarm_share": outcome.in_alarm_days / outcome.days,
        "device_days": outcome.days,
        "bytes": outcome.bytes,
    }


def poisson_interval(count: int, exposure: float) -> tuple[float, float]:
    """The exact 95 % interval of a rate (F. Garwood, 1936) after `count` events in `exposure`."""
    from scipy.stats import chi2

    low = float(chi2.ppf(0.025, 2 * count)) / 2 if count else 0.0
    return low / exposure, float(chi2.ppf(0.975, 2 * count + 2)) / 2 / exposure


@functools.lru_cache(maxsize=2)  # the tasks of a device come one after the other
def draw_signals(device: Device, settings: Settings, index: int) -> Signals:
    """Recording, normal life and events of one device."""
    random = np.random.default_rng([settings.seed, 100, index])
    recording = devices.readings(device, 1, round(settings.train_s * RATE_HZ), random)[0]
    streams = max(1, round(settings.days * 24 / CLEAN_HOURS))
    samples = round(CLEAN_HOURS * 3600 * RATE_HZ) + RUN_IN
    return Signals(
        recording,
        devices.readings(device, streams, samples, random),
        {
            (kind, size): devices.events(device, kind, size, EVENTS, BEFORE, random)
            for kind, sizes in GRID.items()
            for size in sizes
        },
    )


def judge(clean: list[Alarms], events: dict[Cell, list[Alarms]], size: int) -> Outcome:
    """Counts alarms in normal streams and finds in events. `size`: bytes of the detector.

    An event is found if an alarm begins within its window: one that was already on has not.
    """
    result = Outcome(size)
    for alarm in clean:
        counted = alarm[RUN_IN:]
        result.false_alarms += episodes(counted)
        result.days += len(counted) / RATE_HZ / 86400
        result.in_alarm_days += float(np.sum(counted)) / RATE_HZ / 86400
    for cell, alarms in events.items():
        result.count[cell] = len(alarms)
        result.latencies[cell] = []
        for alarm in alarms:
            part = alarm[BEFORE - 1 : BEFORE + devices.window(cell[0]) + 1]
            begins = np.flatnonzero(part[1:] & ~part[:-1])
            if len(begins):
                result.latencies[cell].append(float(begins[0]) / RATE_HZ)
    return result


def episodes(alarm: Alarms) -> int:
    """Alarms [samples] as a count of episodes."""
    return len(beginnings(alarm))


def beginnings(alarm: Alarms) -> npt.NDArray[np.int64]:
    """The samples at which episodes of alarms [samples] begin."""
    on = np.flatnonzero(alarm)
    return on[np.diff(on, prepend=-EPISODE - 1) > EPISODE]


def latched(profile: Profile, scores: Array, threshold: float) -> Alarms:
    """Alarms [streams, samples] of scores: over the threshold, until enough of them are low."""
    over, low = scores > threshold, scores < profile.detector.clear_ratio * threshold
    over[:, : profile.warmup_frames] = False
    return latch(over.T, low.T, profile.clear_frames).T


def stuck(profile: Profile, x: Array) -> Alarms:
    """Where readings [streams, samples] have been exactly equal for too long."""
    limit = round(profile.sensor.stuck_seconds * RATE_HZ)
    same = np.zeros(len(x), dtype=int)
    result = np.zeros(x.shape, dtype=bool)
    for sample in range(1, x.shape[1] if limit else 0):
        same = np.where(x[:, sample] == x[:, sample - 1], same + 1, 0)
        result[:, sample] = same + 1 >= limit
    return result


def dataset(recording: Array) -> Dataset:
    """A device's recording [samples] to train on."""
    record: dict[str, Any] = {
        "kind": "simulated",
        "description": f"simulated, {len(recording)} rows",
        "date": None,
    }
    record["rows_used"] = len(recording)
    return Dataset([recording[:, None]], ["simulated"], record)


def _groups(profile: Profile, names: list[str], index: int) -> list[list[str]]:
    """The detectors of each task of device `index`."""
    slow = baselines.SLOW if index >= SLOW_DEVICES else ()
    together = [name for name in baselines.NAMES if name in names and name not in slow]
    alone = [[name] for name in variants.named(profile) if name in names]
    return [*alone, together] if together else alone


def _measure(task: _Task) -> dict[str, Outcome]:
    signals = draw_signals(task.device, task.settings, task.index)
    data = dataset(signals.recording)
    known = variants.named(task.profile)
    if task.names[0] not in known:
        return _as_baselines(task.profile, task.names, data, signals)
    name = task.names[0]
    folder = task.folder / f"{task.index}-{name}"
    return {name: _as_firmware(known[name], data, signals, task.compiler, folder)}


def _as_firmware(
    profile: Profile, data: Dataset, signals: Signals, compiler: program.Compiler, folder: Path
) -> Outcome:
    found = variants.model(profile, data)
    before = data.segments[0] if profile.is_generic else None
    built = compiler.build(profile, found, folder)
    cells = {cell: [row[:, None] for row in rows] for cell, rows in signals.events.items()}
    clips = [row[:, None] for row in signals.clean]
    states = built.states(clips + [clip for part in cells.values() for clip in part], before)
    alarms = iter([(s == program.ANOMALY) | (s == program.FAULT) for s in states])
    clean = [next(alarms) for _ in clips]
    events = {cell: [next(alarms) for _ in part] for cell, part in cells.items()}
    return judge(clean, events, variants.size(found))


# --- baselines


@dataclass(frozen=True)
class _Known:
    """What a baseline may know: normal readings and features, and how to calibrate on them."""

    profile: Profile
    parts: list[Normal]
    readings: list[Array]  # of each part [streams, rows]
    normal: list[Array]  # what a mean is taken from, of each part [streams or 1, rows]
    scaled: list[Array]  # scaled features of each part [streams, rows, features]
    rows: Array  # a sample of them [rows, features]

    def threshold(self, scores: list[Array]) -> float:
        return max(
            calibration.tail_level(s[:, n.run_in :], n.rate, n.episode)
            for n, s in zip(self.parts, scores, strict=True)
        )


def _as_baselines(
    profile: Profile, names: list[str], data: Dataset, signals: Signals
) -> dict[str, Outcome]:
    sigma = np.array([n.sigma for n in normal.noise(data)])
    has_features = any(name in baselines.ON_FEATURES for name in names)
    parts = normal.prepare(profile, data, sigma)
    readings = [normal.virtual(profile, data), *([signals.recording[None]] * (len(parts) - 1))]
    first = min(len(signals.recording), parts[0].run_in)
    drawn = normal.balanced(
        [p.settled(p.features) for p in parts], 100_000, np.random.default_rng(0)
    )
    one_sided = [CATALOGUE[feature.kind].one_sided for feature in profile.features.use]
    # What a baseline makes of the features' covariance is its own affair.
    plain = scaling.fit(dataclasses.replace(profile.scaling, whiten=False), drawn, one_sided)

    def scaled(x: Array) -> Array:
        return plain.apply(features.compute(profile, sigma, x[..., None])).astype(np.float64)

    facts = _Known(
        profile,
        parts,
        readings,
        [readings[0][:, :first], *([signals.recording[None]] * (len(parts) - 1))],
        [plain.apply(p.features).astype(np.float64) for p in parts] if has_features else [],
        plain.apply(drawn).astype(np.float64),
    )
    longest = max(rows.shape[1] for rows in signals.events.values())
    padded = [
        np.pad(rows, ((0, 0), (0, longest - rows.shape[1])), mode="edge")
        for rows in signals.events.values()
    ]
    sets = [signals.clean, np.concatenate(padded)]
    inputs = [scaled(x) for x in sets] if has_features else []
    faults = [stuck(profile, x) for x in sets]
    least_sd = smallest_step(signals.recording) / 2
    result = {}
    for name in names:
        if name == running_z.NAME:
            ratio = running_z.fit(profile, data)
            alarms, size = [latched(profile, ratio(x), 1.0) for x in sets], running_z.BYTES
        elif name in baselines.ON_FEATURES:
            alarms, size = _on_features(name, facts, inputs)
        else:
            mean = signals.recording[None]
            alarms = _on_readings(name, facts, mean, least_sd, sets)
            size = 4 * (baselines.WINDOW if name == "rolling_z" else 3)
        both = [a | f for a, f in zip(alarms, faults, strict=True)]
        rows = iter(both[1])
        events = {
            cell: [next(rows)[: part.shape[1]] for _ in part]
            for cell, part in signals.events.items()
        }
        result[name] = judge(list(both[0]), events, size)
    return result


def _on_features(name: str, facts: _Known, inputs: list[Array]) -> tuple[list[Alarms], int]:
    fitted = baselines.ON_FEATURES[name](facts.rows)
    limit = SLOW_STREAMS if name in baselines.SLOW else None
    threshold = facts.threshold([fitted.score(part[:limit]) for part in facts.scaled])
    return [latched(facts.profile, fitted.score(f), threshold) for f in inputs], fitted.bytes


def _on_readings(
    name: str, facts: _Known, recording: Array, least_sd: float, sets: list[Array]
) -> list[Alarms]:
    sd = float(np.std(recording))

    def make(mean_of: Array) -> Callable[[Array], Array]:
        return baselines.on_readings(name, mean_of, sd, least_sd)

    threshold = 3.0
    if name != "three_sigma":
        pairs = zip(facts.normal, facts.readings, strict=True)
        threshold = facts.threshold([make(mean_of)(x) for mean_of, x in pairs])
    return [latched(facts.profile, make(recording)(x), threshold) for x in sets]
