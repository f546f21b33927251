"""The exercise "introduce a synthetic anomaly" against the real program over a real socket."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from serial_line import VirtualBoard

from monitor.inject import Watch
from monitor.telemetry import MARKER, Item, parse

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
