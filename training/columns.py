"""Which column of a table is which channel. Asked for where it is not clear."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from project.errors import UserError
from project.profile import Sensor
from training import clock
from training.table import Table, Undecided

# Columns of these names may say which series a row belongs to.
_SERIES_NAMES: Final = frozenset(
    ("_field", "field", "sensor", "entity_id", "name", "variable", "metric", "series", "parameter")
)


def choose(
    cells: Table, channels: Sequence[str], asked: Sequence[str], times: clock.Times
) -> tuple[list[int], str]:
    """The column of each channel, and what was chosen where there was a choice."""
    layout = cells.layout
    header = [name.strip() for name in layout.header] if layout.header else []
    if asked:
        if len(asked) != len(channels):
            raise UserError(
                f"--column: {len(asked)} given for {len(channels)} channels ({', '.join(channels)})"
            )
        return [_asked(name, header, layout.width) for name in asked], ""
    folded = [name.casefold() for name in header]
    for names, wanted in ((header, channels), (folded, [c.casefold() for c in channels])):
        if names and all(name in names for name in wanted):
            return [names.index(name) for name in wanted], ""
    if len(channels) == 1 and "value" in folded:
        return [folded.index("value")], ""
    candidates = _candidates(cells, times)
    if len(candidates) == len(channels) and (len(channels) == 1 or not header):
        others = layout.width - len(candidates)
        taken = ", ".join(layout.name(column) for column in candidates)
        return candidates, f"column {taken} taken" if others > 1 else ""
    shown = [layout.name(column) for column in candidates] or [
        layout.name(column) for column in range(layout.width)
    ]
    lacking = next((c for c in channels if c.casefold() not in folded), channels[0])
    if len(channels) == 1:
        raise Undecided(f"which column is {lacking}? choose with --column ({_listed(shown)})")
    raise Undecided(
        f"has no column {lacking}: name one for each of {', '.join(channels)} with --column "
        f"({_listed(shown)})"
    )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:12]) + (", ..." if len(names) > 12 else "")


def _asked(name: str, header: Sequence[str], width: int) -> int:
    if name in header:
        return header.index(name)
    if name.isdigit() and 1 <= int(name) <= width:
        return int(name) - 1
    known = _listed(header) if header else f"1 to {width}"
    raise UserError(f"there is no column {name} (columns: {known})")


def _candidates(cells: Table, times: clock.Times) -> list[int]:
    """Columns that may be a sensor's: numbers that vary, neither times nor counters."""
    if cells.layout.width == 1:
        return [0]
    of_time = {*times.columns, *clock.time_columns(cells)}
    numeric = []
    for column in range(cells.layout.width):
        values = cells.numbers(column)
        good = values[np.isfinite(values)]
        if column not in of_time and len(good) >= 0.5 * len(values) and len(good):
            numeric.append((column, bool(np.ptp(good) > 0)))
    numeric = [(c, v) for c, v in numeric if not clock.is_counter(cells, c)] or numeric
    varying = [column for column, varies in numeric if varies]
    if varying or numeric:
        return varying or [column for column, _ in numeric]
    return [column for column in range(cells.layout.width) if column not in of_time]


def refuse_series(cells: Table, sensor: Sensor) -> None:
    """Raises UserError where several series stand one under the other."""
    for column, name in enumerate(cells.layout.header or ()):
        if name.strip().lower() not in _SERIES_NAMES:
            continue
        series = [word for word in cells.distinct_words(column, 20) if word != name]
        if len(series) > 1:
            raise UserError(
                f"column {name} names several series one under the other ({_listed(series)}): "
                "export one of them, or a column for each"
            )
