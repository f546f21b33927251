"""Whether every event was stored once: rings and console lines of the boards against the database.

There are two truths that do not know of each other. The rings hold every event with its number.
And each `threshold` typed has a value of its own, which the board answered on its console.
"""

import math
import re
from collections import Counter
from collections.abc import Mapping, Set
from typing import Any, Final

from benchmark.chaos.ring import Ring
from benchmark.fleet.stored import Counts

_ANSWER: Final = re.compile(r"OK threshold ([\d.]+)")


def compare(
    rings: Mapping[str, Ring], answers: Mapping[str, Set[str]], counts: Counts
) -> dict[str, Any]:
    """The verdict.

    events: in the rings; stored: rows; duplicates: rows beyond one an event, and settings in a ring
    twice; missing: in a ring and not stored; invented: stored and in no ring; different: stored
    with another kind or threshold; gaps: numbers that a ring does not have below its highest;
    dropped: what the rings say they dropped; answered: settings that the consoles confirmed;
    unkept: those of them that no ring has.
    """
    truth = {(name, *key) for name, ring in rings.items() for key in ring.events}
    return {
        "events": len(truth),
        "stored": counts.rows,
        "duplicates": counts.rows - len(counts.keys) + sum(_twice(r) for r in rings.values()),
        "missing": len(truth - counts.keys),
        "invented": len(counts.keys - truth),
        "different": sum(_different(name, ring, counts) for name, ring in rings.items()),
        "gaps": sum(_gaps(ring) for ring in rings.values()),
        "dropped": sum(ring.lost for ring in rings.values()),
        "answered": sum(len(found) for found in answers.values()),
        "unkept": sum(_unkept(rings[name], found) for name, found in answers.items()),
    }


def is_exactly_once(found: Mapping[str, Any]) -> bool:
    wrong = any(found[name] for name in ("duplicates", "missing", "invented", "different"))
    return not wrong and bool(found["gaps"] <= found["dropped"])


def _different(board: str, ring: Ring, counts: Counts) -> int:
    pairs = ((event, counts.found.get((board, *key))) for key, event in ring.events.items())
    return sum(
        (event.kind, _text(event.threshold)) != (found.kind, _text(found.threshold))
        for event, found in pairs
        if found
    )


def _text(threshold: float | None) -> str:
    """With the four digits that the console prints; "" for none."""
    return "" if threshold is None or math.isnan(threshold) else f"{threshold:.4f}"


def _gaps(ring: Ring) -> int:
    """Numbers that are missing below the highest of each boot."""
    highest: dict[int, int] = {}
    for boot, seq in ring.events:
        highest[boot] = max(seq, highest.get(boot, 0))
    return sum(highest.values()) - len(ring.events)


def _unkept(ring: Ring, answers: Set[str]) -> int:
    """Answers like `OK threshold 2.0010` whose setting is not in the ring."""
    kept = {_text(e.threshold) for e in ring.events.values() if e.kind == "settings"}
    said = {match[1] for answer in answers if (match := _ANSWER.match(answer))}
    return len(said - kept)


def _twice(ring: Ring) -> int:
    """Settings that are in a ring more than once."""
    found = Counter(e.threshold for e in ring.events.values() if e.kind == "settings")
    return sum(number - 1 for number in found.values())
