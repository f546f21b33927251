"""A lean MQTT 3.1.1 client on asyncio: thousands of connections in one process.

Clean sessions, QoS 0 and 1, nothing is stored and nothing is sent twice: who needs that keeps its
own queue, as a board does. paho-mqtt with a thread or a select loop a client would measure itself.
"""

import asyncio
import itertools
import ssl
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

Receive = Callable[[str, bytes], None]  # topic, payload

_CONNECT, _CONNACK, _PUBLISH, _PUBACK, _SUBSCRIBE, _SUBACK = 0x10, 0x20, 0x30, 0x40, 0x82, 0x90


class Refused(Exception):
    """The broker answered, and not with a connection."""


@dataclass(frozen=True)
class Message:
    """What is published."""

    topic: str
    payload: bytes
    qos: int = 0
    retain: bool = False


@dataclass(frozen=True)
class Address:
    """Where a broker listens, and what a client shows there."""

    port: int
    ca: Path
    certificate: Path
    key: Path
    host: str = "localhost"  # the name in the broker's certificate; it is called on loopback

    def context(self) -> ssl.SSLContext:
        """TLS as a board speaks it: 1.2, the fleet's own authority alone, a client certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.load_verify_locations(self.ca)
        context.load_cert_chain(self.certificate, self.key)
        return context


class Connection(asyncio.Protocol):
    """One connection; made by `connect`."""

    def __init__(self, receive: Receive) -> None:
        loop = asyncio.get_running_loop()
        self.accepted: asyncio.Future[None] = loop.create_future()
        self.closed: asyncio.Future[None] = loop.create_future()
        self._receive = receive
        self._transport: asyncio.Transport | None = None
        self._data = b""
        self._numbers = itertools.cycle(range(1, 65536))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.accepted.done():
            self.accepted.set_exception(Refused("closed before CONNACK"))
        if not self.closed.done():
            self.closed.set_result(None)

    def data_received(self, data: bytes) -> None:
        data = self._data + data
        start = 0
        while (packet := _packet(data, start)) is not None:
            first, body, start = packet
            self._take(first, body)
        self._data = data[start:]

    def publish(self, message: Message) -> None:
        topic = _text(message.topic)
        number = struct.pack(">H", next(self._numbers)) if message.qos else b""
        first = _PUBLISH | message.qos << 1 | message.retain
        self._write(first, topic + number + message.payload)

    def subscribe(self, topics: Sequence[str], qos: int = 1) -> None:
        body = b"".join(_text(topic) + bytes([qos]) for topic in topics)
        self._write(_SUBSCRIBE, struct.pack(">H", next(self._numbers)) + body)

    def say_hello(self, name: str, will: Message | None, keep_alive: int) -> None:
        flags, rest = 0x02, _text(name)
        if will:
            flags |= 0x04 | will.qos << 3 | will.retain << 5
            rest += _text(will.topic) + struct.pack(">H", len(will.payload)) + will.payload
        head = _text("MQTT") + bytes([4, flags]) + struct.pack(">H", keep_alive)
        self._write(_CONNECT, head + rest)

    def abort(self) -> None:
        """Ends it as a power cut does: without a word."""
        if self._transport:
            self._transport.abort()

    def close(self) -> None:
        if self._transport and not self._transport.is_closing():
            self._write(0xE0, b"")
            self._transport.close()

    def _take(self, first: int, body: bytes) -> None:
        kind = first & 0xF0
        if kind == _PUBLISH:
            end = 2 + int.from_bytes(body[:2], "big")
            topic, payload = body[2:end].decode(), body[end:]
            if first & 0x06:
                self._write(_PUBACK, payload[:2])
                payload = payload[2:]
            self._receive(topic, payload)
        elif kind == _CONNACK and not self.accepted.done():
            if body[1]:
                self.accepted.set_exception(Refused(f"CONNACK {body[1]}"))
            else:
                self.accepted.set_result(None)

    def _write(self, first: int, body: bytes) -> None:
        if self._transport and not self._transport.is_closing():
            self._transport.write(bytes([first]) + _length(len(body)) + body)


async def connect(
    address: Address,
    context: ssl.SSLContext,
    name: str,
    receive: Receive,
    will: Message | None = None,
    keep_alive: int = 60,
) -> Connection:
    """A connection that the broker accepted.

    Raises:
      OSError: nobody listens, or TLS failed.
      Refused: the broker did not want it.
    """
    loop = asyncio.get_running_loop()
    _, connection = await loop.create_connection(
        lambda: Connection(receive),
        "127.0.0.1",
        address.port,
        ssl=context,
        server_hostname=address.host,
        ssl_handshake_timeout=30,
    )
    connection.say_hello(name, will, keep_alive)
    try:
        await connection.accepted
    except BaseException:
        connection.abort()
        raise
    return connection


def _packet(data: bytes, start: int) -> tuple[int, bytes, int] | None:
    """(first byte, body, where the next one starts), or None where it is not whole."""
    length = shift = 0
    for place in range(start + 1, len(data)):
        length |= (data[place] & 0x7F) << shift
        shift += 7
        if data[place] < 0x80:
            end = place + 1 + length
            return (data[start], data[place + 1 : end], end) if end <= len(data) else None
    return None


def _length(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])


def _text(text: str) -> bytes:
    data = text.encode()
    return struct.pack(">H", len(data)) + data
