"""The gateway's side of the broker: one connection for each board.

A board's connection is what its own would be: client id and certificate are the board's, and the
last will says that it is offline. Nothing is kept over a connection that ended; the board has it.
"""

from __future__ import annotations

import contextlib
import queue
import random
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, LogLevel, MQTTProtocolVersion
from paho.mqtt.reasoncodes import ReasonCode

from monitor.gateway_address import Address, Credentials
from monitor.telemetry import LinkMessage
from project.errors import UserError

CONNECT_SECONDS = 10.0
KEEPALIVE_SECONDS = 15  # a connection that is half open is found out in twice this time
STALLED_SECONDS = 30.0  # a broker that takes everything and acknowledges nothing
FIRST_DELAY, MOST_DELAY = 1.0, 30.0  # before the next attempt, doubled each time, with full jitter
STEADY_SECONDS = 60.0  # a connection that lasted so long was a good one
ROOM = 64  # messages on their way to the broker; more find no room

Say = Callable[[str, str], None]  # a style of the monitor, and a sentence


def topics_for(board: str) -> tuple[str, ...]:
    """What a board wants to hear."""
    return f"anomaly/v1/{board}/ack", f"anomaly/v1/{board}/cmd", "homeassistant/status"


def is_topic_of(board: str, topic: str) -> bool:
    """Whether a board may write there."""
    own = topic.startswith(f"anomaly/v1/{board}/") and topic not in topics_for(board)
    return own or topic == f"homeassistant/device/{board}/config"


class Connection:
    """One connection, from its opening to its end; then it is thrown away with what it had.

    `publish`, `take` and `done` may be called from another thread than the one that opened it.
    """

    def __init__(self, address: Address, credentials: Credentials, board: str) -> None:
        self.address, self.board = address, board
        self.ended = threading.Event()
        self.published = 0
        self.refused = 0  # messages that found no room
        self._ready = threading.Event()
        self._reason = ""
        self._trouble = ""  # the last that the library said
        self._inbox: queue.Queue[MQTTMessage] = queue.Queue(ROOM)
        self._lock = threading.Lock()
        self._on_way = 0
        self._last_progress = time.monotonic()
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=board,
            protocol=MQTTProtocolVersion.MQTTv311,
            reconnect_on_failure=False,
            manual_ack=True,  # only when the board has it
        )
        if address.tls:
            client.tls_set_context(credentials.context())
        if address.user is not None:
            client.username_pw_set(address.user, address.password)
        client.connect_timeout = CONNECT_SECONDS
        client.will_set(f"anomaly/v1/{board}/status", "offline", 1, True)
        client.on_connect = self._connected
        client.on_subscribe = self._subscribed
        client.on_disconnect = self._disconnected
        client.on_message = self._came
        client.on_publish = self._went
        client.on_log = self._log
        self._client = client

    def open(self) -> None:
        """Returns when the broker has accepted the board and its topics. Raises UserError."""
        try:
            self._client.connect(self.address.host, self.address.port, KEEPALIVE_SECONDS)
        except (OSError, ValueError) as error:  # ValueError: a host name that can be none
            raise UserError(_why(error, self.address), 1) from error
        self._client.loop_start()
        deadline = time.monotonic() + CONNECT_SECONDS
        while not self._ready.wait(0.02):
            if self.ended.is_set() or time.monotonic() > deadline:
                self.abandon()
                raise UserError(self.reason, 1)

    def publish(self, message: LinkMessage) -> bool:
        """Pass a message on; False where there is no room, or no connection any more."""
        with self._lock:
            if self._on_way >= ROOM or self.ended.is_set():
                self.refused += 1
                return False
            if self._on_way == 0:
                self._last_progress = time.monotonic()
            self._on_way += 1
            self.published += 1
        self._client.publish(message.topic, message.payload, message.qos, message.retain)
        return True

    def say_online(self) -> None:
        """The board knows that it is connected; the will says the contrary."""
        self.publish(LinkMessage(f"anomaly/v1/{self.board}/status", 1, True, "online"))

    def take(self) -> MQTTMessage | None:
        """A message for the board, to be acknowledged with `done`."""
        try:
            return self._inbox.get_nowait()
        except queue.Empty:
            return None

    def done(self, message: MQTTMessage) -> None:
        """The board has it."""
        self._client.ack(message.mid, message.qos)

    @property
    def is_stalled(self) -> bool:
        with self._lock:
            waited = time.monotonic() - self._last_progress
            return self._on_way > 0 and waited > STALLED_SECONDS

    @property
    def reason(self) -> str:
        """Why it ended, or came to nothing."""
        if self._reason:
            return self._reason
        if self.is_stalled or not self.ended.is_set():
            return f"The broker at {self.address} does not answer."
        why = f" ({self._trouble})" if self._trouble else ""
        if self._ready.is_set():
            return f"The broker at {self.address} is gone{why}."
        return (
            f"The broker at {self.address} closed the connection of {self.board}{why}: does it "
            "trust the certificate, and is the port that of MQTT?"
        )

    def close(self) -> None:
        """In good order: the board is offline, and its will is not needed."""
        with contextlib.suppress(ValueError, RuntimeError):
            if not self.ended.is_set():
                topic = f"anomaly/v1/{self.board}/status"
                self._client.publish(topic, "offline", 1, True).wait_for_publish(2.0)
                self._client.disconnect()
                self.ended.wait(1.0)
        self.abandon()

    def abandon(self) -> None:
        """Without a word: the broker sends the will."""
        line = self._client.socket()
        if isinstance(line, socket.socket):
            # The thread that reads it sees the end; a TLS socket's own method would pull its
            # state away under that thread.
            with contextlib.suppress(OSError):
                socket.socket.shutdown(line, socket.SHUT_RDWR)
        self._client.loop_stop()
        self.ended.set()

    # -- called by the library, in a thread of its own ------------------------------------------

    def _connected(
        self, client: Client, _data: Any, _flags: Any, code: ReasonCode, _properties: Any
    ) -> None:
        if code.is_failure:
            self._reason = f"The broker at {self.address} refused {self.board}: {code}."
            return
        client.subscribe([(topic, 1) for topic in topics_for(self.board)])

    def _subscribed(
        self, client: Client, _data: Any, _mid: int, codes: list[ReasonCode], _properties: Any
    ) -> None:
        refused = [
            t for t, c in zip(topics_for(self.board)[:2], codes, strict=False) if c.is_failure
        ]
        if refused:
            self._reason = (
                f"The broker at {self.address} does not let {self.board} read "
                f"{' and '.join(refused)}: check its access rules."
            )
            client.disconnect()
        else:
            self._ready.set()

    def _disconnected(self, *_: Any) -> None:
        self.ended.set()

    def _came(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        with contextlib.suppress(queue.Full):  # not acknowledged, so the broker still has it
            self._inbox.put_nowait(message)

    def _went(self, *_: Any) -> None:
        with self._lock:
            self._on_way -= 1
            self._last_progress = time.monotonic()

    def _log(self, _client: Client, _data: Any, level: int, text: str) -> None:
        if level == LogLevel.MQTT_LOG_ERR:
            found = re.search(r"\[SSL: ([A-Z0-9_]+)\]", text)
            self._trouble = found[1].lower().replace("_", " ") if found else self._trouble


def _why(error: Exception, address: Address) -> str:
    """Why nothing came of a connection."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"The certificate of the broker at {address} is not to be trusted "
            f"({error.verify_message.rstrip('.')}): name its authority (--ca) and its host as "
            "the certificate does."
        )
    if isinstance(error, ssl.SSLError):
        return f"The broker at {address} does not speak TLS with us ({error.reason or error})."
    if isinstance(error, socket.gaierror):
        return f"There is no host {address.host}: is the name right, and the network there?"
    if isinstance(error, ConnectionRefusedError):
        return f"Nothing listens at {address}: is the broker running there?"
    if isinstance(error, TimeoutError):
        return f"The broker at {address} does not answer."
    return (
        f"The broker at {address} cannot be reached ({getattr(error, 'strerror', None) or error})."
    )


class Uplink:
    """Keeps a board connected, in a thread of its own, until it is closed."""

    def __init__(
        self, way: Callable[[str], tuple[Address, Credentials]], board: str, say: Say
    ) -> None:
        self.connection: Connection | None = None
        self._way, self._board, self._say = way, board, say
        self._said = ""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"broker-{board}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        self._thread.join(5.0)

    def _run(self) -> None:
        delay = FIRST_DELAY
        while not self._stop.is_set():
            try:
                address, credentials = self._way(self._board)
            except UserError as error:  # nobody was troubled by it
                self._complain(str(error))
                self._stop.wait(FIRST_DELAY)
                continue
            began = time.monotonic()
            try:
                connection = Connection(address, credentials, self._board)
                connection.open()
                self._hold(connection)
            except UserError as error:
                self._complain(str(error))
            if time.monotonic() - began > STEADY_SECONDS:
                delay = FIRST_DELAY
            self._stop.wait(random.uniform(0.1, delay))
            delay = min(2 * delay, MOST_DELAY)

    def _hold(self, connection: Connection) -> None:
        self._said = ""
        self._say("good", f"connected to {connection.address}")
        self.connection = connection
        while not (self._stop.is_set() or connection.ended.wait(0.1) or connection.is_stalled):
            pass
        self.connection = None
        if self._stop.is_set():
            connection.close()
            return
        reason = connection.reason
        connection.abandon()
        self._complain(reason)

    def _complain(self, text: str) -> None:
        """Each trouble once, however many attempts it lasts."""
        if text != self._said and not self._stop.is_set():
            self._said = text
            self._say("refusal", f"{text} Trying again.")
