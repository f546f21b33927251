"""Where a board was silent: minutes without a figure of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from server.store import Minute

MINUTE_MS: Final = 60_000
DAY_MS: Final = 24 * 60 * MINUTE_MS
LEAST_MS: Final = 2 * MINUTE_MS  # a state that comes at the edge of a minute is no gap


@dataclass(frozen=True)
class Gaps:
    """Of a span that starts with the first minute there is in it; times in ms."""

    count: int
    longest_ms: int
    covered: float  # 0..1


def found(minutes: Sequence[Minute], since_ms: int, until_ms: int) -> Gaps | None:
    """The gaps between these minutes and up to the end; None where there are none of either."""
    times = [row.minute for row in minutes if since_ms <= row.minute < until_ms and row.n]
    if not times:
        return None
    ends = [*times[1:], until_ms]
    holes = [end - time - MINUTE_MS for time, end in zip(times, ends, strict=True)]
    gaps = [hole for hole in holes if hole >= LEAST_MS]
    span = max(MINUTE_MS, until_ms - times[0])
    return Gaps(len(gaps), max(gaps, default=0), 1 - sum(gaps) / span)
