"""How messages of boards get into the database, once each, and what may be acknowledged then."""

import json
import time
from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Table, bindparam, case, func, select, tuple_, update

from server.messages import BoardEvent, Info, Message, State, Status, WindowPiece
from server.store.database import Database
from server.store.rows import Ack
from server.store.schema import device, event, state_1h, state_1m, window

Key = tuple[int, int]  # (boot, seq), in the order of the ring

Chain = dict[Key, Key | None]  # events of a board, and the one before each in its ring
Changes = dict[str, dict[str, Any]]  # of a board: columns of its row

MINUTE_MS: Final = 60_000
SUMS: Final = ("total", "weight", "expected_total", "expected_weight", "n")
NOTHING: Final = {  # of an hour or a minute, before its first state
    "low": None,
    "high": None,
    "score_max": None,
    "threshold": None,
    **dict.fromkeys(SUMS, 0),
}
MOST_WAITING: Final = 5000  # events of a board behind a gap that one batch looks at


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def ingest(database: Database, batch: Sequence[Message], now: int) -> list[Ack]:
    """Stores a batch in one transaction; what comes twice does no harm.

    Returns, for each board of which the batch has events, up to where all are stored. It is to be
    published after this returns: then they are committed.
    """
    if not batch:
        return []
    events = [message for message in batch if isinstance(message, BoardEvent)]
    states = [message for message in batch if isinstance(message, State)]
    with database.writing() as connection:
        _remember_boards(database, connection, sorted({m.board for m in batch}), now)
        clocks = _clocks(connection, {e.board for e in events if e.t is None}, states, now)
        _insert(database, connection, event, [_event_row(e, clocks, now) for e in events])
        pieces = [_piece_row(m) for m in batch if isinstance(m, WindowPiece)]
        _insert(database, connection, window, pieces)
        # From here on the boards' rows are locked, in one order: others wait, none for each other.
        boards = _locked(connection, sorted({m.board for m in batch}))
        fresh = _fresh(states, boards)
        _add_up(database, connection, state_1m, "minute", MINUTE_MS, fresh, now)
        _add_up(database, connection, state_1h, "hour", 60 * MINUTE_MS, fresh, now)
        changes = _changes(batch, fresh, boards, now)
        acks = _acknowledge(connection, events, boards, changes)
        _update_boards(connection, changes)
        return acks


def _insert(
    database: Database, connection: Connection, table: Table, rows: list[dict[str, Any]]
) -> None:
    if not rows:
        return
    # In one order: two workers that insert the same must not wait for each other.
    keys = [column.name for column in table.primary_key]
    rows = sorted(rows, key=lambda row: [row[key] for key in keys])
    query = database.insert_new(table)
    if database.is_sqlite:
        connection.execute(query, rows)
    else:  # with RETURNING SQLAlchemy makes one statement of many rows, else one a row
        connection.execute(query.returning(table.c[keys[0]]), rows)


def _remember_boards(
    database: Database, connection: Connection, boards: list[str], now: int
) -> None:
    known = set(connection.scalars(select(device.c.id).where(device.c.id.in_(boards))))
    rows = [{"id": board, "last_seen": now} for board in boards if board not in known]
    _insert(database, connection, device, rows)


def _locked(connection: Connection, boards: list[str]) -> dict[str, Any]:
    """The boards' rows as the last commit left them, kept from other writers until this one's."""
    columns = (
        "id",
        "acked_boot",
        "acked_seq",
        "waiting",
        "mark_boot",
        "mark_seq",
        "state_boot",
        "up",
    )
    query = select(*(device.c[name] for name in columns)).where(device.c.id.in_(boards))
    rows = connection.execute(query.order_by(device.c.id).with_for_update())
    return {row.id: row for row in rows}


# --- events -------------------------------------------------------------------------------------


def _clocks(
    connection: Connection, boards: set[str], states: list[State], now: int
) -> dict[tuple[str, int], int]:
    """(board, boot) -> when that boot began, by the server's clock, as far as it is known."""
    if not boards:
        return {}
    query = select(device.c.id, device.c.state_boot, device.c.up, device.c.up_at)
    known = connection.execute(query.where(device.c.id.in_(boards), device.c.up.is_not(None)))
    began = {(row.id, row.state_boot): row.up_at - row.up for row in known}
    began.update({(state.board, state.boot): now - state.up for state in states})
    return began


def _event_row(found: BoardEvent, clocks: dict[tuple[str, int], int], now: int) -> dict[str, Any]:
    began = clocks.get((found.board, found.boot))
    reckoned = now if began is None else min(now, began + found.up)
    prev = found.prev or (None, None)
    return {
        "board": found.board,
        "boot": found.boot,
        "seq": found.seq,
        "prev_boot": prev[0],
        "prev_seq": prev[1],
        "t": reckoned if found.t is None else found.t,
        "tq": "none" if found.t is None else found.tq,
        "up": found.up,
        "kind": found.kind,
        "cause": found.cause,
        "score": found.score,
        "threshold": found.threshold,
        "value": found.value,
        "recon": found.recon,
        "model": found.model,
        "radio": found.radio,
        "received": now,
    }


def _piece_row(piece: WindowPiece) -> dict[str, Any]:
    return {
        "board": piece.board,
        "boot": piece.boot,
        "seq": piece.seq,
        "at": piece.at,
        "dt_us": piece.dt_us,
        "frames": json.dumps([piece.values, piece.recon, piece.scores], separators=(",", ":")),
    }


def _acknowledge(
    connection: Connection, events: list[BoardEvent], boards: dict[str, Any], changes: Changes
) -> list[Ack]:
    """Moves the boards' `acked` over what is stored without a gap; says so in `changes`.

    The database is only asked about boards with a gap before this batch: that costs a query each.
    """
    chains: dict[str, Chain] = {}
    for found in events:
        chains.setdefault(found.board, {})[found.boot, found.seq] = found.prev
    acks = []
    for board, chain in sorted(chains.items()):
        row = boards[board]
        acked = None if row.acked_boot is None else (row.acked_boot, row.acked_seq)
        stored = _behind_gap(connection, board, acked) if row.waiting else {}
        # What the board says now counts: the event before one may be lost since.
        chain = stored | chain
        reached = _reached(chain, acked)
        is_cut = len(stored) == MOST_WAITING
        changes[board]["waiting"] = is_cut or reached is None or max(chain) > reached
        if reached is None:
            continue
        acks.append(Ack(board, *reached))
        if reached != acked:
            changes[board].update(acked_boot=reached[0], acked_seq=reached[1])
    return acks


def _reached(chain: Chain, acked: Key | None) -> Key | None:
    """How far a chain of stored events reaches from `acked` on.

    An event follows on if the one before it is acknowledged, or if it has none: then the board has
    nothing older that is not acknowledged or lost.
    """
    for key, prev in sorted(chain.items()):
        if acked is None:
            acked = key if prev is None else None
        elif key > acked and (prev is None or prev <= acked):
            acked = key
    return acked


# Made once: SQLAlchemy takes longer to build a query than SQLite to answer it.
_BEHIND_GAP: Final = (
    select(event.c.boot, event.c.seq, event.c.prev_boot, event.c.prev_seq)
    .where(
        event.c.board == bindparam("of"),
        tuple_(event.c.boot, event.c.seq) > tuple_(bindparam("boot"), bindparam("seq")),
    )
    .order_by(event.c.boot, event.c.seq)
    .limit(MOST_WAITING)
)


def _behind_gap(connection: Connection, board: str, acked: Key | None) -> Chain:
    """The stored events of a board that are newer than its acknowledged one, the oldest of them."""
    boot, seq = acked or (-1, 0)
    rows = connection.execute(_BEHIND_GAP, {"of": board, "boot": boot, "seq": seq})
    return {
        (row.boot, row.seq): None if row.prev_boot is None else (row.prev_boot, row.prev_seq)
        for row in rows
    }


# --- boards -------------------------------------------------------------------------------------


def _fresh(states: list[State], boards: dict[str, Any]) -> list[State]:
    """Those states that were not counted yet: a board's clock since boot only goes forward."""
    fresh: list[State] = []
    newest = {b: (row.state_boot, -1 if row.up is None else row.up) for b, row in boards.items()}
    for state in states:
        if (state.boot, state.up) > newest[state.board]:
            newest[state.board] = (state.boot, state.up)
            fresh.append(state)
    return fresh


def _changes(
    batch: Sequence[Message], fresh: list[State], boards: dict[str, Any], now: int
) -> Changes:
    changes: Changes = {}
    fresh_ones = {id(state) for state in fresh}
    for message in batch:
        change = changes.setdefault(message.board, {})
        if isinstance(message, Status):
            change["online"] = message.online
            if not message.online:
                continue  # said by the broker: nothing was heard of the board
        elif isinstance(message, Info):
            change.update(_info_values(message))
        elif isinstance(message, State) and id(message) in fresh_ones:
            change.update(_state_values(message, now))
        elif isinstance(message, BoardEvent):
            _mark(message, change, boards[message.board])
        change["last_seen"] = now
    return changes


def _update_boards(connection: Connection, changes: Changes) -> None:
    """One statement for all boards of which the same columns change."""
    alike: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for board, change in changes.items():
        if change:
            alike.setdefault(tuple(sorted(change)), []).append({"of": board, **change})
    query = update(device).where(device.c.id == bindparam("of"))
    for columns, rows in alike.items():
        connection.execute(query.values({name: bindparam(name) for name in columns}), rows)


def _mark(found: BoardEvent, change: dict[str, Any], row: Any) -> None:
    """Whether an anomaly lasts is what the newest event of these kinds says."""
    if found.kind not in ("boot", "start", "end"):
        return
    newest = change.get("mark_boot", row.mark_boot), change.get("mark_seq", row.mark_seq)
    if (found.boot, found.seq) > newest:
        change.update(mark_boot=found.boot, mark_seq=found.seq, anomaly=found.kind == "start")


def _info_values(info: Info) -> dict[str, Any]:
    return {
        "fw": info.firmware,
        "profile": info.profile,
        "model": info.model,
        "boot": info.boot,
        "reset": info.reset,
        "period_us": info.period_us,
        "names": json.dumps(info.names),
        "units": json.dumps(info.units),
        "address": info.address,
    }


def _state_values(state: State, now: int) -> dict[str, Any]:
    return {
        "boot": state.boot,
        "state_boot": state.boot,
        "up": state.up,
        "up_at": now,
        "state": state.state,
        "cause": state.cause,
        "fault": state.fault,
        "score": state.score,
        "threshold": state.threshold,
        "value": state.value,
        "expected": state.expected,
        "queue": state.queue,
        "lost": state.lost,
        "missed": state.missed,
        "dropped": state.dropped,
        "heap_min": state.heap_min,
        "rssi": state.rssi,
    }


# --- minutes and hours --------------------------------------------------------------------------


def _add_up(
    database: Database,
    connection: Connection,
    table: Table,
    unit: str,
    unit_ms: int,
    states: Iterable[State],
    now: int,
) -> None:
    sums: dict[tuple[str, int], dict[str, Any]] = {}
    for state in states:
        key = state.board, (now if state.t is None else state.t) // unit_ms
        found = sums.setdefault(key, dict(NOTHING))
        found["low"] = _smaller(found["low"], state.low)
        found["high"] = _larger(found["high"], state.high)
        found["score_max"] = _larger(found["score_max"], state.score_max)
        if state.mean is not None:
            found["total"] += state.mean * state.n
            found["weight"] += state.n
        if state.expected is not None:
            found["expected_total"] += state.expected
            found["expected_weight"] += 1
        if state.threshold is not None:
            found["threshold"] = state.threshold
        found["n"] += state.n
    if sums:
        rows = [{"board": board, unit: at, **found} for (board, at), found in sorted(sums.items())]
        connection.execute(_merging(database, table, unit), rows)


def _merging(database: Database, table: Table, unit: str) -> Any:
    """Adds to the row of a minute (or hour) if there is one."""
    query = database.insert(table).values({c.name: bindparam(c.name) for c in table.c})
    new = query.excluded
    keep = {
        "low": _of_both(table.c.low, new.low, new.low < table.c.low),
        "high": _of_both(table.c.high, new.high, new.high > table.c.high),
        "score_max": _of_both(table.c.score_max, new.score_max, new.score_max > table.c.score_max),
        "threshold": func.coalesce(new.threshold, table.c.threshold),
        **{name: table.c[name] + new[name] for name in SUMS},
    }
    return query.on_conflict_do_update(index_elements=["board", unit], set_=keep)


def _of_both(old: Any, new: Any, takes_new: Any) -> Any:
    """Two values of which either may be NULL."""
    return case((takes_new, new), else_=func.coalesce(old, new))


def _smaller(a: float | None, b: float | None) -> float | None:
    return b if a is None else a if b is None else min(a, b)


def _larger(a: float | None, b: float | None) -> float | None:
    return b if a is None else a if b is None else max(a, b)
