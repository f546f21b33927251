"""All that a trial runs, and what its checks ask of it."""

import itertools
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import brokers
from home import HomeAssistant

PROJECT = Path(__file__).absolute().parents[2]
ID = "02005e104a55"
TOPIC = f"anomaly/v1/{ID}"
DISCOVERY = f"homeassistant/device/{ID}/config"
PROGRAM = PROJECT / ".pio" / "build" / "native" / "program"
ENTITIES = {  # how each entity's id ends, and its platform
    "anomaly": "binary_sensor", "fault": "binary_sensor", "value": "sensor", "expected": "sensor",
    "score": "sensor", "cause": "sensor", "threshold": "number", "event": "event",
    "calibrate": "button", "that_was_normal": "button",
}  # fmt: skip
REPORT_SECONDS = 10.0  # between two states of a board
PATIENCE = 3  # a busy computer takes so many times longer
BIRTH_SECONDS = 30.0  # a board waits up to so long when Home Assistant comes

T = TypeVar("T")


def until(what: str, seconds: float, look: Callable[[], T | None]) -> T:
    """Looks again and again, until it sees something."""
    deadline = time.monotonic() + seconds * PATIENCE
    while True:
        seen = look()
        if seen:
            return seen
        assert time.monotonic() < deadline, f"{what}: not within {seconds * PATIENCE:.0f} s"
        time.sleep(0.1)


class Trial:
    """All that runs: broker, Home Assistant, board, gateway, and somebody who listens."""

    def __init__(self, hass: Path, folder: Path, picture: Path | None) -> None:
        self.folder, self.picture = folder, picture
        self.authority = brokers.Authority(folder / "ca")
        self.broker = brokers.Broker(folder / "broker", self.authority)
        self.listener = brokers.Listener(self.broker, "anomaly/#", "homeassistant/#")
        self.home = HomeAssistant(hass, folder / "config", brokers.free_port())
        self.board_port = brokers.free_port()
        self.ids = (f"trial {number}" for number in itertools.count())
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.authority.client(ID)

    def start(self, name: str) -> None:
        port = self.board_port
        commands: dict[str, list[str | Path]] = {
            "board": [
                PROGRAM, "--serial", f"tcp:{port}", "--id", ID,
                "--events", self.folder / "events", "--state", self.folder / "state",
            ],
            "gateway": [
                sys.executable, "-m", "monitor.gateway", "--port", f"socket://localhost:{port}",
                "--broker", self.broker.url, "--ca", self.authority.ca,
                "--certs", self.authority.folder,
            ],
        }  # fmt: skip
        with (self.folder / f"{name}.txt").open("ab") as output:
            self.processes[name] = subprocess.Popen(
                commands[name],
                cwd=PROJECT,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def kill(self, name: str) -> None:
        self.processes[name].kill()
        self.processes[name].wait()

    def close(self) -> None:
        for process in self.processes.values():
            process.kill()
            process.wait()
        self.home.stop()
        self.listener.close()
        self.broker.kill()

    # --- what the checks ask

    def entity(self, name: str) -> dict[str, Any]:
        return self.home.states().get(name, {"state": "missing", "attributes": {}})

    def shows(self, name: str, wanted: str, seconds: float = 20.0) -> dict[str, Any]:
        """Waits until an entity has this state."""

        def look() -> dict[str, Any] | None:
            self.last = self.entity(name)
            return self.last if self.last["state"] == wanted else None

        try:
            return until(f"{name} is {wanted}", seconds, look)
        except AssertionError as error:
            raise AssertionError(f"{error}, but {self.last['state']}") from None

    def tells(self, kind: str) -> dict[str, Any]:
        """Waits until the last event is of this kind; it may come after the state of its moment."""

        def look() -> dict[str, Any] | None:
            found: dict[str, Any] = self.entity("event")["attributes"]
            return found if found.get("event_type") == kind else None

        return until(f"the last event is {kind}", 15, look)

    def all_are(self, available: bool, seconds: float) -> None:
        def look() -> bool:
            states = self.home.states()
            gone = {name for name, state in states.items() if state["state"] == "unavailable"}
            self.seen = f"{len(states)} entities, unavailable: {', '.join(sorted(gone)) or 'none'}"
            return len(states) >= len(ENTITIES) and len(gone) == (0 if available else len(states))

        wanted = "available" if available else "unavailable"
        try:
            until(f"all entities are {wanted}", seconds, look)
        except AssertionError as error:
            raise AssertionError(f"{error} ({self.seen})") from None

    def payloads(self, topic: str, since: int = 0) -> list[str]:
        """What came on a topic, behind the first `since` messages."""
        messages = self.listener.messages[since:]
        return [message.payload.decode() for message in messages if message.topic == topic]

    @property
    def heard(self) -> int:
        return len(self.listener.messages)

    def command(self, text: str) -> str:
        """The board's answer to a command by MQTT."""
        name, since = next(self.ids), self.heard
        expires = int(time.time() * 1000) + 30_000
        message = json.dumps({"id": name, "cmd": text, "exp": expires})
        self.home.act("mqtt/publish", topic=f"{TOPIC}/cmd", payload=message)
        return self.answer(since)

    def introduces_itself(self, since: int) -> None:
        """Waits for the discovery that answers Home Assistant's birth message."""

        def birth() -> int | None:
            for index, message in enumerate(self.listener.messages[since:], since):
                if (message.topic, message.payload) == ("homeassistant/status", b"online"):
                    return index
            return None

        born = until("the birth message", 60, birth)
        until("the discovery", BIRTH_SECONDS + 10, lambda: self.payloads(DISCOVERY, born))
        self.all_are(True, 30)

    def factory_reset(self) -> None:
        """Types it at the gateway, and takes the board away, or it would come back as a new one."""
        typed = self.processes["gateway"].stdin
        assert typed is not None
        since = self.heard
        typed.write(b"factory-reset\n")
        typed.flush()
        until("the board takes its leave", 10, lambda: "" in self.payloads(DISCOVERY, since))
        self.kill("gateway")

    def press(self, button: str) -> str:
        """The board's answer to a tap on a button."""
        since = self.heard
        self.home.act("button/press", entity_id=self.entity(button)["entity_id"])
        return self.answer(since)

    def answer(self, since: int) -> str:
        """The next answer of the board after so many messages."""
        texts = until("the board answers", 10, lambda: self.payloads(f"{TOPIC}/res", since))
        return str(json.loads(texts[0])["text"])
