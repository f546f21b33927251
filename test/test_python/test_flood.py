"""A flood of bytes on the serial line delays answers, never a reading."""

import os
import random
import subprocess
import threading
from pathlib import Path

import pytest

from monitor.telemetry import Answer, Notice, Reading, Unknown, parse

NOISE = random.Random(1).randbytes(4096)


def flood(program: Path, text: bytes, *options: str) -> list[str]:
    """What the program answers to `text` again and again, for as long as it runs."""
    command: list[str | Path] = [program, "--serial", "stdio", *options]
    with subprocess.Popen(
        command,
        bufsize=0,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as board:

        def pour() -> None:
            assert board.stdin is not None
            try:
                while True:
                    board.stdin.write(text * 100)
            except OSError:
                pass  # the program has ended

        source = threading.Thread(target=pour)
        source.start()
        assert board.stdout is not None
        lines = board.stdout.read().decode().splitlines()
        assert board.wait() == 0
        source.join()
    return lines


@pytest.mark.parametrize(
    "text",
    [b"y\n", b"status\n", b"selftest\n", b"\r\n", b"no end of line ", NOISE],
    ids=["yes", "status", "selftest", "empty", "endless", "noise"],
)
@pytest.mark.parametrize("speed", ["20", "max"])
def test_every_reading_comes_through_a_flood(program: Path, text: bytes, speed: str) -> None:
    lines = flood(program, text, "--simulate", "normal", "--seconds", "5", "--speed", speed)
    items = [parse(line) for line in lines]
    assert sum(isinstance(item, Reading) for item in items) == 10
    assert not any(isinstance(item, Unknown) for item in items)
    answers = [item.pairs() for item in items if isinstance(item, Answer)]
    statuses = [answer for answer in answers if "dropped" in answer]
    assert all(status["missed"] == status["dropped"] == "0" for status in statuses)
    assert bool(statuses) == (text == b"status\n")


def test_a_recording_with_a_bad_row_says_so_beside_the_serial_line(
    program: Path, tmp_path: Path
) -> None:
    recording = tmp_path / "recording.csv"
    recording.write_text("time,temperature\n0,25.1\n0.5,no number\n1,25.2\n")
    command: list[str | Path] = [program, "--serial", "stdio", "--speed", "max"]
    command += ["--replay", recording]
    done = subprocess.run(command, input="raw on\n", capture_output=True, text=True, check=True)
    assert "Summary: malformed rows left out 1" in done.stderr.splitlines()
    items = [parse(line) for line in done.stdout.splitlines()]
    assert not any(isinstance(item, Unknown) for item in items)
    assert not any(isinstance(item, Notice) and item.kind == "summary" for item in items)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no signal that asks a program to end")
def test_a_run_that_is_almost_at_rest_ends_when_it_is_told_to(program: Path) -> None:
    command: list[str | Path] = [program, "--serial", "stdio", "--speed", "1e-9"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as board:
        assert board.stdin is not None
        assert board.stdout is not None
        board.stdin.write("status\n")
        board.stdin.flush()
        while not board.stdout.readline().startswith("OK state="):
            pass
        board.terminate()
        assert board.wait() == 0
