"""docs/topics.schema.json holds both sides of a topic: who writes it and who reads it."""

import contextlib
import json
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hypothesis
import jsonschema
import pytest
import topic_schema
from board_messages import event_json
from databases import database, new_postgresql, store
from hypothesis import given
from hypothesis import strategies as st
from serial_line import VirtualBoard
from server_parts import Embedded, boards, data, embedded, wait_for
from topic_schema import SCHEMA, TOPICS

from monitor import telemetry
from project.errors import UserError
from server import messages
from server.commands import Commands
from server.connection import Broker as Address
from server.fields import Refused
from server.ingest import Ingest
from server.store import Store

__all__ = ["data", "database", "embedded", "new_postgresql", "store"]  # fixtures

BOARD = "0200000000ab"


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert {item["$ref"].rpartition("/")[2] for item in SCHEMA["anyOf"]} == set(TOPICS)
    for name, part in TOPICS.items():
        assert part["x-qos"] in (0, 1), name
        assert part["x-writer"] in ("board", "server", "home assistant"), name
        assert set(part.get("required", [])) <= set(part.get("properties", {})), name


@pytest.mark.parametrize("name", [name for name in TOPICS if "properties" in TOPICS[name]])
def test_examples_of_a_topic_fit_it(name: str) -> None:
    if name == "discovery":
        return  # Home Assistant reads it: docs/home-assistant.md

    @given(topic_schema.valid(name))
    @hypothesis.settings(max_examples=20, deadline=None)
    def fits(value: dict[str, Any]) -> None:
        assert topic_schema.validator(name).is_valid(value)

    fits()


@pytest.mark.parametrize(
    ("name", "change", "problem"),
    [
        ("ack", {"seq": 0}, "$.seq: 0 is less than the minimum of 1"),
        ("ack", {"seq": None}, "$.seq: None is not of type 'integer'"),
        ("ack", {"extra": 1}, "extra: is not in the schema"),
        ("event", {"k": "stop"}, "'stop' is not one of"),
        ("event", {"t": None, "tq": "ntp"}, "$.t: None is not of type 'integer'"),
        ("event", {"t": 1, "tq": "none"}, "$.t: 1 is not of type 'null'"),
        ("event", {"prev": [1]}, "$.prev: [1] is not valid"),
        ("event", {"model": "a1b2c3d4"}, "does not match"),
        ("event", {"cause": "x" * 2000}, "bytes"),
    ],
)
def test_what_does_not_fit_is_named(name: str, change: dict[str, Any], problem: str) -> None:
    good: dict[str, dict[str, Any]] = {
        "ack": {"boot": 17, "seq": 412},
        "event": json.loads(
            '{"v":1,"boot":17,"seq":412,"prev":[17,411],"t":1795700000123,"tq":"ntp","up":81234,'
            '"k":"start","cause":"level","score":7.5,"thr":1.0,"value":50.0,"recon":21.4,'
            '"model":"a1b2c3d4e5f6","radio":0}'
        ),
    }
    assert topic_schema.problems(name, json.dumps(good[name])) == []
    found = topic_schema.problems(name, json.dumps({**good[name], **change}))
    assert any(problem in text for text in found), found


# --- the reader: the server


READ = ("info", "state", "event", "window", "res")  # as JSON, by the server


@pytest.mark.parametrize("name", READ)
def test_the_server_takes_whatever_fits(name: str) -> None:
    @given(topic_schema.valid(name), st.booleans())
    @hypothesis.settings(max_examples=60, deadline=None)
    def takes(value: dict[str, Any], is_ascii: bool) -> None:
        payload = json.dumps(value, ensure_ascii=is_ascii).encode()
        hypothesis.assume(len(payload) <= TOPICS[name]["x-max-bytes"])
        message = messages.parse(topic_schema.topic(name, BOARD), payload)
        assert message.board == BOARD
        if not isinstance(message, messages.Info):
            members = {"boot", "seq", "at", "n", "t", "up", "ok"} & set(value)
            assert all(getattr(message, k) == value[k] for k in members if hasattr(message, k))

    takes()


@pytest.mark.parametrize("name", READ)
def test_the_server_refuses_what_does_not_fit(name: str) -> None:
    """A member of another kind or out of its range; `null` and what is missing mean the same."""

    @given(topic_schema.valid(name), st.data())
    @hypothesis.settings(max_examples=60, deadline=None)
    def refuses(value: dict[str, Any], data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(READERS_KEYS[name])))
        wrong = data.draw(st.sampled_from([[], {}, [[]], True, "\x00", "x" * 1500, -(10**30), "9"]))
        changed = {**value, key: wrong}
        hypothesis.assume(not topic_schema.validator(name).is_valid(changed))
        hypothesis.assume(not (key == "model" and wrong == "9"))  # a name is as good as a hash
        with pytest.raises(Refused):
            messages.parse(topic_schema.topic(name, BOARD), json.dumps(changed).encode())

    refuses()


# What the server looks at; `more` and `tq` of a state are for people.
READERS_KEYS = {name: set(TOPICS[name]["properties"]) for name in READ}
READERS_KEYS["info"] -= {"more"}
READERS_KEYS["state"] -= {"tq"}


@given(
    st.sampled_from(["status", "info", "state", "event", "res", "ack", "cmd", "", "a/b", "../x"]),
    st.binary(max_size=64)
    | st.text(max_size=64).map(str.encode)
    | st.sampled_from([b"[" * 1990, b'{"v":1,"boot":1e999}', b'{"v":1,"v":2}', b"NaN", b" " * 2001])
    | topic_schema.valid("event").map(lambda value: json.dumps(value).encode()[:-1]),
)
@hypothesis.settings(max_examples=200, deadline=None)
def test_the_server_survives_whatever_comes(name: str, payload: bytes) -> None:
    try:
        message = messages.parse(f"anomaly/v1/{BOARD}/{name}", payload)
    except Refused as refused:
        assert len(str(refused)) < 80  # says nothing of the message itself
    else:
        assert name == "status" and payload in (b"online", b"offline"), message


def test_the_server_reads_texts() -> None:
    status = topic_schema.topic("status", BOARD)
    assert messages.parse(status, b"online") == messages.Status(BOARD, online=True)
    assert messages.parse(status, b"offline") == messages.Status(BOARD, online=False)
    for wrong in (b"", b"ONLINE", b"online\n", b'"online"'):
        with pytest.raises(Refused):
            messages.parse(status, wrong)


# --- the writer: a board


class LinkedBoard:
    """A virtual board's line, held as a gateway does: what it sends, and what is said to it."""

    def __init__(self, board: VirtualBoard) -> None:
        host, port = board.port.removeprefix("socket://").rsplit(":", 1)
        self._line = socket.create_connection((host, int(port)), timeout=30)
        self._line.settimeout(0.1)
        self._rest = b""
        self.sent: list[telemetry.LinkMessage] = []

    def say(self, *lines: str) -> None:
        self._line.sendall("".join(f"{line}\r\n" for line in lines).encode())

    def tell(self, name: str, message: dict[str, Any]) -> None:
        assert topic_schema.problems(name, json.dumps(message)) == []
        self.say(f"link {topic_schema.topic(name, BOARD)} {json.dumps(message)}")

    def wait_for(
        self, name: str, wanted: Callable[[dict[str, Any]], bool], again: str = ""
    ) -> dict[str, Any]:
        """The first message of that kind, of all that were sent, that is as wanted.

        `again` is said until it comes, as a gateway repeats what it says.
        """
        deadline, seen = time.monotonic() + 60, 0
        while time.monotonic() < deadline:
            for message in self.sent[seen:]:
                payload = message.payload
                if topic_schema.name_of(message.topic, BOARD, payload) == name:
                    found = json.loads(payload) if payload else {}
                    if wanted(found):
                        return dict(found)
            seen = len(self.sent)
            if again:
                self.say(again)
            self._read()
        raise AssertionError(f"no {name} as wanted in {self.sent[-20:]}")

    def _read(self) -> None:
        with contextlib.suppress(TimeoutError):
            self._rest += self._line.recv(65536)
        *lines, self._rest = self._rest.split(b"\r\n")
        records = (telemetry.parse(line.decode()) for line in lines)
        self.sent += [record for record in records if isinstance(record, telemetry.LinkMessage)]


def test_whatever_a_board_writes_fits(board: Callable[..., VirtualBoard], tmp_path: Path) -> None:
    """One life: anomalies, faults, settings, commands, a factory reset, and its next boot."""
    ring = str(tmp_path / "events")
    options = ("--id", BOARD, "--events", ring, "--simulate", "mixed", "--speed", "20")
    line = LinkedBoard(board(*options))
    now = int(time.time() * 1000)
    line.say("link id", f"link on {now}")
    line.wait_for("info", lambda info: info["boot"] == 1)
    line.wait_for("discovery", lambda found: "cmps" in found)
    line.wait_for("state", lambda state: state["t"] is not None)

    line.wait_for("event", lambda event: event["k"] == "boot" and event["prev"] is None)
    line.tell("ack", {"boot": 1, "seq": 1})
    line.tell("cmd", {"id": "a1", "cmd": "threshold 0.8", "exp": now + 10**9})
    assert line.wait_for("res", lambda res: res["id"] == "a1")["ok"]
    line.tell("cmd", {"id": "a2", "cmd": "raw on", "exp": now + 10**9})
    assert not line.wait_for("res", lambda res: res["id"] == "a2")["ok"]
    for kind in ("settings", "start", "end", "fault", "fault_end"):
        line.wait_for("event", lambda event, kind=kind: event["k"] == kind)  # type: ignore[misc]
    line.wait_for("window", lambda window: window["at"] >= 0)
    line.wait_for("state", lambda state: state["state"] == "ANOMALY" and state["cause"] is not None)

    line.say("link homeassistant/status online", "factory-reset")
    line.wait_for("discovery", lambda found: not found)
    line.wait_for("info", lambda info: info["boot"] > 1, again=f"link on {now}")
    line.wait_for("event", lambda event: event["k"] == "boot" and event["boot"] > 1)

    for message in line.sent:
        name = topic_schema.name_of(message.topic, BOARD, message.payload)
        part = TOPICS[name]
        assert (message.qos, message.retain) == (part["x-qos"], part["x-retained"]), message
        assert part["x-writer"] == "board", message
        if name != "discovery" or message.payload:
            assert topic_schema.problems(name, message.payload) == [], message
            if name in READ:
                messages.parse(message.topic, message.payload.encode())


# --- the other writer: the server


def test_whatever_the_server_writes_fits(store: Store, embedded: Embedded, data: Path) -> None:
    address = Address("localhost", embedded.port)
    ingest = Ingest(store, data, address, lambda *_: None, lambda _: None)
    commands = Commands(data, address)
    ingest.start()
    commands.start()
    assert commands.wait_until_connected(20)
    with boards(embedded, BOARD) as (board,):
        board.subscribe(f"anomaly/v1/{BOARD}/ack", f"anomaly/v1/{BOARD}/cmd")
        for seq in range(1, 4):
            board.say("event", event_json(seq, None if seq == 1 else [1, seq - 1]))
        wait_for(lambda: (1, 3) in board.acks)
        for text in ("status", "threshold 0.8", "x" * 80):
            with pytest.raises(UserError, match="did not answer"):
                commands.send(BOARD, text, 0.05)
        wait_for(lambda: len(board.texts(f"anomaly/v1/{BOARD}/cmd")) == 3)
        for message in board.messages:
            payload = message.payload.decode()
            name = topic_schema.name_of(message.topic, BOARD, payload)
            assert TOPICS[name]["x-writer"] == "server"
            assert topic_schema.problems(name, payload) == []
            assert message.qos == TOPICS[name]["x-qos"]
    commands.close()
    ingest.close()
