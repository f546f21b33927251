"""From the broker into the store, over real brokers: nothing twice, nothing lost."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from board_messages import BOARD, OTHER, event_json, info_json, state_json, window_json
from databases import database, new_postgresql, store
from hypothesis import given, settings
from hypothesis import strategies as st
from server_parts import (
    AnyBroker,
    Embedded,
    TestBoard,
    boards,
    broker,
    data,
    embedded,
    running,
    wait_for,
)

from project.errors import UserError
from server.commands import Commands
from server.connection import Broker as Address
from server.fields import Refused
from server.ingest import Ingest
from server.messages import UNREADABLE, parse
from server.store import Store

__all__ = ["broker", "data", "database", "embedded", "new_postgresql", "store"]  # fixtures

Notes = list[tuple[str, str, str]]


@contextlib.contextmanager
def ingesting(
    store: Store, broker: AnyBroker, data: Path, notes: Notes | None = None, shared: bool = False
) -> Iterator[list[str]]:
    """What it says."""
    said: list[str] = []
    kept = notes if notes is not None else []
    address = Address("localhost", broker.port)
    ingest = Ingest(store, data, address, lambda *n: kept.append(n), said.append, shared)
    ingest.start()
    wait_for(lambda: ingest.is_connected)
    try:
        yield said
    finally:
        ingest.close()


def send(board: TestBoard, first: int, last: int) -> None:
    for seq in range(first, last + 1):
        board.say("event", event_json(seq, None if seq == 1 else [1, seq - 1]))


def test_what_a_board_sends_is_stored_and_acknowledged(
    store: Store, broker: AnyBroker, data: Path
) -> None:
    with ingesting(store, broker, data), boards(broker, BOARD) as (board,):
        board.subscribe(f"anomaly/v1/{BOARD}/ack")
        board.say("status", "online", retain=True)
        board.say("info", info_json(), retain=True)
        board.say("state", state_json(1000), qos=0)
        send(board, 1, 20)
        board.say("event", window_json(1, -2, [1.0, 2.0, 3.0]))
        wait_for(lambda: board.acks and board.acks[-1] == (1, 20))
        wait_for(lambda: store.window(BOARD, 1, 1))
        found = store.board(BOARD)
        assert found is not None
        assert (found.status, found.profile, found.value) == ("online", "temperature", 25.1)
        assert [e.seq for e in store.events()] == list(range(20, 0, -1))
    # A board that was away gets the last one again: it is retained.
    with boards(broker, BOARD) as (board,):
        board.subscribe(f"anomaly/v1/{BOARD}/ack")
        wait_for(lambda: board.acks == [(1, 20)])


HOSTILE = (
    b"",
    b"{",
    b"[]",
    b"null",
    b'"text"',
    b"\xff\xfe",
    b'{"v":2}',
    b'{"v":true}',
    b'{"v":1,"k":"start"}',
    b"[" * 2000,
    b'{"v":1,"x":' * 180,
    b'{"v":1,"boot":NaN}',
    b'{"v":1,"boot":1e999}',
    b'{"v":1,"boot":' + b"9" * 1900 + b"}",
    json.dumps(event_json(1, None, cause="\x00")).encode(),
    json.dumps(event_json(1, None, cause="\ud800")).encode(),
    json.dumps(event_json(1, None, cause="x" * 1000)).encode(),
    json.dumps(event_json(1, None, value="50")).encode(),
    json.dumps(event_json(1, None, value=True)).encode(),
    json.dumps(event_json(1, None, value=1e308)).encode(),
    json.dumps(event_json(0, None)).encode(),
    json.dumps(event_json(1, [1, 1])).encode(),
    json.dumps(event_json(1, [2, 1])).encode(),
    json.dumps(event_json(1, [1])).encode(),
    json.dumps(event_json(2**40, None)).encode(),
    json.dumps(event_json(1, None, t=-1)).encode(),
    json.dumps(event_json(1, None, k="'; DROP TABLE event; --")).encode(),
    json.dumps(window_json(1, 0, [1.0] * 41)).encode(),
    json.dumps({**window_json(1, 0, [1.0]), "scores": []}).encode(),
    json.dumps(window_json(1, -121, [1.0])).encode(),
)


@pytest.mark.parametrize("payload", HOSTILE, ids=range(len(HOSTILE)))
def test_nonsense_is_refused_with_a_reason(payload: bytes) -> None:
    with pytest.raises(Refused, match=r"^[ -~]{5,60}$"):
        parse(f"anomaly/v1/{BOARD}/event", payload)


MEMBERS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=50),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
MAKERS = (event_json(2, [1, 1]), state_json(5), info_json(), window_json(1, 0, [1.0, None]))


@settings(max_examples=100, deadline=None)
@given(
    name=st.sampled_from(["event", "state", "info", "res", "status", "ack", "nonsense", ""]),
    base=st.sampled_from(MAKERS),
    changes=st.dictionaries(
        st.sampled_from(sorted({key for maker in MAKERS for key in maker})), MEMBERS, max_size=3
    ),
    cut=st.integers(0, 2200),
)
def test_whatever_comes_is_refused_or_can_be_stored(
    fuzzed: Store,
    name: str,
    base: dict[str, object],
    changes: dict[str, object],
    cut: int,
) -> None:
    text = json.dumps({**base, **changes}).encode("utf-8", "surrogatepass")
    with contextlib.suppress(Refused):
        fuzzed.ingest([parse(f"anomaly/v1/{BOARD}/{name}", text[: max(cut, 200)])])
        fuzzed.boards()
        fuzzed.events()


@pytest.fixture(scope="module")
def fuzzed() -> Iterator[Store]:
    found = Store("sqlite://")
    yield found
    found.close()


def test_nonsense_from_one_board_does_not_keep_another_waiting(
    store: Store, embedded: Embedded, data: Path
) -> None:
    notes: Notes = []
    with (
        ingesting(store, embedded, data, notes),
        boards(embedded, BOARD, OTHER) as (bad, good),
    ):
        good.subscribe(f"anomaly/v1/{OTHER}/ack")
        for payload in HOSTILE[1:]:
            bad.say("event", payload)
        bad.say("status", "perhaps")
        good.say("event", event_json(1, None))
        wait_for(lambda: good.acks == [(1, 1)])
        assert {e.kind for e in store.events(BOARD)} <= {UNREADABLE}
        wait_for(lambda: len(notes) == len(HOSTILE))
        assert {note[:2] for note in notes} == {("refused message", BOARD)}


def test_an_event_that_is_not_understood_does_not_hold_up_what_comes_after_it(
    store: Store, embedded: Embedded, data: Path
) -> None:
    notes: Notes = []
    with ingesting(store, embedded, data, notes), boards(embedded, BOARD) as (board,):
        board.subscribe(f"anomaly/v1/{BOARD}/ack")
        board.say("event", event_json(1, None))
        board.say("event", event_json(2, [1, 1], k="of the future"))
        board.say("event", event_json(3, [1, 2]))
        wait_for(lambda: board.acks[-1:] == [(1, 3)])
        kept = store.event(BOARD, 1, 2)
        assert kept is not None
        assert (kept.kind, kept.cause) == (UNREADABLE, "k is none of its choices")
        assert [note[0] for note in notes] == ["refused message"]


KILLED_AFTER_COMMIT = """
import os, signal, sys, time
from pathlib import Path
from server.connection import Broker
from server.ingest import Ingest
from server.store import Store

class Killed(Store):
    def ingest(self, batch, now=None):
        acks = super().ingest(batch, now)
        if acks:
            os.kill(os.getpid(), signal.SIGKILL)
        return acks

ingest = Ingest(Killed(sys.argv[1]), Path(sys.argv[2]), Broker("localhost", int(sys.argv[3])),
                print, print)
ingest.start()
time.sleep(60)
"""


@pytest.mark.skipif(os.name == "nt", reason="needs SIGKILL")
def test_killed_between_commit_and_acknowledgement(
    database: str, embedded: Embedded, data: Path, project: Path
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED_AFTER_COMMIT, database, str(data), str(embedded.port)],
        cwd=project,
    )
    with boards(embedded, BOARD) as (board,):
        board.subscribe(f"anomaly/v1/{BOARD}/ack")

        def died() -> bool:
            board.say("event", event_json(1, None))  # again and again, as a board does
            return process.poll() is not None

        wait_for(died)
        assert process.returncode == -signal.SIGKILL
        assert board.acks == []
        store = Store(database)
        assert [e.seq for e in store.events()] == [1]  # committed
        with ingesting(store, embedded, data):
            send(board, 1, 3)
            wait_for(lambda: board.acks and board.acks[-1] == (1, 3))
        assert [e.seq for e in store.events()] == [3, 2, 1]
        store.close()


def test_the_broker_may_go_and_come(store: Store, broker: AnyBroker, data: Path) -> None:
    with ingesting(store, broker, data) as said, boards(broker, BOARD) as (board,):
        board.client.reconnect_delay_set(1, 1)
        send(board, 1, 3)
        wait_for(lambda: len(store.events()) == 3)
        broker.kill()
        broker.start()
        wait_for(lambda: len(board.reasons) == 2)
        wait_for(lambda: said and said[-1].startswith("connected"))
        send(board, 1, 5)
        wait_for(lambda: len(store.events()) == 5)


def test_two_workers_share_the_events(database: str, data: Path) -> None:
    with contextlib.ExitStack() as stack:
        broker = stack.enter_context(running("mosquitto", data))
        stores = [Store(database) for _ in range(2)]
        counts = [0, 0]

        def counted(number: int) -> Store:
            found, original = stores[number], stores[number].ingest

            def ingest(batch: list[object], now: int | None = None) -> object:
                counts[number] += sum(hasattr(message, "seq") for message in batch)
                return original(batch, now)  # type: ignore[arg-type]

            found.ingest = ingest  # type: ignore[method-assign, assignment]
            return found

        for number in range(2):
            stack.enter_context(ingesting(counted(number), broker, data, shared=True))
        (board, other) = stack.enter_context(boards(broker, BOARD, OTHER))
        board.subscribe(f"anomaly/v1/{BOARD}/ack")

        def more() -> None:
            send(other, 1, 50)

        thread = threading.Thread(target=more)
        thread.start()
        send(board, 1, 50)
        thread.join()
        wait_for(lambda: board.acks and board.acks[-1] == (1, 50))
        wait_for(lambda: len(stores[0].events(limit=200)) == 100)
        assert sum(counts) == 100  # each event went to one of them
        assert min(counts) > 0
    for found in stores:
        found.close()


def test_a_command_is_answered_or_not_in_time(embedded: Embedded, data: Path) -> None:
    commands = Commands(data, Address("localhost", embedded.port))
    with pytest.raises(UserError, match="the broker is away"):
        commands.send(BOARD, "status")
    commands.start()
    assert commands.wait_until_connected(20)
    with boards(embedded, BOARD, OTHER) as (board, other):
        board.subscribe(f"anomaly/v1/{BOARD}/cmd")

        def answer(_client: object, _data: object, message: object) -> None:
            order = json.loads(message.payload)  # type: ignore[attr-defined]
            assert order["exp"] > 1_795_000_000_000
            wrong = {"v": 1, "id": order["id"], "ok": True, "text": "OK of another board"}
            other.client.publish(f"anomaly/v1/{OTHER}/res", json.dumps(wrong), 1)
            right = {**wrong, "text": f"OK {order['cmd']}"}
            board.client.publish(f"anomaly/v1/{BOARD}/res", json.dumps(right), 1)

        board.client.message_callback_add(f"anomaly/v1/{BOARD}/cmd", answer)
        assert commands.send(BOARD, " threshold 0.8 ") == "OK threshold 0.8"
        with pytest.raises(UserError, match="did not answer within"):
            commands.send(OTHER, "status", 0.05)
        for text in ("", "two\nlines", "x" * 600, "\u00e9"):
            with pytest.raises(UserError):
                commands.send(BOARD, text)
    commands.close()
