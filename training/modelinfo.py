"""What a model is, as text: layers, sizes, features, threshold, data, fingerprint."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from project import profile as profiles
from project.profile import Profile
from training import fingerprint
from training.manifest import Manifest

Row = tuple[str, str]


def rows(profile: Profile, found: Manifest, folder: Path, include: Path) -> list[Row]:
    """(what, value) lines about a model and whether headers and profile agree with it."""
    model = found["model"]
    fresh = found["fingerprint"] == fingerprint.expected(profile, found["data"])
    return [
        ("profile", f"{profile.name}: {profile.description}"),
        ("fingerprint", found["fingerprint"]),
        ("up to date", "yes" if fresh else "no: profile, data or training code changed"),
        ("headers", _headers(found, include)),
        ("model", f"{profiles.shown(folder)}, {model['type']}, {model['bytes']} bytes"),
        *_layers(found),
        ("operators", ", ".join(model["operators"]) or "none"),
        *_arena(found),
        *_features(profile, found),
        ("threshold", threshold_and_how(profile, found)),
        *_learning(profile, found),
        *_slow(profile, found),
        ("data", found["data"]["description"]),
        *(("", line) for line in recordings(found["data"])),
        ("own alarms", own_alarms(found)),
        *([("warning", warning)] if (warning := too_many_alarms(profile, found)) else []),
        ("tools", ", ".join(f"{k} {v}" for k, v in found["versions"].items())),
    ]


def recordings(record: dict[str, Any]) -> list[str]:
    """What was understood of each recording that a model was trained on."""
    from training.understood import describe

    if record["kind"] == "file":
        return [describe(record["read"])]
    return [f"{file['name']}: {describe(file)}" for file in record.get("files", ())]


def own_alarms(found: Manifest) -> str:
    """How often the model alarms on the normal data that it was made from."""
    metrics = found["metrics"]
    said = f"{_alarms(metrics['own_alarms'])} in {_hours(metrics['own_hours'])} of its normal data"
    if not metrics["held_out_hours"]:
        return f"{said}, none of it held out"
    held = f"{_alarms(metrics['held_out_alarms'])} in the {_hours(metrics['held_out_hours'])}"
    return f"{said}, {held} of it that were held out"


def too_many_alarms(profile: Profile, found: Manifest) -> str | None:
    """A sentence where they are clearly more than promised: by chance less than once in 1000."""
    metrics = found["metrics"]
    if _probability(metrics["own_episodes"], metrics["own_promised"]) >= 1e-3:
        return None
    rule, stretch = profile.detector.calibration, profile.data.stretch
    if rule is None:
        cure = "raise [detector] threshold"
    elif rule.kind == "quantile":
        cure = "raise [detector.calibration] margin, or record for longer"
    elif stretch is not None:
        cure = "raise [data.stretch] slope, or record for 15 minutes or longer"
    else:
        cure = "record for longer"
    return (
        f"{_alarms(metrics['own_alarms'])} on its own normal data are more than "
        f"{metrics['own_promised']:.2g}, which the threshold allows; the first is at row "
        f"{metrics['own_first_row']}: take out what was not normal there, otherwise {cure}"
    )


def _probability(count: int, expected: float) -> float:
    """That a Poisson variable is at least `count`."""
    if not count or not expected:
        return 0.0 if count else 1.0
    log = math.log(expected)
    return 1 - sum(math.exp(k * log - expected - math.lgamma(k + 1)) for k in range(count))


def _alarms(count: int) -> str:
    return f"{count or 'no'} alarm{'s' * (count != 1)}"


def _hours(hours: float) -> str:
    return f"{hours:.2f} hours" if hours >= 1 else f"{60 * hours:.1f} minutes"


def parameters(found: Manifest) -> int:
    return sum(
        layer["outputs"] * (layer["inputs"] + layer["has_bias"]) for layer in found["layers"]
    )


def show(title: str, lines: Sequence[Row]) -> None:
    """Prints a table, in two plain columns where `rich` is not installed. A row without a name goes
    on with the one before it."""
    try:
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text
    except ImportError:
        width = max(len(name) for name, _ in lines)
        print("\n".join(f"{name:<{width}}  {value}" for name, value in lines))
        return
    table = Table(title=title, title_justify="left", show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for index, (name, value) in enumerate(lines):
        if name and index > 0:
            table.add_section()
        table.add_row(name, Text(value))
    console = Console()
    if not console.is_terminal:  # a pipe: nothing is folded
        console.width = sum(max(map(len, column)) for column in zip(*lines, strict=True)) + 7
    console.print(table)


def _layers(found: Manifest) -> list[Row]:
    chain = [
        f"{layer['inputs']} -> {layer['outputs']} {layer['activation']}"
        for layer in found["layers"]
    ]
    if not chain:
        return [("network", "none")]
    return [("network", f"{', '.join(chain)}; {parameters(found)} parameters")]


def _arena(found: Manifest) -> list[Row]:
    arena = found["model"]["arena"]
    text = (
        f"{arena['chip_size_bytes']} bytes on the chip = {arena['chip_need_bytes']} and "
        f"{arena['margin_bytes']} of margin; {arena['host_size_bytes']} on the host"
    )
    return [("arena", text), ("", arena["method"])]


def _features(profile: Profile, found: Manifest) -> list[Row]:
    """Each feature with the range that is ordinary: its mean plus or minus two deviations."""
    record = found["pipeline"]["scaling"]
    lines: list[Row] = []
    for index, name in enumerate(profile.feature_names):
        offset, scale = record["offset"][index], record["scale"][index]
        if profile.scaling.kind == "range":
            text = f"{name}: {offset:g} to {offset + 1 / scale:g}"
        else:
            text = f"{name}: {offset:.5g} +- {2 / scale:.3g}"
        lines.append(("features" if index == 0 else "", text))
    return lines


def threshold(profile: Profile, found: Manifest) -> str:
    """The threshold as a number, or what stands in its place."""
    if not profile.has_score:
        return "none, the slow charts judge alone"
    return f"{found['pipeline']['decision']['threshold']:.4g}"


def threshold_and_how(profile: Profile, found: Manifest) -> str:
    """The threshold, of which score it is and where it comes from."""
    detector, rule = profile.detector, profile.detector.calibration
    if not profile.has_score:
        return threshold(profile, found)
    rows = found["metrics"]["rows_scored"]
    if rule is None:
        how = "fixed by the profile"
    elif rule.kind == "quantile":
        how = f"{rule.quantile:g} quantile of {rows} held-out scores, times {rule.margin:g}"
    else:
        how = f"tail of {rows} scores, {rule.false_alarms_per_day:g} false alarms a day"
    return f"{threshold(profile, found)} ({detector.score} score; {how})"


def _learning(profile: Profile, found: Manifest) -> list[Row]:
    """What the recording taught of what this device does every day."""
    if profile.detector.learning is None:
        return []
    learnt = found["pipeline"]["learning"]["learnt"]
    widest = [max(side[-1] for side in sides) for sides in learnt["sides"]]
    names = profile.feature_names
    wide = [f"{names[i]} {limit:.3g}" for i, limit in enumerate(widest) if limit > 1]
    known = _days(learnt["days"])
    text = f"{known} known; {', '.join(wide)} times the trained ones" if wide else f"{known} known"
    return [("learnt limits", f"{text}; a board goes on from there")]


def _slow(profile: Profile, found: Manifest) -> list[Row]:
    """Where the slow charts begin: for each value of a frame, what is an alarm at once."""
    if profile.slow is None:
        return []
    lines = []
    for index, value in enumerate(found["pipeline"]["slow"]["values"]):
        learnt = value["learnt"]
        unit = profile.value_units[index]
        text = "nothing alarms before the days are known"
        if value["bounded"]:
            high, low = learnt["bounds"]
            text = f"below {low:.4g} or above {high:.4g} {unit} is an alarm"
        known = f"{_days(learnt['days'])} of {profile.slow.learn_days} known"
        text = f"{profile.value_names[index]}: {text}; {known}"
        lines.append(("slow charts" if index == 0 else "", text))
    return lines


def _days(count: int) -> str:
    return f"{count or 'no'} day{'s' * (count != 1)}"


def _headers(found: Manifest, include: Path) -> str:
    path = include / "model_config.h"
    if not path.is_file():
        return "not generated yet"
    if found["fingerprint"] in path.read_text(encoding="utf-8"):
        return f"{profiles.shown(path)} belongs to this model"
    return f"{profiles.shown(path)} belongs to another model: the next build writes it anew"
