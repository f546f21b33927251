"""Two kinds of bad lines: a TCP connection to a broker, and a board's USB cable.

Both can be cut, held up for a while, and truncated: some bytes of what passes are lost.
"""

import asyncio
import contextlib
import re
from typing import Final

_BLOCK: Final = 65536
_REACH_S: Final = 0.1  # between two attempts to reach a board that is starting
_QUIET_S: Final = 0.3  # then a line that is not ended will not be


class Faults:
    """What happens to the bytes that pass."""

    def __init__(self) -> None:
        self._free = asyncio.Event()
        self._free.set()
        self._lose = 0

    def hold(self, seconds: float) -> None:
        """Nothing passes for so long; then what came meanwhile does."""
        self._free.clear()
        asyncio.get_running_loop().call_later(seconds, self._free.set)

    def truncate(self, count: int) -> None:
        """The last `count` bytes of the next block do not pass."""
        self._lose = count

    async def apply(self, data: bytes) -> tuple[bytes, bool]:
        """What passes of it, and whether something was lost."""
        await self._free.wait()
        lost, self._lose = min(self._lose, len(data)), 0
        return data[: len(data) - lost], lost > 0


class Wire:
    """A way to a TCP port; what is truncated ends the connection, as on any TCP."""

    def __init__(self, target: int) -> None:
        self.faults = Faults()
        self.port = 0
        self._target = target
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._pass, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    def cut(self) -> None:
        for writer in tuple(self._open):
            _abort(writer)

    def stop(self) -> None:
        if self._server:
            self._server.close()
        self.cut()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            other_reader, other = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            _abort(writer)
            return
        self._open |= {writer, other}
        await asyncio.gather(self._copy(reader, other), self._copy(other_reader, writer))
        self._open -= {writer, other}

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(_BLOCK):
                data, lost = await self.faults.apply(data)
                writer.write(data)
                await writer.drain()
                if lost:
                    break
        _abort(writer)


class Cable:
    """A board's serial line, with a plug for one gateway, and for commands typed at the board.

    It stays in the board while gateways come and go, and its port stays when the board is started
    again on another one.
    """

    def __init__(self) -> None:
        self.faults = Faults()
        self.port = 0
        self.answers: set[str] = set()  # lines of the board that begin with OK
        self._server: asyncio.Server | None = None
        self._gateway: asyncio.StreamWriter | None = None
        self._board: asyncio.StreamWriter | None = None
        self._mid_line = False
        self._following: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._attach, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    def plug(self, port: int) -> None:
        """The board listens there from now on."""
        self.unplug()
        self._following = asyncio.create_task(self._follow(port))

    def unplug(self) -> None:
        if self._following:
            self._following.cancel()
        self._following = None

    def cut(self) -> None:
        """The gateway's end is pulled out."""
        if self._gateway:
            _abort(self._gateway)

    def stop(self) -> None:
        if self._server:
            self._server.close()
        self.unplug()
        self.cut()

    async def type(self, command: str) -> bool:
        """Types a command at the board, not into a line of the gateway; False: nobody is there."""
        deadline = asyncio.get_running_loop().time() + _QUIET_S
        while self._mid_line and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(0.01)
        if not self._board or self._board.is_closing():
            return False
        self._board.write(b"\n" * self._mid_line + command.encode() + b"\n")
        self._mid_line = False
        return True

    async def _follow(self, port: int) -> None:
        while True:
            try:
                reader, self._board = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(_REACH_S)
                continue
            self._mid_line = False
            try:
                await self._from_board(reader)
            finally:
                _abort(self._board)
                self._board = None
            await asyncio.sleep(_REACH_S)

    async def _from_board(self, reader: asyncio.StreamReader) -> None:
        rest = b""
        with contextlib.suppress(OSError):
            while data := await reader.read(_BLOCK):
                *lines, rest = (rest + data).split(b"\n")
                self.answers.update(
                    line.decode("ascii", "replace").strip()
                    for line in lines
                    if re.match(rb"OK threshold ", line)
                )
                data, _ = await self.faults.apply(data)
                if self._gateway and not self._gateway.is_closing():
                    self._gateway.write(data)

    async def _attach(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.cut()
        self._gateway = writer
        with contextlib.suppress(OSError, asyncio.CancelledError):  # cancelled: the loop ends
            while data := await reader.read(_BLOCK):
                data, _ = await self.faults.apply(data)
                if data and self._board and not self._board.is_closing():
                    self._board.write(data)
                    self._mid_line = not data.endswith(b"\n")
        _abort(writer)


def _abort(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()
