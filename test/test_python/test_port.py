"""Which port is opened, and how: as PlatformIO's monitor does."""

import argparse
import os
from pathlib import Path
from typing import Any

import pytest
import serial
from conftest import PlatformIO
from serial.tools import list_ports
from serial.tools.list_ports_common import ListPortInfo

from monitor.port import Link, add_options, find_port
from project.errors import UserError


def ports(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """The computer has these ports, of USB."""
    found = [ListPortInfo(name, skip_link_detection=True) for name in names]
    for port in found:
        port.vid, port.hwid = 0x10C4, "USB VID:PID=10C4:EA60"
    monkeypatch.setattr(list_ports, "comports", lambda *_, **__: found)


def test_a_pattern_means_the_first_port_that_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    ports(monkeypatch, "/dev/ttyUSB0", "/dev/ttyACM0", "/dev/ttyACM1")
    assert find_port("/dev/ttyACM*") == "/dev/ttyACM0"
    assert find_port("/dev/ttyUSB9") == "/dev/ttyUSB9"
    assert find_port("socket://[::1]:7001") == "socket://[::1]:7001"
    with pytest.raises(UserError, match=r"No port fits COM\*\. There are: /dev/ttyACM0, /dev/tty"):
        find_port("COM*")


def test_of_several_boards_one_has_to_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    ports(monkeypatch, "/dev/ttyUSB0")
    assert find_port() == "/dev/ttyUSB0"
    ports(monkeypatch, "/dev/ttyUSB0", "/dev/ttyUSB1")
    with pytest.raises(UserError, match="several serial ports"):
        find_port()


def test_the_lines_are_set_before_the_port_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []

    class Port:
        def __setattr__(self, name: str, value: Any) -> None:
            done.append(f"{name} = {value}")

        def open(self) -> None:
            done.append("open")

    monkeypatch.setattr(serial, "serial_for_url", lambda *_, **__: Port())
    parser = argparse.ArgumentParser()
    add_options(parser)
    options = parser.parse_args(["--port", "COM3", "--dtr", "0", "--rts", "0"])
    Link(options.port, options.baud, options.dtr, options.rts)
    assert done == ["dtr = False", "rts = False", "open"]
    done.clear()
    Link("COM3", 115200)
    assert done == ["open"]


BAD = "socket://127.0.0.1:1"
GOOD = "socket://127.0.0.1:2"  # nothing listens there either: the sentence says what was opened


def test_targets_open_the_port_that_the_monitor_would(
    project_copy: Path, platformio: PlatformIO
) -> None:
    cases = [
        (f"monitor_port = {GOOD}\nupload_port = {BAD}", []),
        (f"upload_port = {GOOD}", []),
        (f"monitor_port = {BAD}\nupload_port = {BAD}", ["-p", GOOD]),
        (f"monitor_port = {BAD}", ["--upload-port", GOOD]),
    ]
    if os.name != "nt":  # which does not tell the options of the program that started another
        cases.append((f"monitor_port = {BAD}", ["--upload-port", BAD, "--monitor-port", GOOD]))
    for options, arguments in cases:
        settings = f"[env]\nmonitor_speed = 9600\nmonitor_dtr = 0\nmonitor_rts = 0\n{options}\n"
        (project_copy / "platformio.local.ini").write_text(settings)
        done = platformio("run", "-e", "native", "-t", "inject", *arguments, cwd=project_copy)
        assert done.returncode == 1
        assert f"Nothing listens at {GOOD}" in done.stderr, done.stdout + done.stderr
