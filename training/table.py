"""A text file as a table of cells: encoding, comments, delimiter, header, decimal sign.

What the file itself does not decide is asked for (`Undecided`), never guessed. The cells go into a
DuckDB table, which turns them into numbers and dates without a Python object for each.
"""

import csv
import functools
import io
import itertools
import re
import tempfile
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import duckdb
import numpy as np
import numpy.typing as npt

from project.errors import UserError

SAMPLE_LINES: Final = 2000  # that decide how a file is laid out
MAX_COLUMNS: Final = 256
MAX_CELLS_SHARE: Final = 0.6  # of the lines, which have the same number of cells in a table

# How loggers say that a sensor gave no number.
MISSING: Final = frozenset(
    (
        *("", "-", "--", "---", "?", "nan", "na", "n/a", "#n/a", "null", "none", "nil"),
        *("inf", "+inf", "-inf", "infinity", "+infinity", "-infinity"),
        *("error", "err", "fault", "unavailable", "unknown"),
    )
)

_PLAIN: Final = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_PLAIN_COMMA: Final = r"[+-]?(?:\d+,?\d*|,\d+)(?:[eE][+-]?\d+)?"
_GROUPED: Final = r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d*)?"
_GROUPED_DOTS: Final = r"[+-]?\d{1,3}(?:\.\d{3})+(?:,\d*)?"
_number: Final = re.compile(f"{_PLAIN}|{_PLAIN_COMMA}|{_GROUPED}|{_GROUPED_DOTS}", re.ASCII)
_clock_or_date: Final = re.compile(
    r"\d.*(?::\d\d|[-/.]\d).*|\d.*[A-Za-z]{3}.*\d|[A-Za-z]{3,9}\.?,? +\d.*\d.*", re.ASCII
)

Numbers = npt.NDArray[np.float64]


class Undecided(UserError):
    """The file can be read in several ways, and the user has to say which."""


@dataclass(frozen=True)
class Malformed:
    """A row that was left out."""

    line: int  # in the file, the first is 1
    reason: str  # one of a few words
    detail: str = ""  # what stands there


@dataclass(frozen=True)
class Layout:
    """How the cells of a file are laid out."""

    delimiter: str  # "" where there is one column, " " for any run of blanks
    width: int  # cells a row
    header: tuple[str, ...] | None
    first: int  # line of the first row
    decimal: str = "."
    thousands: str = ""

    def name(self, column: int) -> str:
        """What a person calls a column: its header, or its number from 1."""
        named = self.header[column].strip() if self.header else ""
        return named or str(column + 1)

    def cells(self, line: str) -> list[str]:
        return _split(line, self.delimiter)


@dataclass
class Table:
    """The rows of a file; `lines` has the line number of each. Close it when done."""

    layout: Layout
    head: dict[str, str]  # comments of the form "key: value" before the first row
    name: str  # of the table in the database
    lines: npt.NDArray[np.int64]  # [rows]
    ordinals: npt.NDArray[np.int64]  # [rows] number of the row, rejected ones counted too
    rejected: Counter[str] = field(default_factory=Counter)  # lines that are no row, by reason
    malformed: list[Malformed] = field(default_factory=list)  # the first of them
    _numbers: dict[int, Numbers] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.lines)

    def close(self) -> None:
        _database().execute(f"DROP TABLE IF EXISTS {self.name}")

    def query(self, expression: str, parameters: Sequence[Any] = ()) -> Any:
        """A NumPy array [rows], masked where a value is missing."""
        found = _database().execute(f"SELECT {expression} AS e FROM {self.name}", list(parameters))
        return found.fetchnumpy()["e"]

    def numbers(self, column: int) -> Numbers:
        """A column as numbers [rows], NaN where a cell is none."""
        if column not in self._numbers:
            values = np.ma.asarray(self.query(number_sql(f"c{column}", self.layout)))
            self._numbers[column] = np.ma.filled(values.astype(np.float64), np.nan)
        return self._numbers[column]

    def texts(self, column: int, rows: Sequence[int]) -> list[str]:
        """The cells of a column in these rows, as they stand in the file."""
        if not rows:
            return []
        marks = ", ".join(map(str, rows))
        found = _database().execute(
            f"SELECT c{column} FROM {self.name} WHERE i IN ({marks}) ORDER BY i"
        )
        return [str(row[0] or "") for row in found.fetchall()]

    def distinct_words(self, column: int, most: int) -> list[str]:
        """What stands in a column and is no number, each once, `most` at most."""
        found = _database().execute(
            f"SELECT DISTINCT c{column} FROM {self.name} "
            f"WHERE NOT regexp_full_match(c{column}, '[-+.0-9]*') ORDER BY 1 LIMIT {most}"
        )
        return [str(row[0]) for row in found.fetchall()]


def number_sql(column: str, layout: Layout) -> str:
    """SQL that gives a cell as a DOUBLE, NULL where it is no plain finite number."""
    if layout.decimal == ",":
        pattern = f"{_PLAIN_COMMA}|{_GROUPED_DOTS}" if layout.thousands else _PLAIN_COMMA
        plain = f"replace(replace(trim({column}), '.', ''), ',', '.')"
    else:
        pattern = f"{_PLAIN}|{_GROUPED}" if layout.thousands else _PLAIN
        plain = f"replace(trim({column}), ',', '')"
    value = f"TRY_CAST({plain} AS DOUBLE)"
    sound = f"regexp_full_match(trim({column}), '{pattern}') AND isfinite({value})"
    return f"CASE WHEN {sound} THEN {value} END"


def is_missing(cell: str) -> bool:
    return cell.strip().lower() in MISSING


def is_number(cell: str) -> bool:
    """Whether a cell is a number in any of the ways that people write one."""
    return _number.fullmatch(cell) is not None


def looks_like_time(cell: str) -> bool:
    return _clock_or_date.fullmatch(cell) is not None and not is_number(cell)


def read(path: Path, decimal: str | None = None, rows: tuple[int, int | None] = (0, None)) -> Table:
    """Reads a file; `rows` are the data rows to keep, counted from 0.

    Raises:
      UserError: not a text file, no rows, or no table.
      Undecided: the decimal sign cannot be told.
    """
    content = _content(path)
    encoding = _encoding(path, content)
    sample, head = _sample(content, encoding)
    if not sample:
        raise UserError(f"{path}: holds no rows")
    layout = _layout(path, sample, decimal)
    return _load(path, _lines(content, encoding), layout, head, rows)


# --- bytes to lines ------------------------------------------------------------------------------

_FOREIGN: Final = (
    (b"PK\x03\x04", "is an Excel workbook or a ZIP file: save the sheet as CSV"),
    (b"\xd0\xcf\x11\xe0", "is an Excel workbook: save the sheet as CSV"),
    (b"\x1f\x8b", "is compressed: unpack it first"),
    (b"PAR1", "is a Parquet file: export it as CSV"),
    (b"SQLite", "is a database: export the table as CSV"),
)


def _content(path: Path) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror or error})") from error
    for magic, sentence in _FOREIGN:
        if content.startswith(magic):
            raise UserError(f"{path}: {sentence}")
    return content


def _encoding(path: Path, content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    elif b"\0" in content[:4096] and content[:4096:2].count(0) + content[1:4096:2].count(0) > 100:
        encoding = "utf-16-be" if content[0] == 0 else "utf-16-le"
    else:
        encoding = "utf-8-sig"
    candidates = [encoding, "cp1252", "latin-1"] if encoding == "utf-8-sig" else [encoding]
    for candidate in candidates:
        try:
            text = content.decode(candidate)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            break
        return candidate
    raise UserError(f"{path}: is not a text file")


def _lines(content: bytes, encoding: str) -> Iterator[tuple[int, str]]:
    """(line number, text) of every line that is neither empty nor a comment."""
    for number, line in _numbered(content, encoding):
        if line.strip() and not _is_comment(line):
            yield number, line


def _numbered(content: bytes, encoding: str) -> Iterator[tuple[int, str]]:
    # Only old Macs end a line by a carriage return alone; elsewhere it is part of the line.
    end = "\n" if b"\n" in content else "\r"
    stream = io.TextIOWrapper(io.BytesIO(content), encoding=encoding, newline=end)
    return ((number, line.rstrip("\r\n\x1a")) for number, line in enumerate(stream, start=1))


def _is_comment(line: str) -> bool:
    return line.startswith("#")


def _sample(content: bytes, encoding: str) -> tuple[list[tuple[int, str]], dict[str, str]]:
    """The first lines that hold cells, and the comments "# key: value" before them."""
    sample: list[tuple[int, str]] = []
    head: dict[str, str] = {}
    for number, line in _numbered(content, encoding):
        if _is_comment(line):
            key, colon, value = line.lstrip("# ").partition(":")
            if colon and not sample:
                head[key.strip().lower()] = value.strip()
        elif line.strip():
            sample.append((number, line))
            if len(sample) == SAMPLE_LINES:
                break
    return sample, head


# --- lines to a layout ---------------------------------------------------------------------------


def _split(line: str, delimiter: str) -> list[str]:
    """Cells without the blanks and the quotes around them."""
    if delimiter == " ":
        return line.split()
    if not delimiter:
        return [_unquoted(line.strip())]
    if '"' not in line:
        return [cell.strip() for cell in line.split(delimiter)]
    reader = csv.reader([line], delimiter=delimiter, skipinitialspace=True)
    return [cell.strip() for row in reader for cell in row]


def _unquoted(cell: str) -> str:
    return cell[1:-1] if len(cell) > 1 and cell[0] == cell[-1] == '"' else cell


def _layout(path: Path, sample: list[tuple[int, str]], decimal: str | None) -> Layout:
    _refuse_markup(path, sample[0][1])
    separator = re.fullmatch(r'"?sep=(.)"?[,;]*', sample[0][1].strip().lower())
    if separator:
        sample = sample[1:]
        if not sample:
            raise UserError(f"{path}: holds no rows")
    delimiter, width = _delimiter([line for _, line in sample], separator[1] if separator else None)
    if width > MAX_COLUMNS:
        raise UserError(f"{path}: has {width} columns, at most {MAX_COLUMNS} can be read")
    rows = [(number, _split(line, delimiter)) for number, line in sample]
    names, data = _header(rows, width)
    if not data:
        line, cells = rows[1] if len(rows) > 1 else rows[0]
        raise UserError(
            f'{path}: holds no usable row; line {line}: "{_shown(" ".join(cells))}" '
            "is no row of numbers"
        )
    first = data[0][0]
    table = [cells for _, cells in data if len(cells) == width]
    if delimiter == "," and decimal == "," and width == 2 and (names is None or len(names) == 1):
        joined = Layout("", 1, tuple(names) if names else None, first)
        return _decimals(path, sample, joined, decimal)
    if delimiter == "," and decimal != "." and _is_split_number(table, names, width):
        raise _split_number(path, data[0], names, width)
    header = _fitted(path, names, width, table, first)
    return _decimals(path, sample, Layout(delimiter, width, header, first), decimal)


def _refuse_markup(path: Path, line: str) -> None:
    begin = line.lstrip()[:1]
    if begin == "<":
        raise UserError(f"{path}: is a web page or XML, not a table: export the readings as CSV")
    if begin in "{[":
        raise UserError(f"{path}: looks like JSON, not a table: export the readings as CSV")


def _delimiter(lines: list[str], named: str | None) -> tuple[str, int]:
    """The delimiter and how many cells a row has; what stands before a table does not count."""
    lower = lines[len(lines) // 2 :]
    candidates = (named,) if named else (";", "\t", "|", ",")
    for candidate in candidates:
        counted = Counter(len(_split(line, candidate)) for line in lower)
        width, share = counted.most_common(1)[0]
        if width > 1 and share >= MAX_CELLS_SHARE * len(lower):
            return candidate, width
    counted = Counter(len(line.split()) for line in lower)
    width, share = counted.most_common(1)[0]
    cells = lower[-1].split()
    if width > 1 and share >= MAX_CELLS_SHARE * len(lower) and any(map(is_number, cells)):
        return " ", width
    return "", 1


def _is_data(cells: list[str]) -> bool:
    """Whether a row is one of data: a number or a time stands in it, or nothing but gaps."""
    return any(is_number(cell) or looks_like_time(cell) for cell in cells) or all(
        map(is_missing, cells)
    )


def _header(
    rows: list[tuple[int, list[str]]], width: int
) -> tuple[list[str] | None, list[tuple[int, list[str]]]]:
    """The header, if there is one, and the rows from the first data row on."""
    begin = next(
        (i for i, (_, cells) in enumerate(rows) if len(cells) == width and _is_data(cells)),
        len(rows),
    )
    above = [cells for _, cells in rows[:begin] if not all(map(is_missing, cells))]
    fitting = [cells for cells in above if len(cells) == width]
    if fitting:  # a second one holds units
        return (fitting[0] if width > 1 else fitting[-1]), rows[begin:]
    near = above[-1:]  # of another width: whoever called decides what that means
    return (near[0] if near and (len(near[0]) > 1 or width == 2) else None), rows[begin:]


def _fitted(
    path: Path, header: list[str] | None, width: int, cells: list[list[str]], first: int
) -> tuple[str, ...] | None:
    """The header, one name a column."""
    if header is None or len(header) == width:
        return tuple(header) if header else None
    if len(header) == width - 1 and all(not row[-1] for row in cells):
        return (*header, "")  # each row ends with a delimiter
    if len(header) == width + 1 and not header[-1]:
        return tuple(header[:-1])
    raise UserError(
        f"{path}: the header names {len(header)} columns ({_shown(', '.join(header))}), but line "
        f"{first} has {width} cells: give each column a name, or delete the header"
    )


def _is_split_number(cells: list[list[str]], header: list[str] | None, width: int) -> bool:
    """Whether two columns of a comma file look like the halves of numbers with a decimal comma."""
    if any(re.fullmatch(r"[+-]?\d*\.\d+", cell) for row in cells for cell in row):
        return False  # the decimal sign is a point
    for i in range(width - 1):
        pairs = [(row[i], row[i + 1]) for row in cells[:SAMPLE_LINES]]
        whole = all(
            re.fullmatch(r"[+-]?\d+", a) and re.fullmatch(r"\d+", b) for a, b in pairs
        ) and bool(pairs)
        if not whole or len({len(b) for _, b in pairs}) > 2:
            continue
        counts = [int(a) for a, _ in pairs]
        if len(counts) > 1 and all(b > a for a, b in itertools.pairwise(counts)):
            continue  # a counter or a time, and then a number
        if header is None or len(header) < width:
            return True
        if any(len(b) > 1 and b.startswith("0") for _, b in pairs):
            return True
    return False


def _split_number(
    path: Path, row: tuple[int, list[str]], header: list[str] | None, width: int
) -> UserError:
    line, cells = row
    text = _shown(",".join(cells))
    if width == 2 and (header is None or len(header) == 1):
        return Undecided(
            f'{path}: line {line}: "{text}" is one number with a decimal comma, or two columns: '
            "say which with --decimal , or --decimal ."
        )
    return UserError(
        f'{path}: line {line}: "{text}" has a comma within numbers and between them: export with '
        "semicolons or with decimal points (if those are columns of whole numbers: --decimal .)"
    )


def _decimals(
    path: Path, sample: list[tuple[int, str]], layout: Layout, asked: str | None
) -> Layout:
    """The layout with the signs that its numbers use."""
    evidence: dict[str, str] = {}
    for number, line in sample:
        if number < layout.first:
            continue
        for cell in layout.cells(line):
            kind = _comma_evidence(cell)
            if kind:
                evidence.setdefault(kind, f'line {number}: "{_shown(cell)}"')
    grouped = "comma groups" in evidence
    if asked:
        other = "," if asked == "." else "."
        groups = "comma groups" if asked == "." else "dot groups"
        uses = groups in evidence or (asked == "." and "either" in evidence)
        return _with(layout, asked, other if uses else "")
    if "decimal comma" in evidence or "dot groups" in evidence:
        if grouped:
            raise Undecided(
                f"{path}: the comma is a decimal sign in {evidence['decimal comma']} and groups "
                f"digits in {evidence['comma groups']}: say which with --decimal , or --decimal ."
                if "decimal comma" in evidence
                else f"{path}: numbers are written in two ways: say which with --decimal"
            )
        return _with(layout, ",", "." if "dot groups" in evidence else "")
    if "either" in evidence and not grouped and "decimal point" not in evidence:
        raise Undecided(
            f"{path}: {evidence['either']} may have a decimal comma or be a whole number in groups "
            "of three: say which with --decimal , or --decimal ."
        )
    return _with(layout, ".", "," if grouped or "either" in evidence else "")


def _with(layout: Layout, decimal: str, thousands: str) -> Layout:
    return Layout(layout.delimiter, layout.width, layout.header, layout.first, decimal, thousands)


def _comma_evidence(cell: str) -> str:
    """What a cell says about comma and point in the numbers of its file."""
    if re.fullmatch(r"[+-]?\d*\.\d+", cell):
        return "decimal point"
    if "," not in cell:
        return ""
    if re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+\.\d*|[+-]?\d{1,3}(,\d{3}){2,}", cell):
        return "comma groups"
    if re.fullmatch(r"[+-]?\d{1,3}(\.\d{3})+,\d*", cell):
        return "dot groups"
    match = re.fullmatch(r"[+-]?(\d*),(\d+)([eE][+-]?\d+)?", cell)
    if not match:
        return ""
    sure = len(match[2]) != 3 or not 1 <= len(match[1]) <= 3 or match[1].startswith("0")
    return "decimal comma" if sure or match[3] else "either"


# --- rows into the table -------------------------------------------------------------------------


def _load(
    path: Path,
    lines: Iterator[tuple[int, str]],
    layout: Layout,
    head: dict[str, str],
    wanted: tuple[int, int | None],
) -> Table:
    numbers, ordinals = array("q"), array("q")
    rejected: Counter[str] = Counter()
    malformed: list[Malformed] = []
    delimiter = {" ": "\t", "": "\x1f"}.get(layout.delimiter, layout.delimiter)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "cells.csv"
        with file.open("w", encoding="utf-8", newline="\n") as out:
            ordinal = -1
            for number, line in lines:
                if number < layout.first:
                    continue
                ordinal += 1
                if ordinal < wanted[0] or (wanted[1] is not None and ordinal >= wanted[1]):
                    continue
                reason = _no_row(line, layout)
                if reason:
                    rejected[reason[0]] += 1
                    if len(malformed) < 100:
                        malformed.append(Malformed(number, *reason))
                    continue
                out.write(_as_stored(line, layout) + "\n")
                numbers.append(number)
                ordinals.append(ordinal)
        name = _store(file, delimiter, layout.width)
    table = Table(
        layout,
        head,
        name,
        np.array(numbers, dtype=np.int64),
        np.array(ordinals, dtype=np.int64),
        rejected,
        malformed,
    )
    stored = _database().execute(f"SELECT count(*) FROM {name}").fetchall()[0][0]
    if stored != len(table):
        raise UserError(f"{path}: its quotes do not match; export it without quotes")
    return table


def _no_row(line: str, layout: Layout) -> tuple[str, str] | None:
    """Why a line is no row of the table, in a word and in detail; None where it is one."""
    if line.count('"') % 2:
        return "not a row", "a quote is not closed"
    if not layout.delimiter:
        return None
    if '"' in line or layout.delimiter == " ":
        cells = layout.cells(line)
        width = len(cells)
    else:
        width = line.count(layout.delimiter) + 1
        cells = []
    if width != layout.width:
        return "not a row", f"{width} cells instead of {layout.width}"
    may_be_header = layout.header is not None and not line[:1].isdigit()
    if may_be_header and tuple(cells or layout.cells(line)) == layout.header:
        return "header again", ""
    return None


def _as_stored(line: str, layout: Layout) -> str:
    if layout.delimiter == " ":
        return "\t".join(line.split())
    if '"' not in line:
        return line
    quoted = ['"' + cell.replace('"', '""') + '"' for cell in layout.cells(line)]
    return (layout.delimiter or "\x1f").join(quoted)


@functools.cache
def _database() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(":memory:", config={"threads": 1})


_count: Final = itertools.count()


def _store(file: Path, delimiter: str, width: int) -> str:
    """Reads a file of cells into the database; returns the name of the table."""
    name = f"cells{next(_count)}"
    columns = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(width))
    _database().execute(
        f"CREATE TABLE {name} AS SELECT row_number() OVER () - 1 AS i, * FROM read_csv(?, "
        "header = false, auto_detect = false, delim = ?, quote = '\"', escape = '\"', "
        f"columns = {{{columns}}}, parallel = false, strict_mode = false, null_padding = true)",
        [str(file), delimiter],
    )
    return name


def _shown(text: str) -> str:
    """A piece of the file, short enough for a sentence."""
    return text if len(text) <= 40 else text[:37] + "..."
