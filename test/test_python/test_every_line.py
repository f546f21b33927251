"""Whatever the firmware can write is understood: no line of a board that is ill is lost."""

import shutil
import subprocess
from pathlib import Path

import pytest

from monitor.telemetry import (
    FAILURES,
    AnomalyMarker,
    Answer,
    Fault,
    Item,
    Notice,
    Raw,
    Reading,
    Selftest,
    Startup,
    Unknown,
    parse,
)

LONGEST = 768  # LineBuffer::kCapacity; a line of this length may be a cut one


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
    for kind in (Reading, Fault, AnomalyMarker, Raw, Selftest):
        assert any(isinstance(item, kind) for item in items), kind
    answers = [item for item in items if isinstance(item, Answer)]
    assert {item.ok for item in answers} == {True, False}
    for said in ("calibrate noise ", "(set by the user)", "(until the next reboot)", "failure="):
        assert any(said in item.text for item in answers), said
    assert {item.phase for item in items if isinstance(item, Startup)} == {
        *("begin", "profile", "reset", "threshold", "ready"),
    }
    assert {item.kind for item in items if isinstance(item, Notice)} == {
        *("calibrating", "settings", "learnt", "failure"),
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
