"""What boards send, read from the payloads of their topics: checked by size, type and range.

docs/protocol.md has the topics. Unknown keys are ignored; whatever else is not as it should be
is a `Refused` with its reason, and never reaches the store.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from server.fields import LARGEST_MS, Fields, Refused, json_object

ROOT: Final = "anomaly/v1"
MAX_PAYLOAD: Final = 2000
MAX_COMMAND: Final = 512
WINDOW_BEFORE, WINDOW_AFTER = 120, 30  # frames, around the start of an anomaly

STATES: Final = ("WARMUP", "NORMAL", "ANOMALY", "FAULT")
KINDS: Final = ("boot", "start", "end", "fault", "fault_end", "settings")
UNREADABLE: Final = "unreadable"  # the server's own, for what it did not understand
CLOCKS: Final = ("ntp", "est", "none")

_ID = re.compile(r"[0-9a-f]{12}")
_NEWEST_MS: Final = 4_102_444_800_000  # the year 2100


@dataclass(frozen=True)
class Status:
    board: str
    online: bool


@dataclass(frozen=True)
class Info:
    board: str
    firmware: str
    profile: str
    model: str
    boot: int
    reset: str | None
    period_us: int
    names: list[str]
    units: list[str]
    address: str | None


@dataclass(frozen=True)
class State:
    board: str
    boot: int
    up: int
    t: int | None
    state: str
    score: float | None
    score_max: float | None
    threshold: float | None
    value: float | None
    expected: float | None
    low: float | None
    high: float | None
    mean: float | None
    n: int
    cause: str | None
    fault: str | None
    rssi: int | None
    heap_min: int | None
    queue: int
    lost: int
    missed: int
    dropped: int


@dataclass(frozen=True)
class BoardEvent:
    board: str
    boot: int
    seq: int
    prev: tuple[int, int] | None
    t: int | None
    tq: str
    up: int
    kind: str
    cause: str | None
    score: float | None
    threshold: float | None
    value: float | None
    recon: float | None
    model: str
    radio: int


@dataclass(frozen=True)
class WindowPiece:
    board: str
    boot: int
    seq: int
    at: int
    dt_us: int
    values: list[float | None]
    recon: list[float | None]
    scores: list[float | None]


@dataclass(frozen=True)
class Result:
    """The answer to a command."""

    board: str
    id: str
    ok: bool
    text: str


Message = Status | Info | State | BoardEvent | WindowPiece | Result


def is_board_id(text: str) -> bool:
    return _ID.fullmatch(text) is not None


def topic(board: str, name: str) -> str:
    return f"{ROOT}/{board}/{name}"


def board_of(topic_name: str) -> str:
    """The id in a topic of a board; "" if it is none."""
    board = topic_name.removeprefix(f"{ROOT}/").partition("/")[0]
    return board if is_board_id(board) else ""


def parse(topic_name: str, payload: bytes) -> Message:
    """Raises Refused if the payload is not what the topic promises."""
    board = board_of(topic_name)
    if not board:
        raise Refused("not a topic of a board")
    if len(payload) > MAX_PAYLOAD:
        raise Refused("longer than 2000 bytes")
    name = topic_name.removeprefix(f"{ROOT}/{board}/")
    if name == "status":
        if payload not in (b"online", b"offline"):
            raise Refused("status is neither online nor offline")
        return Status(board, payload == b"online")
    readers: dict[str, Callable[[str, Fields], Message]] = {
        "info": _info,
        "state": _state,
        "event": _event,
        "res": _result,
    }
    reader = readers.get(name)
    if reader is None:
        raise Refused("not a topic that a board writes")
    return reader(board, Fields(json_object(payload)))


def _info(board: str, fields: Fields) -> Info:
    return Info(
        board=board,
        firmware=fields.text("fw", 40),
        profile=fields.text("profile", 64),
        model=fields.text("model", 64),
        boot=fields.integer("boot"),
        reset=fields.text_or_none("reset", 40),
        period_us=fields.integer("period_us", 1, 86_400_000_000),
        names=fields.texts("names", 64),
        units=fields.texts("units", 32),
        address=fields.text_or_none("ip", 64),
    )


def _state(board: str, fields: Fields) -> State:
    return State(
        board=board,
        boot=fields.integer("boot"),
        up=fields.integer("up", high=LARGEST_MS),
        t=fields.integer_or_none("t", high=_NEWEST_MS),
        state=fields.one_of("state", STATES),
        score=fields.number("score"),
        score_max=fields.number("score_max"),
        threshold=fields.number("thr"),
        value=fields.number("value"),
        expected=fields.number("expected"),
        low=fields.number("min"),
        high=fields.number("max"),
        mean=fields.number("mean"),
        n=fields.integer("n", high=1_000_000),
        cause=fields.text_or_none("cause", 64),
        fault=fields.text_or_none("fault", 64),
        rssi=fields.integer_or_none("rssi", -200, 200),
        heap_min=fields.integer_or_none("heap_min"),
        queue=fields.integer("queue"),
        lost=fields.integer("lost"),
        missed=fields.integer("missed"),
        dropped=fields.integer("dropped"),
    )


def _event(board: str, fields: Fields) -> BoardEvent | WindowPiece:
    if fields.found.get("k") == "window":
        return _window(board, fields)
    return BoardEvent(
        board=board,
        boot=fields.integer("boot"),
        seq=fields.integer("seq", 1),
        prev=_previous(fields),
        t=fields.integer_or_none("t", high=_NEWEST_MS),
        tq=fields.one_of("tq", CLOCKS),
        up=fields.integer("up", high=LARGEST_MS),
        kind=fields.one_of("k", KINDS),
        cause=fields.text_or_none("cause", 64),
        score=fields.number("score"),
        threshold=fields.number("thr"),
        value=fields.number("value"),
        recon=fields.number("recon"),
        model=fields.text("model", 64),
        radio=fields.integer("radio", high=255),
    )


def unreadable(topic_name: str, payload: bytes, why: str) -> BoardEvent | None:
    """An event that parse() refused, as far as its place in the board's ring can be read.

    It is stored as such: the board keeps an event until it is acknowledged, and would send this
    one, and none behind it, for ever. None: not an event, or not even its place can be read.
    """
    board = board_of(topic_name)
    if topic_name != topic(board, "event") or len(payload) > MAX_PAYLOAD:
        return None
    try:
        fields = Fields(json_object(payload))
        if fields.found.get("k") == "window":
            return None
        return BoardEvent(
            board=board,
            boot=fields.integer("boot"),
            seq=fields.integer("seq", 1),
            prev=_previous(fields),
            t=None,
            tq="none",
            up=0,
            kind=UNREADABLE,
            cause=why[:64],
            score=None,
            threshold=None,
            value=None,
            recon=None,
            model="",
            radio=0,
        )
    except Refused:
        return None


def _previous(fields: Fields) -> tuple[int, int] | None:
    """The record before this one in the board's ring: [boot, seq], older than this."""
    value = fields.found.get("prev")
    if value is None:
        return None
    if not isinstance(value, list) or len(value) != 2:
        raise Refused("prev is not [boot, seq]")
    pair = Fields({"boot": value[0], "seq": value[1]})
    found = pair.integer("boot"), pair.integer("seq", 1)
    if found >= (fields.integer("boot"), fields.integer("seq", 1)):
        raise Refused("prev is not older than the event")
    return found


def _window(board: str, fields: Fields) -> WindowPiece:
    piece = WindowPiece(
        board=board,
        boot=fields.integer("boot"),
        seq=fields.integer("seq", 1),
        at=fields.integer("at", -WINDOW_BEFORE, WINDOW_AFTER),
        dt_us=fields.integer("dt", 1, 86_400_000_000),
        values=fields.numbers("values"),
        recon=fields.numbers("recon"),
        scores=fields.numbers("scores"),
    )
    if not len(piece.values) == len(piece.recon) == len(piece.scores):
        raise Refused("values, recon and scores are not equally long")
    return piece


def _result(board: str, fields: Fields) -> Result:
    ok = fields.found.get("ok")
    if not isinstance(ok, bool):
        raise Refused("ok is neither true nor false")
    return Result(board, fields.text("id", 40), ok, fields.text("text", 1000))
