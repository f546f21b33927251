"""What pages show: boards, events, windows, and the history of a board in so many points."""

import dataclasses
import json
from typing import Any, Final

from sqlalchemy import Connection, Row, RowMapping, Select, func, select, tuple_

from server.store.rows import Board, Event, Minute, Window
from server.store.schema import device, event, state_1h, state_1m, window

MINUTE_MS: Final = 60_000
HOUR: Final = 60  # minutes

Cursor = tuple[int, str, int, int]  # t, board, boot, seq: where a page of events goes on


def boards(connection: Connection) -> list[Board]:
    return [_board(row) for row in connection.execute(select(device).order_by(device.c.id))]


def board(connection: Connection, name: str) -> Board | None:
    row = connection.execute(select(device).where(device.c.id == name)).first()
    return None if row is None else _board(row)


def _board(row: Row[*tuple[Any, ...]]) -> Board:
    units = json.loads(row.units)
    acked = None if row.acked_boot is None else (row.acked_boot, row.acked_seq)
    return Board(
        id=row.id,
        name=row.name,
        site=row.site,
        profile=row.profile,
        fw=row.fw,
        model=row.model,
        status="online" if row.online else "offline",
        last_seen=row.last_seen,
        state=row.state,
        cause=row.cause,
        fault=row.fault,
        score=row.score,
        threshold=row.threshold,
        value=row.value,
        expected=row.expected,
        unit=units[0] if units else "",
        period_us=row.period_us,
        queue=row.queue,
        lost=row.lost,
        missed=row.missed,
        dropped=row.dropped,
        heap_min=row.heap_min,
        rssi=row.rssi,
        boot=row.boot,
        up=row.up,
        reset=row.reset,
        address=row.address,
        acked=acked,
        anomalies_open=row.anomaly,
    )


def _events() -> Select[Any]:
    pieces = (
        select(window.c.at)
        .where(
            window.c.board == event.c.board,
            window.c.boot == event.c.boot,
            window.c.seq == event.c.seq,
        )
        .exists()
    )
    return select(event, pieces.label("has_window"))


def events(
    connection: Connection,
    board: str | None,
    before: Cursor | None,
    limit: int,
    since: int | None,
    label: str | None,
) -> list[Event]:
    order = (event.c.t, event.c.board, event.c.boot, event.c.seq)
    query = _events()
    if board is not None:
        query = query.where(event.c.board == board)
    if before is not None:
        query = query.where(tuple_(*order) < tuple_(*before))
    if since is not None:
        query = query.where(event.c.t >= since)
    if label is not None:
        query = query.where(event.c.label == label)
    query = query.order_by(*(column.desc() for column in order)).limit(limit)
    return [_event(row) for row in connection.execute(query).mappings()]


def one_event(connection: Connection, board: str, boot: int, seq: int) -> Event | None:
    query = _events().where(event.c.board == board, event.c.boot == boot, event.c.seq == seq)
    row = connection.execute(query).mappings().first()
    return None if row is None else _event(row)


def _event(row: RowMapping) -> Event:
    return Event(**{field.name: row[field.name] for field in dataclasses.fields(Event)})


def event_window(connection: Connection, board: str, boot: int, seq: int) -> Window | None:
    """The pieces of a window in one, as far as they have come; a frame that came twice once."""
    query = select(window.c.at, window.c.dt_us, window.c.frames).where(
        window.c.board == board, window.c.boot == boot, window.c.seq == seq
    )
    frames: dict[int, tuple[float | None, float | None, float | None]] = {}
    dt_us = 0
    for row in connection.execute(query.order_by(window.c.at)):
        dt_us = row.dt_us
        for offset, frame in enumerate(zip(*json.loads(row.frames), strict=True)):
            frames.setdefault(row.at + offset, frame)
    if not frames:
        return None
    at = sorted(frames)
    return Window(at, dt_us, *([frames[i][column] for i in at] for column in range(3)))


def history(
    connection: Connection, board: str, since_ms: int, until_ms: int, points: int
) -> list[Minute]:
    """At most `points` rows: minutes, or several minutes or hours in one."""
    first, last = since_ms // MINUTE_MS, -(-until_ms // MINUTE_MS)  # last: not included
    if last <= first or points < 1:
        return []
    step = -(-(last - first) // points)
    table, unit = state_1m, 1
    if step > HOUR:  # few rows an hour instead of many minutes
        step = -(-(last - first + HOUR) // (points * HOUR))
        table, unit = state_1h, HOUR
        first //= HOUR
        last = -(-last // HOUR)
    at = table.c.hour if unit == HOUR else table.c.minute
    bucket = ((at - first) // step).label("i")
    query = (
        select(
            bucket,
            func.min(table.c.low).label("low"),
            func.max(table.c.high).label("high"),
            func.sum(table.c.total).label("total"),
            func.sum(table.c.weight).label("weight"),
            func.sum(table.c.expected_total).label("expected_total"),
            func.sum(table.c.expected_weight).label("expected_weight"),
            func.max(table.c.score_max).label("score_max"),
            func.max(table.c.threshold).label("threshold"),
            func.sum(table.c.n).label("n"),
        )
        .where(table.c.board == board, at >= first, at < last)
        .group_by("i")
        .order_by("i")
    )
    return [_minute(row, first, step, unit) for row in connection.execute(query)]


def _minute(row: Row[*tuple[Any, ...]], first: int, step: int, unit: int) -> Minute:
    weight, expected_weight = int(row.weight), int(row.expected_weight)
    return Minute(
        minute=(first + int(row.i) * step) * unit * MINUTE_MS,
        min=row.low,
        max=row.high,
        mean=row.total / weight if weight else None,
        expected=row.expected_total / expected_weight if expected_weight else None,
        score_max=row.score_max,
        threshold=row.threshold,
        n=int(row.n),
    )
