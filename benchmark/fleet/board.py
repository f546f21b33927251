"""One virtual board as the broker sees it: the protocol of docs/protocol.md without a detector.

Events are numbered and chained, wait in a ring until the server says that they are committed, and
are sent again when that takes longer than 10 s, then 20 s, 40 s and so on. A lost connection is
retried after a random part of a time that starts at 1 s and doubles.
"""

import asyncio
import json
import random
import ssl
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from benchmark.fleet import mqtt

ON_THE_WAY: Final = 16  # events that are sent and not yet acknowledged, at most
PATIENCE_S: Final = 10.0  # without an acknowledgement, then all is sent again; then twice as long
STATE_S: Final = 10.0
FIRST_S, LONGEST_S, SETTLED_S = 1.0, 300.0, 60.0  # of the back-off
CONNECT_S: Final = 30.0
DISCOVERY: Final = b'{"dev":{"ids":"%s"},"o":{"name":"fleet"},"cmps":{%s}}'

Key = tuple[int, int]  # boot, seq


@dataclass
class Tally:
    """What the boards of a process did; times are those of a clock that processes share."""

    made: int = 0
    sent: int = 0
    commits: list[float] = field(default_factory=list)  # seconds from made to acknowledged
    attempts: list[float] = field(default_factory=list)
    connects: list[float] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)
    made_by: dict[str, Key] = field(default_factory=dict)  # of a board: boot, events made


class BackOff:
    """How long to wait: a random part of 1 s, 2 s, 4 s ... 300 s; 1 s again after 60 s online."""

    def __init__(self, random: random.Random) -> None:
        self._random = random
        self._limit = FIRST_S

    def wait_s(self) -> float:
        wait = self._random.uniform(0, self._limit)
        self._limit = min(2 * self._limit, LONGEST_S)
        return wait

    def was_online(self, seconds: float) -> None:
        if seconds >= SETTLED_S:
            self._limit = FIRST_S


@dataclass
class Event:
    key: Key
    made: float
    fields: dict[str, Any]


class Board:
    """A board with the identity `name`; `tally` counts for all of a process."""

    def __init__(
        self, name: str, address: mqtt.Address, tally: Tally, chance: random.Random
    ) -> None:
        self.name = name
        self.online = False
        self.waiting: deque[Event] = deque()
        self._address = address
        self._tally = tally
        self._random = chance
        self._topic = f"anomaly/v1/{name}"
        self._boot = int(time.time())
        self._seq = 0
        self._on_the_way = 0
        self._progress = 0.0
        self._patience = PATIENCE_S
        self._connection: mqtt.Connection | None = None
        self._context: ssl.SSLContext | None = None

    @property
    def made(self) -> Key:
        """Its boot and how many events it made."""
        return self._boot, self._seq

    async def run(self, first_wait: float) -> None:
        """Connects, and again whenever the connection is lost, until it is cancelled."""
        back_off = BackOff(self._random)
        self._context = self._address.context()
        wait = first_wait
        while True:
            await asyncio.sleep(wait)
            self._tally.attempts.append(time.monotonic())
            try:
                async with asyncio.timeout(CONNECT_S):
                    connection = await self._connect()
            except (OSError, TimeoutError, mqtt.Refused):
                wait = back_off.wait_s()
                continue
            start = time.monotonic()
            self._tally.connects.append(start)
            self._begin(connection)
            try:
                await connection.closed
            finally:
                self.online, self._connection = False, None
                connection.close()
            end = time.monotonic()
            self._tally.losses.append(end)
            back_off.was_online(end - start)
            wait = back_off.wait_s()

    def make_event(self) -> None:
        self._seq += 1
        fields = {"k": "end" if self._seq % 2 == 0 else "start", "t": time.time_ns() // 1_000_000}
        self.waiting.append(Event((self._boot, self._seq), time.monotonic(), fields))
        self._tally.made += 1
        self._send()

    def send_state(self) -> None:
        if self._connection:
            self._publish("state", self._state(), qos=0)

    def be_patient(self, now: float) -> None:
        """Sends everything again if nothing was acknowledged for too long."""
        if self._on_the_way and now - self._progress > self._patience:
            self._patience = min(2 * self._patience, LONGEST_S)
            self._on_the_way = 0
            self._send()

    async def _connect(self) -> mqtt.Connection:
        assert self._context
        will = mqtt.Message(f"{self._topic}/status", b"offline", 1, True)
        return await mqtt.connect(self._address, self._context, self.name, self._receive, will)

    def _begin(self, connection: mqtt.Connection) -> None:
        self._connection, self.online = connection, True
        connection.subscribe([f"{self._topic}/ack", f"{self._topic}/cmd", "homeassistant/status"])
        connection.publish(mqtt.Message(f"{self._topic}/status", b"online", 1, True))
        self._publish("info", self._info(), retain=True)
        config = DISCOVERY % (self.name.encode(), b" " * 1750)  # as long as a real one
        topic = f"homeassistant/device/{self.name}/config"
        connection.publish(mqtt.Message(topic, config, 1, True))
        self._on_the_way, self._patience = 0, PATIENCE_S
        self._send()

    def _receive(self, topic: str, payload: bytes) -> None:
        if topic != f"{self._topic}/ack":
            return
        ack = json.loads(payload)
        key = (ack["boot"], ack["seq"])
        if not self.waiting or not self.waiting[0].key <= key <= self.waiting[-1].key:
            return
        now = time.monotonic()
        while self.waiting and self.waiting[0].key <= key:
            self._tally.commits.append(now - self.waiting.popleft().made)
            self._on_the_way = max(0, self._on_the_way - 1)
        self._progress, self._patience = now, PATIENCE_S
        self._send()

    def _send(self) -> None:
        """Sends what waits, as far as the window allows."""
        if not self._connection:
            return
        if self._on_the_way == 0:
            self._progress = time.monotonic()
        while self._on_the_way < min(ON_THE_WAY, len(self.waiting)):
            place = self._on_the_way
            event = self.waiting[place]
            before = self.waiting[place - 1].key if place else None
            self._on_the_way += 1
            self._tally.sent += 1
            self._publish("event", _event(event, before))

    def _publish(
        self, topic: str, content: dict[str, Any], qos: int = 1, retain: bool = False
    ) -> None:
        assert self._connection
        payload = json.dumps(content, separators=(",", ":")).encode()
        self._connection.publish(mqtt.Message(f"{self._topic}/{topic}", payload, qos, retain))

    def _info(self) -> dict[str, Any]:
        return {
            "v": 1,
            "fw": "1.0.0",
            "profile": "temperature",
            "model": "0123456789ab",
            "boot": self._boot,
            "reset": "power-on",
            "period_us": 500000,
            "names": ["temperature"],
            "units": ["C"],
            "ip": None,
        }

    def _state(self) -> dict[str, Any]:
        return {
            "v": 1,
            "boot": self._boot,
            "up": _up(),
            "t": time.time_ns() // 1_000_000,
            "tq": "ntp",
            "state": "NORMAL",
            "score": 0.31,
            "score_max": 0.6,
            "thr": 1.0,
            "value": 25.1,
            "expected": 25.0,
            "min": 24.9,
            "max": 25.2,
            "mean": 25.05,
            "n": 20,
            "cause": None,
            "fault": None,
            "rssi": -61,
            "heap_min": 163000,
            "queue": len(self.waiting),
            "lost": 0,
            "missed": 0,
            "dropped": 0,
        }


def _event(event: Event, before: Key | None) -> dict[str, Any]:
    return {
        "v": 1,
        "boot": event.key[0],
        "seq": event.key[1],
        "prev": list(before) if before else None,
        "tq": "ntp",
        "up": _up(),
        "cause": "level",
        "score": 7.5,
        "thr": 1.0,
        "value": 50.0,
        "recon": 21.4,
        "model": "a1b2c3d4e5f6",
        "radio": 0,
        **event.fields,
    }


def _up() -> int:
    return time.monotonic_ns() // 1_000_000


Every = Callable[[Board], None]


async def repeat(boards: list[Board], period_s: float, what: Every, count: int = 0) -> None:
    """Does something with every board once a period, the boards spread over it; `count` times."""
    if not boards:
        return
    start, done = time.monotonic(), 0
    while not count or done < count * len(boards):
        due = start + done * period_s / len(boards)
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        what(boards[done % len(boards)])
        done += 1
