"""The project's own form of a recording, read fast where every line of it is as it should be.

An hour at a kilohertz is millions of rows. What is in any way unusual is left to `table`, which
understands much more, and comes to the same where both do.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from project.errors import UserError
from training import table
from training.table import MAX_COLUMNS, Layout, Table, is_number, looks_like_time

_CHUNK: Final = 1 << 20  # bytes
_MOST_HEAD: Final = 1 << 16
# A time has a decimal point, which decides what a comma is. No number of these is infinite.
_TIME: Final = rb"-?[0-9]{1,15}\.[0-9]{1,9}"
_NUMBER: Final = rb"-?[0-9]{1,15}(?:\.[0-9]{1,20})?+(?:[eE][-+]?[0-9]{1,2})?+"


class Plain(Table):
    """A table whose numbers are known; its texts are read only if somebody asks for them."""

    def __init__(
        self, path: Path, layout: Layout, head: dict[str, str], numbers: Any, first: int
    ) -> None:
        rows = np.arange(first, first + numbers.shape[1], dtype=np.int64)
        super().__init__(layout, head, "", layout.first + rows, rows)
        self._numbers = dict(enumerate(numbers))
        self._path = path
        self._texts: Table | None = None

    def close(self) -> None:
        if self._texts is not None:
            self._texts.close()

    def query(self, expression: str, parameters: Sequence[Any] = ()) -> Any:
        return self._read().query(expression, parameters)

    def texts(self, column: int, rows: Sequence[int]) -> list[str]:
        return self._read().texts(column, rows) if rows else []

    def distinct_words(self, column: int, most: int) -> list[str]:
        return self._read().distinct_words(column, most)

    def _read(self) -> Table:
        if self._texts is None:
            first = int(self.ordinals[0])
            self._texts = table.read(self._path, None, (first, first + len(self)))
        return self._texts


def read(path: Path, wanted: tuple[int, int | None]) -> Plain | None:
    """The table of a file in the plain form; None where it is not quite that.

    `wanted` are the data rows to keep, counted from 0.

    Raises:
      UserError: the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            found = _head(file.read(_MOST_HEAD))
            if found is None:
                return None
            layout, head, begin = found
            file.seek(begin)
            numbers = _numbers(file, layout.width)
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror or error})") from error
    if numbers is None:
        return None
    numbers = numbers[:, wanted[0] : wanted[1]]
    return Plain(path, layout, head, numbers, wanted[0]) if numbers.shape[1] else None


def _head(start: bytes) -> tuple[Layout, dict[str, str], int] | None:
    """How the file is laid out, what its comments say, and at which byte its rows begin."""
    match = re.match(rb"((?:#[^\n\r]*\n)*)(time,[^\n\r]+)\n", start)
    if match is None or b'"' in match[2]:
        return None
    try:
        comments, header = match[1].decode(), match[2].decode()
    except UnicodeDecodeError:
        return None
    names = tuple(cell.strip() for cell in header.split(","))
    if len(names) > MAX_COLUMNS or any(map(is_number, names)) or any(map(looks_like_time, names)):
        return None
    pairs = (line.lstrip("# ").partition(":") for line in comments.split("\n"))
    head = {key.strip().lower(): value.strip() for key, colon, value in pairs if colon}
    if not head.keys() & {"interval", "recorded"}:
        return None
    first = comments.count("\n") + 2
    return Layout(",", len(names), names, first), head, match.end()


def _numbers(file: Any, width: int) -> Any:
    """All rows as an array [width, rows]; None where a line is not plain."""
    lines = re.compile(rb"(?>(?:%b(?:,%b){%d})\n)*+" % (_TIME, _NUMBER, width - 1)).fullmatch
    begin = file.tell()
    rows = sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(_CHUNK), b""))
    result = np.empty((width, rows))
    file.seek(begin)
    filled, rest = 0, b""
    while chunk := file.read(_CHUNK):
        whole, newline, rest = (rest + chunk).rpartition(b"\n")
        whole += newline
        if not lines(whole):
            return None
        cells = np.fromstring(whole.replace(b"\n", b","), sep=",").reshape(-1, width)
        result[:, filled : filled + len(cells)] = cells.T
        filled += len(cells)
    return None if rest else result
