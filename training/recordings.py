"""Recordings: the one way in for whatever people have recorded, and the plain form it comes to.

A row that is no reading, or that the chip itself would not believe, is left out and counted; where
rows are missing the recording is in pieces, each continuous in time. docs/recordings.md has the
rules as a user meets them.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from training import clock, table, understood
from training.clock import NO_TIME, Micros
from training.errors import UserError
from training.profiles import Profile, Sensor
from training.table import Malformed, Table, Undecided
from training.wishes import Wishes

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

MOST_LEFT_OUT: Final = 0.05  # of the rows: a recording that loses more is not understood
HOLE: Final = 1.5  # intervals from row to row: more is a hole
EVEN: Final = 0.5  # a step within so much of the interval is an even one ...
EVEN_SHARE: Final = 0.8  # ... and so many have to be

_SERIES_NAMES: Final = frozenset(
    ("_field", "field", "sensor", "entity_id", "name", "variable", "metric", "series", "parameter")
)


@dataclass(frozen=True)
class Recording:
    """Readings [rows, channels] in the sensor's unit, and when they were taken."""

    name: str
    channels: tuple[str, ...]
    values: Array  # [rows, channels]
    micros: Micros  # [rows] microseconds, since 1970 where `dated`
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
    cells = table.read(path, wishes.decimal, _rows(wishes.rows))
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
    micros = recording.micros - recording.micros[0]
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


# --- from cells to a recording -------------------------------------------------------------------


@dataclass
class _Rows:
    """Rows on their way: those that are left out go, one reason after the other."""

    values: Array
    micros: Micros
    lines: npt.NDArray[np.int64]
    left_out: Counter[str] = field(default_factory=Counter)
    malformed: list[Malformed] = field(default_factory=list)

    def drop(self, bad: Any, reason: str, detail: Sequence[str] = ()) -> None:
        """Leaves rows out; `detail` is what stands in the first few of them."""
        if not bad.any():
            return
        self.left_out[reason] += int(bad.sum())
        for line, text in zip(self.lines[bad][:100].tolist(), [*detail, *[""] * 100], strict=False):
            self.malformed.append(Malformed(line, reason, text))
        self.keep(~bad)

    def keep(self, rows: Any) -> None:
        self.values, self.micros = self.values[rows], self.micros[rows]
        self.lines = self.lines[rows]


def _understand(path: Path, cells: Table, profile: Profile, wishes: Wishes) -> Recording:
    sensor, period_s = profile.sensor, 1 / profile.sampling.rate_hz
    total = len(cells) + sum(cells.rejected.values())
    if not len(cells):
        detail = "".join(f"; line {bad.line}: {bad.detail}" for bad in cells.malformed[:1])
        raise UserError(f"holds no usable row{detail}")
    notes: list[str] = []
    _refuse_series(cells, sensor)
    times, known_s = _times(cells, period_s, wishes)
    chosen, note = _choose(cells, sensor.channels, wishes.columns, times)
    notes += [text for text in (times.note, note) if text]
    values = np.stack([cells.numbers(column) for column in chosen], axis=1)
    left_out = Counter(cells.rejected)
    rows = _Rows(values, times.micros.copy(), cells.lines, left_out, list(cells.malformed))
    _leave_out(rows, cells, chosen, sensor)
    _enough(rows, total, wishes, sensor)
    note = _put_in_order(rows, repeats=wishes.resample_s is not None)
    notes += [note] if note else []
    interval = round(known_s or _interval(rows), 6)
    if wishes.interval_s and abs(interval / wishes.interval_s - 1) > 0.05:
        raise UserError(
            f"its times say a row every {interval:.6g} s, not {wishes.interval_s:g}: leave "
            "--interval away (--resample S makes rows of another interval)"
        )
    if wishes.resample_s:
        _resample(rows, interval, wishes.resample_s)
        notes.append(f"{interval:.6g} s resampled to {wishes.resample_s:g} s")
        interval = wishes.resample_s
    step = max(1, round(interval * 1e6))
    stuck = _stuck(rows, step, sensor, profile.sampling.rate_hz)
    rows.drop(stuck, "stuck at one value")
    _enough(rows, total, wishes, sensor)
    if not 0.5 < interval / period_s < 2:
        notes.append(
            f"the profile has a row every {period_s:g} s: this is judged at its own pace"
            + (f" (or --resample {period_s:g})" if interval < period_s else "")
        )
    starts = _starts(rows.micros, step)
    rows.micros = _evened(rows.micros, starts, step)
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


def _leave_out(rows: _Rows, cells: Table, chosen: Sequence[int], sensor: Sensor) -> None:
    """What is no reading, and what the chip would call a fault (SensorCheck in lib/Sensor)."""
    missing = np.isnan(rows.values)
    bad = missing.any(axis=1)
    if bad.any():
        some = np.flatnonzero(bad)[:5]
        texts = [cells.texts(chosen[int(np.argmax(missing[row]))], [int(row)])[0] for row in some]
        rows.drop(bad, "not a number", [f'"{text[:40]}"' for text in texts])
    rows.drop(rows.micros == NO_TIME, "without a time")
    single = rows.values.astype(np.float32)
    low, high = (np.float32(edge) for edge in sensor.valid)
    bad = ((single < low) | (single > high)).any(axis=1)
    rows.drop(bad, "out of range", [f"{max(row, key=abs):g}" for row in rows.values[bad][:5]])


def _enough(rows: _Rows, total: int, wishes: Wishes, sensor: Sensor) -> None:
    """Raises UserError where so much is left out that the file was not understood."""
    gone = sum(rows.left_out.values())
    if gone <= MOST_LEFT_OUT * total and len(rows.values):
        return
    reason, count = rows.left_out.most_common(1)[0]
    first = min((bad for bad in rows.malformed if bad.reason == reason), key=lambda bad: bad.line)
    cures = {
        "out of range": f"the profile believes {sensor.valid[0]:g} to {sensor.valid[1]:g} "
        f"{sensor.unit} ([sensor] valid): another unit, counts of an ADC, a dead sensor?",
        "stuck at one value": "a sensor that never changes teaches nothing (stuck_seconds)",
        "not a number": "look at the column, or choose another with --column",
    }
    cure = f"; {cures[reason]}" if reason in cures else ""
    raise UserError(
        f"{gone:,} of {total:,} rows cannot be used, more than 5 %: {count:,} {reason}, first in "
        f"line {first.line}{f': {first.detail}' if first.detail else ''}{cure}"
    )


# --- columns -------------------------------------------------------------------------------------


def _choose(
    cells: Table, channels: Sequence[str], asked: Sequence[str], times: clock.Times
) -> tuple[list[int], str]:
    """The column of each channel, and what was chosen where there was a choice."""
    layout = cells.layout
    header = [name.strip() for name in layout.header] if layout.header else []
    if asked:
        if len(asked) != len(channels):
            raise UserError(
                f"--column: {len(asked)} given for {len(channels)} channels ({', '.join(channels)})"
            )
        return [_asked(name, header, layout.width) for name in asked], ""
    folded = [name.casefold() for name in header]
    for names, wanted in ((header, channels), (folded, [c.casefold() for c in channels])):
        if names and all(name in names for name in wanted):
            return [names.index(name) for name in wanted], ""
    if len(channels) == 1 and "value" in folded:
        return [folded.index("value")], ""
    candidates = _candidates(cells, times)
    if len(candidates) == len(channels) and (len(channels) == 1 or not header):
        others = layout.width - len(candidates)
        taken = ", ".join(layout.name(column) for column in candidates)
        return candidates, f"column {taken} taken" if others > 1 else ""
    shown = [layout.name(column) for column in candidates] or [
        layout.name(column) for column in range(layout.width)
    ]
    lacking = next((c for c in channels if c.casefold() not in folded), channels[0])
    if len(channels) == 1:
        raise Undecided(f"which column is {lacking}? choose with --column ({_listed(shown)})")
    raise Undecided(
        f"has no column {lacking}: name one for each of {', '.join(channels)} with --column "
        f"({_listed(shown)})"
    )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:12]) + (", ..." if len(names) > 12 else "")


def _asked(name: str, header: Sequence[str], width: int) -> int:
    if name in header:
        return header.index(name)
    if name.isdigit() and 1 <= int(name) <= width:
        return int(name) - 1
    known = _listed(header) if header else f"1 to {width}"
    raise UserError(f"there is no column {name} (columns: {known})")


def _candidates(cells: Table, times: clock.Times) -> list[int]:
    """Columns that may be a sensor's: numbers that vary, neither times nor counters."""
    if cells.layout.width == 1:
        return [0]
    of_time = {*times.columns, *clock.time_columns(cells)}
    numeric = []
    for column in range(cells.layout.width):
        values = cells.numbers(column)
        good = values[np.isfinite(values)]
        if column not in of_time and len(good) >= 0.5 * len(values) and len(good):
            numeric.append((column, bool(np.ptp(good) > 0)))
    numeric = [(c, v) for c, v in numeric if not clock.is_counter(cells, c)] or numeric
    varying = [column for column, varies in numeric if varies]
    if varying or numeric:
        return varying or [column for column, _ in numeric]
    return [column for column in range(cells.layout.width) if column not in of_time]


def _refuse_series(cells: Table, sensor: Sensor) -> None:
    """Raises UserError where several series stand one under the other."""
    for column, name in enumerate(cells.layout.header or ()):
        if name.strip().lower() not in _SERIES_NAMES:
            continue
        series = [word for word in cells.distinct_words(column, 20) if word != name]
        if len(series) > 1:
            raise UserError(
                f"column {name} names several series one under the other ({_listed(series)}): "
                "export one of them, or a column for each"
            )


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
            _refuse_coarse(times.micros[times.micros != NO_TIME])
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


def _put_in_order(rows: _Rows, repeats: bool) -> str:
    """Turns or sorts rows that are out of order in time; leaves repeated ones out."""
    steps = np.diff(rows.micros)
    if not len(steps):
        return ""
    note = ""
    back = int(np.sum(steps < 0))
    if back > 0.9 * len(steps):
        rows.keep(slice(None, None, -1))
        note = "newest row first: turned round"
    elif back:
        order = np.argsort(rows.micros, kind="stable")
        repeated = int(np.sum(np.diff(rows.micros[order]) == 0))
        if repeated <= np.sum(steps == 0):
            rows.keep(order)
            note = f"out of order in {back:,} place{'s' * (back > 1)}: sorted by time"
        elif back > MOST_LEFT_OUT * len(steps):
            raise UserError(f"its times go back {back:,} times: sort it by time")
    if not repeats:
        again = np.concatenate([[False], np.diff(rows.micros) == 0])
        rows.drop(again, "with the time of the row before")
    return note


def _refuse_coarse(micros: Micros) -> None:
    repeated = int(np.sum(np.diff(micros) == 0))
    if repeated > MOST_LEFT_OUT * max(len(micros), 1):
        raise Undecided(
            f"{repeated:,} rows have the time of the row before, its clock is too coarse: say with "
            "--interval how many seconds lie between two rows"
        )


def _interval(rows: _Rows) -> float:
    """Seconds from row to row.

    Raises:
      UserError: the rows do not come evenly.
    """
    steps = np.diff(rows.micros)
    steps = steps[steps > 0]
    if not len(steps):
        raise Undecided("one row tells no interval: say with --interval how long it is")
    usual = float(np.median(steps))
    if np.mean(np.abs(steps - usual) <= EVEN * usual) >= EVEN_SHARE:
        return usual / 1e6
    resolution = float(np.gcd.reduce(steps))
    few = steps[steps <= 2.5 * max(usual, resolution)]
    mean = float(np.mean(few))
    if resolution >= 0.3 * usual and np.mean(np.abs(steps - mean) <= resolution) >= EVEN_SHARE:
        return mean / 1e6  # a clock of whole seconds, say, and a row every 1.5 s
    low, high = np.quantile(steps, [0.05, 0.95]) / 1e6
    raise UserError(
        f"its rows come unevenly, {low:.3g} to {high:.3g} s apart: --resample S makes one row of "
        f"all that lie within S seconds (--resample {_round_up(float(high)):g}, say)"
    )


def _round_up(seconds: float) -> float:
    steps = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600, 86400)
    return next((step for step in steps if step >= seconds), float(np.ceil(seconds)))


def _resample(rows: _Rows, interval: float, wanted: float) -> None:
    """One row for each `wanted` seconds: the mean of those that lie in them."""
    if wanted < 0.9 * interval:
        raise UserError(
            f"--resample {wanted:g}: rows come every {interval:.6g} s, and there is nothing between"
        )
    step = max(1, round(wanted * 1e6))
    bins = rows.micros // step
    first = np.concatenate([[True], np.diff(bins) != 0])
    begins = np.flatnonzero(first)
    counts = np.diff(np.append(begins, len(bins)))
    rows.values = np.add.reduceat(rows.values, begins, axis=0) / counts[:, None]
    rows.micros, rows.lines = bins[begins] * step, rows.lines[begins]


def _starts(micros: Micros, step: int) -> tuple[int, ...]:
    """Rows at which a piece begins: the first, and those behind a hole or a step back."""
    steps = np.diff(micros)
    broken = (steps > _longest(micros, step)) | (steps <= 0)
    return (0, *(np.flatnonzero(broken) + 1).tolist()) if len(micros) else ()


def _longest(micros: Micros, step: int) -> float:
    """The longest step within a piece; longer where the clock of the recording is coarse."""
    steps = np.diff(micros)
    steps = steps[steps > 0]
    resolution = int(np.gcd.reduce(steps)) if len(steps) else 0
    coarse = resolution < step and 2 * resolution > step
    return step + resolution if coarse else HOLE * step


def _evened(micros: Micros, starts: Sequence[int], step: int) -> Micros:
    """Times that tell the pieces by themselves: a step of more than 1.5 intervals begins one."""
    plain = np.diff(micros)
    told = (0, *(np.flatnonzero((plain > HOLE * step) | (plain <= 0)) + 1).tolist())
    if told == tuple(starts) and not np.any(plain <= 0):
        return micros
    result = micros.copy()
    free = micros[0]
    for begin, end in zip(starts, [*starts[1:], len(micros)], strict=True):
        result[begin:end] = max(free, micros[begin]) + step * np.arange(end - begin)
        free = result[end - 1] + 2 * step
    return result


def _stuck(rows: _Rows, step: int, sensor: Sensor, rate_hz: float) -> Mask:
    """Rows that the chip calls stuck: exactly equal for too long, in any channel."""
    longest = round(sensor.stuck_seconds * rate_hz)
    bad = np.zeros(len(rows.values), dtype=np.bool_)
    if longest < 1 or not len(bad):
        return bad
    begins = np.zeros(len(bad), dtype=np.bool_)
    begins[list(_starts(rows.micros, step))] = True
    single = rows.values.astype(np.float32)
    for channel in single.T:
        new = begins.copy()
        new[1:] |= channel[1:] != channel[:-1]
        positions = np.arange(len(bad))
        run = positions - np.maximum.accumulate(np.where(new, positions, 0)) + 1
        bad |= run >= longest
    return bad


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
