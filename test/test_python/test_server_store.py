"""What boards send is stored once each, and acknowledged when nothing before it is missing."""

import random
import threading
from pathlib import Path

import pytest
from board_messages import BOARD, OTHER, event, info_json, message, state, window
from databases import database, new_postgresql, store
from sqlalchemy import create_engine, inspect, text

from project.errors import UserError
from server.messages import Status
from server.store import Ack, Store

__all__ = ["database", "new_postgresql", "store"]  # fixtures

MINUTE = 60_000
HOUR = 60 * MINUTE


def reached(store: Store, board: str = BOARD) -> tuple[int, int] | None:
    found = store.board(board)
    return None if found is None else found.acked


def keys(store: Store) -> list[tuple[int, int]]:
    return sorted((e.boot, e.seq) for e in store.events(limit=1000))


# --- once each, in order ------------------------------------------------------------------------


def test_a_duplicate_is_stored_once_and_acknowledged_again(store: Store) -> None:
    assert store.ingest([event(1, None), event(1, None)]) == [Ack(BOARD, 1, 1)]
    assert store.ingest([event(1, None)]) == [Ack(BOARD, 1, 1)]
    assert keys(store) == [(1, 1)]


def test_a_duplicate_changes_nothing(store: Store) -> None:
    store.ingest([event(1, None, value=50.0)])
    store.label(BOARD, 1, 1, "real", "somebody")
    store.ingest([event(1, None, value=99.0)])
    found = store.event(BOARD, 1, 1)
    assert found is not None
    assert (found.value, found.label) == (50.0, "real")


def test_nothing_behind_a_gap_is_acknowledged_until_it_closes(store: Store) -> None:
    assert store.ingest([event(1, None)]) == [Ack(BOARD, 1, 1)]
    assert store.ingest([event(3, [1, 2]), event(4, [1, 3])]) == [Ack(BOARD, 1, 1)]
    assert keys(store) == [(1, 1), (1, 3), (1, 4)]
    assert store.ingest([event(2, [1, 1])]) == [Ack(BOARD, 1, 4)]


def test_the_first_that_comes_may_be_behind_a_gap(store: Store) -> None:
    assert store.ingest([event(2, [1, 1])]) == []
    assert reached(store) is None
    assert store.ingest([event(1, None)]) == [Ack(BOARD, 1, 2)]


def test_what_the_ring_had_to_drop_is_not_waited_for(store: Store) -> None:
    store.ingest([event(1, None), event(3, [1, 2])])
    # The board has lost 2 and 3, and says that 4 is its oldest.
    assert store.ingest([event(4, None), event(5, [1, 4])]) == [Ack(BOARD, 1, 5)]


def test_what_is_lost_after_a_later_event_was_stored_is_not_waited_for(store: Store) -> None:
    store.ingest([event(1, None), event(3, [1, 2]), event(4, [1, 3])])
    # The board has lost 2 since, and sends 3 again as its oldest.
    assert store.ingest([event(3, None)]) == [Ack(BOARD, 1, 4)]


def test_a_new_boot_follows_the_last_of_the_one_before(store: Store) -> None:
    store.ingest([event(1, None), event(2, [1, 1])])
    assert store.ingest([event(1, [1, 2], boot=5)]) == [Ack(BOARD, 5, 1)]
    assert store.ingest([event(2, [5, 1], boot=5)]) == [Ack(BOARD, 5, 2)]


def test_an_old_event_does_not_move_it_back(store: Store) -> None:
    store.ingest([event(1, None, boot=5)])
    assert store.ingest([event(9, None, boot=4)]) == [Ack(BOARD, 5, 1)]


def test_boards_do_not_disturb_each_other(store: Store) -> None:
    acks = store.ingest([event(1, None), event(2, [1, 1], OTHER), event(2, [1, 1])])
    assert acks == [Ack(BOARD, 1, 2)]
    assert reached(store, OTHER) is None


@pytest.mark.parametrize("seed", range(5))
def test_any_order_with_duplicates_ends_the_same(store: Store, seed: int) -> None:
    ring = [event(1, None)] + [event(n, [1, n - 1]) for n in range(2, 31)]
    shuffled = ring * 3
    random.Random(seed).shuffle(shuffled)
    for start in range(0, len(shuffled), 7):
        store.ingest(shuffled[start : start + 7])
    assert keys(store) == [(1, n) for n in range(1, 31)]
    assert reached(store) == (1, 30)


def test_two_workers_share_the_messages_of_a_board(database: str) -> None:
    first, second = Store(database), Store(database)
    ring = [event(1, None)] + [event(n, [1, n - 1]) for n in range(2, 61)]

    def work(store: Store, messages: list[int]) -> None:
        for number in messages:
            store.ingest([ring[number], state(number)])

    order = list(range(60))
    random.Random(1).shuffle(order)
    threads = [
        threading.Thread(target=work, args=(first, order[::2])),
        threading.Thread(target=work, args=(second, order[1::2])),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(first.events(limit=1000)) == 60
    assert reached(first) == (1, 60)
    first.close()
    second.close()


def test_a_restart_keeps_everything(database: str) -> None:
    before = Store(database)
    before.ingest([event(1, None), event(2, [1, 1]), state(1), window(1, -2, [1.0, 2.0])])
    events, board = before.events(), before.board(BOARD)
    before.close()
    after = Store(database)
    assert (after.events(), after.board(BOARD)) == (events, board)
    assert after.ingest([event(3, [1, 2])]) == [Ack(BOARD, 1, 3)]
    after.close()


# --- what boards are like -----------------------------------------------------------------------


def test_a_board_is_what_it_last_said(store: Store) -> None:
    store.ingest([message("info", info_json()), state(10_000), state(20_000, value=26.0)], now=5)
    found = store.board(BOARD)
    assert found is not None
    assert (found.profile, found.unit, found.fw, found.reset) == (
        ("temperature", "C", "1.0.0", "power-on")
    )
    assert (found.value, found.up, found.last_seen, found.period_us) == (26.0, 20_000, 5, 500_000)
    store.ingest([state(15_000, value=1.0)])  # came late
    again = store.board(BOARD)
    assert again is not None
    assert again.value == 26.0


def test_a_last_will_is_no_sign_of_life(store: Store) -> None:
    store.ingest([Status(BOARD, True)], now=1000)
    store.ingest([Status(BOARD, False)], now=2000)
    found = store.board(BOARD)
    assert found is not None
    assert (found.status, found.last_seen) == ("offline", 1000)


def test_an_anomaly_is_open_from_its_start_to_its_end_or_a_boot(store: Store) -> None:
    def is_open() -> bool:
        found = store.board(BOARD)
        return found is not None and found.anomalies_open

    store.ingest([event(1, None, k="start")])
    assert is_open()
    store.ingest([event(3, [1, 2], k="settings"), event(2, [1, 1], k="end")])
    assert not is_open()
    store.ingest([event(4, [1, 3], k="start")])
    store.ingest([event(1, [1, 4], boot=2, k="boot")])
    assert not is_open()


def test_an_event_without_a_clock_is_dated_by_the_server(store: Store) -> None:
    now = 1_795_800_000_000
    store.ingest([event(1, None, t=None, tq="none", up=5000)], now)
    store.ingest([state(60_000)], now)  # so it was booted at now - 60 s
    store.ingest([event(2, [1, 1], t=None, tq="none", up=10_000)], now + 1000)
    times = {e.seq: (e.t, e.tq) for e in store.events()}
    assert times == {1: (now, "none"), 2: (now - 50_000, "none")}


def test_a_window_is_put_together_from_its_pieces(store: Store) -> None:
    store.ingest([event(1, None), window(1, 0, [3.0, None]), window(1, -2, [1.0, 2.0])])
    store.ingest([window(1, 0, [3.0, None])])
    found = store.window(BOARD, 1, 1)
    assert found is not None
    assert (found.at, found.values, found.dt_us) == (
        [-2, -1, 0, 1],
        [1.0, 2.0, 3.0, None],
        500_000,
    )
    assert [e.has_window for e in store.events()] == [True]
    assert store.window(BOARD, 1, 2) is None


def test_events_come_page_by_page_newest_first(store: Store) -> None:
    store.ingest([event(1, None)] + [event(n, [1, n - 1]) for n in range(2, 8)])
    store.ingest([event(1, None, OTHER)])
    first = store.events(BOARD, limit=4)
    last = first[-1]
    rest = store.events(BOARD, before=(last.t, last.board, last.boot, last.seq), limit=4)
    assert [e.seq for e in first + rest] == [7, 6, 5, 4, 3, 2, 1]
    assert len(store.events()) == 8


# --- history ------------------------------------------------------------------------------------


def test_states_are_added_up_by_the_minute_once_each(store: Store) -> None:
    start = 1_795_700_040_000 // MINUTE * MINUTE
    states = [state(n, t=start + n * 10_000, mean=float(n), min=n - 1.0) for n in range(1, 12)]
    store.ingest(states)
    store.ingest(states[3:])
    rows = store.history(BOARD, start, start + 2 * MINUTE, 100)
    assert [(r.minute, r.n) for r in rows] == [(start, 5 * 20), (start + MINUTE, 6 * 20)]
    assert [(r.min, r.mean, r.max) for r in rows] == [(0.0, 3.0, 25.2), (5.0, 8.5, 25.2)]


def test_a_missing_value_does_not_hide_the_others(store: Store) -> None:
    start = 1_795_700_040_000 // MINUTE * MINUTE
    store.ingest([state(1, t=start, min=None, max=None, mean=None, score_max=None)])
    store.ingest([state(2, t=start + 1, min=1.0, max=2.0, mean=1.5, score_max=0.5)])
    store.ingest([state(3, t=start + 2, min=None, max=None, mean=None, score_max=None)])
    (row,) = store.history(BOARD, start, start + MINUTE, 10)
    assert (row.min, row.max, row.mean, row.score_max, row.n) == (1.0, 2.0, 1.5, 0.5, 60)


def test_history_is_never_longer_than_asked_and_loses_nothing(store: Store) -> None:
    start = 1_795_700_040_000 // HOUR * HOUR
    store.ingest([state(n, t=start + n * MINUTE, mean=float(n)) for n in range(1500)])
    for points in (1, 7, 100, 1000, 5000):  # by hours, by several minutes, by minutes
        rows = store.history(BOARD, start, start + 1500 * MINUTE, points)
        assert len(rows) <= points
        assert sum(r.n for r in rows) == 1500 * 20
        weighted = sum((r.mean or 0) * r.n for r in rows) / (1500 * 20)
        assert weighted == pytest.approx(749.5)
        assert [r.minute for r in rows] == sorted({r.minute for r in rows})
    assert store.history(BOARD, start + 10, start, 100) == []


# --- people, deletion, versions -----------------------------------------------------------------


def test_a_label_can_be_given_and_taken_back(store: Store) -> None:
    store.ingest([event(1, None), event(2, [1, 1])])
    assert store.label(BOARD, 1, 1, "normal", "anna")
    assert not store.label(BOARD, 9, 9, "normal", "anna")
    assert [(e.seq, e.label_by) for e in store.events(label="normal")] == [(1, "anna")]
    store.label(BOARD, 1, 1, None, "anna")
    assert store.events(label="normal") == []
    with pytest.raises(ValueError, match="not a label"):
        store.label(BOARD, 1, 1, "perhaps", "anna")


def test_deletion_leaves_no_trace_of_a_board(store: Store, database: str) -> None:
    store.ingest([event(1, None), state(1), window(1, 0, [1.0]), message("info", info_json())])
    store.ingest([event(1, None, OTHER)])
    store.rename(BOARD, "in the cellar", "at home")
    store.audit("refused topic", BOARD, "publish anomaly/v1/x")
    assert store.delete(BOARD)
    assert not store.delete(BOARD)
    assert rows_with(database, BOARD) == {}
    assert [b.id for b in store.boards()] == [OTHER]
    # And it may begin again.
    assert store.ingest([event(2, None)]) == [Ack(BOARD, 1, 2)]


def rows_with(database: str, word: str) -> dict[str, int]:
    """Tables that mention a word anywhere."""
    engine = create_engine(database)
    found = {}
    with engine.connect() as connection:
        for table in inspect(connection).get_table_names():
            rows = connection.execute(text(f"SELECT * FROM {table}")).all()
            count = sum(word in str(tuple(row)) for row in rows)
            if count:
                found[table] = count
    engine.dispose()
    return found


def test_the_same_within_a_minute_is_one_row_of_the_audit(store: Store) -> None:
    for _ in range(50):
        store.audit("login failed", "192.0.2.7", "wrong password")
    store.audit("login failed", "192.0.2.7\x00\n\ud800" + "x" * 500, "y" * 500)
    found = store.audits()
    assert sum(row.n for row in found) == 51
    assert len(found) <= 3
    assert all(row.who.isprintable() and len(row.who) <= 80 for row in found)


def test_a_new_password_ends_the_sessions(store: Store) -> None:
    assert store.add_user("anna", "hash")
    assert not store.add_user("anna", "another")
    store.add_session("token", "anna", 2**45)
    store.add_session("old", "anna", 1)
    assert (store.session_user("token"), store.session_user("old")) == ("anna", None)
    assert store.set_password("anna", "new")
    assert store.session_user("token") is None
    user = store.user("anna")
    assert user is not None
    assert user.hash == "new"
    assert store.secret("cookies") == store.secret("cookies")


def test_a_database_of_a_newer_program_is_refused(database: str) -> None:
    Store(database).close()
    engine = create_engine(database)
    with engine.begin() as connection:
        connection.execute(text("UPDATE meta SET value = '999' WHERE key = 'version'"))
    engine.dispose()
    with pytest.raises(UserError, match=r"of a newer program \(its version 999"):
        Store(database)


def test_what_is_no_database_is_said_in_a_sentence(tmp_path: Path) -> None:
    for url in ("nonsense", "mysql://root@localhost/x"):
        with pytest.raises(UserError, match="--database is"):
            Store(url)
    file = tmp_path / "text.sqlite"
    file.write_text("no database at all" * 100)
    with pytest.raises(UserError, match="cannot be opened: file is not a database"):
        Store(f"sqlite:///{file.as_posix()}")
