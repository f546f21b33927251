"""Exactly once, quickly: three boards, every part killed twice; `./piow benchmark chaos` at length.

Then what the long one is judged by: rings, consoles and rows that do not agree are found.
"""

import json
import shutil
import struct
import subprocess
import sys
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from benchmark.chaos import ring, verdict
from benchmark.chaos.ring import Event, Ring
from benchmark.fleet.stored import Counts, Found

BOARD = "020000000001"
needs_mosquitto = pytest.mark.skipif(
    not (shutil.which("mosquitto") or Path("/usr/sbin/mosquitto").exists()),
    reason="no mosquitto (Debian: apt install mosquitto)",
)


@needs_mosquitto
def test_every_event_is_stored_once_while_everything_is_killed(
    project: Path, program: Path
) -> None:
    command = [sys.executable, "-m", "benchmark", "chaos", "--program", str(program), "--json"]
    done = subprocess.run(
        [*command, "--boards", "3", "--events", "100", "--kills", "2"],
        cwd=project,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    found = json.loads(done.stdout)
    assert found["stored"] == found["events"] >= 100
    assert all(found["kills"][part] >= 2 for part in ("board", "broker", "gateway", "server"))
    assert found["answered"] > 0, "no console said what was set"


# --- the judge


def ring_of(*seqs: int, lost: int = 0) -> Ring:
    return Ring({(1, seq): Event("settings", 2 + seq / 1000) for seq in seqs}, lost)


def rows_of(*seqs: int) -> Counts:
    found = {(BOARD, 1, seq): Found("settings", 2 + seq / 1000) for seq in seqs}
    return Counts(len(seqs), found)


def judged(ring: Ring, counts: Counts, *answers: str) -> dict[str, Any]:
    return verdict.compare({BOARD: ring}, {BOARD: set(answers)}, counts)


@pytest.mark.parametrize(
    ("ring", "counts", "wrong"),
    [
        (ring_of(1, 2, 3), rows_of(1, 2, 3), {}),
        (ring_of(2, 3, lost=1), rows_of(1, 2, 3), {"invented": 1, "gaps": 1, "dropped": 1}),
        (ring_of(2, 3, lost=1), rows_of(2, 3), {"gaps": 1, "dropped": 1}),
        (ring_of(1, 3), rows_of(1, 3), {"gaps": 1}),
        (ring_of(1, 2, 3), rows_of(1, 3), {"missing": 1}),
        (ring_of(1, 2), rows_of(1, 2, 2), {"duplicates": 1}),
        (ring_of(1), Counts(1, {(BOARD, 1, 1): Found("boot", None)}), {"different": 1}),
    ],
)
def test_what_is_missing_double_or_changed_is_found(
    ring: Ring, counts: Counts, wrong: Mapping[str, int]
) -> None:
    found = judged(ring, counts)
    names = ("duplicates", "missing", "invented", "different", "gaps", "dropped")
    assert {name: found[name] for name in names if found[name]} == wrong
    only_dropped = wrong.keys() <= {"gaps", "dropped"} and found["gaps"] <= found["dropped"]
    assert verdict.is_exactly_once(found) == only_dropped


def test_a_setting_that_the_console_confirmed_and_no_ring_has_is_found() -> None:
    found = judged(ring_of(1), rows_of(1), "OK threshold 2.0010", "OK threshold 2.0020")
    assert (found["answered"], found["unkept"]) == (2, 1)


def test_whole_records_of_a_ring_are_read_and_torn_ones_are_not(tmp_path: Path) -> None:
    head = struct.pack("<IIIIII", 0x474E5245, 1, 5, 1, 17, 9)
    event = struct.pack("<IIqqB15xffff", 17, 3, 0, 0, 5, 0.0, 2.5, 0.0, 0.0)
    note = struct.pack("<IIqqB15xffff", 17, 0, 1, 0, 100, 0.0, 0.0, 0.0, 0.0)
    whole = [part + b"\xff\0\0\0" + struct.pack("<I", zlib.crc32(part)) for part in (event, note)]
    torn = whole[0][:20] + b"\xff" * 44
    sector = head + struct.pack("<I", zlib.crc32(head)) + b"\xff" * 36 + b"".join(whole) + torn
    file = tmp_path / "ring"
    file.write_bytes(sector.ljust(ring.SECTOR, b"\xff") + b"\xff" * ring.SECTOR)
    assert ring.read(file) == Ring({(17, 3): Event("settings", 2.5)}, lost=9)
