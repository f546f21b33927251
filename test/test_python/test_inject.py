"""The exercise "introduce a synthetic anomaly" against the real program over a real socket."""

import re
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from serial_line import VirtualBoard

from monitor.inject import Watch, answers
from monitor.telemetry import MARKER, Answer, Item, parse

Inject = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def inject(project: Path) -> Inject:
    def run(port: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "monitor.inject", "--port", port, *arguments],
            cwd=project,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=120,
        )

    return run


def test_an_injected_value_is_seen_as_an_anomaly_that_ends(
    board: Callable[..., VirtualBoard], inject: Inject
) -> None:
    virtual = board("--speed", "50")
    done = inject(virtual.port, "50", "4")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "OK inject 50.00 4" in done.stdout
    assert re.search(r"50\.00 °C .* ANOMALY", done.stdout)
    assert MARKER in done.stdout
    assert "anomaly over" in done.stdout
    assert done.stdout.splitlines()[-1].endswith("returned to NORMAL.")
    events = virtual.stop()
    assert events.index("[board] led on") < events.index("[board] led off")


def test_a_harmless_value_is_no_anomaly(board: Callable[..., VirtualBoard], inject: Inject) -> None:
    virtual = board("--speed", "50")
    done = inject(virtual.port, "25.0", "1")
    assert done.returncode == 1
    assert "No anomaly was seen" in done.stderr


def test_a_value_outside_of_the_sensor_is_a_fault_not_an_anomaly(
    board: Callable[..., VirtualBoard], inject: Inject
) -> None:
    done = inject(board("--speed", "50").port, "5000", "3")
    assert done.returncode == 1
    assert "FAULT" in done.stderr


def test_a_refusal_of_the_board_is_shown(
    board: Callable[..., VirtualBoard], inject: Inject
) -> None:
    done = inject(board("--speed", "50").port, "50", "100001")
    assert done.returncode == 1
    assert "COUNT must be a whole number from 1 to 100000" in done.stderr


def test_a_board_that_was_left_in_raw_mode_is_switched_back(
    board: Callable[..., VirtualBoard], inject: Inject
) -> None:
    import serial

    virtual = board("--speed", "50")
    with serial.serial_for_url(virtual.port, timeout=5) as link:
        link.write(b"raw on\n")
        while not link.readline().startswith(b"RAW,"):
            pass
    assert inject(virtual.port, "50", "4").returncode == 0


@pytest.mark.parametrize("arguments", [["warm"], ["nan"], ["50", "0"], ["50", "x"], []])
def test_bad_arguments_are_usage_errors(inject: Inject, arguments: list[str]) -> None:
    assert inject("socket://127.0.0.1:1", *arguments).returncode == 2


def test_a_negative_value_is_a_value_and_not_an_option(inject: Inject) -> None:
    done = inject("socket://127.0.0.1:1", "-5", "2")
    assert (done.returncode, done.stderr.count("\n")) == (3, 1)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("OK inject 50.00 4", True),
        ("OK inject 50.00 4 as soon as the warm-up ends", True),
        ("ERR COUNT must be a whole number from 1 to 100000", True),
        ("OK inject 50.00 3", False),
        ("OK inject 25.00 4", False),
        ("OK profile=temperature fingerprint=0123", False),
        ("OK raw off", False),
        ("ERR unknown command, try help", False),
    ],
)
def test_an_answer_belongs_to_its_command(line: str, expected: bool) -> None:
    answer = parse(line)
    assert isinstance(answer, Answer)
    assert answers(answer, "inject 50 4") is expected


def test_a_late_answer_is_not_taken_for_the_own_one(inject: Inject) -> None:
    """A board that answers each command only after it has got the next one."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = f"socket://127.0.0.1:{server.getsockname()[1]}"

        def serve() -> None:
            client, _ = server.accept()
            late = ""
            with client, client.makefile("rb") as lines:
                for command in map(bytes.decode, lines):
                    if not (command := command.strip()):
                        continue
                    client.sendall(late.encode() + b"Real: 25.0 | Recon: 25.0 | Score: 0.0\n")
                    if command == "model":
                        client.sendall(b"OK profile=lesson\n")
                    late = "ERR busy, try again\n" if command == "raw off" else ""
                    if command.startswith("inject"):
                        client.sendall(b"OK profile=lesson\nERR VALUE must be a finite number\n")

        thread = threading.Thread(target=serve)
        thread.start()
        done = inject(port, "50", "4")
        thread.join()
    assert done.returncode == 1
    assert "refused `inject 50 4`: VALUE must be a finite number" in done.stderr


NORMAL = parse("Real: 25.0 | Recon: 25.0 | Score: 0.0 | Threshold: 0.1 | State: NORMAL")
WARMUP = parse("Real: 25.0 | Recon: 25.0 | Score: 0.0 | Threshold: 0.1 | State: WARMUP")
ALARM = parse("Real: 50.0 | Recon: 25.0 | Score: 0.9 | Threshold: 0.1 | State: ANOMALY")


@pytest.mark.parametrize(
    ("items", "seen", "done"),
    [
        ([WARMUP] * 100, False, False),
        ([WARMUP, ALARM, ALARM], True, False),
        ([WARMUP, ALARM, NORMAL], True, True),
        ([NORMAL, NORMAL, ALARM, NORMAL], True, True),
        ([NORMAL] * 23, False, False),
        ([NORMAL] * 24, False, True),
        ([ALARM, NORMAL], True, True),
    ],
)
def test_the_watch_ends_when_the_matter_is_decided(
    items: list[Item], seen: bool, done: bool
) -> None:
    watch = Watch(count=4)
    for item in items:
        assert not watch.done
        watch.note(item)
    assert (watch.seen, watch.done) == (seen, done)
