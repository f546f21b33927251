"""The sections that compare detectors on simulated devices."""

import html
import math
from typing import Any, Final

from benchmark.report.page import Part, pairs
from project.profile import Profile
from training.manifest import Manifest

Detectors = dict[str, Any]  # name: what `synthetic.report` says of it

AGAINST_OTHERS: Final = "What it finds, against others"

_MEANINGS: Final = {
    "lesson": "the tutorial: an autoencoder on the bare value, with a fixed threshold",
    "any": "the profile that is told nothing: it learns noise, level and life on the board",
    "mahalanobis": "the same features and threshold rule without a network: their distance from "
    "normal, correlations allowed for",
    "sigma": "how far a value is from its running mean, in running standard deviations",
    "three_sigma": "the textbook: alarm beyond three standard deviations from the recording's mean",
    "mean_sd": "the same distance, with a threshold set from normal data",
    "rolling_z": "the distance from the mean of the last 60 samples, in their standard deviations",
    "ewma": "a control chart: an exponential mean that leaves its limits",
    "cusum": "a control chart: deviations from the mean, added up",
    "pca": "what the main directions of the same features explain, and what they leave over",
    "isolation_forest": "how few random cuts separate a sample from normal ones",
    "one_class_svm": "a boundary around normal samples",
    "lof": "how thinly populated a sample's neighbourhood is (local outlier factor)",
}
_UNITS: Final = {
    "spike": "{} C",
    "step": "{} C",
    "drift": "{} C a minute",
    "oscillation": "{} C",
    "noise": "noise times {}",
    "stuck": "{} s",
    "dropout": "{} s",
}
_HINTED: Final = 7  # so many columns do not fit on a telephone


def meaning(profile: Profile, name: str) -> str:
    """What a detector is, for one who does not know its name."""
    if name == profile.name:
        return f"this profile ({_kind(profile)})"
    if name == f"{profile.name}-{_other(profile)}":
        return f"this profile with a network in {_other(profile)}"
    return _MEANINGS.get(name, "another profile")


def sections(profile: Profile, found: Manifest, detectors: Detectors) -> list[Part]:
    return [
        _heat_map(profile, detectors),
        _latency(profile, detectors),
        *_quantisation(profile, found, detectors),
    ]


def _heat_map(profile: Profile, detectors: Detectors) -> Part:
    head = "".join(f"<th><span>{html.escape(name)}</span></th>" for name in detectors)
    rows = []
    for kind, sizes in next(iter(detectors.values()))["kinds"].items():
        for size in sizes:
            cells = [d["kinds"][kind][size]["recall"] for d in detectors.values()]
            rows.append(f"<tr><th>{_cell_name(kind, size)}</th>{''.join(map(_cell, cells))}</tr>")
    mean = "".join(_cell(d["recall"]) for d in detectors.values())
    alarms = "".join(f"<td>{_short(d['false_alarms_per_day'])}</td>" for d in detectors.values())
    hint = ""
    if len(detectors) >= _HINTED:
        hint = f'<p class="hint">Scroll sideways: {len(detectors)} detectors &rarr;</p>'
    names = "".join(
        f"<dt>{html.escape(name)}</dt><dd>{html.escape(meaning(profile, name))}</dd>"
        for name in detectors
    )
    body = (
        f'{hint}<div class="scroll" tabindex="0" role="region" aria-label="{AGAINST_OTHERS}">'
        f'<table class="map"><thead><tr><th></th>{head}</tr></thead><tbody>{"".join(rows)}'
        f"<tr><th>mean</th>{mean}</tr><tr><th>false alarms a day</th>{alarms}</tr></tbody></table>"
        f"</div><dl>{names}</dl>"
    )
    days = max(d["device_days"] for d in detectors.values())
    text = (
        "Of a hundred anomalies of each kind and size on simulated devices, how many are found. "
        f"Each detector was trained on the same recording of each device; {days:.1f} normal "
        "device-days. A detector that is nearly always in alarm finds little: an alarm has to "
        "begin with the anomaly. With more devices: `./piow benchmark synthetic`."
    )
    return Part(AGAINST_OTHERS, text, body)


def _cell_name(kind: str, size: str) -> str:
    unit = _UNITS.get(kind, "{}").format(f"{float(size):g}")
    return unit if kind in unit else f"{kind} {unit}"


def _short(value: float) -> str:
    return f"{value:.0f}" if value >= 10 else f"{value:.1f}"


def _cell(recall: float) -> str:
    dark = " on" if recall > 0.55 else ""
    return f'<td class="cell{dark}" style="--r:{100 * recall:.0f}%">{100 * recall:.0f}</td>'


def _latency(profile: Profile, detectors: Detectors) -> Part:
    """Median seconds until an anomaly is found."""
    name = profile.name if profile.name in detectors else next(iter(detectors))
    rows = [
        (_cell_name(kind, size), f"{cell['latency_s']:.1f} s")
        for kind, sizes in detectors[name]["kinds"].items()
        for size, cell in sizes.items()
        if cell["latency_s"] is not None
    ]
    text = f"Median time from the start of an anomaly to the alarm, of those that {name} finds."
    return Part("How soon", text, pairs(rows).replace('"pairs"', '"pairs columns"'))


def _kind(profile: Profile) -> str:
    if not profile.has_network:
        return "no network"
    return "int8" if profile.network.quantize else "float32"


def _other(profile: Profile) -> str:
    return "float32" if profile.network.quantize else "int8"


def _quantisation(profile: Profile, found: Manifest, detectors: Detectors) -> list[Part]:
    names = {_kind(profile): profile.name, _other(profile): f"{profile.name}-{_other(profile)}"}
    if any(name not in detectors for name in names.values()):
        return []
    float32, int8 = detectors[names["float32"]], detectors[names["int8"]]
    rows = [
        (
            f"{kind}, this profile" if kind == _kind(profile) else kind,
            f"{100 * d['recall']:.1f} %",
            f"{d['false_alarms_per_day']:.2f}",
            f"{d['bytes']:,}",
        )
        for kind, d in (("float32", float32), ("int8", int8))
    ]
    table = pairs(rows, ("", "found", "false alarms a day", "bytes"))
    worse = _is_worse(int8, float32)
    text = [_recall_sentence(int8, float32, worse), _bytes_sentence(int8, float32, found)]
    if int8["bytes"] >= float32["bytes"]:
        text.append(
            "What int8 buys then is time on a chip without floating point, such as the ESP32-C3."
        )
    if worse and profile.network.quantize:
        text.append("On any other chip `quantize = false` in the profile is the better choice.")
    return [Part("int8 or float32", " ".join(text), table)]


def _is_worse(int8: dict[str, Any], float32: dict[str, Any]) -> bool:
    """Whether int8 finds less by more than chance can explain, twice its standard deviation."""
    spread = sum(d["recall"] * (1 - d["recall"]) / d["events"] for d in (int8, float32))
    return bool(float32["recall"] - int8["recall"] > 2 * math.sqrt(spread))


def _recall_sentence(int8: dict[str, Any], float32: dict[str, Any], worse: bool) -> str:
    if worse:
        loss = 100 * (float32["recall"] - int8["recall"])
        return f"int8 finds {loss:.1f} % of all anomalies less."
    return f"With {int8['events']:,} anomalies the two cannot be told apart by what they find."


def _bytes_sentence(int8: dict[str, Any], float32: dict[str, Any], found: Manifest) -> str:
    """int8 is smaller where there are many weights, and larger where there are few."""
    weights = sum(layer["outputs"] * layer["inputs"] for layer in found["layers"])
    biases = sum(layer["outputs"] * layer["has_bias"] for layer in found["layers"])
    more = int8["bytes"] - float32["bytes"]
    numbers = f"{weights + 4 * biases:,} bytes instead of {4 * (weights + biases):,}"
    if more < 0:
        return f"The numbers of the network take {numbers}, all together {-more:,} bytes less."
    return (
        f"The numbers of so small a network take {numbers}, but an int8 model also holds a scale "
        f"and a zero point for each of its units, so that it is {more:,} bytes larger."
    )
