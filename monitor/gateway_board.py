"""The gateway's side of a board: finds out which one is on a port, and passes its messages on.

Nothing is kept or acknowledged here. While the broker is away the board is told so, and keeps what
it has; a message for the board is acknowledged to the broker when it went down the line.
"""

from __future__ import annotations

import contextlib
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from monitor.gateway_broker import Connection, Say, Uplink, is_topic_of
from monitor.gateway_view import Eye
from monitor.port import (
    BOOT_ATTEMPTS,
    EXIT_BUSY,
    EXIT_REFUSED,
    EXIT_SILENT,
    Link,
    find_port,
)
from monitor.telemetry import Answer, LinkMessage, Startup
from project.errors import UserError

LEASE_SECONDS = 20.0  # `link on` again, so that the board knows that somebody is there
RETRY_SECONDS = 2.0  # `link on` again where no answer came
SILENT_SECONDS = 60.0  # without an answer to it
FIRST_DELAY, MOST_DELAY = 1.0, 30.0  # before a port is opened again
LONGEST = 640  # bytes of a line to the board
BITS = 10  # of a byte on the wire

_id = re.compile(r"[0-9a-f]{12}").fullmatch
_control = re.compile(rb"[\x00-\x1f\x7f]")


@dataclass(slots=True)
class Count:
    """What was passed on, for the last line."""

    to_broker: int = 0
    to_board: int = 0
    dropped: int = 0  # no room, no connection: the board sends it again

    def add(self, other: Count) -> None:
        self.to_broker += other.to_broker
        self.to_board += other.to_board
        self.dropped += other.dropped

    def __str__(self) -> str:
        left = f", {self.dropped} not taken" if self.dropped else ""
        return f"{self.to_broker} messages to the broker, {self.to_board} to boards{left}"


@dataclass(slots=True)
class Line:
    """How ports are opened."""

    baud: int = 115200
    dtr: int | None = None
    rts: int | None = None


class Registry:
    """Which board is on which port: one that answers on two of them is served on the first."""

    def __init__(self) -> None:
        self._ports: dict[str, str] = {}
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def claim(self, board: str, port: str) -> Iterator[None]:
        with self._lock:
            other = self._ports.setdefault(board, port)
        if other != port:
            raise UserError(f"Board {board} on {port} is on {other} already.", EXIT_BUSY)
        try:
            yield
        finally:
            with self._lock:
                self._ports.pop(board, None)


class Lease:
    """What the board is told of the broker: first that nobody is there, which ends whatever was
    before, then that somebody is, again and again."""

    def __init__(self) -> None:
        self.connection: Connection | None = None
        self.is_on = False
        self._is_off = False
        self._due = self._answered = time.monotonic()

    def next_line(self, connection: Connection | None) -> str | None:
        """What is to be sent now. Raises UserError where no answer came for long."""
        now = time.monotonic()
        if connection is not self.connection:
            self.connection, self._is_off, self.is_on = connection, False, False
            self._due = self._answered = now
        if now < self._due or (self._is_off and connection is None):
            return None
        if now - self._answered > SILENT_SECONDS:
            raise UserError("The board has stopped answering.", EXIT_SILENT)
        self._due = now + RETRY_SECONDS
        return f"link on {time.time_ns() // 1_000_000}" if self._is_off else "link off"

    def note(self, answer: Answer) -> bool:
        """The board's answer to such a line; whether it is connected from now on."""
        now = time.monotonic()
        if answer.ok and answer.text.startswith("link=off") and not self._is_off:
            self._is_off, self._due, self._answered = True, now, now
        elif answer.ok and answer.text.startswith("link=on") and self._is_off:
            was_on, self.is_on = self.is_on, True
            self._due, self._answered = now + LEASE_SECONDS, now
            return not was_on
        return False

    @property
    def listens(self) -> bool:
        """Whether what the board sends is meant for the connection of now."""
        return self._is_off and self.connection is not None


class Port:
    """Serves one port in a thread of its own, whatever becomes of board and broker."""

    def __init__(
        self,
        name: str,
        line: Line,
        uplink: Callable[[str, Say], Uplink],
        registry: Registry,
        eye: Eye,
        *,
        ask_once: bool = False,
    ) -> None:
        self.name, self.board = name, ""
        self.count = Count()
        self.typed: deque[str] = deque(maxlen=16)  # commands for the board
        self._line, self._make_uplink, self._registry = line, uplink, registry
        self._eye, self._ask_once = eye, ask_once
        self._said = ""
        self._was_met = False
        self._free_at = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"port-{name}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()

    def join(self) -> None:
        self._thread.join(10.0)

    def _run(self) -> None:
        delay = FIRST_DELAY
        while not self._stop.is_set():
            try:
                link = Link(self._find(), self._line.baud, self._line.dtr, self._line.rts)
            except UserError as error:
                self._complain(error)
                delay = FIRST_DELAY  # it does no board any harm to ask whether its port is there
            else:
                try:
                    self._serve(link)
                    delay = FIRST_DELAY
                except UserError as error:
                    self._complain(error)
                    if self._gives_up(error):
                        return
                finally:
                    link.close()
            self._stop.wait(delay)
            delay = min(2 * delay, MOST_DELAY)

    def _find(self) -> str:
        is_pattern = "://" not in self.name and any(c in self.name for c in "*?[")
        return find_port(self.name) if is_pattern else self.name

    def _serve(self, link: Link) -> None:
        """Until the port is gone (raises UserError), or the program ends."""
        while not self._stop.is_set():
            board = identify(link)
            profile = link.ask("model", lambda answer: "profile" in answer.pairs())
            with self._registry.claim(board, self.name):
                self.board, self._said, self._was_met = board, "", True
                self._eye.meet(self.name, board, profile.pairs() if profile else {})
                uplink = self._make_uplink(board, self._say)
                try:
                    self._pass_on(link, uplink)
                finally:
                    uplink.close()

    def _pass_on(self, link: Link, uplink: Uplink) -> None:
        """Until the board has started anew, which begins everything anew."""
        lease = Lease()
        try:
            while not self._stop.is_set():
                if line := lease.next_line(uplink.connection):
                    link.send(line)
                if lease.is_on:
                    self._send(link, lease.connection)
                while self.typed:
                    link.send_bytes(self.typed.popleft().encode())
                got = link.next_item(0.05)
                if got is None:
                    continue
                item, text = got
                if isinstance(item, LinkMessage):
                    self._publish(item, lease.connection if lease.listens else None)
                elif isinstance(item, Answer) and item.text.startswith(("link=", "id=")):
                    if item.pairs().get("id", self.board) != self.board:
                        return
                    if lease.note(item) and lease.connection is not None:
                        lease.connection.say_online()
                else:
                    self._eye.line(self.name, item, text)
                    if isinstance(item, Startup) and item.phase == "begin":
                        return
        finally:
            with contextlib.suppress(UserError):
                link.send("link off")

    def _publish(self, message: LinkMessage, connection: Connection | None) -> None:
        if not is_topic_of(self.board, message.topic):
            self.count.dropped += 1
            self._say("refusal", f"refused: {message.topic} is no topic of this board.")
        elif connection is not None and connection.publish(message):
            self.count.to_broker += 1
        else:
            self.count.dropped += 1

    def _send(self, link: Link, connection: Connection | None) -> None:
        """One message, and the next when this one must have left the wire: boards have small
        buffers."""
        if connection is None or time.monotonic() < self._free_at:
            return
        if (message := connection.take()) is None:
            return
        line = b"link %s %s" % (message.topic.encode(), one_line(bytes(message.payload)))
        if len(line) > LONGEST or _control.search(line):
            what = "too long" if len(line) > LONGEST else "not text"
            self._say("refusal", f"refused: a message on {message.topic} is {what}.")
        else:
            link.send_bytes(line)
            self._free_at = time.monotonic() + 2 * BITS * len(line) / self._line.baud
            self.count.to_board += 1
        connection.done(message)

    def _say(self, style: str, text: str) -> None:
        self._eye.say(self.board or self.name, style, text)

    def _complain(self, error: UserError) -> None:
        """Each trouble once, however long it lasts."""
        self._eye.part(self.name)
        self.board = ""
        if str(error) != self._said and not self._stop.is_set():
            self._said = str(error)
            then = "Left alone." if self._gives_up(error) else "Trying again."
            self._say("refusal", f"{error} {then}")

    def _gives_up(self, error: UserError) -> bool:
        """A port that was not named, and where no board has answered, may be anything's."""
        return (
            self._ask_once and not self._was_met and error.exit_code in (EXIT_SILENT, EXIT_REFUSED)
        )


def one_line(payload: bytes) -> bytes:
    """JSON may be broken into lines between its words; the board reads one line."""
    return re.sub(rb"[\t\r\n]+", b" ", payload)


def identify(link: Link) -> str:
    """The id of the board. Raises UserError where there is no board, or one without a link."""
    link.send("")  # ends whatever half line the board may hold
    answer = link.ask(
        "link id", lambda a: a.ok and bool(_id(a.pairs().get("id", ""))), BOOT_ATTEMPTS
    )
    if answer is None:
        raise link.silence()
    board = answer.pairs().get("id", "")
    if not (answer.ok and _id(board)):
        raise UserError(
            f"The board on {link.port} does not work with a gateway (`link id`: {answer.text}): "
            "upload this project's firmware, with custom_network = none.",
            EXIT_REFUSED,
        )
    return answer.pairs()["id"]
