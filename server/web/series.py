"""Series for the charts, as JSON: minutes of a board, the window of an event."""

import hashlib
import itertools
import json
import math
import statistics
from collections.abc import Sequence
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from server.store import Event, Minute, Window
from server.web import view
from server.web.pages import board_of, event_of
from server.web.sessions import Session
from server.web.visitors import Site

MOST_POINTS: Final = 2000
MOST_MARKS: Final = 100
LONGEST_MS: Final = 20 * 366 * 86_400_000
Columns = list[list[float | None]]


async def history(request: Request, site: Site, session: Session) -> Response:
    """`since` and `until` in ms; `points` at most. Times in s, as the charts want them."""
    board = await board_of(request, site)
    until = whole(request, "until", site.now_ms())
    since = whole(request, "since", until - 3_600_000)
    points = min(max(whole(request, "points", 600), 10), MOST_POINTS)
    if not 0 < until - since <= LONGEST_MS:
        raise HTTPException(400, "since must be before until.")
    rows = await run_in_threadpool(site.store.history, board.id, since, until, points)
    before = (until, board.id, 0, 0)
    events = await run_in_threadpool(site.store.events, board.id, before, MOST_MARKS, since)
    alive = view.condition(board, site.now_ms()) != "silent"
    now = None
    if alive and board.last_seen <= until + 60_000:
        now = [board.last_seen / 1000, board.value, board.value, board.value, board.expected,
               board.score, board.threshold]  # fmt: skip
    return answer(
        request,
        {
            "unit": view.shown_unit(board.unit),
            "columns": columns(rows),
            "now": now,
            "marks": [mark(e) for e in events if e.kind in ("start", "fault")],
        },
    )


def columns(rows: Sequence[Minute]) -> Columns:
    """Time, lowest, highest, mean, expected, score, threshold; an empty row in each gap.

    The time is the middle of what a row is about.
    """
    found: list[list[float | None]] = []
    times = [row.minute for row in rows]
    steps = [after - before for before, after in itertools.pairwise(times)]
    usual = statistics.median(steps) if steps else 60_000
    last: int | None = None
    for row in rows:
        if last is not None and row.minute - last > 2.5 * usual:
            found.append([(last + 1.5 * usual) / 1000, *[None] * 6])
        last = row.minute
        figures = (
            row.min,
            row.max,
            row.mean,
            row.expected,
            row.score_max,
            row.threshold,
        )
        found.append([(row.minute + usual / 2) / 1000, *(finite(value) for value in figures)])
    return (
        [list(column) for column in zip(*found, strict=True)] if found else [[] for _ in "1234567"]
    )


def mark(event: Event) -> list[object]:
    """Time, condition, what a reader hears of it, the page's address."""
    text = f"{view.KINDS[event.kind]}{f': {event.cause}' if event.cause else ''}"
    address = f"/boards/{event.board}/events/{event.boot}/{event.seq}"
    return [event.t / 1000, view.KIND_CONDITIONS[event.kind], text, address]


async def window(request: Request, site: Site, session: Session) -> Response:
    event = await event_of(request, site)
    board = await board_of(request, site)
    found = await run_in_threadpool(site.store.window, event.board, event.boot, event.seq)
    if found is None:
        raise HTTPException(404, "The picture of this event has not come.")
    return answer(
        request,
        {
            "unit": view.shown_unit(board.unit),
            "columns": window_columns(found, event.threshold),
            "threshold": finite(event.threshold),
        },
    )


def window_columns(window: Window, threshold: float | None) -> Columns:
    """Seconds from the event, value, expected, score, threshold; an empty row where pieces lack."""
    frames = zip(window.at, window.values, window.recon, window.scores, strict=True)
    found: list[list[float | None]] = []
    last: int | None = None
    for at, value, recon, score in sorted(frames, key=lambda frame: frame[0]):
        if last is not None and at > last + 1:
            found.append([(last + 1) * window.dt_us / 1e6, None, None, None, finite(threshold)])
        last = at
        figures = (value, recon, score, threshold)
        found.append([at * window.dt_us / 1e6, *(finite(figure) for figure in figures)])
    return [list(column) for column in zip(*found, strict=True)] if found else [[] for _ in "12345"]


def finite(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else value


def whole(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise HTTPException(400, f"{name} must be a whole number.")
    return int(text)


def answer(request: Request, found: object) -> Response:
    """JSON, or 304 where the browser has it already."""
    body = json.dumps(found, allow_nan=False, separators=(",", ":")).encode()
    tag = f'"{hashlib.sha256(body).hexdigest()[:20]}"'
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers={"ETag": tag})
    return Response(body, media_type="application/json", headers={"ETag": tag})
