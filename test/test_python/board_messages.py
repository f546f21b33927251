"""Messages as boards send them, with defaults for all that a test does not care about."""

import json
from typing import Any, Final

from server.messages import Message, parse

BOARD: Final = "020000000001"
OTHER: Final = "020000000002"


def event_json(seq: int, prev: list[int] | None, boot: int = 1, **members: Any) -> dict[str, Any]:
    return {
        "v": 1,
        "boot": boot,
        "seq": seq,
        "prev": prev,
        "t": 1_795_700_000_000 + 1000 * seq,
        "tq": "ntp",
        "up": 1000 * seq,
        "k": "start",
        "cause": "level",
        "score": 7.5,
        "thr": 1.0,
        "value": 50.0,
        "recon": 21.4,
        "model": "a1b2c3d4e5f6",
        "radio": 0,
        **members,
    }


def state_json(up: int, boot: int = 1, **members: Any) -> dict[str, Any]:
    return {
        "v": 1,
        "boot": boot,
        "up": up,
        "t": 1_795_700_000_000 + up,
        "tq": "ntp",
        "state": "NORMAL",
        "score": 0.3,
        "score_max": 0.6,
        "thr": 1.0,
        "value": 25.1,
        "expected": 25.0,
        "min": 24.9,
        "max": 25.2,
        "mean": 25.05,
        "n": 20,
        "cause": None,
        "fault": None,
        "rssi": None,
        "heap_min": None,
        "queue": 0,
        "lost": 0,
        "missed": 0,
        "dropped": 0,
        **members,
    }


def info_json(**members: Any) -> dict[str, Any]:
    return {
        "v": 1,
        "fw": "1.0.0",
        "profile": "temperature",
        "model": "a1b2c3d4e5f6",
        "boot": 1,
        "reset": "power-on",
        "period_us": 500_000,
        "names": ["temperature"],
        "units": ["C"],
        "ip": None,
        **members,
    }


def window_json(seq: int, at: int, values: list[float | None], boot: int = 1) -> dict[str, Any]:
    return {
        "v": 1,
        "k": "window",
        "boot": boot,
        "seq": seq,
        "at": at,
        "dt": 500_000,
        "values": values,
        "recon": values,
        "scores": [0.1] * len(values),
    }


def message(name: str, content: dict[str, Any], board: str = BOARD) -> Message:
    """What the server makes of it."""
    return parse(f"anomaly/v1/{board}/{name}", json.dumps(content).encode())


def event(seq: int, prev: list[int] | None, board: str = BOARD, **members: Any) -> Message:
    return message("event", event_json(seq, prev, **members), board)


def state(up: int, board: str = BOARD, **members: Any) -> Message:
    return message("state", state_json(up, **members), board)


def window(seq: int, at: int, values: list[float | None], board: str = BOARD) -> Message:
    return message("event", window_json(seq, at, values), board)
