"""What the store gives out: one record a row of a page."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Board:
    """A board and the last that it said; times in milliseconds since 1970."""

    id: str
    name: str
    site: str
    profile: str
    fw: str
    model: str
    status: str  # online, offline
    last_seen: int
    state: str | None  # WARMUP, NORMAL, ANOMALY, FAULT
    cause: str | None
    fault: str | None
    score: float | None
    threshold: float | None
    value: float | None
    expected: float | None
    unit: str
    period_us: int | None  # between two frames
    queue: int
    lost: int
    missed: int
    dropped: int
    heap_min: int | None
    rssi: int | None
    boot: int
    up: int | None
    reset: str | None
    address: str | None
    acked: tuple[int, int] | None
    anomalies_open: bool


@dataclass(frozen=True)
class Event:
    board: str
    boot: int
    seq: int
    t: int  # milliseconds since 1970; by the server's clock where tq is "none"
    tq: str  # ntp, est, none
    kind: str  # boot, start, end, fault, fault_end, settings
    cause: str | None
    score: float | None
    threshold: float | None
    value: float | None
    recon: float | None
    model: str
    label: str | None  # real, normal
    label_by: str | None
    has_window: bool
    received: int


@dataclass(frozen=True)
class Window:
    """The frames around the start of an anomaly; `at` counts from the frame of the start."""

    at: list[int]
    dt_us: int
    values: list[float | None]
    recon: list[float | None]
    scores: list[float | None]


@dataclass(frozen=True)
class Minute:
    """What a board measured from `minute` (milliseconds since 1970) to that of the next."""

    minute: int
    min: float | None
    max: float | None
    mean: float | None
    expected: float | None  # mean of what the model expected
    score_max: float | None
    threshold: float | None
    n: int


@dataclass(frozen=True)
class Ack:
    """All events of a board up to here are committed."""

    board: str
    boot: int
    seq: int


@dataclass(frozen=True)
class Audit:
    """Something that happened `n` times within the minute that begins at `t`."""

    t: int
    kind: str
    who: str
    what: str
    n: int


@dataclass(frozen=True)
class User:
    name: str
    hash: str
