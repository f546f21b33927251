"""The parts that are killed: boards, gateway, workers of the server; the broker is in `fleet`."""

import asyncio
import contextlib
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmark.chaos.wires import Cable
from project.errors import UserError
from project.paths import PROJECT

START_S: Final = 30.0
_LISTENS: Final = re.compile(rb"socket://\S+?:(\d+)")


class Part:
    """A program that is killed and started again; what it says goes into a file."""

    def __init__(self, command: Sequence[str | Path], log: Path) -> None:
        self._command = [str(word) for word in command]
        self._log = log
        self._running: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        with self._log.open("ab") as log:
            self._running = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=PROJECT,
            )

    async def kill(self) -> None:
        if self._running and self._running.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._running.kill()
            await self._running.wait()

    def ended(self) -> str:
        """How it ended by itself; "" while it runs."""
        if self._running is None or self._running.returncode is None:
            return ""
        said = self._log.read_text(encoding="utf-8", errors="replace").strip()[-500:]
        return f"{self._command[2]} ended with {self._running.returncode}: {said}"


class Board:
    """A virtual board with its ring and its cable."""

    def __init__(self, program: Path, name: str, folder: Path, speed: float) -> None:
        self.name = name
        self.ring = folder / f"{name}.ring"
        self.cable = Cable()
        self._command = [str(program), "--serial", "tcp:0", "--id", name]
        self._command += ["--events", str(self.ring), "--speed", f"{speed:g}"]
        self._running: asyncio.subprocess.Process | None = None
        self._listening: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Starts it; returns when its serial line is plugged in.

        Raises:
          UserError: it ended instead.
        """
        pipe, null = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
        self._running = await asyncio.create_subprocess_exec(
            *self._command, stdin=null, stdout=null, stderr=pipe
        )
        assert self._running.stderr
        async with asyncio.timeout(START_S):
            while line := await self._running.stderr.readline():
                if match := _LISTENS.search(line):
                    self.cable.plug(int(match[1]))
                    self._listening = asyncio.create_task(_discard(self._running.stderr))
                    return
        raise UserError(f"the virtual board {self.name} ended at its start")

    async def kill(self) -> None:
        self.cable.unplug()
        if self._running and self._running.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._running.kill()
            await self._running.wait()
        if self._listening:
            await self._listening


async def _discard(reader: asyncio.StreamReader) -> None:
    while await reader.read(65536):
        pass


def gateway(data: Path, broker: int, boards: Sequence[Board], log: Path) -> Part:
    command: list[str | Path] = [sys.executable, "-m", "monitor.gateway", "--server", data]
    command += ["--broker", f"mqtts://localhost:{broker}", "--ca", data / "ca" / "ca.pem"]
    command += ["--certs", data / "boards"]
    for board in boards:
        command += ["--port", f"socket://localhost:{board.cable.port}"]
    return Part(command, log)


def worker(data: Path, broker: int, database: str, log: Path) -> Part:
    command: list[str | Path] = [sys.executable, "-m", "server", "worker", "--data", data]
    command += ["--broker", f"mqtts://localhost:{broker}", "--database", database]
    return Part(command, log)
