"""The virtual board and its link over a real socket: whoever is at its other end, samples go on."""

import contextlib
import json
import re
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from monitor.telemetry import LinkMessage, parse

ID = "0200000000aa"
DEADLINE = 20.0


@dataclass
class Line:
    """The serial line of a board that runs ten times as fast as life."""

    port: int
    wire: socket.socket = field(init=False)
    rest: bytes = b""

    def __post_init__(self) -> None:
        self.connect()

    def connect(self) -> None:
        self.wire = socket.create_connection(("127.0.0.1", self.port))
        self.wire.settimeout(0.5)
        self.rest = b""

    def leave_and_come_back(self) -> None:
        """The board turns a second one away until it has noticed that the first is gone."""
        end = time.monotonic() + DEADLINE
        while time.monotonic() < end:
            self.wire.close()
            self.connect()
            with contextlib.suppress(ConnectionError):
                self.say("", "help")  # the first ends whatever half line there was
                self.until("^OK help")
                return
        raise AssertionError("the board takes nobody any more")

    def say(self, *lines: str) -> None:
        self.wire.sendall("".join(f"{line}\n" for line in lines).encode())

    def lines(self) -> Iterator[str]:
        """What comes, until the deadline."""
        end = time.monotonic() + DEADLINE
        while time.monotonic() < end:
            with contextlib.suppress(TimeoutError):
                got = self.wire.recv(65536)
                if not got:
                    raise ConnectionError("the board hung up")
                self.rest += got
            *whole, self.rest = self.rest.split(b"\n")
            yield from (line.decode().rstrip("\r") for line in whole)

    def until(self, pattern: str) -> re.Match[str]:
        for line in self.lines():
            if match := re.search(pattern, line):
                return match
        raise AssertionError(f"no line like {pattern}")

    def messages(self, end: str) -> Iterator[dict[str, object]]:
        for line in self.lines():
            item = parse(line)
            if isinstance(item, LinkMessage) and item.topic.endswith(end):
                yield json.loads(item.payload)

    def status(self) -> dict[str, str]:
        self.say("status")
        return dict(word.split("=", 1) for word in self.until("OK state=.*")[0].split()[1:])


@contextlib.contextmanager
def board(program: Path, events: Path) -> Iterator[Line]:
    command = [str(program), "--serial", "tcp:0", "--simulate", "normal", "--speed", "10"]
    with subprocess.Popen(
        [*command, "--id", ID, "--events", str(events)],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        try:
            found = re.search(r"localhost:([0-9]+)", process.stderr.readline())
            assert found
            line = Line(int(found[1]))
            with line.wire:
                yield line
        finally:
            process.kill()


def link_on() -> str:
    return f"link on {time.time_ns() // 1_000_000}"


def ack(event: dict[str, object]) -> str:
    text = json.dumps({"boot": event["boot"], "seq": event["seq"]})
    return f"link anomaly/v1/{ID}/ack {text}"


def command(name: str, text: str) -> str:
    return f"link anomaly/v1/{ID}/cmd " + json.dumps(
        {"id": name, "cmd": text, "exp": int(time.time()) + 3600}
    )


def test_events_are_kept_until_they_are_acknowledged(program: Path, tmp_path: Path) -> None:
    events = tmp_path / "events"
    with board(program, events) as line:
        line.say("threshold 2", "threshold 3", "status")
        assert line.until("queue=3 lost=0")
    with board(program, events) as line:  # it was killed
        line.say(link_on())
        first = next(line.messages("/event"))
        assert (first["boot"], first["seq"], first["prev"]) == (1, 1, None)
        line.say(ack(first))
        keys = [(1, 1)]
        for event in line.messages("/event"):
            if event["prev"] in (list(keys[-1]), None):
                keys.append((event["boot"], event["seq"]))  # type: ignore[arg-type]
                line.say(ack(event))
            if keys[-1] == (2, 1):
                break
        assert keys == [(1, 1), (1, 2), (1, 3), (2, 1)]
        line.say("status")
        line.until("link=online queue=0 lost=0")


def test_a_command_from_afar_is_answered_there(program: Path, tmp_path: Path) -> None:
    with board(program, tmp_path / "events") as line:
        line.say(link_on(), command("a", "threshold 2.5"), command("b", "raw on"))
        answers = line.messages("/res")
        assert next(answers) == {"v": 1, "id": "a", "ok": True, "text": "OK threshold 2.5000"}
        line.say(command("c", "raw on"))
        refused = next(answer for answer in answers if answer["id"] == "c")
        assert refused["ok"] is False


@pytest.mark.parametrize("what", ["reads nothing", "floods", "leaves"])
def test_a_gateway_never_costs_a_sample(program: Path, tmp_path: Path, what: str) -> None:
    with board(program, tmp_path / "events") as line:
        before = int(line.status()["samples"])
        line.say(link_on())
        if what == "leaves":
            line.leave_and_come_back()
        elif what == "floods":
            bad = [ack({"boot": 2**31, "seq": n}) for n in range(100)]
            bad += [command(str(n), "inject 50 3") for n in range(100)]
            bad += [f"link anomaly/v1/{ID}/ack {'[' * 500}", "\x00\xff" * 100] * 20
            line.say(*bad)
        else:  # what was sent in the meantime is still there, or was dropped; the board goes on
            line.say(*[command(str(n), "help") for n in range(30)])
            line.leave_and_come_back()
        status = line.status()
        while int(status["samples"]) < before + 60:
            status = line.status()
        assert (status["missed"], status["dropped"]) == ("0", "0")


def test_a_factory_reset_leaves_only_the_number_of_the_boot(program: Path, tmp_path: Path) -> None:
    with board(program, tmp_path / "events") as line:
        line.say("threshold 2", link_on(), "factory-reset")
        taken_back = next(
            item
            for item in map(parse, line.lines())
            if isinstance(item, LinkMessage) and item.topic.endswith("/config") and not item.payload
        )
        assert taken_back.retain
        line.until("Initializing")
        line.until("System Ready")
        line.say(link_on())
        assert [next(line.messages("/event"))[key] for key in ("boot", "seq", "k")] == [
            2,
            1,
            "boot",
        ]
