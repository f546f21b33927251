"""Whatever the firmware can write is understood: no line of a board that is ill is lost."""

import json
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from serial_line import VirtualBoard

from monitor.port import Link
from monitor.telemetry import (
    FAILURES,
    AnomalyMarker,
    Answer,
    Fault,
    Item,
    LinkMessage,
    Notice,
    Raw,
    RawBlock,
    Reading,
    Selftest,
    Startup,
    Unknown,
    parse,
)

LONGEST = 2080  # LineBuffer::kCapacity; a line of this length may be a cut one


LONGEST_PAYLOAD = 2000


@pytest.fixture(scope="module")
def every_line(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """every_line.cpp, compiled."""
    if not shutil.which("g++"):
        pytest.skip("needs g++")
    output = tmp_path_factory.mktemp("every_line") / "every_line"
    boards = ("Host", "Esp32", "TflmAutoencoder")
    libraries = [f for f in project.glob("lib/*/src") if f.parent.name not in boards]
    command = ["g++", "-std=c++17", "-O1", f"-I{project / 'test'}"]
    command += [f"-I{folder}" for folder in libraries]
    command += [str(file) for folder in libraries for file in sorted(folder.glob("*.cpp"))]
    source = project / "test" / "test_python" / "every_line.cpp"
    subprocess.run([*command, str(source), "-o", str(output)], check=True)
    return output


def lines_of(*command: str | Path, text: str = "") -> list[str]:
    done = subprocess.run(command, input=text.encode(), capture_output=True, check=True)
    return done.stdout.decode().split("\n")[:-1]


@pytest.mark.parametrize("seed", range(5))
def test_every_line_of_the_firmware_is_understood(every_line: Path, seed: int) -> None:
    lines = lines_of(every_line, str(seed))
    assert all(line.endswith("\r") and len(line) + 1 < LONGEST for line in lines)
    items = [parse(line) for line in lines]
    assert [item for item in items if isinstance(item, Unknown)] == []
    for kind in (Reading, Fault, AnomalyMarker, Raw, RawBlock, Selftest, LinkMessage):
        assert any(isinstance(item, kind) for item in items), kind
    messages = [item for item in items if isinstance(item, LinkMessage)]
    assert {m.topic.rpartition("/")[2] for m in messages} == {
        *("info", "config", "state", "event", "res"),
    }
    for message in messages:  # a factory reset takes the discovery back with an empty one
        assert len(message.payload) <= LONGEST_PAYLOAD
        assert message.payload or message.topic.endswith("/config")
        assert isinstance(json.loads(message.payload or "{}"), dict)
    kinds = {json.loads(m.payload)["k"] for m in messages if m.topic.endswith("/event")}
    assert kinds >= {"boot", "fault", "fault_end", "settings"}
    if seed == 0:  # whether there is an anomaly at all is left to chance
        assert kinds >= {"start", "end", "window"}
    answers = [item for item in items if isinstance(item, Answer)]
    assert {item.ok for item in answers} == {True, False}
    for said in ("calibrate noise ", "(set by the user)", "(until the next reboot)", "failure="):
        assert any(said in item.text for item in answers), said
    assert {item.phase for item in items if isinstance(item, Startup)} == {
        *("begin", "profile", "reset", "threshold", "ready"),
    }
    assert {item.kind for item in items if isinstance(item, Notice)} == {
        *("calibrating", "learning", "settings", "learnt", "failure"),
    }
    failures = [item.text for item in items if isinstance(item, Notice) and item.kind == "failure"]
    assert {text.partition(" (")[0] for text in failures} == set(FAILURES)
    assert "engine failed" in {item.reason for item in items if isinstance(item, Fault)}


def test_every_line_of_the_host_program_is_understood(program: Path, tmp_path: Path) -> None:
    recording = tmp_path / "recording.csv"
    rows = ["time,temperature", *(f"{i / 2},25.{i % 7}" for i in range(40))]
    recording.write_text("\n".join([*rows, "no row", ""]))
    items: list[Item] = []
    for source in (("--simulate", "mixed", "--seconds", "600"), ("--replay", str(recording))):
        items += map(parse, lines_of(program, *source, text="status\ncalibrate\n"))
    assert [item for item in items if isinstance(item, Unknown)] == []
    summaries = [item.text for item in items if isinstance(item, Notice) and item.kind == "summary"]
    assert "Summary: malformed rows left out 1" in summaries


def test_what_a_board_has_for_a_broker_is_understood(board: Callable[..., VirtualBoard]) -> None:
    link = Link(board("--id", "020000000001").port, 115200)
    link.send(f"link on {time.time_ns() // 10**6}")
    link.send("inject 5000 4")
    wanted = {f"anomaly/v1/020000000001/{name}" for name in ("info", "state", "event")}
    wanted.add("homeassistant/device/020000000001/config")
    for item, text in link.items(30):
        assert not isinstance(item, Unknown), text
        if isinstance(item, LinkMessage):
            json.loads(item.payload)
            wanted.discard(item.topic)
        if not wanted:
            break
    link.close()
    assert wanted == set()
