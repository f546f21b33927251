"""What was understood of a recording, in a sentence. Standard library only."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def describe(summary: dict[str, Any]) -> str:
    """The line about a recording: "4,000 rows, 1 Oct 2025 08:00 to 13:33, every 5 s, 2 gaps"."""
    first, last = summary["first"], summary["last"]
    dated = isinstance(first, str)
    edges = [micros_of(edge) if dated else round(1e6 * edge) for edge in (first, last)]
    parts = [f"{summary['rows']:,} row{'s' * (summary['rows'] != 1)}"]
    parts.append(span(edges[0], edges[1], dated))
    parts.append(f"every {summary['interval_s']:.6g} s")
    if summary["gaps"]:
        parts.append(f"{summary['gaps']:,} gap{'s' * (summary['gaps'] > 1)}")
    left_out = summary["left_out"]
    if left_out:
        total = sum(left_out.values())
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in left_out.items())
        parts.append(f"{total:,} row{'s' * (total > 1)} left out: {reasons}")
    return ", ".join(parts)


def moment(micros: int) -> datetime:
    return _EPOCH + timedelta(microseconds=micros)


def iso(micros: int) -> str:
    """Without a zone: the file's own clock."""
    return moment(micros).replace(tzinfo=None).isoformat()


def span(first: int, last: int, dated: bool) -> str:
    """ "1 Oct 2025 08:00 to 13:33", or how long where there is no date."""
    if not dated:
        return duration((last - first) / 1e6)
    begin, end = moment(first), moment(last)
    date = f"{begin.day} {begin:%b %Y}"
    clock = "%H:%M" if last - first >= 120_000_000 else "%H:%M:%S"
    until = f"{end:{clock}}"
    if begin.date() != end.date():
        until = f"{end.day} {end:%b %Y} {until}"
    return f"{date} {begin:{clock}} to {until}"


def duration(seconds: float) -> str:
    for unit, name in ((86400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * unit:
            return f"{seconds / unit:.3g} {name}"
    return f"{seconds:.3g} s"


def micros_of(text: str) -> int:
    """Microseconds since 1970 of a date in ISO 8601; raises ValueError."""
    moment = datetime.fromisoformat(text).replace(tzinfo=UTC)
    return round((moment - _EPOCH) / timedelta(microseconds=1))
