"""When the rows of a table were recorded: dates, clocks, seconds or milliseconds.

A time that is not understood is asked for (`Undecided`), never replaced by the profile's rate.
"""

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from training.table import Layout, Table, Undecided, is_missing, is_number, looks_like_time

Micros = npt.NDArray[np.int64]

NO_TIME: Final = np.iinfo(np.int64).min
DAY: Final = 86_400_000_000  # microseconds
SAMPLE_CELLS: Final = 60  # spread over a column, that show how its times are written
UNDERSTOOD: Final = 0.9  # of the cells of a column of times
NEAR: Final = 4.0  # a unit whose step is within this factor of the profile's is the right one

# Names that columns of times have, and the unit (seconds) that a name tells.
_time_name: Final = re.compile(
    r"_?(time|timestamp|datetime|date|dates?|clock|uhrzeit|zeit\w*|datum|heure|fecha|hora|tiempo|"
    r"temps|t|ts|epoch|unix\w*|seconds?|secs?|sek\w*|s|ms|milli\w*|us|micro\w*|elapsed\w*|uptime|"
    r"minutes?|hours?|created_at|recorded_at|last_changed|last_updated|when|time\w*|date\w*|\w+time)"
)
_UNITS: Final = (
    (re.compile(r"\b(ns|nano\w*)\b"), 1e-9),
    (re.compile(r"\b(us|µs|micro\w*)\b"), 1e-6),
    (re.compile(r"\b(ms|msec|milli\w*)\b"), 1e-3),
    (re.compile(r"\b(s|sec|secs|seconds?|sek\w*)\b"), 1.0),
    (re.compile(r"\b(min|mins|minutes?)\b"), 60.0),
    (re.compile(r"\b(h|hours?)\b"), 3600.0),
)
_EPOCHS: Final = (
    (1e9, 4.2e9, 1.0),
    (1e12, 4.2e12, 1e-3),
    (1e15, 4.2e15, 1e-6),
    (1e18, 4.2e18, 1e-9),
)
_counter_name: Final = re.compile(r"(#|no\.?|nr\.?|n|i|id|\w+_id|index|row|record|seq\w*|sample\w*|"
                                  r"count\w*|unnamed.*|)")  # fmt: skip

_CLOCKS: Final = ("%H:%M:%S", "%H:%M:%S.%f", "%H:%M:%S,%f", "%H:%M", "%I:%M:%S %p", "%I:%M %p",
                  "%I:%M:%S.%f %p")  # fmt: skip
_ANY_ORDER: Final = ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%d %b %Y", "%d-%b-%Y",
                     "%d-%b-%y", "%d.%b.%Y", "%b %d %Y", "%b %d, %Y", "%d %B %Y", "%B %d, %Y",
                     "%d.%m.%Y", "%d.%m.%y")  # fmt: skip
_DAY_FIRST: Final = ("%d/%m/%Y", "%d/%m/%y", "%d-%m-%Y", "%d-%m-%y")
_MONTH_FIRST: Final = ("%m/%d/%Y", "%m/%d/%y", "%m-%d-%Y", "%m-%d-%y")


@dataclass(frozen=True)
class Times:
    """`micros` [rows]: NO_TIME where a row has none. `columns`: which ones tell the time."""

    micros: Micros
    columns: tuple[int, ...]
    dated: bool  # since 1970, not since some start
    note: str = ""  # what was chosen where there was a choice


@dataclass(frozen=True)
class _Dates:
    """A column of dates, of clocks, or of both."""

    column: int
    formats: tuple[tuple[str, ...], ...]  # one family for each order of day and month
    has_date: bool
    has_clock: bool


def time_columns(table: Table) -> list[int]:
    """Columns that are none of a sensor: dates, clocks, and those whose name says time."""
    layout = table.layout
    written = [dates.column for dates in _written(table)]
    named = [i for i in range(layout.width) if layout.header and _is_time_name(layout.header[i])]
    return sorted({*written, *named})


def is_counter(table: Table, column: int) -> bool:
    """Whether a column only numbers the rows."""
    name = table.layout.header[column] if table.layout.header else None
    if name is not None and _counter_name.fullmatch(name.strip().lower()):
        return True
    values = table.numbers(column)
    return len(values) > 2 and bool(np.all(np.diff(values) == 1))


def read(table: Table, period_s: float) -> Times | None:
    """The times of all rows; None where no column tells any. `period_s` is the profile's.

    Raises:
      Undecided: there are times, and they can be read in several ways or not at all.
    """
    written = _written(table)
    both = [dates for dates in written if dates.has_date and dates.has_clock]
    days = [dates for dates in written if dates.has_date and not dates.has_clock]
    clocks = [dates for dates in written if dates.has_clock and not dates.has_date]
    if both:
        found = [_read_dates(table, dates) for dates in _by_name(table, both)]
        return next((times for times in found if _varies(times)), found[0])
    if days and clocks:
        return _read_day_and_clock(table, days[0], clocks[0])
    numeric = _numeric(table, period_s)
    if numeric is not None:
        return numeric
    if clocks:
        return _read_clock(table, clocks[0])
    if days:
        return _read_dates(table, days[0])
    header = table.layout.header or ()
    for column, name in enumerate(header):
        if _is_time_name(name):
            shown = next((text for text in _some_cells(table, column) if text.strip()), "")
            if shown and not is_number(shown):
                raise Undecided(f'the times in column {name} ("{shown[:40]}") are not understood')
    return None


# --- dates and clocks ----------------------------------------------------------------------------


def _written(table: Table) -> list[_Dates]:
    """The columns whose cells are dates or clocks."""
    found = []
    for column in range(table.layout.width):
        cells = [cleaned for cell in _some_cells(table, column) if (cleaned := _clean(cell))]
        if not cells or sum(map(looks_like_time, cells)) < UNDERSTOOD * len(cells):
            continue
        for joins, dated, clocked in (((" ", ", ", "_", "-"), True, True), (None, True, False)):
            families = tuple(
                formats
                for order in (_ANY_ORDER, _DAY_FIRST, _MONTH_FIRST)
                if (formats := _that_parse(cells, _formats(order, joins)))
            )
            if families:
                found.append(_Dates(column, families, dated, clocked))
                break
        else:
            formats = _that_parse(cells, _CLOCKS)
            if formats:
                found.append(_Dates(column, (formats,), False, True))
    return found


def _formats(dates: Sequence[str], joins: Sequence[str] | None) -> tuple[str, ...]:
    if joins is None:
        return tuple(dates)
    return tuple(
        f"{date}{join}{clock}" for date, join, clock in itertools.product(dates, joins, _CLOCKS)
    )


def _that_parse(cells: Sequence[str], formats: Sequence[str]) -> tuple[str, ...]:
    """Those formats that are needed for these cells, where they read nearly all of them."""
    left, unread = list(cells), 0
    needed: list[str] = []
    while left:
        found = next((text for text in formats if _parses(left[0], text)), None)
        if found is None:
            unread += 1
            left = left[1:]
            if unread > (1 - UNDERSTOOD) * len(cells):
                return ()
            continue
        needed.append(found)
        left = [cell for cell in left if not _parses(cell, found)]
    return tuple(needed)


def _parses(cell: str, text: str) -> bool:
    try:
        datetime.strptime(cell, text)
    except ValueError:
        return False
    return True


def _some_cells(table: Table, column: int) -> list[str]:
    if not len(table):
        return []
    rows = np.unique(np.linspace(0, len(table) - 1, SAMPLE_CELLS).astype(int)).tolist()
    return [cell for cell in table.texts(column, rows) if not is_missing(cell)]


# The zone behind a time: named, or as hours and minutes.
_ZONE: Final = r"\s*(?:UTC|GMT|Z|UT)$"
_OFFSET: Final = r"^(.*\d:\d\d\S*?)\s*([+-])(\d\d):?(\d\d)$"


def _clean(cell: str) -> str:
    text = re.sub(_ZONE, "", cell.strip())
    text = re.sub(_OFFSET, r"\1", text)
    text = re.sub(r"(\d)T(\d)", r"\1 \2", text)
    return re.sub(r"([.,]\d{6})\d+", r"\1", text)


def _clean_sql(column: str) -> str:
    text = f"regexp_replace(trim({column}), '{_ZONE}', '')"
    text = f"regexp_replace({text}, '{_OFFSET}', '\\1')"
    text = f"regexp_replace({text}, '(\\d)T(\\d)', '\\1 \\2')"
    return f"regexp_replace({text}, '([.,]\\d{{6}})\\d+', '\\1')"


def _micros(table: Table, text: str, offset_of: str, formats: Sequence[str]) -> Micros:
    """Microseconds since 1970 of a text in SQL, less the offset in `offset_of`."""
    bare = f"regexp_replace(trim({offset_of}), '{_ZONE}', '')"
    part = [f"regexp_extract({bare}, '{_OFFSET}', {group})" for group in (2, 3, 4)]
    minutes = f"(TRY_CAST({part[1]} AS BIGINT) * 60 + TRY_CAST({part[2]} AS BIGINT))"
    offset = f"CASE {part[0]} WHEN '+' THEN {minutes} WHEN '-' THEN -{minutes} ELSE 0 END"
    marks = ", ".join("?" for _ in formats)
    parsed = f"epoch_us(try_strptime({text}, [{marks}])) - 60000000 * ({offset})"
    found = table.query(f"CAST({parsed} AS BIGINT)", formats)
    return np.ma.filled(np.ma.asarray(found, dtype=np.int64), NO_TIME)


def _read_dates(table: Table, dates: _Dates) -> Times:
    column = f"c{dates.column}"
    families = [_micros(table, _clean_sql(column), column, formats) for formats in dates.formats]
    return _best_order(table, families, (dates.column,))


def _read_day_and_clock(table: Table, day: _Dates, clock: _Dates) -> Times:
    columns = f"c{day.column}", f"c{clock.column}"
    text = f"{_clean_sql(columns[0])} || ' ' || {_clean_sql(columns[1])}"
    families = [
        _micros(table, text, columns[1], [f"{d} {c}" for d in formats for c in clock.formats[0]])
        for formats in day.formats
    ]
    return _best_order(table, families, (day.column, clock.column))


def _best_order(table: Table, families: list[Micros], columns: tuple[int, ...]) -> Times:
    """The order of day and month in which the rows follow each other evenly.

    Raises:
      Undecided: two orders do equally well, and give another time between the rows.
    """
    read_ = [int(np.sum(micros != NO_TIME)) for micros in families]
    best = [micros for micros, n in zip(families, read_, strict=True) if n == max(read_)]
    if len(best) == 1:
        return Times(best[0], columns, True)
    evenness = [_unevenness(micros) for micros in best]
    order = sorted(range(len(best)), key=lambda i: evenness[i])
    if evenness[order[0]] < 0.5 * evenness[order[1]]:
        return Times(best[order[0]], columns, True)
    steps = [np.median(np.diff(micros[micros != NO_TIME])) for micros in best]
    if len(set(steps)) > 1:
        text = table.texts(columns[0], [0])[0]
        raise Undecided(f'"{text}" may have the day first or the month first')
    return Times(best[0], columns, True, "dates read with the day first")


def _unevenness(micros: Micros) -> float:
    """Mean distance of the steps from the usual one, relative to it; large for steps back."""
    steps = np.diff(micros[micros != NO_TIME]).astype(float)
    usual = float(np.median(steps)) if len(steps) else 0.0
    if usual == 0:
        return 1e9
    return float(np.mean(np.abs(steps - usual))) / abs(usual) + (1e6 if usual < 0 else 0)


def _read_clock(table: Table, clock: _Dates) -> Times:
    """Times of day; midnight begins the next day."""
    column = f"c{clock.column}"
    micros = _micros(table, _clean_sql(column), column, clock.formats[0])
    good = micros != NO_TIME
    day = micros[good] % DAY
    day += np.concatenate([[0], np.cumsum(np.diff(day) < -DAY // 2)]).astype(np.int64) * DAY
    micros[good] = day
    return Times(micros, (clock.column,), False)


def _by_name(table: Table, candidates: list[_Dates]) -> list[_Dates]:
    """Several columns of dates: the one that is called time comes first."""
    names = table.layout.header or ("",) * table.layout.width
    preferred = ("time", "_time", "timestamp", "datetime", "date time")
    return sorted(
        candidates, key=lambda dates: names[dates.column].strip().lower() not in preferred
    )


def _varies(times: Times) -> bool:
    good = times.micros[times.micros != NO_TIME]
    return len(good) > 1 and bool(np.any(good != good[0]))


# --- numbers -------------------------------------------------------------------------------------


def _is_time_name(name: str) -> bool:
    bare = re.sub(r"[\(\[].*?[\)\]]", "", name).strip().lower()
    return _time_name.fullmatch(bare.replace(" ", "_")) is not None and bare not in ("temps",)


def _unit_of_name(name: str) -> float | None:
    """Seconds in the unit that a column's name tells."""
    words = re.sub(r"[^a-zµ]+", " ", name.lower())
    return next((unit for pattern, unit in _UNITS if pattern.search(words)), None)


def _numeric(table: Table, period_s: float) -> Times | None:
    """A column of numbers that tells the time."""
    layout = table.layout
    for column in range(layout.width):
        if layout.header and not _is_time_name(layout.header[column]):
            continue
        values = table.numbers(column)
        good = np.isfinite(values)
        if np.sum(good) < 2 or np.sum(good) < UNDERSTOOD * len(values):
            continue
        if layout.width == 1:
            return None  # the only column is the sensor's
        steps = np.diff(values[good])
        if layout.header is None and not _is_unnamed_time(table, column, values[good], steps):
            continue
        unit, dated = _unit(layout, column, values[good], steps, period_s)
        micros = np.full(len(values), NO_TIME, dtype=np.int64)
        micros[good] = np.round(values[good] * (unit * 1e6)).astype(np.int64)
        return Times(micros, (column,), dated)
    return None


def _is_unnamed_time(
    table: Table, column: int, values: npt.NDArray[Any], steps: npt.NDArray[Any]
) -> bool:
    """Without a header: numbers that only rise, as an epoch or by even parts of a second.

    Raises:
      Undecided: it may as well number the rows.
    """
    usual = float(np.median(steps))
    rising = usual > 0 and float(np.mean(steps > 0)) > UNDERSTOOD
    even = rising and float(np.mean(np.abs(steps - usual) < 1e-6 * usual + 1e-9)) > UNDERSTOOD
    if rising and any(low <= values[0] < high for low, high, _ in _EPOCHS):
        return True
    if not even or table.layout.width == 1:
        return False
    if np.any(values != np.round(values)):
        return True
    raise Undecided(
        f"column {column + 1} rises by {usual:g} from row to row: seconds, milliseconds, or only "
        "the number of the row"
    )


def _unit(
    layout: Layout,
    column: int,
    values: npt.NDArray[Any],
    steps: npt.NDArray[Any],
    period_s: float,
) -> tuple[float, bool]:
    """Seconds in one unit of a numeric time, and whether it counts from 1970.

    Raises:
      Undecided: it may be seconds or milliseconds.
    """
    middle = float(np.median(values))
    for low, high, unit in _EPOCHS:
        if low <= middle < high:
            return unit, True
    named = layout.header and _unit_of_name(layout.header[column])
    if named:
        return named, False
    usual = float(np.median(np.abs(steps)))
    if np.any(values != np.round(values)):
        return 1.0, False
    near = [u for u in (1.0, 1e-3, 1e-6) if 1 / NEAR <= usual * u / period_s <= NEAR]
    if len(near) == 1:
        return near[0], False
    raise Undecided(
        f"column {layout.name(column)} rises by {usual:g} from row to row, which may be seconds or "
        "milliseconds"
    )
