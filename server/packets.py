"""Whole MQTT packets from a connection, bounded in size, rate and patience, for the broker.

amqtt reads byte by byte, takes packets of 256 MB, forgets a byte where its keep-alive ends amid a
packet, and keeps a connection whose other end is gone.
"""

import asyncio
import contextlib
import time
from typing import Final

from amqtt.adapters import ReaderAdapter, StreamWriterAdapter

MAX_PACKET: Final = 2400  # 2000 of payload, its topic, and what is around them
MOST_PACKETS_S: Final = 200.0  # a second, on average; more wait
MOST_BURST: Final = 400.0
MOST_UNSENT: Final = 1 << 18  # bytes that a reader who does not read may leave with us
CONNECT, PUBLISH = 1, 3
CLEAN_SESSION: Final = 0x02


class BadPacket(Exception):
    """Why a connection is closed, in a few words."""


class PacketReader(ReaderAdapter):
    """Gives amqtt the bytes of whole packets; nothing more after one that is not acceptable."""

    def __init__(self, stream: asyncio.StreamReader, trusted: bool) -> None:
        self._stream = stream
        self._trusted = trusted  # the server's own: as many and as long as it likes
        self._partial = bytearray()
        self._packet = memoryview(b"")
        self._at = 0
        self._closed = False
        self._credit, self._credited = MOST_BURST, time.monotonic()
        self.patience_s = 0.0  # between two packets; 0: without end
        self._since = time.monotonic()  # the last packet
        self.reason: str | None = None  # why it was closed from here

    async def first_packet(self) -> bytes:
        """The CONNECT, which `read` then gives out again. Raises BadPacket."""
        await self._fill()
        packet = bytes(self._packet)
        if not packet:
            raise BadPacket(self.reason or "closed before it said who it is")
        if packet[0] >> 4 != CONNECT:
            raise BadPacket("did not begin with CONNECT")
        return packet

    def replace(self, packet: bytes) -> None:
        self._packet, self._at = memoryview(packet), 0

    def close(self) -> None:
        """The next read is the end, as if the other side had closed."""
        self._closed = True
        self._stream.feed_eof()

    def refuse(self, reason: str) -> None:
        """The same, for this reason."""
        self._refuse(reason)
        self._stream.feed_eof()

    def feed_eof(self) -> None:
        self.close()

    async def read(self, n: int = -1) -> bytes:
        if self._at >= len(self._packet):
            if n == 0:
                return b""
            await self._fill()
        if n < 0:
            n = len(self._packet) - self._at
        if not self._packet:
            return b""
        if n > len(self._packet) - self._at:  # a length that leads out of its packet
            self._refuse("a packet that contradicts itself")
            return b""
        found = bytes(self._packet[self._at : self._at + n])
        self._at += n
        return found

    async def _fill(self) -> None:
        self.replace(b"")
        if self._closed:
            return
        # amqtt asks again and again: what counts is the time since the last packet.
        left = self._since + self.patience_s - time.monotonic() if self.patience_s else None
        try:
            async with asyncio.timeout(left):
                packet = await self._next()
        except TimeoutError:
            self._refuse("silent for longer than it said")
        except BadPacket as error:
            self._refuse(str(error))
        except (asyncio.IncompleteReadError, OSError):
            self._closed = True
        else:
            self._since = time.monotonic()
            self.replace(packet)

    async def _next(self) -> bytes:
        """What was read of a packet stays where this is cancelled."""
        partial = self._partial
        while (size := _size(partial)) is None:
            partial += await self._stream.readexactly(1)
        if size > MAX_PACKET and not self._trusted:
            raise BadPacket(f"a packet of {size} bytes; {MAX_PACKET} are the most")
        if partial[0] >> 4 == PUBLISH and partial[0] & 0x06 > 0x02:
            raise BadPacket("a message with QoS 2 or 3")
        await self._wait_for_credit()
        rest = await self._stream.readexactly(size - len(partial))
        self._partial = bytearray()
        return bytes(partial) + rest

    async def _wait_for_credit(self) -> None:
        if self._trusted:
            return
        now = time.monotonic()
        gained = (now - self._credited) * MOST_PACKETS_S
        self._credit, self._credited = min(MOST_BURST, self._credit + gained) - 1, now
        if self._credit < 0:
            await asyncio.sleep(-self._credit / MOST_PACKETS_S)

    def _refuse(self, reason: str) -> None:
        self._closed = True
        self.reason = self.reason or reason


def _size(start: bytearray) -> int | None:
    """The size of the packet that begins so, head included; None: more is needed."""
    length = 0
    for index, byte in enumerate(start[1:5]):
        length |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            return length + index + 2
    if len(start) >= 5:
        raise BadPacket("a packet without a length")
    return None


class BoundedWriter(StreamWriterAdapter):
    """Closes a connection whose other side does not read what it asked for."""

    def __init__(self, stream: asyncio.StreamWriter, trusted: bool) -> None:
        super().__init__(stream)
        self._stream = stream
        self._most = MOST_UNSENT * (100 if trusted else 1)

    def write(self, data: bytes) -> None:
        transport = self._stream.transport
        if transport.get_write_buffer_size() > self._most:
            transport.abort()
        if not transport.is_closing():
            super().write(data)

    async def close(self) -> None:
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(2):
                await super().close()
        self._stream.transport.abort()
