"""The tutorial from end to end: record, retrain, inject, and see the alarm, with nothing mocked."""

import os
import re
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest
from conftest import PlatformIO, build_quickly, platformio_settings
from serial_line import MonitorSession, VirtualBoard

from monitor.telemetry import MARKER

SPEED = ("--speed", "60")  # a minute of signal in a second


@pytest.mark.skipif(os.name == "nt", reason="the monitor runs in a pseudo-terminal")
def test_the_whole_exercise(
    board: Callable[..., VirtualBoard], project_copy: Path, platformio: PlatformIO
) -> None:
    if find_spec("tensorflow") is None:
        pytest.skip("TensorFlow is not installed")
    (project_copy / ".venv").symlink_to(sys.prefix)
    build_quickly(project_copy)
    profile = project_copy / "profiles" / "temperature.toml"
    small, changed = re.subn(r"(?m)^steps = \d+", "steps = 300", profile.read_text("utf-8"))
    assert changed == 1
    profile.write_text(small, "utf-8")
    stretch = project_copy / "training" / "stretch.py"
    small, changed = re.subn("streams: int = 288", "streams: int = 32", stretch.read_text("utf-8"))
    assert changed == 1
    stretch.write_text(small, "utf-8")

    def pio(port: str, *arguments: str) -> str:
        local = f"[env:native]\nmonitor_port = {port}\n"
        (project_copy / "platformio.local.ini").write_text(local)
        done = platformio(*arguments, cwd=project_copy)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    # A minute of a normal temperature, as the committed model's board measures it.
    said = pio(board(*SPEED).port, "run", "-e", "native", "-t", "collect")
    assert re.search(r"12[01] samples in 60\.0 s", said), said
    recordings = list((project_copy / "data" / "temperature").glob("*.csv"))
    assert len(recordings) == 1 and ".partial" not in recordings[0].name

    # The next ordinary build retrains on it, the one after that does not.
    said = pio("none", "run", "-e", "native")
    assert "training" in said and "trained" in said and "1 recording of 12" in said, said
    assert "up to date" in pio("none", "run", "-e", "native")

    # The new model finds what is injected, lights the LED, and calms down.
    program = project_copy / ".pio" / "build" / "native" / "program"
    virtual = board(*SPEED, program=program)
    said = pio(virtual.port, "run", "-e", "native", "-t", "inject")
    assert MARKER in said and "The anomaly was seen, and the state has returned to NORMAL." in said

    session = MonitorSession(
        virtual.port, project_copy, "-e", "native", "-f", "anomaly", **platformio_settings()
    )
    try:
        session.wait_for("NORMAL")
        session.type("inject 50 4\n")
        session.wait_for("OK inject 50.00 4", MARKER, "anomaly over after")
        session.quit()
    finally:
        session.close()
    events = virtual.stop()
    assert events.count("[board] led on") == 2
    assert events.count("[board] led off") == 2
