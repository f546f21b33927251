"""What months of simulated lives came to, as it goes into the JSON file."""

from collections.abc import Iterable, Sequence
from math import isfinite
from typing import Any, Final

import numpy as np

from benchmark import slow_firmware, slow_grid, synthetic
from benchmark.life_events import EVENTS, HOUR_S, MINUTE_S
from benchmark.slow_grid import CHANCE, DAY, DAYS_OF_EVENTS

COLUMNS: Final = tuple(
    f"{training}_day{day}" for training, days in DAYS_OF_EVENTS.items() for day in days
)
IN_SHORT: Final = ("1min_day0", "1h_day0", "24h_day0", "1min_day8", "24h_day8", "24h_day25")
BY_KIND: Final = "24h_day8"  # the column of which the kinds are told apart
OWN: Final = "slow"
FIRST_USE: Final = "1min"  # the training whose false alarms are the figure in short


def report(
    grid: Sequence[slow_grid.Outcome], firmware: Sequence[slow_firmware.Outcome]
) -> dict[str, Any]:
    """Both parts, the figures in short first."""
    detectors: dict[str, Any] = {}
    for outcome in grid:
        if not outcome.task.reboots:
            found = detectors.setdefault(
                outcome.task.detector, {"alarms": {}, "events": {}, "chance": {}}
            )
            found["alarms"][outcome.task.training] = _alarms(outcome)
            _add_events(found["events"], outcome)
            found["chance"] |= _chance(outcome)
    for found in detectors.values():
        found["recall"] = {column: _mean(found["events"], column) for column in COLUMNS}
    own = [outcome for outcome in grid if outcome.task.detector == OWN]
    plain = [outcome for outcome in own if not outcome.task.reboots]
    recall = detectors.get(OWN, {}).get("recall", {})
    alarms = detectors.get(OWN, {}).get("alarms", {})
    at_2_hz = _firmware(firmware)
    return {
        "slow_recall": {column: recall.get(column) for column in IN_SHORT},
        "slow_false_alarms_per_day": alarms.get(FIRST_USE, {}).get("per_day"),
        "fast_recall_day8": at_2_hz["recall"].get("8"),
        "false_alarms_per_day": at_2_hz.pop("false_alarms_per_day"),
        "days": sum(outcome.days for outcome in firmware),
        "slow": {
            "detectors": detectors,
            "reboots": {o.task.training: _alarms(o) for o in own if o.task.reboots},
            "kinds": _by_kind(plain),
        },
        "fast": at_2_hz,
    }


def _alarms(outcome: slow_grid.Outcome) -> dict[str, Any]:
    count = sum(outcome.false_alarms.values())
    days = outcome.task.devices * outcome.task.days * len(outcome.task.kinds)
    return rate(count, days) | {
        "alarm_share": outcome.in_alarm_days / days,
        "kinds": outcome.false_alarms,
    }


def rate(count: int, days: float) -> dict[str, Any]:
    """Alarms a day with the exact interval of 95 %."""
    return {
        "count": count,
        "days": days,
        "per_day": count / days if days else None,
        "ci": list(synthetic.poisson_interval(count, days)) if days else None,
    }


def _add_events(events: dict[str, Any], outcome: slow_grid.Outcome) -> None:
    for event in EVENTS:
        for column in COLUMNS:
            minutes = _minutes(outcome, event, column)
            if minutes:
                events.setdefault(event, {})[column] = _found(minutes)


def _minutes(outcome: slow_grid.Outcome, event: str, column: str) -> list[float]:
    """Of the lives of all kinds."""
    cells = [(event, column, kind) for kind in outcome.task.kinds]
    return [after for cell in cells for after in outcome.found.get(cell, [])]


def _found(minutes: Iterable[float]) -> dict[str, Any]:
    """Recall, and the median latency of those that were found."""
    every = list(minutes)
    found = [after for after in every if isfinite(after)]
    hours = float(np.median(found)) * MINUTE_S / HOUR_S if found else None
    return {"recall": len(found) / len(every), "latency_h": hours, "events": len(every)}


def _mean(events: dict[str, Any], column: str) -> float | None:
    """Each event counts the same, however many kinds of lives may have it."""
    recalls = [by_column[column]["recall"] for by_column in events.values() if column in by_column]
    return float(np.mean(recalls)) if recalls else None


def _by_kind(outcomes: Sequence[slow_grid.Outcome]) -> dict[str, Any]:
    """Of the slow charts: recall and latency by event and kind of life."""
    return {
        event: {
            kind: _found(outcome.found[event, BY_KIND, kind])
            for outcome in outcomes
            for kind in outcome.task.kinds
            if (event, BY_KIND, kind) in outcome.found
        }
        for event in EVENTS
    }


def _chance(outcome: slow_grid.Outcome) -> dict[str, dict[str, float]]:
    """Shares of lives without an event in which one would have been found: by the column, then by
    the days of its window.
    """
    windows = sorted({event.window_s / MINUTE_S for event in EVENTS.values()})
    result = {}
    for column in COLUMNS:
        minutes = np.array(_minutes(outcome, CHANCE, column))
        if len(minutes):
            result[column] = {f"{w / DAY:.3g}": float(np.mean(minutes < w)) for w in windows}
    return result


def _firmware(outcomes: Sequence[slow_firmware.Outcome]) -> dict[str, Any]:
    by_kind: dict[str, list[slow_firmware.Outcome]] = {}
    by_training: dict[str, list[slow_firmware.Outcome]] = {}
    for outcome in outcomes:
        by_kind.setdefault(outcome.life.kind, []).append(outcome)
        by_training.setdefault(outcome.training, []).append(outcome)
    first, later = _rates(outcomes)
    return {
        "false_alarms_per_day": {
            "first_day": first["per_day"],
            "after": later["per_day"],
            "lives": {kind: _rates(some)[1]["per_day"] for kind, some in by_kind.items()},
        },
        "first_day": first,
        "after": later,
        "first_day_lives": {kind: _rates(some)[0]["per_day"] for kind, some in by_kind.items()},
        "trainings": {training: _training(some) for training, some in by_training.items()},
        "of_slow_charts": sum(o.slow for o in outcomes),
        "alarm_share": sum(o.in_alarm_days for o in outcomes) / sum(o.days for o in outcomes),
        **_recalls(outcomes),
    }


def _training(outcomes: Sequence[slow_firmware.Outcome]) -> dict[str, Any]:
    first, later = _rates(outcomes)
    return {"first_day": first, "after": later, "recall": _recalls(outcomes)["recall"]}


def _rates(outcomes: Sequence[slow_firmware.Outcome]) -> tuple[dict[str, Any], dict[str, Any]]:
    """False alarms of first days, and of the days after them."""
    after = sum(o.days - 1 for o in outcomes)
    first = rate(sum(o.first_day for o in outcomes), len(outcomes))
    return first, rate(sum(o.after for o in outcomes), after)


def _recalls(outcomes: Sequence[slow_firmware.Outcome]) -> dict[str, Any]:
    """Recall of the grid by day, then by kind of life and by event on each of these days."""
    days = sorted({day for outcome in outcomes for day in outcome.events})
    result: dict[str, Any] = {"recall": {}, "lives": {}, "events": {}}
    for day in days:
        total = synthetic.Outcome(0)
        by_life: dict[str, synthetic.Outcome] = {}
        for outcome in outcomes:
            by_life.setdefault(outcome.life.kind, synthetic.Outcome(0)).add_events(
                outcome.events[day]
            )
            total.add_events(outcome.events[day])
        cells = total.recalls()
        result["recall"][str(day)] = float(np.mean(list(cells.values())))
        result["lives"][str(day)] = {
            kind: float(np.mean(list(found.recalls().values()))) for kind, found in by_life.items()
        }
        result["events"][str(day)] = {
            f"{kind} {size:g}": {
                "recall": cells[kind, size],
                "latency_s": _median(total.latencies[kind, size]),
            }
            for kind, size in cells
        }
    return result


def _median(values: Sequence[float]) -> float | None:
    return float(np.median(values)) if values else None
