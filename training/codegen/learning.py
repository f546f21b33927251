"""The tables of the limits that are learnt on the device: LearningConfig.h."""

from typing import Any

from project import cpp
from project.profile import Profile
from training.manifest import Manifest

_SIDE = ("mean", "variance", "today", "limit", "now")


def tables(profile: Profile, found: Manifest) -> str:
    """`LearningConfig kLearning` with what it points to, and whether there is one."""
    text = cpp.constant("bool", "kHasLearning", cpp.boolean(profile.detector.learning is not None))
    if profile.detector.learning is None:
        return text
    return text + of_record(found["pipeline"]["learning"])


def of_record(record: dict[str, Any]) -> str:
    """`LearningConfig kLearning` of what a manifest says."""
    learnt = record["learnt"]
    rules = [
        {
            "growth": cpp.number(rule["growth"]),
            "echoes": cpp.boolean(rule["echoes"]),
            "mirrors": cpp.boolean(rule["mirrors"]),
        }
        for rule in record["rules"]
    ]
    sides = [_side(side) for feature in learnt["sides"] for side in feature]
    days: dict[str, cpp.Value] = {
        "lasting": _side(learnt["lasting"]),
        "rho": cpp.number(learnt["rho"]),
        "days": str(learnt["days"]),
        "frame_of_day": str(learnt["frame_of_day"]),
        "frozen": "0",
        "alarms": "0",
    }
    members: dict[str, cpp.Value] = {
        "rules": "kLearningRules",
        "day_frames": str(record["day_frames"]),
        "settle_frames": str(record["settle_frames"]),
        "oscillation": str(-1 if record["oscillation"] is None else record["oscillation"]),
        "least_lasting": cpp.number(record["least_lasting"]),
        "trained": "kLearntSides",
        "trained_days": "&kLearntDays",
    }
    return (
        cpp.aggregates("LearningRule", "kLearningRules", rules)
        + cpp.aggregates("LearntSide", "kLearntSides", sides)
        + cpp.aggregate("LearntDays", "kLearntDays", days)
        + cpp.aggregate("LearningConfig", "kLearning", members)
    )


def _side(values: list[float]) -> dict[str, str]:
    return {name: cpp.number(value) for name, value in zip(_SIDE, values, strict=True)}
