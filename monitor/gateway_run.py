"""The gateway at work: which broker, which certificates, which ports."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from serial.tools import list_ports

from monitor.gateway_address import Address, Credentials, read_address
from monitor.gateway_board import Count, Line, Port, Registry
from monitor.gateway_broker import Say, Uplink
from monitor.gateway_view import Eye
from monitor.view import detect_screen
from project import commands
from project.errors import UserError
from project.paths import PROJECT

SCAN_SECONDS = 2.0  # between two looks for boards that were plugged in


Way = Callable[[str], tuple[Address, Credentials]]  # of a board to its broker; may raise UserError


def to_broker(url: str, ca: Path | None, certificates: Path | None) -> Way:
    """To one that was named; `certificates` is a folder with ID.pem and ID.key of each board.

    Raises:
      UserError: it cannot be; what is wrong with a board's own files is said by the result.
    """
    address = read_address(url)
    if address.tls:
        Credentials(ca).context()

    def way(board: str) -> tuple[Address, Credentials]:
        if certificates is None:
            return address, Credentials(ca)
        return address, Credentials(ca, *_pair(certificates, board))

    return way


def to_server(folder: Path) -> Way:
    """To the server that keeps its data there; it may start later, and move."""

    def way(board: str) -> tuple[Address, Credentials]:
        address, ca = _read_server(folder)
        certificate, key = _pair(folder / "boards", board)
        if not (certificate.is_file() and key.is_file()):
            enroll(folder, board)
        return address, Credentials(ca, certificate, key)

    return way


def _pair(folder: Path, board: str) -> tuple[Path, Path]:
    return folder / f"{board}.pem", folder / f"{board}.key"


def _read_server(folder: Path) -> tuple[Address, Path]:
    """What the server has left there for a gateway."""
    file = folder / "broker.json"
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        return read_address(found["broker"]), Path(found["ca"])
    except FileNotFoundError as error:
        raise UserError(
            f"No server has run with its data in {folder}: start it ("
            f"{commands.piow('run', '-t', 'server')}), or name a broker (--broker mqtts://HOST)."
        ) from error
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise UserError(f"{file} is damaged: start the server again.") from error


def enroll(server: Path, board: str) -> None:
    """Have the server's authority sign a certificate for a board. Raises UserError."""
    command = [sys.executable, "-m", "server", "enroll", board, "--data", str(server.absolute())]
    done = subprocess.run(
        command,
        cwd=PROJECT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
    )
    if done.returncode:
        said = [*done.stderr.splitlines(), "no reason was given."]
        raise UserError(f"There is no certificate for {board}: {said[0].removeprefix('Error: ')}")


class Gateway:
    """The ports that are served."""

    def __init__(self, way: Way, line: Line, eye: Eye) -> None:
        self._way, self._line, self._eye = way, line, eye
        self._registry = Registry()
        self._lock = threading.Lock()
        self._ports: dict[str, Port] = {}
        self._done = Count()  # of ports that are no more

    def serve(self, name: str, *, ask_once: bool = False) -> None:
        with self._lock:
            self._ports[name] = Port(
                name, self._line, self._uplink, self._registry, self._eye, ask_once=ask_once
            )

    @property
    def is_empty(self) -> bool:
        return not self._ports

    def scan(self) -> None:
        """Serve the USB ports that have come, and forget those that have gone."""
        there = {str(port.device) for port in list_ports.comports() if port.vid is not None}
        for name in self._ports.keys() - there:
            self._ports[name].stop()
            with self._lock:
                self._done.add(self._ports.pop(name).count)
        for name in sorted(there - self._ports.keys()):
            self.serve(name, ask_once=True)

    def type(self, text: str) -> None:
        """A line that was typed: for the one board there is, or for that which it begins with."""
        with self._lock:
            boards = [port for port in self._ports.values() if port.board]
        first, _, rest = text.partition(" ")
        if len(boards) > 1:
            boards, text = [port for port in boards if port.board.endswith(first)], rest
        if len(boards) == 1:
            boards[0].typed.append(text)
        else:
            self._eye.say("", "refusal", "Which board? Begin with the end of its id: 0001 status")

    def close(self) -> Count:
        """Say good-bye on both sides; what was passed on."""
        for port in self._ports.values():
            port.stop()
        for port in self._ports.values():
            port.join()
            self._done.add(port.count)
        return self._done

    def _uplink(self, board: str, say: Say) -> Uplink:
        return Uplink(self._way, board, say)


def take_typed(gateway: Gateway) -> None:
    """What is typed, line by line, until there is no more."""
    rest = b""
    # Not through sys.stdin: Python could not end while a thread waits in it.
    with contextlib.suppress(OSError, ValueError):
        while data := os.read(sys.stdin.fileno(), 4096):
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                if text := line.decode("utf-8", "replace").strip():
                    gateway.type(text)


def serve(options: argparse.Namespace) -> int:
    if options.broker is None:
        way, where = to_server(options.server), f"the server in {options.server}"
    else:
        way = to_broker(options.broker, options.ca, options.certs)
        where = str(read_address(options.broker))
    eye = Eye(detect_screen(sys.stdout), options.live or sys.stdout.isatty())
    served = Gateway(way, Line(options.baud, options.dtr, options.rts), eye)
    eye.say("gateway", "start", f"between boards and {where}; Ctrl+C ends it")
    for name in dict.fromkeys(options.port or ()):
        served.serve(name)
    if sys.stdin is not None:
        if hasattr(signal, "SIGTTIN"):  # in the background nothing is typed, and nothing stops
            signal.signal(signal.SIGTTIN, signal.SIG_IGN)
        threading.Thread(target=take_typed, args=(served,), daemon=True).start()
    wait = threading.Event()
    try:
        if not options.port:
            served.scan()
            if served.is_empty:
                eye.say("gateway", "hint", "No board on USB yet: plug one in, or name its --port.")
        while not wait.wait(SCAN_SECONDS):
            if not options.port:
                served.scan()
    except KeyboardInterrupt:
        pass
    count = served.close()
    eye.say("gateway", "start", f"{count}")
    return 0
