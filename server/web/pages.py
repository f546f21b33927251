"""The pages that are read: fleet, board, event, audit; and their parts that are asked for again."""

import functools
import re
from dataclasses import dataclass
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from server.messages import is_board_id
from server.store import Board, Cursor, Event, Store
from server.web import gaps, view
from server.web.sessions import Session
from server.web.visitors import Site, live, show

MOST_ROWS: Final = 200  # of a fleet on a page; the search finds the others
EVENTS: Final = 20
RANGES: Final = {"hour": "1 h", "six": "6 h", "day": "1 day", "week": "1 week", "month": "30 days",
                 "year": "1 year"}  # fmt: skip
FILTERS: Final = ("all", "normal", "anomaly", "fault", "silent")
_LARGEST: Final = 2**53


@dataclass(frozen=True)
class Row:
    """A board with what is wrong with it."""

    board: Board
    condition: str


async def fleet(request: Request, site: Site, session: Session) -> Response:
    return show(request, "fleet.html", session, 200, **await fleet_values(request, site))


async def fleet_live(request: Request, site: Site, session: Session) -> Response:
    return live(request, "parts/fleet.html", **await fleet_values(request, site))


async def fleet_values(request: Request, site: Site) -> dict[str, object]:
    boards = await run_in_threadpool(site.store.boards)
    events = await run_in_threadpool(site.store.events, None, None, 8)
    now = site.now_ms()
    order = list(view.CONDITIONS)
    rows = [Row(board, view.condition(board, now)) for board in boards]
    rows.sort(key=lambda r: (order.index(r.condition), view.title(r.board).casefold(), r.board.id))
    counts = {name: sum(row.condition == name for row in rows) for name in order}
    counts["normal"] += counts["warmup"]
    wanted = request.query_params.get("show", "all")
    search = request.query_params.get("q", "")[:60].strip()
    chosen = [row for row in rows if fits(row, wanted) and has(row.board, search)]
    return {
        "rows": chosen[:MOST_ROWS],
        "found": len(chosen),
        "counts": counts | {"all": len(rows)},
        "filters": FILTERS,
        "chosen": wanted if wanted in FILTERS else "all",
        "search": search,
        "query": request.url.query,
        "versions": view.versions(board.fw for board in boards),
        "profiles": view.versions(board.profile for board in boards),
        "events": events,
        "titles": {board.id: view.title(board) for board in boards},
        "alarm": newest_alarm(events),
        "open": counts["anomaly"] + counts["fault"],
    }


def fits(row: Row, wanted: str) -> bool:
    if wanted == "normal":
        return row.condition in ("normal", "warmup")
    return wanted not in FILTERS or wanted in ("all", row.condition)


def has(board: Board, search: str) -> bool:
    texts = (board.id, board.name, board.site, board.profile, board.fw)
    return any(search.casefold() in text.casefold() for text in texts)


def newest_alarm(events: list[Event]) -> Event | None:
    return next((event for event in events if event.kind in ("start", "fault")), None)


# --- one board ----------------------------------------------------------------------------------


async def board(request: Request, site: Site, session: Session) -> Response:
    values = await board_values(request, site)
    wanted = request.query_params.get("range", "hour")
    return show(
        request,
        "board.html",
        session,
        200,
        ranges=RANGES,
        range=wanted if wanted in RANGES else "hour",
        **values,
    )


async def board_live(request: Request, site: Site, session: Session) -> Response:
    return live(request, "parts/board.html", **await board_values(request, site))


async def board_values(request: Request, site: Site) -> dict[str, object]:
    found = await board_of(request, site)
    before = request.query_params.get("before", "")
    cursor = cursor_of(found.id, before)
    events = await run_in_threadpool(site.store.events, found.id, cursor, EVENTS + 1)
    now = site.now_ms()
    return {
        "board": found,
        "condition": view.condition(found, now),
        "events": events[:EVENTS],
        "older": place_of(events[EVENTS - 1]) if len(events) > EVENTS else None,
        "before": cursor is not None,
        "part": True,
        "query": request.url.query,
        "titles": {found.id: view.title(found)},
        "alarm": newest_alarm(events) if cursor is None else None,
        "open": int(found.anomalies_open),
        "gaps": await run_in_threadpool(last_day, site.store, found.id, now // 60_000),
    }


def place_of(event: Event) -> str:
    """How an address names the event that a page of older ones goes on after."""
    return f"{event.t}.{event.boot}.{event.seq}"


def cursor_of(board_id: str, place: str) -> Cursor | None:
    if not re.fullmatch(r"\d{1,15}\.\d{1,15}\.\d{1,15}", place, re.ASCII):
        return None
    t, boot, seq = (int(word) for word in place.split("."))
    return t, board_id, boot, seq


@functools.lru_cache(maxsize=256)  # the last argument makes it one answer a minute
def last_day(store: Store, board_id: str, minute: int) -> gaps.Gaps | None:
    until = minute * 60_000
    since = until - gaps.DAY_MS
    return gaps.found(store.history(board_id, since, until, 1440), since, until)


async def board_of(request: Request, site: Site) -> Board:
    """The board that the address names; raises 404."""
    name = request.path_params["board"]
    found = await run_in_threadpool(site.store.board, name) if is_board_id(name) else None
    if found is None:
        raise HTTPException(404, "There is no such board; it may have been deleted.")
    return found


# --- one event ----------------------------------------------------------------------------------


async def event(request: Request, site: Site, session: Session) -> Response:
    return show(request, "event.html", session, 200, **await event_values(request, site))


async def event_live(request: Request, site: Site, session: Session) -> Response:
    return live(request, "parts/event.html", **await event_values(request, site))


async def event_values(request: Request, site: Site) -> dict[str, object]:
    found, of = await event_of(request, site), await board_of(request, site)
    newer = await run_in_threadpool(site.store.events, None, None, 8)
    return {"event": found, "board": of, "alarm": newest_alarm(newer), "query": "", "open": 0,
            "titles": {of.id: view.title(of)}}  # fmt: skip


async def event_of(request: Request, site: Site) -> Event:
    """The event that the address names; raises 404."""
    board_id = request.path_params["board"]
    boot, seq = request.path_params["boot"], request.path_params["seq"]
    found = None
    if is_board_id(board_id) and max(boot, seq) < _LARGEST:
        found = await run_in_threadpool(site.store.event, board_id, boot, seq)
    if found is None:
        raise HTTPException(404, "There is no such event; its board may have been deleted.")
    return found


async def audit(request: Request, site: Site, session: Session) -> Response:
    return show(
        request, "audit.html", session, audits=await run_in_threadpool(site.store.audits, 200)
    )
