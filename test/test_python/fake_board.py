"""A board that can misbehave: the link lines of docs/protocol.md on a TCP port, no more."""

import contextlib
import json
import re
import socket
import threading
from collections.abc import Iterator

from monitor.telemetry import crc16

READING = "Real: 25.13 | Recon: 25.02 | Score: 0.0123 | Threshold: 0.1500 | State: NORMAL"


def link_line(topic: str, payload: str, qos: int = 1, retain: bool = False) -> str:
    body = f"LINK,{topic},{qos},{int(retain)},{payload}"
    return f"{body}*{crc16(body):04x}"


class FakeBoard:
    """Serves one program after another, until it is closed.

    What it has not got an `ack` for it sends again when there is a new connection.
    """

    def __init__(self, board: str = "020000000001", *, refuses: bool = False) -> None:
        self.id, self.refuses = board, refuses
        self.commands: list[str] = []  # all that came
        self.events: list[int] = []  # sequence numbers that are not acknowledged
        self.is_on = False
        self.is_deaf = False  # answers nothing
        self._changed = threading.Condition()
        self._server = socket.create_server(("127.0.0.1", 0))
        self._client: socket.socket | None = None
        self._closed = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def port(self) -> str:
        return f"socket://127.0.0.1:{self._server.getsockname()[1]}"

    @property
    def base(self) -> str:
        return f"anomaly/v1/{self.id}"

    def close(self) -> None:
        self._closed = True
        self.unplug()
        with contextlib.suppress(OSError):  # ends accept()
            socket.create_connection(self._server.getsockname(), 1).close()
        self._thread.join()
        self._server.close()

    def unplug(self) -> None:
        """The line breaks; it can be opened again at once."""
        with self._changed:
            if self._client is not None:
                with contextlib.suppress(OSError):
                    self._client.shutdown(socket.SHUT_RDWR)

    def reboot(self) -> None:
        with self._changed:
            self.is_on = False
        self.say("Initializing Anomaly Detector...")
        self.say("System Ready. Monitoring Sensor...")

    def say(self, line: str) -> None:
        with self._changed:
            if self._client is not None:
                with contextlib.suppress(OSError):
                    self._client.sendall(line.encode() + b"\r\n")

    def publish(self, topic: str, payload: str, qos: int = 1, retain: bool = False) -> None:
        self.say(link_line(topic, payload, qos, retain))

    def event(self, number: int) -> None:
        """Something happens, whether or not anybody listens."""
        with self._changed:
            self.events.append(number)
            if self.is_on:
                self._send_event(number)

    def wait_for(self, pattern: str, count: int = 1, seconds: float = 20) -> None:
        """Until so many commands that fit have come."""

        def held() -> bool:
            return sum(bool(re.fullmatch(pattern, c)) for c in self.commands) >= count

        with self._changed:
            assert self._changed.wait_for(held, seconds), self.commands

    def wait_until_acknowledged(self, seconds: float = 20) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: not self.events, seconds), self.events

    def _send_event(self, number: int) -> None:
        self.publish(f"{self.base}/event", json.dumps({"v": 1, "boot": 1, "seq": number}))

    def _run(self) -> None:
        while not self._closed:
            client, _ = self._server.accept()
            with client:
                with self._changed:
                    self._client = client
                with contextlib.suppress(OSError), client.makefile("rb") as lines:
                    for line in lines:
                        self._take(line.decode().strip())
                with self._changed:
                    self._client = None
                    self.is_on = False

    def _take(self, command: str) -> None:
        with self._changed:
            if command and not self.is_deaf:
                self._answer(command)
            self.commands.append(command)
            self._changed.notify_all()

    def _answer(self, command: str) -> None:
        if command == "model":
            self.say("OK profile=temperature fingerprint=0123")
        elif self.refuses or not command.startswith("link "):
            self.say("ERR unknown command, try help")
        elif command == "link id":
            self.say(f"OK id={self.id}")
        elif command == "link off":
            self.is_on = False
            self.say("OK link=off")
        elif command.startswith("link on "):
            self.say(f"OK link=on id={self.id} lease=60")
            if not self.is_on:
                self.is_on = True
                self.publish(f"{self.base}/status", "online", retain=True)
                for number in self.events:
                    self._send_event(number)
        elif command.startswith(f"link {self.base}/ack "):
            upto = json.loads(command.partition("/ack ")[2])["seq"]
            self.events = [number for number in self.events if number > upto]


@contextlib.contextmanager
def fake_board(board: str = "020000000001", *, refuses: bool = False) -> Iterator[FakeBoard]:
    fake = FakeBoard(board, refuses=refuses)
    try:
        yield fake
    finally:
        fake.close()
