"""Reads the ring of events of a virtual board, its file: what happened, whoever got to know it.

lib/Link/src/EventRecord.h and EventRing.h have the format. Records stay there after they are
acknowledged, until the sector is needed again.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SECTOR: Final = 4096
RECORD: Final = 64
CHECKED: Final = 56  # bytes that the check sum covers
EVENTS: Final = 6  # kinds below are events, others are notes of the ring's own
_FIELDS: Final = struct.Struct("<IIqqB15xffff4xI")
_HEAD: Final = struct.Struct("<IIIIIII")
KINDS: Final = ("boot", "start", "end", "fault", "fault_end", "settings")

Key = tuple[int, int]  # boot, seq


@dataclass(frozen=True)
class Event:
    kind: str
    threshold: float


@dataclass(frozen=True)
class Ring:
    events: dict[Key, Event]
    lost: int  # how many the ring had to drop


def read(file: Path) -> Ring:
    """All whole events of a ring, acknowledged or not."""
    data = file.read_bytes()
    events: dict[Key, Event] = {}
    lost, newest = 0, -1
    for start in range(0, len(data), SECTOR):
        sector = data[start : start + SECTOR]
        head = _HEAD.unpack_from(sector)
        if zlib.crc32(sector[: _HEAD.size - 4]) != head[-1]:
            continue
        if head[2] > newest:
            newest, lost = head[2], head[5]
        events.update(_records(sector))
    return Ring(events, lost)


def _records(sector: bytes) -> Iterator[tuple[Key, Event]]:
    for start in range(RECORD, SECTOR, RECORD):
        record = sector[start : start + RECORD]
        boot, seq, _, _, kind, _, threshold, _, _, crc = _FIELDS.unpack(record)
        if kind < EVENTS and zlib.crc32(record[:CHECKED]) == crc:
            yield (boot, seq), Event(KINDS[kind], threshold)
