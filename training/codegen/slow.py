"""The tables of the slow charts: SlowConfig.h."""

from typing import Any

from project import cpp
from project.profile import Profile
from training.manifest import Manifest


def tables(profile: Profile, found: Manifest) -> str:
    """`SlowConfig kSlow` with what it points to, and whether there is one."""
    text = cpp.constant("bool", "kHasSlow", cpp.boolean(profile.slow is not None))
    if profile.slow is None:
        return text
    record = found["pipeline"]["slow"]
    return text + of_values(record["values"], record["learn_days"], record["frame_us"])


def of_values(records: list[dict[str, Any]], learn_days: float, frame_us: int) -> str:
    """`SlowConfig kSlow` of the records that a manifest has of the values of a frame."""
    text = ""
    values = []
    for index, value in enumerate(records):
        rules, learnt = f"kSlowRules{index}", f"kSlowLearnt{index}"
        text += cpp.aggregates("SlowRule", rules, [_numbers(rule) for rule in value["rules"]])
        text += _learnt(learnt, value["learnt"])
        values.append(
            {
                "span": cpp.number(value["span"]),
                "bounded": cpp.boolean(value["bounded"]),
                "limited": cpp.boolean(value["limited"]),
                "quiet": cpp.number(value["quiet"]),
                "rules": rules,
                "trained": f"&{learnt}",
            }
        )
    text += cpp.aggregates("SlowValueConfig", "kSlowValues", values)
    members: dict[str, cpp.Value] = {
        "values": "kSlowValues",
        "learn_days": cpp.number(learn_days),
        "frame_us": str(frame_us),
    }
    return text + cpp.aggregate("SlowConfig", "kSlow", members)


def _learnt(name: str, record: dict[str, Any]) -> str:
    extremes = [
        [[mean, variance] for mean, variance in zip(*chart, strict=True)]
        for chart in zip(record["mean"], record["variance"], strict=True)
    ]
    plain = ("cycle_energy", "period", "period_variance", "longest", "days", "minutes")
    members = {
        "extremes": _rows(extremes),
        "seen": _rows(record["seen"]),
        "hour_6": cpp.number(record["slow_means"][0]),
        "day_1": cpp.number(record["slow_means"][1]),
        "energies": _rows(record["energies"]),
        **{key: cpp.number(record[key]) for key in plain},
        "bounds": _rows(record["bounds"]),
        "today": _rows(record["today"]),
        "cycles": str(record["cycles"]),
        "minute_of_day": str(record["minute_of_day"]),
        "frozen": "{}",
        "known_days": _counts(record["known_days"]),
    }
    return cpp.aggregate("SlowLearnt", name, members)


def _rows(values: list[Any]) -> str:
    """An array in braces, each entry of an inner one in its own; long ones are wrapped."""
    items = [_braces(value) for value in values]
    return "{" + "\n" + cpp.wrapped(items, " " * 8) + "    }" if len(items) > 5 else _braces(values)


def _braces(values: Any) -> str:
    if isinstance(values, list):
        return "{" + ", ".join(map(_braces, values)) + "}"
    return cpp.number(values)


def _numbers(record: dict[str, float]) -> dict[str, str]:
    return {key: cpp.number(value) for key, value in record.items()}


def _counts(values: list[list[int]]) -> str:
    return "{" + ", ".join("{" + ", ".join(map(str, row)) + "}" for row in values) + "}"
