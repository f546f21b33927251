"""Normal data: recordings as CSV, or generated where there is none."""

import contextlib
import itertools
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from training import fingerprint, profiles
from training.errors import UserError
from training.profiles import Profile, Synthetic

Array = npt.NDArray[np.float64]

_NUMBER: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_TIME_NAMES: Final = frozenset(
    ("time", "timestamp", "datetime", "date", "seconds", "time_s", "ms", "millis", "t")
)


@dataclass(frozen=True)
class Malformed:
    """A row that was left out."""

    line: int  # in the file, the first is 1
    reason: str


@dataclass(frozen=True)
class Recording:
    """What was read from one CSV file."""

    values: Array  # [rows, channels]
    malformed: list[Malformed] = field(default_factory=list)
    start: str | None = None  # the first row's date and time, where it has one
    interval_s: float | None = None  # seconds between rows, where the times tell


@dataclass(frozen=True)
class Dataset:
    """Normal data to train on, in pieces that are each continuous in time."""

    segments: list[Array]  # [rows, channels] each
    identity: list[Any]  # for the fingerprint
    record: dict[str, Any]  # for the manifest
    interval_s: float | None = None  # seconds between rows, where it is known

    @property
    def rows(self) -> int:
        return sum(len(segment) for segment in self.segments)


def own(profile: Profile) -> Dataset:
    """The data that the profile itself names: its recordings, or what it has generated.

    Raises:
      UserError: there is neither, or a recording cannot be used.
    """
    files = fingerprint.recordings(profile)
    if not files:
        return _generated(profile)
    recordings = [read_csv(file, profile.sensor.channels) for file in files]
    rows = sum(len(r.values) for r in recordings)
    starts = [r.start or _name_date(f) for r, f in zip(recordings, files, strict=True)]
    record = {
        "kind": "recordings",
        "description": f"{len(files)} recording{'s' * (len(files) > 1)} of {rows} rows in all",
        "date": max((s for s in starts if s), default=None),
        "rows_used": rows,
        "malformed": sum(len(r.malformed) for r in recordings),
        "files": [
            {"name": f.name, "sha256": fingerprint.file_sha256(f), "rows": len(r.values)}
            for f, r in zip(files, recordings, strict=True)
        ],
    }
    identity = fingerprint.own_identity(profile)
    interval = recordings[0].interval_s
    return _checked(profile, Dataset([r.values for r in recordings], identity, record, interval))


def from_file(
    profile: Profile, path: Path, rows: str | None, columns: Sequence[str] | None
) -> Dataset:
    """Data from a file that was given by hand.

    Raises:
      UserError: the file cannot be used; says where.
    """
    recording = read_csv(path, profile.sensor.channels, rows, columns)
    sha256 = fingerprint.file_sha256(path)
    used = len(recording.values)
    record = {
        "kind": "file",
        "description": f"{path.name}{f', rows {rows}' if rows else ''}: {used} rows",
        "date": recording.start or _name_date(path),
        "name": path.name,
        "path": _relative(path),
        "sha256": sha256,
        "rows": rows,
        "columns": list(columns) if columns else None,
        "rows_used": used,
        "malformed": len(recording.malformed),
    }
    identity = fingerprint.file_identity(sha256, rows, columns)
    interval = recording.interval_s
    return _checked(profile, Dataset([recording.values], identity, record, interval))


def read_csv(
    path: Path,
    channels: Sequence[str],
    rows: str | None = None,
    columns: Sequence[str] | None = None,
) -> Recording:
    """Reads one column a channel.

    Comma or semicolon, with a header or without, with times in the first column or without; lines
    that begin with '#' are comments. `rows` "A:B" keeps data rows A to B - 1, counted from 0.
    Columns are chosen by `columns` (names, or numbers from 1), else by the channels' names, else
    for one channel "value" or the only column that is no time, else without a header the last ones.
    A row whose cell is not a plain finite number is left out and listed, never guessed.
    lib/NativeBoard's Recording reads by the same rules.

    Raises:
      UserError: not text, no usable row, or no such column.
    """
    lines = _lines(path)
    if not lines:
        raise UserError(f"{path}: holds no rows")
    delimiter = ";" if ";" in lines[0][1] else ","
    first = _cells(lines[0][1], delimiter)
    header = first if not any(_is_number(c) or _is_time(c) for c in first) else None
    if header is not None:
        lines = lines[1:]
    chosen = _columns(path, header, len(first), channels, columns)
    begin, end = _rows(rows)

    values: list[list[float]] = []
    malformed: list[Malformed] = []
    start: str | None = None
    for number, line in lines[begin:end]:
        cells = _cells(line, delimiter)
        reason = None
        if len(cells) != len(first):
            reason = f"{len(cells)} cells instead of {len(first)}"
        else:
            bad = [cells[c] for c in chosen if not _is_number(cells[c])]
            reason = f'"{bad[0][:40]}" is not a number' if bad else None
        if reason:
            malformed.append(Malformed(number, reason))
            continue
        values.append([float(cells[c]) for c in chosen])
        if start is None:
            start = next((cell for cell in cells if _is_time(cell)), "")
    if not values:
        detail = f"; line {malformed[0].line}: {malformed[0].reason}" if malformed else ""
        raise UserError(f"{path}: holds no usable row{detail}")
    interval = _interval([_cells(line, delimiter)[0] for _, line in lines[begin:end][:100]], header)
    return Recording(np.asarray(values, dtype=np.float64), malformed, start or None, interval)


def synthetic(profile: Profile, settings: Synthetic) -> Array:
    """Generated normal data [rows, channels], the same for the same seed."""
    random = np.random.default_rng(settings.seed)
    shape = (settings.rows, len(profile.sensor.channels))
    if settings.kind == "draws":
        draws = random.normal(settings.mean, settings.sd, shape)
        return np.clip(draws, settings.low, settings.high)
    seconds = np.arange(settings.rows)[:, None] / profile.sampling.rate_hz
    phases = random.uniform(0, 2 * np.pi, (2, shape[1]))
    step = settings.walk / np.sqrt(3600 * profile.sampling.rate_hz)
    level = (
        settings.mean
        + settings.daily * np.sin(2 * np.pi * seconds / 86400 + phases[0])
        + settings.ripple * np.sin(2 * np.pi * seconds / settings.ripple_seconds + phases[1])
        + np.cumsum(random.normal(0, 1, shape), axis=0) * step
    )
    readings = level + random.normal(0, settings.sd, shape)
    return np.clip(quantised(profile, readings), settings.low, settings.high)


def resolution(profile: Profile) -> Array:
    """What one ADC count means in each channel's unit [channels]; 0 where it is not constant."""
    sensor = profile.sensor
    volts = sensor.full_scale_volts / (2**sensor.adc_bits - 1)
    step = abs(sensor.gain) * volts if sensor.kind == "linear" else 0.0
    return np.full(len(sensor.channels), step)


def quantised(profile: Profile, readings: Array) -> Array:
    """Readings as the mean of `oversampling` conversions shows them: steps of one count / sqrt."""
    step = resolution(profile) / np.sqrt(profile.sensor.oversampling)
    return readings if np.any(step == 0) else np.round(readings / step) * step


def blocks(
    segments: Sequence[Array], share: float, shortest: int
) -> list[tuple[int, int, int, bool]]:
    """Cuts segments into (segment, begin, end, held out) so that `share` of the rows is held out.

    The held-out blocks are spread evenly: a day's course is in both parts. A block has at least
    `shortest` rows, if the segment has.
    """
    period = max(2, round(1 / share))
    cut: list[tuple[int, int, int, bool]] = []
    for index, segment in enumerate(segments):
        count = max(period, min(5 * period, len(segment) // max(1, shortest)))
        edges = np.linspace(0, len(segment), count + 1).astype(int)
        for block, (begin, end) in enumerate(itertools.pairwise(edges)):
            cut.append((index, int(begin), int(end), block % period == period // 2))
    return cut


def _generated(profile: Profile) -> Dataset:
    settings = profile.data.synthetic
    if settings is None:
        raise UserError(
            f"data/{profile.name}/: there is no recording, and profile {profile.name} has no "
            f"[data.synthetic]; record one, or give --data FILE.csv"
        )
    values = synthetic(profile, settings)
    record = {
        "kind": "synthetic",
        "description": f"synthetic, {settings.kind}, {settings.rows} rows, seed {settings.seed}",
        "date": None,
        "rows_used": len(values),
        "malformed": 0,
    }
    return _checked(profile, Dataset([values], ["synthetic"], record))


def _checked(profile: Profile, dataset: Dataset) -> Dataset:
    """Raises UserError where nothing can be learnt from the data."""
    needed = max(30, 2 * profile.features.window)
    if dataset.rows < needed:
        raise UserError(
            f"{dataset.record['description']}: too few to train on, at least {needed} are needed"
        )
    values = np.concatenate(dataset.segments)
    for channel, name in enumerate(profile.sensor.channels):
        if np.ptp(values[:, channel]) == 0:
            raise UserError(
                f"{dataset.record['description']}: {name} is always {values[0, channel]:g}; "
                f"a sensor that never changes teaches nothing"
            )
    return dataset


def _lines(path: Path) -> list[tuple[int, str]]:
    """(line number, text) of every line that is neither empty nor a comment."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror or error})") from error
    if b"\0" in content:
        raise UserError(f"{path}: is not a text file")
    text = content.decode("utf-8-sig", errors="replace")
    # Only a line feed ends a row, as for the firmware's reader; splitlines() knows more.
    numbered = enumerate((line.rstrip("\r") for line in text.split("\n")), start=1)
    return [(n, line) for n, line in numbered if line.strip() and not line.startswith("#")]


def _cells(line: str, delimiter: str) -> list[str]:
    """Cells without the blanks and the quotes around them."""
    cells = [cell.strip() for cell in line.split(delimiter)]
    return [c[1:-1] if len(c) > 1 and c[0] == c[-1] == '"' else c for c in cells]


def _is_number(cell: str) -> bool:
    return _NUMBER.fullmatch(cell) is not None and np.isfinite(float(cell)).item()


def _is_time(cell: str) -> bool:
    """A date with a time, as ISO 8601 writes it."""
    if len(cell) < 10 or not cell[:4].isdigit():
        return False
    with contextlib.suppress(ValueError):
        datetime.fromisoformat(cell)
        return True
    return False


def _interval(times: list[str], header: list[str] | None) -> float | None:
    """The median of the steps between times, in seconds; None where the column holds no times."""
    if all(map(_is_time, times)):
        seconds = [datetime.fromisoformat(t).timestamp() for t in times]
    elif header and header[0].lower() in ("time", "time_s", "seconds", "t"):
        seconds = [float(t) for t in times if _is_number(t)]
    else:
        return None
    steps = np.diff(seconds)
    return float(np.median(steps)) if len(steps) and np.median(steps) > 0 else None


def _columns(
    path: Path,
    header: list[str] | None,
    width: int,
    channels: Sequence[str],
    asked: Sequence[str] | None,
) -> list[int]:
    if asked:
        if len(asked) != len(channels):
            raise UserError(
                f"--column: {len(asked)} given for {len(channels)} channels ({', '.join(channels)})"
            )
        return [_column(path, header, width, name) for name in asked]
    if header is None:
        if width < len(channels):
            raise UserError(f"{path}: has {width} columns for {len(channels)} channels")
        return list(range(width - len(channels), width))
    if all(channel in header for channel in channels):
        return [header.index(channel) for channel in channels]
    if len(channels) == 1:
        if "value" in header:
            return [header.index("value")]
        values = [i for i, name in enumerate(header) if name.lower() not in _TIME_NAMES]
        if len(values) == 1:
            return values
    missing = next(channel for channel in channels if channel not in header)
    raise UserError(
        f"{path}: has no column {missing} (columns: {', '.join(header)}); choose with --column"
    )


def _column(path: Path, header: list[str] | None, width: int, asked: str) -> int:
    if header and asked in header:
        return header.index(asked)
    if asked.isdigit() and 1 <= int(asked) <= width:
        return int(asked) - 1
    known = ", ".join(header) if header else f"1 to {width}"
    raise UserError(f"{path}: there is no column {asked} (columns: {known})")


def _rows(text: str | None) -> tuple[int, int | None]:
    if text is None:
        return 0, None
    match = re.fullmatch(r"(\d*):(\d*)", text)
    if not match:
        raise UserError(f"--rows {text}: must be A:B, rows A to B - 1 counted from 0")
    begin = int(match[1] or 0)
    end = int(match[2]) if match[2] else None
    if end is not None and end <= begin:
        raise UserError(f"--rows {text}: holds no row")
    return begin, end


def _name_date(path: Path) -> str | None:
    """A date in a recording's name, as the collector writes it."""
    match = re.search(r"(\d{4})-?(\d{2})-?(\d{2})", path.stem)
    return "-".join(match.groups()) if match else None


def _relative(path: Path) -> str:
    """Relative to the project where both are on one drive, with forward slashes."""
    with contextlib.suppress(ValueError):
        return Path(os.path.relpath(path.resolve(), profiles.PROJECT)).as_posix()
    return path.resolve().as_posix()
