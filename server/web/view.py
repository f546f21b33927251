"""How figures, times and states are worded on the pages."""

import datetime as dt
import math
from collections.abc import Iterable
from typing import Final

from server.store import Board

DASH: Final = "\N{EN DASH}"  # where there is no figure
MINUS: Final = "\N{MINUS SIGN}"
SILENT_MS: Final = 35_000  # a board speaks every 10 s: three are missing
CONDITIONS: Final = {  # the gravest first, as the fleet is sorted
    "anomaly": "Anomaly",
    "fault": "Fault",
    "silent": "Silent",
    "warmup": "Warm-up",
    "normal": "Normal",
}
KINDS: Final = {
    "start": "Anomaly began",
    "end": "Anomaly ended",
    "fault": "Fault began",
    "fault_end": "Fault ended",
    "boot": "Started",
    "settings": "Settings changed",
    "unreadable": "Not understood",
}
KIND_CONDITIONS: Final = {"start": "anomaly", "end": "normal", "fault": "fault"}
LABELS: Final = {"real": "Real", "normal": "Was normal"}
CLOCKS: Final = {
    "ntp": "by the board's clock",
    "est": "reckoned back by the board from a clock it got later",
    "none": "when it arrived here: the board had no clock",
}


def condition(board: Board, now_ms: int) -> str:
    """One of CONDITIONS: what is wrong, if anything."""
    if board.status != "online" or now_ms - (board.last_seen or 0) > SILENT_MS:
        return "silent"
    if board.state == "FAULT":
        return "fault"
    if board.state == "ANOMALY" or board.anomalies_open:
        return "anomaly"
    return "warmup" if board.state in (None, "", "WARMUP") else "normal"


def title(board: Board) -> str:
    return board.name or board.id


def number(value: float | None, unit: str | None = None) -> str:
    """Three to five digits and the unit; a dash where there is none."""
    if value is None or not math.isfinite(value):
        return DASH
    size = abs(value)
    if size >= 1e6 or 0 < size < 1e-4:
        text = f"{value:.3g}"
    else:
        text = f"{value:,.{2 if size < 1000 else 0}f}" if size >= 1 or size == 0 else f"{value:.4f}"
    text = text.replace("-", MINUS)
    return f"{text}\N{NO-BREAK SPACE}{shown_unit(unit)}" if unit else text


def score(value: float | None, threshold: float | None) -> str:
    """A score or a threshold: the decimals that a threshold of this size needs."""
    if value is None or not math.isfinite(value):
        return number(None)
    return f"{value:,.{2 if (threshold or 1) >= 0.5 else 4}f}"


def shown_unit(unit: str | None) -> str:
    return {"C": "°C", "F": "°F"}.get(unit or "", unit or "")


def count(value: int | None, noun: str = "") -> str:
    if value is None:
        return DASH
    return f"{value:,}\N{NO-BREAK SPACE}{noun}".strip().replace("-", MINUS)


def kilobytes(value: int | None) -> str:
    return number(None) if value is None else f"{value / 1000:,.1f}\N{NO-BREAK SPACE}kB"


def iso(ms: int | None) -> str:
    return moment(ms).isoformat(timespec="milliseconds") if ms is not None else ""


def utc(ms: int | None) -> str:
    """What stands there until the page's script has put it into the browser's zone."""
    return f"{moment(ms):%Y-%m-%d %H:%M:%S} UTC" if ms is not None else "never"


def moment(ms: int) -> dt.datetime:
    try:
        return dt.datetime.fromtimestamp(ms / 1000, dt.UTC)
    except (OverflowError, ValueError, OSError):  # a board's clock may say anything
        return dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def duration(ms: float) -> str:
    """The largest unit that fits: 45 s, 12 min, 3.5 h, 2.0 days."""
    seconds = ms / 1000
    for size, unit in ((86400, "days"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.{0 if unit == 'min' else 1}f}\N{NO-BREAK SPACE}{unit}"
    return f"{seconds:.0f}\N{NO-BREAK SPACE}s"


def versions(values: Iterable[str | None]) -> list[tuple[str, int]]:
    """Each value with how many boards have it, the most frequent first."""
    counts: dict[str, int] = {}
    for value in values:
        counts[value or "unknown"] = counts.get(value or "unknown", 0) + 1
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))
