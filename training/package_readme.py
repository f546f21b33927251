"""README.md of a package: how to use it, and the figures of its models."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from project.profile import Profile
from project.units import with_unit
from training import modelinfo
from training.packed import Packed

_TEMPLATE: Final = Path(__file__).with_suffix(".md")


def text(packed: Sequence[Packed], engine: str, arduino: str) -> str:
    """The README; `arduino` is the name of the sketch."""
    first = packed[0]
    several = ", ".join(f"`{one.name}::Model`" for one in packed)
    words = {
        "names": ", ".join(one.profile.name for one in packed),
        "dependency": _ON_TFLM if engine == "tflm" else "no dependency",
        "declaration": first.declaration,
        "rate": f"{first.profile.sampling.rate_hz:g}",
        "update": _update(first),
        "several": f"\nSeveral models work side by side: {several}.\n" if packed[1:] else "",
        "models": "\n".join(_figures(one) for one in packed),
        "arduino": arduino,
        "tflm": _TFLM if engine == "tflm" else "",
    }
    text = _TEMPLATE.read_text(encoding="utf-8")
    for name, said in words.items():
        text = text.replace(f"{{{name}}}", said)
    return text


_ON_TFLM: Final = "TensorFlow Lite Micro is the only dependency"
_TFLM: Final = """
The network runs in TensorFlow Lite Micro. A `Detector<NAME::Model, anomaly::DenseAutoencoder>` runs
it without: smaller and faster, the same numbers.
"""


def _update(one: Packed) -> str:
    if one.channels == 1:
        return f"detector.Update({_word(one.profile.sensor.channels[0])})"
    return f"detector.Update({{{', '.join(map(_word, one.profile.sensor.channels))}}})"


def _word(name: str) -> str:
    return re.sub(r"\W+", "_", name).strip("_") or "value"


def _figures(one: Packed) -> str:
    """What is known of a model, as a table."""
    rows = [f"| {name} | {value} |" for name, value in _rows(one)]
    return "\n".join(
        [
            f"## {one.profile.name}",
            "",
            one.profile.description,
            "",
            "| | |",
            "| --- | --- |",
            *rows,
            "",
        ]
    )


def _rows(one: Packed) -> list[tuple[str, str]]:
    profile, found = one.profile, one.found
    model, data = found["model"], found["data"]
    sensor, rate = profile.sensor, profile.sampling.rate_hz
    readings = [
        f"{with_unit(name, unit)}, believed from {low:g} to {high:g}"
        for channel, (name, unit) in enumerate(zip(sensor.channels, sensor.units, strict=True))
        for low, high in [sensor.believed(channel)]
    ]
    every = f"; a verdict for each {profile.frame.hop}" if profile.frame else ""
    arena = model["arena"]["chip_size_bytes"]
    warning = modelinfo.too_many_alarms(profile, found)
    rows = [
        ("class", f"`anomaly::Detector<{one.name}::Model>`"),
        ("readings", _ANY_UNIT if one.rate_is_given else "; ".join(readings)),
        ("rate", f"{rate:g} a second{every}" if not one.rate_is_given else _OWN_RATE),
        (
            "network",
            f"{model['type']}, {modelinfo.parameters(found)} parameters"
            if found["layers"]
            else "none",
        ),
        ("tables in flash", f"{one.table_bytes:,} bytes"),
        ("arena", f"{arena:,} bytes, of TensorFlow Lite Micro" if one.engine == "tflm" else "none"),
        ("threshold", modelinfo.threshold_and_how(profile, found)),
        ("expected false alarms", _false_alarms(profile)),
        (
            "alarms on its own data",
            modelinfo.own_alarms(found) + (f". Warning: {warning}" if warning else ""),
        ),
        ("learns on the chip", _learns(profile)),
        ("data", data["description"] + (f", {data['date']}" if data["date"] else "")),
        ("fingerprint", f"`{found['fingerprint']}`"),
        ("trained with", ", ".join(f"{key} {value}" for key, value in found["versions"].items())),
    ]
    return [(name, value.replace("|", "\\|")) for name, value in rows]


_ANY_UNIT: Final = "one channel, in any unit"
_OWN_RATE: Final = "any: the detector is told the seconds from reading to reading"


def _false_alarms(profile: Profile) -> str:
    """What the profile budgets: of the score, and of what watches beside it."""
    rule = profile.detector.calibration
    parts = []
    if profile.has_score and rule is None:
        parts.append("not budgeted, the threshold is fixed")
    elif profile.has_score and rule is not None and rule.kind == "quantile":
        parts.append("not budgeted, the threshold is a quantile of normal scores with a margin")
    elif profile.has_score and rule is not None:
        parts.append(f"{rule.false_alarms_per_day:g} a day of the score")
    if profile.detector.learning is not None:
        parts.append(f"{profile.detector.learning.false_alarms_per_day:g} a day of what is learnt")
    if profile.slow is not None:
        parts.append(f"{profile.slow.false_alarms_per_day:g} a day of the slow charts")
    return "; ".join(parts)


def _learns(profile: Profile) -> str:
    parts = ["`Learn()`"] * profile.has_score
    parts += ["limits of the days"] * (profile.detector.learning is not None)
    parts += ["slow charts"] * (profile.slow is not None)
    return ", ".join(parts) or "nothing"
