"""The serial port: found, opened, read line by line, asked; each failure is one sentence.

Ports are whatever pyserial opens: `/dev/ttyUSB0`, `COM3`, `socket://localhost:7001`.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

import serial
from serial.tools import list_ports

from monitor.telemetry import MAX_LINE, Answer, Item, Unknown, parse
from project.errors import UserError

EXIT_NO_PORT = 3
EXIT_BUSY = 4
EXIT_SILENT = 5
EXIT_UNPLUGGED = 6
EXIT_REFUSED = 7
EXIT_INTERRUPTED = 130

_READ_SECONDS = 0.05
_MOST = 65536  # bytes that are read at once
BOOT_ATTEMPTS = 4  # opening the port resets some boards; they need a second or two to answer


def add_options(parser: argparse.ArgumentParser, several: bool = False) -> None:
    """The options of a serial line; they are those of `pio device monitor`."""
    if several:
        parser.add_argument(
            "--port",
            action="append",
            help="serial port, pattern or URL; may be given several times",
        )
    else:
        parser.add_argument(
            "--port", help="serial port, pattern or URL; found by itself if there is one board"
        )
    parser.add_argument("--baud", type=int, default=115200)
    for line in ("dtr", "rts"):
        parser.add_argument(
            f"--{line}", type=int, choices=(0, 1), help=f"state of {line.upper()} from the start"
        )


def find_port(wanted: str | None = None) -> str:
    """The port that is meant: one that was named, the first that fits a pattern like /dev/ttyS*,
    or else the only USB serial port there is.

    PlatformIO would take any of several boards; here a recording of the wrong one would go into
    the training.
    """
    if wanted is not None:
        from platformio.device.finder import SerialPortFinder

        found = SerialPortFinder().find(wanted)
        if found is None:
            raise UserError(f"No port fits {wanted}.{_existing_ports()}", EXIT_NO_PORT)
        return str(found)
    ports = [port for port in list_ports.comports() if port.vid is not None]
    if not ports:
        raise UserError(
            "No board was found on USB: plug it in, or name its port (upload_port in "
            "platformio.ini, or --port).",
            EXIT_NO_PORT,
        )
    if len(ports) > 1:
        names = ", ".join(sorted(f"{port.device} ({port.description})" for port in ports))
        raise UserError(
            f"There are several serial ports: {names}; name one (upload_port in platformio.ini, "
            "or --port).",
            EXIT_NO_PORT,
        )
    return str(ports[0].device)


def describe_port(port: str) -> str:
    """What USB says about the device behind a port."""
    for candidate in list_ports.comports():
        if candidate.device == port and candidate.description not in (None, "n/a"):
            return f"{candidate.description} on {port}"
    return port


class Link:
    """An open port as a stream of parsed lines."""

    def __init__(
        self, port: str, baud: int, dtr: int | None = None, rts: int | None = None
    ) -> None:
        self.port = port
        self.bytes_read = 0
        self.understood = 0
        self.not_understood = 0
        self._buffer = b""
        self._overlong = False
        self._items: deque[tuple[Item, str]] = deque()
        self._serial = _open(port, baud, dtr, rts)
        self.first_baud = baud
        self._is_socket = port.lower().startswith("socket:")

    def close(self) -> None:
        with contextlib.suppress(serial.SerialException, OSError):
            self._serial.close()

    @property
    def baud(self) -> int:
        return int(self._serial.baudrate)

    def set_baud(self, baud: int) -> None:
        """Raises UserError where the computer's port does not go so fast."""
        try:
            self._serial.baudrate = baud
        except (ValueError, serial.SerialException, OSError) as error:
            raise UserError(
                f"Port {self.port} cannot do {baud} baud ({error}).", EXIT_NO_PORT
            ) from error
        self._buffer = b""

    def send(self, command: str) -> None:
        self.send_bytes(command.encode("ascii"))

    def send_bytes(self, line: bytes) -> None:
        try:
            self._serial.write(line + b"\n")
        except (serial.SerialException, OSError) as error:
            raise self._unplugged() from error

    def next_item(self, timeout: float) -> tuple[Item, str] | None:
        """The next line, parsed and as text; None when none was complete in time."""
        deadline = time.monotonic() + timeout
        while not self._items:
            self._take(self._read())
            if not self._items and time.monotonic() >= deadline:
                return None
        item, text = self._items.popleft()
        if isinstance(item, Unknown):
            self.not_understood += bool(text)
        else:
            self.understood += 1
        return item, text

    def items(self, seconds: float) -> Iterator[tuple[Item, str]]:
        """All lines of the next `seconds`."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            got = self.next_item(left)
            if got is not None:
                yield got

    def ask(
        self, command: str, accept: Callable[[Answer], bool], attempts: int = 3, wait: float = 2.0
    ) -> Answer | None:
        """Send a command until an answer is accepted.

        A line may be damaged on its way in either direction, so that a refusal is tried again
        too. Returns the accepted answer, else the last one, else None.
        """
        last = None
        for _ in range(attempts):
            self.send(command)
            for item, _text in self.items(wait):
                if isinstance(item, Answer):
                    if accept(item):
                        return item
                    last = item
                    if not item.ok:
                        break
        return last

    def silence(self) -> UserError:
        """Why the board gave no answer, as far as can be seen."""
        if self.understood:
            reason = "the board sends readings but does not answer; is its receive line connected?"
        elif self.bytes_read:
            reason = "what comes is not this project's protocol; is the baud rate right?"
        else:
            reason = "nothing came; is the board powered and the firmware uploaded?"
        return UserError(f"No answer on {self.port}: {reason}", EXIT_SILENT)

    def _unplugged(self) -> UserError:
        if self.bytes_read == 0 and "://" in self.port:
            return UserError(
                f"Port {self.port} is busy: it took the connection and closed it at once; is "
                "another program connected?",
                EXIT_BUSY,
            )
        return UserError(
            f"The connection on {self.port} broke; was the board unplugged?", EXIT_UNPLUGGED
        )

    def _read(self) -> bytes:
        data = b""
        try:
            data = self._serial.read(1)
            if data and self._is_socket:  # it admits to one byte at a time
                self._serial.timeout = 0
                data += self._serial.read(_MOST)
                self._serial.timeout = _READ_SECONDS
            elif data and (waiting := self._serial.in_waiting):
                data += self._serial.read(waiting)
        except (serial.SerialException, OSError, TypeError) as error:
            # TypeError: pyserial after another thread or the system has closed the port.
            if not data:
                raise self._unplugged() from error
        return data

    def _take(self, data: bytes) -> None:
        self.bytes_read += len(data)
        *lines, rest = (self._buffer + data).split(b"\n")
        for line in lines:
            text = line.decode("utf-8", "replace").rstrip("\r")
            self._items.append((Unknown(text) if self._overlong else parse(text), text))
            self._overlong = False
        if len(rest) > MAX_LINE:
            rest = rest[-1:]
            self._overlong = True  # the rest of this line is no line
        self._buffer = rest


def _open(port: str, baud: int, dtr: int | None, rts: int | None) -> Any:
    try:
        connection = serial.serial_for_url(
            port, baud, timeout=_READ_SECONDS, write_timeout=2.0, do_not_open=True
        )
        # Before it is opened: on many boards a change of these two is a reset.
        if dtr is not None:
            connection.dtr = bool(dtr)
        if rts is not None:
            connection.rts = bool(rts)
        if isinstance(connection, serial.Serial):
            connection.exclusive = True
        connection.open()
    except ValueError as error:
        raise UserError(f"{port} is no port: {error}.", EXIT_NO_PORT) from error
    except (serial.SerialException, OSError) as error:
        raise _cannot_open(port, error) from error
    return connection


def _cannot_open(port: str, error: OSError) -> UserError:
    text = str(error)
    number = error.errno
    if "PermissionError(13" in text:  # Windows says so when another program has the port
        number = errno.EBUSY
    elif "FileNotFoundError" in text:
        number = errno.ENOENT
    if number in (errno.EBUSY, errno.EAGAIN) or "exclusively lock" in text:
        return UserError(
            f"Port {port} is busy: another program has it open; close the monitor or the gateway.",
            EXIT_BUSY,
        )
    if number == errno.EACCES:
        return UserError(
            f"No permission to open {port}: on Linux add yourself to the group that owns it "
            "(often dialout), then log in again.",
            EXIT_NO_PORT,
        )
    if number in (errno.ENOENT, errno.ENODEV, errno.ENXIO):
        return UserError(f"There is no port {port}.{_existing_ports()}", EXIT_NO_PORT)
    if "://" in port:
        return UserError(f"Nothing listens at {port}; is the board running there?", EXIT_NO_PORT)
    return UserError(f"Port {port} cannot be opened: {text}", EXIT_NO_PORT)


def _existing_ports() -> str:
    names = sorted(port.device for port in list_ports.comports())
    return f" There are: {', '.join(names)}." if names else " No serial port was found at all."
