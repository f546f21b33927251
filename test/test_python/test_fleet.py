"""The load generator: a few boards over TLS, all stored; all back after the broker was killed."""

import json
import random
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmark.fleet import board as boards
from benchmark.fleet import brokers
from benchmark.fleet.board import BackOff
from project.errors import UserError


def is_there(name: str) -> bool:
    return bool(shutil.which(name)) or Path("/usr/sbin", name).exists()


needs_mosquitto = pytest.mark.skipif(not is_there("mosquitto"), reason="no mosquitto")
needs_nats = pytest.mark.skipif(not is_there("nats-server"), reason="no nats-server")


def fleet(project: Path, *arguments: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmark", "fleet", "--json", *arguments],
        cwd=project,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@needs_mosquitto
def test_all_events_are_stored_and_all_boards_come_back(project: Path) -> None:
    found = fleet(project, "--boards", "5", "--seconds", "4", "--restart-broker")
    assert found["restart"].pop("all_back_s") > 0
    assert found["restart"]["back"] == 5
    counted = ("boards", "sent", "stored", "duplicates", "lost")
    assert [found[name] for name in counted] == [5, 20, 20, 0, 0]
    assert 0 < found["p50_commit_s"] <= found["p99_commit_s"] <= found["max_commit_s"]


@needs_nats
def test_nats_does_it_too(project: Path) -> None:
    found = fleet(project, "--boards", "3", "--seconds", "2", "--broker", "nats")
    assert (found["sent"], found["stored"], found["lost"]) == (6, 6, 0)


def test_the_back_off_doubles_to_five_minutes_and_begins_again_after_a_minute_online() -> None:
    class Longest(random.Random):
        def uniform(self, a: float, b: float) -> float:
            return b

    back_off = BackOff(Longest())
    assert [back_off.wait_s() for _ in range(11)] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
    back_off.was_online(boards.SETTLED_S - 1)
    assert back_off.wait_s() == boards.LONGEST_S
    back_off.was_online(boards.SETTLED_S)
    assert back_off.wait_s() == boards.FIRST_S


def test_a_missing_broker_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UserError, match="nothing-like-it is not installed"):
        brokers.found("nothing-like-it")
