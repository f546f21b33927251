"""From the broker into the store: batches, and acknowledgements once they are committed.

Stateless: several may run, in one process or on several machines, and share the boards' messages.
"""

import json
import queue
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from paho.mqtt.client import Client, MQTTMessage
from sqlalchemy.exc import DBAPIError, DisconnectionError, InterfaceError, OperationalError

from server.auditor import Note
from server.connection import Broker, Part, begin, end, new_client
from server.fields import Refused
from server.messages import ROOT, Message, Result, board_of, parse, topic, unreadable
from server.store import Ack, Store

MOST_WAITING: Final = 5000  # messages; more wait in the broker
MOST_AT_ONCE: Final = 500
GATHER_S: Final = 0.02  # how long the first of a batch waits for others, at least
MOST_GATHER_S: Final = 0.2
_RETRY_S: Final = (0.2, 1.0, 5.0)

SHARED: Final = (("event", 1), ("state", 0))  # each message to one of the workers
OWN: Final = (("status", 1), ("info", 1))  # retained: a shared subscription would not get them


class Ingest:
    """Runs from `start` to `close`; the store and the audit are the caller's."""

    def __init__(
        self,
        store: Store,
        data: Path,
        broker: Broker,
        note: Note,
        say: Callable[[str], None],
        shared: bool = False,
        part: Part | None = None,
    ) -> None:
        self._store, self._note, self._say = store, note, say
        self._broker, self._shared, self._part = broker, shared, part
        self._queue: queue.Queue[Message] = queue.Queue(MOST_WAITING)
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ingest", daemon=True)
        self._connected, self._lost = False, False
        self._client = new_client(data)
        self._client.on_connect = self._subscribe
        self._client.on_subscribe = self._subscribed
        self._client.on_disconnect = self._disconnected
        self._client.on_connect_fail = self._failed
        self._client.on_message = self._take

    def start(self) -> None:
        self._thread.start()
        begin(self._client, self._broker)

    @property
    def is_connected(self) -> bool:
        """Whether it gets what is sent from now on."""
        return self._connected

    def close(self) -> None:
        """Stores what has come, acknowledges it, and leaves the broker."""
        for name, _ in SHARED + OWN:
            self._client.unsubscribe(self._filter(name))
        self._closing.set()
        self._thread.join()
        end(self._client)

    # --- the connection's thread ---

    def _subscribe(self, client: Client, _data: Any, _flags: Any, reason: Any, _p: Any) -> None:
        if reason.is_failure:
            self._say(f"the broker {self._broker.url} refuses the server: {reason}")
            return
        client.subscribe([(self._filter(name), qos) for name, qos in SHARED + OWN])

    def _subscribed(self, *_: Any) -> None:
        if self._lost or self._shared or self._part:  # a worker says nothing else
            self._say(f"connected to the broker {self._broker.url}")
        self._connected, self._lost = True, False

    def _filter(self, name: str) -> str:
        share = "$share/ingest/" if self._shared and name in dict(SHARED) else ""
        return f"{share}{ROOT}/+/{name}"

    def _disconnected(self, _c: Client, _data: Any, _flags: Any, reason: Any, _p: Any) -> None:
        if self._connected and not self._closing.is_set():
            self._say(f"the broker {self._broker.url} is away ({reason}); trying again")
            self._lost = True
        self._connected = False

    def _failed(self, _client: Client, _data: Any) -> None:
        if not self._lost:
            self._say(f"the broker {self._broker.url} cannot be reached; trying again")
            self._lost = True

    def _take(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        if self._part and not self._part.has(message.topic):
            return
        if not message.payload:
            return  # what was retained is taken back
        try:
            found = parse(message.topic, bytes(message.payload))
        except Refused as error:
            self._note("refused message", board_of(message.topic) or "?", str(error))
            kept = unreadable(message.topic, bytes(message.payload), str(error))
            if kept is None:
                return
            found = kept
        except ValueError:  # a topic that is no UTF-8
            self._note("refused message", "?", "a topic that is none")
            return
        if isinstance(found, Result):
            return
        while not self._closing.is_set():
            try:
                self._queue.put(found, timeout=0.5)  # full: the broker is not read any further
                return
            except queue.Full:
                continue

    # --- the thread that stores ---

    def _run(self) -> None:
        took_s = 0.0
        # As long as the last batch took: the busier it is, the more goes into one transaction.
        while batch := self._gather(min(max(GATHER_S, took_s), MOST_GATHER_S)):
            start = time.monotonic()
            acks = self._store_surely(batch)
            took_s = time.monotonic() - start
            for ack in acks:
                self._acknowledge(ack)

    def _gather(self, seconds: float) -> list[Message]:
        """What came within a moment; [] when closing and nothing is left."""
        while True:
            try:
                batch = [self._queue.get(timeout=0.1)]
                break
            except queue.Empty:
                if self._closing.is_set():
                    return []
        until = time.monotonic() + seconds
        while len(batch) < MOST_AT_ONCE:
            try:
                batch.append(self._queue.get(timeout=max(0.0, until - time.monotonic())))
            except queue.Empty:
                break
        return batch

    def _store_surely(self, batch: list[Message]) -> list[Ack]:
        """Tries until the database takes it; a message that it never will is left out."""
        tries = 0
        while True:
            try:
                acks = self._store.ingest(batch)
            except (OperationalError, InterfaceError, DisconnectionError) as error:
                if tries == 0:
                    self._say(f"the database is away ({_first_line(error)}); trying again")
                if self._closing.is_set() and tries >= len(_RETRY_S):
                    return []  # the boards have it still, as nothing was acknowledged
                self._closing.wait(_RETRY_S[min(tries, len(_RETRY_S) - 1)])
                tries += 1
            except DBAPIError as error:
                if len(batch) == 1:
                    self._note("refused message", batch[0].board, _first_line(error))
                    return []
                return [ack for message in batch for ack in self._store_surely([message])]
            else:
                if tries:
                    self._say("the database is back")
                return acks

    def _acknowledge(self, ack: Ack) -> None:
        payload = json.dumps({"boot": ack.boot, "seq": ack.seq}, separators=(",", ":"))
        self._client.publish(topic(ack.board, "ack"), payload, qos=1, retain=True)


def _first_line(error: DBAPIError | DisconnectionError) -> str:
    said = str(getattr(error, "orig", None) or error).strip()
    return said.splitlines()[0] if said else type(error).__name__
