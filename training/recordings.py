"""Recordings: the one way in for whatever people have recorded, and the plain form it comes to.

A row that is no reading, or that the chip itself would not believe, is left out and counted; where
rows are missing the recording is in pieces, each continuous in time. docs/recordings.md has the
rules as a user meets them.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from project.errors import UserError
from project.profile import Profile, Sensor
from training import clock, columns, plain, table, understood, waves
from training.clock import NO_TIME, Micros
from training.rows import Pace, Rows, is_stuck, refuse_coarse
from training.table import Malformed, Table, Undecided
from training.wishes import Wishes

Array = npt.NDArray[np.float64]

MOST_LEFT_OUT: Final = 0.05  # of the rows: a recording that loses more is not understood


@dataclass(frozen=True)
class Recording:
    """Readings [rows, channels] in the sensor's unit, and when they were taken."""

    name: str
    channels: tuple[str, ...]
    values: Array  # [rows, channels]
    micros: Micros | None  # [rows] microseconds, since 1970 where `dated`; None: even, from 0 on
    dated: bool
    interval_s: float  # from row to row
    starts: tuple[int, ...]  # row at which each piece begins
    left_out: dict[str, int]  # rows, by reason
    malformed: tuple[Malformed, ...]  # the first rows that were left out
    columns: dict[str, str]  # channel to the column it was read from
    notes: tuple[str, ...]  # what was chosen or put right

    @property
    def pieces(self) -> list[Array]:
        """The readings in pieces that are each continuous in time."""
        return np.split(self.values, self.starts[1:])

    @property
    def gaps(self) -> int:
        return len(self.starts) - 1

    def edge(self, row: int) -> str | float:
        """The time of a row: a date, or seconds."""
        if self.micros is None:
            return round(range(len(self.values))[row] * self.interval_s, 6)
        micros = int(self.micros[row])
        return understood.iso(micros) if self.dated else micros / 1e6

    def summary(self) -> dict[str, Any]:
        """What was understood, for programs and for the manifest."""
        return {
            "rows": len(self.values),
            "interval_s": self.interval_s,
            "first": self.edge(0),
            "last": self.edge(-1),
            "gaps": self.gaps,
            "left_out": self.left_out,
            "columns": self.columns,
        }

    def sentence(self) -> str:
        """What was understood, for people, in one line."""
        return understood.describe(self.summary())


def read(path: Path, profile: Profile, wishes: Wishes | None = None) -> Recording:
    """Reads a recording for a profile's channels.

    Raises:
      UserError: the file is no recording of these channels, or loses more than 5 % of its rows.
      Undecided: it can be read in several ways; says which option decides.
    """
    wishes = wishes or Wishes()
    if waves.is_wave(path):
        try:
            return _of_wave(path, profile, wishes)
        except UserError as error:
            raise UserError(f"{path}: {error}") from None
    wanted = _rows(wishes.rows)
    cells: Table | None = None if wishes.decimal else plain.read(path, wanted)
    if cells is None:
        cells = table.read(path, wishes.decimal, wanted)
    try:
        return _understand(path, cells, profile, wishes)
    except Undecided as error:
        raise Undecided(f"{path}: {error}") from None
    except UserError as error:
        raise UserError(f"{path}: {error}") from None
    finally:
        cells.close()


def write_plain(recording: Recording, profile: Profile, path: Path) -> None:
    """Writes the plain form, which training and the host program read alike.

    Raises:
      UserError: the file cannot be written.
    """
    micros = recording.micros
    if micros is None:
        micros = np.round(np.arange(len(recording.values)) * (recording.interval_s * 1e6)).astype(
            np.int64
        )
    micros = micros - micros[0]
    digits = 3 if not np.any(micros % 1000) else 6
    head = [f"# imported: {recording.name}", f"# profile: {profile.name}"]
    if recording.dated:
        head.append(f"# recorded: {recording.edge(0)}")
    head.append(f"# interval: {_number(recording.interval_s)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_name(f".{path.name}.new")
        with new.open("w", encoding="utf-8", newline="\n") as file:
            file.write("\n".join([*head, ",".join(["time", *recording.channels])]) + "\n")
            for time, row in zip(micros.tolist(), recording.values.tolist(), strict=True):
                file.write(f"{time / 1e6:.{digits}f},{','.join(map(_number, row))}\n")
        new.replace(path)
    except OSError as error:
        raise UserError(f"{path}: cannot be written ({error.strerror or error})") from error


def _number(value: float) -> str:
    """The shortest text that reads back as the same number."""
    text = repr(value)
    return text[:-2] if text.endswith(".0") else text


# --- sound ---------------------------------------------------------------------------------------


def _of_wave(path: Path, profile: Profile, wishes: Wishes) -> Recording:
    sensor, rate_hz = profile.sensor, profile.sampling.rate_hz
    first, last = _rows(wishes.rows)
    numbers = waves.read(path, profile, wishes)[first:last]
    if not len(numbers):
        raise UserError("holds no usable row")
    believed = [sensor.believed(channel) for channel in range(len(sensor.channels))]
    low, high = np.array(believed, dtype=np.float32).T * np.float32(waves.FULL_SCALE)
    bad = {"out of range": ((numbers < low) | (numbers > high)).any(axis=1)}
    begins = np.zeros(len(numbers), dtype=np.bool_)
    begins[0] = True
    longest = round(sensor.stuck_seconds * rate_hz)
    bad["stuck at one value"] = is_stuck(numbers, begins, longest) & ~bad["out of range"]
    left_out = {reason: int(rows.sum()) for reason, rows in bad.items() if rows.any()}
    gone = sum(left_out.values())
    if gone > MOST_LEFT_OUT * len(numbers):
        reason = max(left_out, key=left_out.__getitem__)
        raise UserError(f"{gone:,} of {len(numbers):,} samples cannot be used: {reason}")
    micros: Micros | None = None
    starts: tuple[int, ...] = (0,)
    malformed: tuple[Malformed, ...] = ()
    if gone:
        lost = np.logical_or(*bad.values())
        kept = np.flatnonzero(~lost)
        micros = np.round((kept - kept[0]) * (1e6 / rate_hz)).astype(np.int64)
        starts = (0, *(np.flatnonzero(np.diff(kept) > 1) + 1).tolist())
        malformed = tuple(
            Malformed(int(row) + 1, next(reason for reason, rows in bad.items() if rows[row]))
            for row in np.flatnonzero(lost)[:100]
        )
        numbers = numbers[kept]
    return Recording(
        path.name,
        sensor.channels,
        numbers / float(waves.FULL_SCALE),
        micros,
        False,
        1 / rate_hz,
        starts,
        left_out,
        malformed,
        {channel: channel for channel in sensor.channels},
        (),
    )


# --- from cells to a recording -------------------------------------------------------------------


def _understand(path: Path, cells: Table, profile: Profile, wishes: Wishes) -> Recording:
    sensor, period_s = profile.sensor, 1 / profile.sampling.rate_hz
    total = len(cells) + sum(cells.rejected.values())
    if not len(cells):
        detail = "".join(f"; line {bad.line}: {bad.detail}" for bad in cells.malformed[:1])
        raise UserError(f"holds no usable row{detail}")
    notes: list[str] = []
    columns.refuse_series(cells, sensor)
    times, known_s = _times(cells, period_s, wishes)
    chosen, note = columns.choose(cells, sensor.channels, wishes.columns, times)
    notes += [text for text in (times.note, note) if text]
    rows = Rows(cells, chosen, times.micros)
    note = rows.put_in_order(repeats=wishes.resample_s is not None)
    notes += [note] if note else []
    pace = Pace.of(known_s) if known_s else Pace.measured(rows.micros)
    if wishes.interval_s and abs(pace.interval_s / wishes.interval_s - 1) > 0.05:
        raise UserError(
            f"its times say a row every {pace.interval_s:.6g} s, not {wishes.interval_s:g}: leave "
            "--interval away (--resample S makes rows of another interval)"
        )
    rows.leave_out(sensor)
    _enough(rows, total, sensor)
    if wishes.resample_s:
        notes.append(f"{pace.interval_s:.6g} s resampled to {wishes.resample_s:g} s")
        pace = rows.resample(pace, wishes.resample_s)
    rows.leave_out_stuck(pace, round(sensor.stuck_seconds * profile.sampling.rate_hz))
    _enough(rows, total, sensor)
    interval = pace.interval_s
    if not 0.5 < interval / period_s < 2:
        notes.append(
            f"the profile has a row every {period_s:g} s: this is judged at its own pace"
            + (f" (or --resample {period_s:g})" if interval < period_s else "")
        )
    starts = rows.starts(pace)
    rows.even_out(pace, starts)
    return Recording(
        path.name,
        sensor.channels,
        rows.values,
        rows.micros,
        times.dated,
        interval,
        starts,
        dict(rows.left_out),
        tuple(sorted(rows.malformed, key=lambda bad: bad.line)),
        {
            channel: cells.layout.name(column)
            for channel, column in zip(sensor.channels, chosen, strict=True)
        },
        tuple(notes),
    )


def _enough(rows: Rows, total: int, sensor: Sensor) -> None:
    """Raises UserError where so much is left out that the file was not understood."""
    gone = sum(rows.left_out.values())
    if gone <= MOST_LEFT_OUT * total and len(rows.values):
        return
    reason, count = rows.left_out.most_common(1)[0]
    first = min((bad for bad in rows.malformed if bad.reason == reason), key=lambda bad: bad.line)
    cures = {
        "out of range": f"the profile believes {_believed(sensor)} ([sensor] valid): another "
        "unit, counts of an ADC, a dead sensor?",
        "stuck at one value": "a sensor that never changes teaches nothing (stuck_seconds)",
        "not a number": "look at the column, or choose another with --column",
    }
    cure = f"; {cures[reason]}" if reason in cures else ""
    raise UserError(
        f"{gone:,} of {total:,} rows cannot be used, more than 5 %: {count:,} {reason}, first in "
        f"line {first.line}{f': {first.detail}' if first.detail else ''}{cure}"
    )


def _believed(sensor: Sensor) -> str:
    """What is no fault: "-40 to 125 C", channel by channel where they differ."""
    texts = [
        f"{low:g} to {high:g} {unit}".rstrip()
        for unit, (low, high) in zip(
            sensor.units, map(sensor.believed, range(len(sensor.channels))), strict=True
        )
    ]
    if len(set(texts)) == 1:
        return texts[0]
    return ", ".join(f"{name} {text}" for name, text in zip(sensor.channels, texts, strict=True))


# --- times ---------------------------------------------------------------------------------------


def _times(cells: Table, period_s: float, wishes: Wishes) -> tuple[clock.Times, float | None]:
    """The time of each row, and the interval where it is known already.

    Raises:
      Undecided: the file does not tell, and `--interval` was not given.
    """
    if _is_plain(cells):
        return _plain_times(cells)
    try:
        times = clock.read(cells, period_s)
        reason = "it has no column of times"
        if times is not None and not wishes.resample_s:
            refuse_coarse(times.micros[times.micros != NO_TIME])
    except Undecided as error:
        times, reason = None, str(error)
    if times is not None:
        return times, None
    if wishes.interval_s is None:
        raise Undecided(f"{reason}: say with --interval how many seconds lie between two rows")
    step = max(1, round(wishes.interval_s * 1e6))
    return clock.Times(cells.ordinals * step, (), False), wishes.interval_s


def _is_plain(cells: Table) -> bool:
    """Whether this is the project's own form: its head says so."""
    header = cells.layout.header
    return bool(header and header[0] == "time" and cells.head.keys() & {"interval", "recorded"})


def _plain_times(cells: Table) -> tuple[clock.Times, float | None]:
    """Times in seconds, since `recorded` where the head has it; `interval` from the head."""
    seconds = cells.numbers(0)
    good = np.isfinite(seconds)
    micros = np.full(len(seconds), NO_TIME, dtype=np.int64)
    micros[good] = np.round(seconds[good] * 1e6).astype(np.int64)
    try:
        start = understood.micros_of(cells.head.get("recorded", "").removesuffix("Z"))
        micros[good] += start
        dated = True
    except ValueError:
        dated = False
    try:
        interval = float(cells.head.get("interval", ""))
    except ValueError:
        interval = 0.0
    sound = 0 < interval < 1e9
    return clock.Times(micros, (0,), dated), interval if sound else None


def _rows(text: str | None) -> tuple[int, int | None]:
    if text is None:
        return 0, None
    begin, colon, end = text.partition(":")
    if not colon or not all(part.isdigit() or not part for part in (begin, end)):
        raise UserError(f"--rows {text}: must be A:B, rows A to B - 1 counted from 0")
    bounds = int(begin or 0), int(end) if end else None
    if bounds[1] is not None and bounds[1] <= bounds[0]:
        raise UserError(f"--rows {text}: holds no row")
    return bounds
