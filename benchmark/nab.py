"""NAB's temperature files: months of readings, thresholds without labels.

`logger` is the profile for such data. It runs as the compiled program, and so does `any`, which is
told nothing but the pace; `return_period` is what their charts have to be compared with
(return_period.py). The others are trained on the rows of the probation and calibrated on them.

For all of them an alarm is what it is on a board: it begins with a score at the threshold, ends
after a time of low scores, and only its beginning counts. When it ends is said by the detector's
profile; of a return period, after a day below half of the threshold. `fixed` is the detector's own
threshold. For `best` all is done again with other thresholds, the same for all files.
"""

import csv
import dataclasses
import json
import re
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from benchmark import baselines, program, return_period, running_z, variants
from benchmark.alarms import latch
from benchmark.nab_scoring import Series, evaluate, probation_rows
from project import profile as profiles
from project.errors import UserError
from project.profile import CATALOGUE, Profile
from training import calibration, evaluation, features, normal, scaling
from training.data import Dataset
from training.normal import Normal

Array = npt.NDArray[np.float64]
Times = npt.NDArray[np.datetime64]

OWN: Final = "return_period"
LOGGER: Final = "logger"
AS_PROGRAM: Final = (LOGGER, variants.GENERIC)
_LOGGER_END: Final = (0.75, 24.0)  # as SlowCharts has it: of the way to the limit, hours
FIXED: Final = 200
# A tenth to ten times one's own, and one that nothing reaches.
THRESHOLDS: Final = np.append(10 ** (np.arange(2 * FIXED + 1) / FIXED - 1), np.inf)


@dataclass(frozen=True)
class NabFile:
    """One NAB file: times [rows] (UTC) and values [rows]."""

    name: str
    times: Times
    values: Array
    windows: tuple[tuple[int, int], ...]  # labelled anomalies as (first row, last row)

    @property
    def interval_s(self) -> float:
        steps = np.diff(self.times).astype("timedelta64[s]").astype(np.float64)
        return float(np.median(steps))

    @property
    def interval_hours(self) -> float:
        return self.interval_s / 3600


def known(profile: Profile) -> list[str]:
    """Names of the detectors that can be measured beside `profile`."""
    return [
        "lesson",
        LOGGER,
        OWN,
        *(n for n in variants.named(profile) if n != "lesson"),
        *baselines.NAMES,
    ]


def read(folder: Path, labels: Path, names: Sequence[str]) -> list[NabFile]:
    """The files `names` in `folder` or below it; without names all that have labels.

    Raises:
      UserError: a file or its labels are missing or cannot be used.
    """
    try:
        table = json.loads(labels.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(f"{labels}: cannot be read as JSON ({error})") from error
    spans = {Path(key).name: value for key, value in table.items()}
    found = {path.name: path for path in sorted(folder.rglob("*.csv"))}
    wanted = list(names) or [name for name in found if name in spans]
    if not wanted:
        raise UserError(f"{folder}: holds no file that {labels} names")
    recordings = []
    for name in wanted:
        if name not in found:
            raise UserError(f"{folder}: holds no {name}")
        if name not in spans:
            raise UserError(f"{labels}: has no windows for {name}")
        recordings.append(read_file(found[name], spans[name]))
    return recordings


def read_file(path: Path, spans: Sequence[Sequence[str]]) -> NabFile:
    """A file with the header `timestamp,value`; `spans` are (first time, last time).

    Raises:
      UserError: a row or a span cannot be used.
    """
    times, values = [], []
    with path.open(encoding="utf-8", newline="") as file:
        for line, row in enumerate(csv.reader(file), start=1):
            if line == 1 or not row:
                continue
            try:
                stamp, value = row
                times.append(_time(stamp))
                values.append(float(value))
            except ValueError as error:
                raise UserError(f"{path}: line {line}: {error}") from error
    stamps = np.array(times)
    windows = []
    for first, last in spans:
        rows = np.flatnonzero((stamps >= _time(first)) & (stamps <= _time(last)))
        if not len(rows):
            raise UserError(f"{path}: has no row in the window {first} to {last}")
        windows.append((int(rows[0]), int(rows[-1])))
    return NabFile(path.name, stamps, np.array(values), tuple(windows))


def run(
    profile: Profile,
    names: list[str],
    recordings: list[NabFile],
    told: Callable[[int, int], None],
) -> dict[str, Any]:
    """Scores detectors on recordings; `told` hears (files done, files in all)."""
    series: dict[str, list[Series]] = {name: [] for name in names}
    told(0, len(recordings))
    with tempfile.TemporaryDirectory() as folder:
        runs = any(name in names for name in AS_PROGRAM)
        compiler = program.compiler(Path(folder)) if runs else None
        for done, recording in enumerate(recordings, start=1):
            for name, ratios in ratios_of(profile, names, recording).items():
                begins = alarms(ratios, *_end(profile, name, recording))
                series[name].append(Series(begins, recording.windows))
            for name in AS_PROGRAM:
                if name not in names or compiler is None:
                    continue
                begins = program_begins(name, recording, compiler)
                series[name].append(Series(begins, recording.windows))
            told(done, len(recordings))
    return {name: _report(recordings, files) for name, files in series.items()}


def ratios_of(profile: Profile, names: list[str], recording: NabFile) -> dict[str, Array]:
    """Scores of detectors over their own thresholds [rows], or [rows, 2] with two alarms."""
    rows = probation_rows(len(recording.values))
    data = _dataset(recording, rows)
    result = {}
    samples = recording.values[:, None]
    for name, variant in variants.named(profile).items():
        if name in names and name not in AS_PROGRAM:
            fitted = _ranged(variant, recording.values[:rows]) if name == "lesson" else variant
            found = variants.model(fitted, data)
            ran = evaluation.run(fitted, found, samples)
            result[name] = ran.score / ran.threshold
    if OWN in names:
        scores = return_period.scores(recording.values, recording.interval_hours)
        result[OWN] = scores / return_period.THRESHOLD
    asked = [name for name in names if name in baselines.NAMES]
    if asked:
        result |= _baselines(profile, asked, data, recording, rows)
    return {name: result[name] for name in names if name in result}


def program_begins(
    name: str, recording: NabFile, compiler: program.Compiler
) -> npt.NDArray[np.bool_]:
    """Beginnings of alarms [rows, THRESHOLDS] of a profile of AS_PROGRAM in the compiled program.

    `fixed` is what the program itself says. The other thresholds are factors of its nearness. A
    generic profile is trained on nothing, and told the pace alone.
    """
    profile = profiles.load(profiles.find(name))
    rows = 0 if profile.is_generic else probation_rows(len(recording.values))
    found = variants.model(profile, _dataset(recording, rows))
    with tempfile.TemporaryDirectory() as folder:
        built = compiler.build(profile, found, Path(folder))
        if profile.is_generic:
            sampling = dataclasses.replace(profile.sampling, rate_hz=1 / recording.interval_s)
            paced = dataclasses.replace(profile, sampling=sampling)
            built = dataclasses.replace(built, profile=paced)
        said = built.run([recording.values[rows:, None]])
    near = np.array([float(v) for v in re.findall(rb"Slow: (\S+)", said)])
    states = np.frombuffer(b"".join(re.findall(rb"State: ([WNAF])", said)), np.uint8)
    before = np.zeros(rows)
    release, hours = _LOGGER_END
    begins = alarms(
        np.concatenate([before, near]), release, max(1, round(hours / recording.interval_hours))
    )
    own = np.concatenate([before, states == program.ANOMALY]).astype(bool)
    begins[:, FIXED] = own & ~np.concatenate([[False], own[:-1]])
    return begins


def _end(profile: Profile, name: str, recording: NabFile) -> tuple[float, int]:
    """What ends an alarm: scores below this share of the threshold in so many rows."""
    if name == OWN:
        return return_period.RELEASE, max(1, round(return_period.CALM_H / recording.interval_hours))
    variant = variants.named(profile).get(name, profile)
    return variant.detector.clear_ratio, variant.clear_frames


def alarms(ratios: Array, release: float, calm: int) -> npt.NDArray[np.bool_]:
    """Whether an alarm begins in each row with each threshold [rows, THRESHOLDS].

    `ratios` are scores over the detector's own threshold, [rows] or [rows, alarms]; an alarm ends
    after `calm` rows in turn below `release` times the threshold.
    """
    if ratios.ndim == 2:
        return np.asarray(np.any([alarms(side, release, calm) for side in ratios.T], axis=0))
    scores = ratios[:, None]
    on = latch(scores >= THRESHOLDS, scores < release * THRESHOLDS, calm)
    on[1:] &= ~on[:-1]
    return on


def _baselines(
    profile: Profile, names: list[str], data: Dataset, recording: NabFile, rows: int
) -> dict[str, Array]:
    """Calibrated on the probation as our detectors are."""
    sigma = np.array([n.sigma for n in normal.noise(data)])
    part = normal.prepare(profile, data, sigma)[0]
    values = recording.values
    computed = features.compute(normal.suited(profile, data), sigma, values[:, None])
    one_sided = [CATALOGUE[feature.kind].one_sided for feature in profile.features.use]
    settings = dataclasses.replace(profile.scaling, whiten=False)
    scaler = scaling.fit(settings, computed[part.run_in : rows], one_sided)
    scaled = scaler.apply(computed).astype(np.float64)
    result = {}
    for name in names:
        if name == running_z.NAME:
            result[name] = running_z.fit(profile, data)(values[None])[0]
            continue
        if name in baselines.ON_FEATURES:
            scores = baselines.ON_FEATURES[name](scaled[part.run_in : rows]).score(scaled)
        else:
            known = values[None, :rows]
            sd, least = float(known.std()), float(sigma[0]) / 10
            scores = baselines.on_readings(name, known, sd, least)(values[None])[0]
        threshold = 3.0 if name == "three_sigma" else _threshold(part, scores[:rows])
        result[name] = scores / threshold
    return result


def _threshold(part: Normal, scores: Array) -> float:
    return calibration.tail_level(scores[None, part.run_in :], part.rate, part.episode)


def _dataset(recording: NabFile, rows: int) -> Dataset:
    record: dict[str, Any] = {
        "kind": "file",
        "description": f"{recording.name}, rows 0:{rows}",
        "date": None,
    }
    record["rows_used"] = rows
    values = recording.values[:rows, None]
    return Dataset([values], [recording.name], record, recording.interval_s)


def _ranged(lesson: Profile, values: Array) -> Profile:
    """The tutorial's profile for another unit: its range is 7.5 sd to both sides, as taught."""
    reach = 7.5 * float(values.std())
    low, high = float(values.mean()) - reach, float(values.mean()) + reach
    return dataclasses.replace(
        lesson, scaling=dataclasses.replace(lesson.scaling, low=low, high=high)
    )


def _report(recordings: list[NabFile], files: list[Series]) -> dict[str, Any]:
    result = evaluate(files, FIXED)
    pairs = zip(recordings, result.raw_fixed, result.raw_best, strict=True)
    return {
        "score_fixed": result.score_fixed,
        "score_best": result.score_best,
        "best_threshold": float(THRESHOLDS[min(result.best, 2 * FIXED)]),
        "files": {r.name: {"raw_fixed": fixed, "raw_best": best} for r, fixed, best in pairs},
    }


def _time(text: str) -> np.datetime64:
    return np.datetime64(text.strip().split(".")[0].replace(" ", "T"), "s")
