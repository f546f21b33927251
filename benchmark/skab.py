"""SKAB (Skoltech Anomaly Benchmark): a pump with eight sensors at 1 Hz.

Each detector is trained on the first 400 rows of a file and judges the rest of it. Its threshold is
the 99 % quantile of its scores on those rows, times a margin that comes from the training rows
alone (`margins`). No label is used but to count. Data: I. Katser and V. Kozitsin, 2020,
doi.org/10.34740/KAGGLE/DSV/1693952.
"""

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from benchmark import baselines
from project import profile as profiles
from project.errors import UserError
from project.profile import Profile
from training import calibration, conversion, features, layers, network, train

Array = npt.NDArray[np.float64]
Labels = npt.NDArray[np.bool_]

FOLDERS: Final = ("valve1", "valve2", "other")
TRAIN_ROWS: Final = 400
QUANTILE: Final = 0.99


@dataclass(frozen=True)
class File:
    """One experiment: readings [rows, channels] and whether each row is anomalous [rows]."""

    folder: str
    values: Array
    labels: Labels


def known(profile: Profile) -> list[str]:
    """Names of the detectors that can be measured beside `profile`."""
    other = "float32" if profile.network.quantize else "int8"
    return [
        "lesson",
        profile.name,
        f"{profile.name}-{other}",
        "mahalanobis",
        *baselines.NAMES,
    ]


def read(folder: Path, profile: Profile) -> list[File]:
    """All files of the benchmark's folders, or of `folder` itself where it holds them.

    Raises:
      UserError: there is none, or one lacks a column.
    """
    parts = [folder / name for name in FOLDERS if (folder / name).is_dir()] or [folder]
    paths = [path for part in parts for path in sorted(part.glob("*.csv"))]
    if not paths:
        raise UserError(f"{folder}: holds none of {', '.join(FOLDERS)} and no CSV file")
    return [read_file(path, profile.sensor.channels) for path in paths]


def read_file(path: Path, channels: Sequence[str]) -> File:
    """Semicolons, a header, a label column `anomaly` (without one every row is normal).

    Raises:
      UserError: not a text file, a column is missing, a cell is no finite number, or there are too
        few rows.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror or error})") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: is not a text file in UTF-8") from error
    if not lines:
        raise UserError(f"{path}: holds no rows")
    header = lines[0].split(";")
    missing = [name for name in channels if name not in header]
    if missing:
        raise UserError(f"{path}: has no column {missing[0]} (columns: {', '.join(header)})")
    wanted = [*channels, "anomaly"] if "anomaly" in header else list(channels)
    columns = [header.index(name) for name in wanted]
    rows = []
    for number, line in enumerate(lines[1:], start=2):
        cells = line.split(";")
        try:
            row = [float(cells[column]) for column in columns]
        except (ValueError, IndexError) as error:
            raise UserError(f"{path}: line {number} is malformed: {error}") from error
        if not np.isfinite(row).all():
            raise UserError(f"{path}: line {number} is malformed: holds no finite number")
        rows.append(row)
    if len(rows) <= TRAIN_ROWS:
        raise UserError(f"{path}: {len(rows)} rows are too few, the first {TRAIN_ROWS} train")
    table = np.array(rows)
    count = len(channels)
    labels = table[:, count] > 0 if len(wanted) > count else np.zeros(len(table), dtype=bool)
    return File(path.parent.name, table[:, :count], labels)


def run(
    profile: Profile, names: list[str], files: list[File], told: Callable[[int, int], None]
) -> dict[str, Any]:
    """Scores detectors on files; `told` hears (files done, files in all)."""
    found: list[dict[str, Array]] = []
    halves: list[dict[str, Array]] = []
    told(0, len(files))
    for file in files:
        found.append(scores(profile, names, file.values, TRAIN_ROWS))
        halves.append(scores(profile, names, file.values[:TRAIN_ROWS], TRAIN_ROWS // 2))
        told(len(found), len(files))
    margin = margins(halves)
    return {name: _report(files, [s[name] for s in found], margin[name]) for name in names}


def margins(halves: Sequence[dict[str, Array]]) -> dict[str, float]:
    """Margin over the training quantile of each detector, from the training rows only.

    Trained on the first half of a file's training rows (`halves`: its scores over its quantile
    there [400]), a detector meets the second half: how far its highest score goes beyond says what
    drift does to a normal pump. The margin is the geometric mean of that over the files. Thresholds
    that are fixed have a margin of one.
    """
    return {
        name: 1.0
        if name in _FIXED
        else float(np.exp(np.mean([np.log(s[name][TRAIN_ROWS // 2 :].max()) for s in halves])))
        for name in halves[0]
    }


_FIXED: Final = {"lesson": 0.15, "three_sigma": 3.0}


def scores(profile: Profile, names: list[str], x: Array, rows: int) -> dict[str, Array]:
    """Scores [rows] of detectors trained on the first `rows` of `x` [rows, channels].

    They are over the detector's own quantile on those rows, or over its fixed threshold.
    """
    channels = x.shape[1]
    sigma = np.ones(channels)  # `smooth` features do not ask for it
    f = features.compute(profile, sigma, x)
    scaler = train.fit_scaler(profile, f[:rows], [x[:rows]])
    u = scaler.apply(f)
    raw: dict[str, Array] = {}
    own = {profile.name: profile.network.quantize}
    own |= {n: n.endswith("-int8") for n in names if n.startswith(f"{profile.name}-")}
    own = {name: quantize for name, quantize in own.items() if name in names}
    if own or "lesson" in names:
        train.import_tensorflow()
    if own:
        model, _ = network.train(profile.network, u[:rows], lambda done, total, loss: None)
        corners = np.diag(np.full(channels, profile.scaling.whiten_clip)).astype(np.float32)
        for name, quantize in own.items():
            shown = np.concatenate([u[:rows], corners, -corners])
            converted = conversion.read(conversion.to_tflite(model, shown, quantize))
            y = layers.run(converted.layers, converted.quantization, u)
            fitted = calibration.fit_scorer(profile.detector, True, u[:rows], y[:rows])
            raw[name] = fitted.score(u, y)
    if "mahalanobis" in names:
        raw["mahalanobis"] = np.sqrt(np.mean(u.astype(np.float64) ** 2, axis=1))
    if "lesson" in names:
        raw["lesson"] = _lesson(x, rows)
    z = dataclasses.replace(scaler, mean=None, whitening=None).apply(f).astype(np.float64)
    for name in baselines.NAMES:
        if name in names:
            raw[name] = _baseline(name, x, z, rows)
    return {
        name: raw[name] / (_FIXED.get(name) or float(np.quantile(raw[name][:rows], QUANTILE)))
        for name in names
    }


def _lesson(x: Array, rows: int) -> Array:
    """The tutorial for eight channels: raw values in 7.5 sd to both sides, Dense(8), Dense(8)."""
    lesson = profiles.load(profiles.find("lesson"))
    mean, sd = x[:rows].mean(axis=0), np.maximum(x[:rows].std(axis=0), 1e-9)
    u = np.clip((x - mean) / (15 * sd) + 0.5, 0, 1).astype(np.float32)
    model, _ = network.train(lesson.network, u[:rows], lambda done, total, loss: None)
    converted = conversion.read(conversion.to_tflite(model, u[:rows], False))
    y = layers.run(converted.layers, converted.quantization, u)
    return np.asarray(np.mean(abs(u.astype(np.float64) - y), axis=1))


def _baseline(name: str, x: Array, z: Array, rows: int) -> Array:
    if name in baselines.ON_FEATURES:
        return baselines.ON_FEATURES[name](z[:rows]).score(z)
    columns = []
    for channel in x.T:
        sd = max(float(channel[:rows].std()), 1e-9)
        score = baselines.on_readings(name, channel[None, :rows], sd, sd / 10)
        columns.append(score(channel[None])[0])
    return np.asarray(np.max(columns, axis=0))


def _report(files: list[File], ratios: list[Array], margin: float) -> dict[str, Any]:
    pairs = [(file, ratio > margin) for file, ratio in zip(files, ratios, strict=True)]
    folders = sorted({file.folder for file in files})
    parts = {f: _rates([pair for pair in pairs if pair[0].folder == f]) for f in folders}
    return _rates(pairs) | {"margin": margin, "folders": parts}


def _rates(pairs: Sequence[tuple[File, Labels]]) -> dict[str, float]:
    """F1, false-alarm and missed-alarm rate, pooled over the rows after the training rows."""
    p = np.concatenate([alarm[TRAIN_ROWS:] for _, alarm in pairs])
    y = np.concatenate([file.labels[TRAIN_ROWS:] for file, _ in pairs])
    tp, fp, fn = int(np.sum(p & y)), int(np.sum(p & ~y)), int(np.sum(~p & y))
    return {
        "f1": 2 * tp / max(2 * tp + fp + fn, 1),
        "far": fp / max(int(np.sum(~y)), 1),
        "mar": fn / max(int(np.sum(y)), 1),
    }
