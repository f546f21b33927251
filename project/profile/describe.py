"""Every key of a profile, as tables for a page: type, unit, range, default, what it does.

    ./piow python -m project.profile.describe docs/writing-a-profile.md

brings the tables that the page ends with up to date.
"""

import math
import re
import sys
from collections.abc import Iterable
from dataclasses import MISSING
from pathlib import Path
from typing import Any, Final

from project.profile.catalogue import CATALOGUE, FRAME_CATALOGUE
from project.profile.data import Bout, Resonator, Stretch, Synthetic, Tone
from project.profile.detector import Calibration, Detector, Learning
from project.profile.features import USE_CHANNEL, USE_KIND, USE_PARAMETER, Adaptation, Features
from project.profile.frame import VALUES_KEYS, Frame, Windows
from project.profile.inputs import INPUTS
from project.profile.keys import Key, keys
from project.profile.network import Network
from project.profile.scaling import Scaling
from project.profile.sensor import KIND, Sampling, Sensor
from project.profile.slow import Slow

_RECORDS: Final[dict[str, type[Any]]] = {
    "sensor": Sensor,
    "sampling": Sampling,
    "frame": Frame,
    "frame.windows": Windows,
    "features": Features,
    "features.adaptation": Adaptation,
    "scaling": Scaling,
    "network": Network,
    "detector": Detector,
    "detector.calibration": Calibration,
    "detector.learning": Learning,
    "slow": Slow,
    "data.synthetic": Synthetic,
    "data.synthetic.tones": Tone,
    "data.synthetic.resonators": Resonator,
    "data.synthetic.bouts": Bout,
    "data.stretch": Stretch,
}

Entry = tuple[str, Key, Any]  # a key's name, what it may be, and its default or MISSING
_FIRST: Final = "### Above all tables"
DESCRIPTION: Final = ("description", Key("one line for people; it changes nothing"), "")


def entries() -> dict[str, list[Entry]]:
    """The keys of each table by the table's name, "" for those above all tables.

    `scaling, kind = "range"` are those of one kind of a table only.
    """
    found: dict[str, list[Entry]] = {"": [DESCRIPTION]}
    for table, record in _RECORDS.items():
        own = _of(record)
        if record is Sensor:
            own.insert(0, ("kind", KIND, MISSING))
        found[table] = [entry for entry in own if not entry[1].kind]
        for entry in own:
            if kind := entry[1].kind:
                found.setdefault(f'{table}, kind = "{kind}"', []).append(entry)
        if record is Sensor:
            found |= {f'sensor, kind = "{kind}"': _of(INPUTS[kind]) for kind in INPUTS}
        if record is Frame:
            defaults = {"channel": "*", "take": ""}
            found["frame.values"] = [
                (name, key, defaults.get(name, MISSING)) for name, key in VALUES_KEYS.items()
            ]
        if record is Features:
            found["features.use"] = [("kind", USE_KIND, MISSING), ("channel", USE_CHANNEL, "*")]
            names = {name: None for kind in CATALOGUE.values() for name in kind.parameters}
            found["features.use"] += [(name, USE_PARAMETER, MISSING) for name in names]
    return found


def _of(record: type[Any]) -> list[Entry]:
    return [
        (field.name, key, MISSING if key.required else field.default) for field, key in keys(record)
    ]


def section() -> str:
    """All of it in Markdown."""
    parts = []
    for name, own in entries().items():
        table, _, kind = name.partition(", ")
        title = f"With `{kind}`:" if kind else f"### [{table}]" if table else _FIRST
        head = ("key", "type", "unit", "range", "default", "what it does")
        parts += [title, _table(head, map(_row, own))]
        if name == "frame.values":
            kinds = ((f"`{k}`", v.unit_of("unit"), v.text) for k, v in FRAME_CATALOGUE.items())
            parts += ["The kinds:", _table(("kind", "unit", "what it is"), kinds)]
            parts += [
                "All but `mean`, `minimum`, `maximum` and `log_jerk` are without the signal's mean."
            ]
        if name == "features.use":
            kinds = ((f"`{k}`", ", ".join(v.parameters), v.text) for k, v in CATALOGUE.items())
            parts += ["The kinds:", _table(("kind", "its keys", "what it is"), kinds)]
    return "\n\n".join(parts) + "\n"


def _row(entry: Entry) -> tuple[str, ...]:
    name, key, default = entry
    said = "required" if default is MISSING else _literal(default)
    return f"`{name}`", key.form, key.unit, key.range(), said, key.text


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(re.sub(" +", " ", f"| {' | '.join(line)} |") for line in lines)


def _literal(value: Any) -> str:
    """A default as TOML has it."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, tuple):
        return f"[{', '.join(map(_literal, value))}]"
    return "none" if math.isinf(value) else f"{value:g}"


def bring_up_to_date(page: Path) -> None:
    """Writes the tables at the end of a page anew."""
    text = page.read_text(encoding="utf-8")
    page.write_text(text[: text.index(_FIRST)] + section(), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    bring_up_to_date(Path(sys.argv[1]))
