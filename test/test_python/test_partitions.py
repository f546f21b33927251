"""PostgreSQL partitioned by time: the store works on it as before, each event is there once."""

import time
from collections.abc import Iterator

import pytest
import sqlalchemy

from benchmark.fleet import databases
from project.errors import UserError
from server.messages import BoardEvent, WindowPiece
from server.store import Ack, Store

BOARD = "020000000001"


def made(seq: int, t: int, prev: tuple[int, int] | None = None) -> BoardEvent:
    return BoardEvent(
        board=BOARD,
        boot=1,
        seq=seq,
        prev=prev,
        t=t,
        tq="ntp",
        up=100,
        kind="start",
        cause="level",
        score=1.0,
        threshold=1.0,
        value=1.0,
        recon=1.0,
        model="0123456789ab",
        radio=0,
    )


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    try:
        database = databases.Partitioned()
    except UserError as error:
        pytest.skip(str(error))
    yield database.url
    database.stop()


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    store = Store(url)
    yield store
    store.delete(BOARD)
    store.close()


def asked(url: str, query: str) -> list[tuple[object, ...]]:
    engine = sqlalchemy.create_engine(url)
    with engine.connect() as connection:
        rows = [tuple(row) for row in connection.execute(sqlalchemy.text(query))]
    engine.dispose()
    return rows


def test_an_event_is_stored_once_whatever_its_time_says(store: Store, url: str) -> None:
    store.ingest([made(1, t=0)], now=0)  # received in another month
    assert store.ingest([made(1, t=5), made(2, t=5, prev=(1, 1))]) == [Ack(BOARD, 1, 2)]
    found = asked(url, "SELECT tableoid::regclass::text, seq FROM event ORDER BY seq")
    month = time.strftime("event_%Y_%m", time.gmtime())
    assert found == [("event_other", 1), (month, 2)]


def test_two_workers_that_store_the_same_event_store_it_once(store: Store, url: str) -> None:
    other = Store(url)
    assert store.ingest([made(1, t=1)]) == other.ingest([made(1, t=2)]) == [Ack(BOARD, 1, 1)]
    other.close()
    assert asked(url, "SELECT seq FROM event") == [(1,)]


def test_a_window_is_found_and_what_is_deleted_may_come_again(store: Store, url: str) -> None:
    piece = WindowPiece(BOARD, 1, 1, -1, 500_000, [1.0, 2.0], [1.0, 1.0], [0.0, 0.5])
    store.ingest([made(1, t=1), piece, piece])
    window = store.window(BOARD, 1, 1)
    assert window and window.values == [1.0, 2.0]
    assert store.delete(BOARD)
    assert asked(url, "SELECT count(*) FROM event_key") == [(0,)]
    assert store.ingest([made(1, t=1)]) == [Ack(BOARD, 1, 1)]
