"""Figures with their spread, as JSON for machines and as rows for people."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Figure:
    """One row: the samples of one quantity, or why there are none."""

    section: str
    title: str
    key: str  # dotted place in the JSON
    unit: str
    samples: Sequence[float]
    missing: str = ""
    note: str = ""

    @property
    def median(self) -> float | None:
        return statistics.median(self.samples) if self.samples else None

    @property
    def quartiles(self) -> tuple[float, float] | None:
        """None where the quantity does not vary, or was measured only once."""
        if len(self.samples) < 2:
            return None
        low, _, high = statistics.quantiles(self.samples, n=4, method="inclusive")
        return low, high


def absent(section: str, title: str, key: str, unit: str, reason: str) -> Figure:
    return Figure(section, title, key, unit, (), reason)


def as_json(figures: Sequence[Figure], machine: dict[str, str]) -> dict[str, Any]:
    """Values at their places, `spread` and `missing` by dotted key."""
    result: dict[str, Any] = {}
    for figure in figures:
        *folders, name = figure.key.split(".")
        place = result
        for folder in folders:
            place = place.setdefault(folder, {})
        place[name] = figure.median
    result["spread"] = {
        f.key: {"low": f.quartiles[0], "high": f.quartiles[1], "runs": len(f.samples)}
        for f in figures
        if f.quartiles
    }
    result["missing"] = {f.key: f.missing for f in figures if f.missing}
    result["notes"] = {f.key: f.note for f in figures if f.note}
    result["machine"] = machine
    return result


HEAD = ("", "median", "quartiles", "runs")


def rows(figures: Sequence[Figure]) -> list[tuple[str, str, str, str]]:
    """One row a figure, under a row with the name of its section."""
    lines: list[tuple[str, str, str, str]] = []
    section = ""
    for figure in figures:
        if figure.section != section:
            section = figure.section
            lines.append((section, "", "", ""))
        title = f"{figure.title} ({figure.note})" if figure.note else figure.title
        lines.append((title, *_cells(figure)))
    return lines


def _cells(figure: Figure) -> tuple[str, str, str]:
    form = _FORMS[figure.unit]
    if figure.median is None:
        return f"none: {figure.missing}", "", ""
    value = f"{form(figure.median)} {figure.unit}".rstrip()
    if figure.quartiles is None:
        return value, "", str(len(figure.samples)) if figure.unit != "bytes" else ""
    low, high = figure.quartiles
    return value, f"{form(low)} to {form(high)}", str(len(figure.samples))


_FORMS: dict[str, Callable[[float], str]] = {
    "samples/s": lambda value: f"{value:,.0f}",
    "lines/s": lambda value: f"{value:,.0f}",
    "bytes": lambda value: f"{value:,.0f}",
    "ns": lambda value: f"{value:,.1f}",
    "s": lambda value: f"{value:.3f}",
    "times": lambda value: f"{value:.1f}",
}
