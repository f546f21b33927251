"""Events as CSV or JSON, to standard output: everything that a board has sent, and its labels."""

import csv
import dataclasses
import datetime
import json
from collections.abc import Iterator
from typing import Final, TextIO

from project.errors import UserError
from server.store import Cursor, Event, Store

PAGE: Final = 500


def export(store: Store, out: TextIO, board: str | None, since: str | None, as_json: bool) -> int:
    """How many events were written, the oldest first within what is read at once: newest first."""
    count = 0
    names = [field.name for field in dataclasses.fields(Event)]
    table = csv.writer(out, lineterminator="\n")
    if not as_json:
        table.writerow(names)
    for event in _events(store, board, _since_ms(since)):
        row = {name: getattr(event, name) for name in names}
        if as_json:
            window = store.window(event.board, event.boot, event.seq) if event.has_window else None
            row["window"] = None if window is None else dataclasses.asdict(window)
            out.write(json.dumps(row, separators=(",", ":")) + "\n")
        else:
            table.writerow([_cell(row[name]) for name in names])
        count += 1
    return count


def _events(store: Store, board: str | None, since: int | None) -> Iterator[Event]:
    before: Cursor | None = None
    while page := store.events(board, before, PAGE, since):
        yield from page
        last = page[-1]
        before = (last.t, last.board, last.boot, last.seq)


def _cell(value: object) -> object:
    """No text that a spreadsheet would take for a formula."""
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@"):
        return f"'{value}"
    return value


def _since_ms(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        day = datetime.datetime.fromisoformat(text)
    except ValueError as error:
        raise UserError(f"--since is a day or a time as 2026-11-28T09:30, not {text}.") from error
    return round(day.astimezone().timestamp() * 1000)
