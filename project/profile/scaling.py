"""[scaling]: features to network input."""

import dataclasses
from dataclasses import dataclass
from typing import Annotated

from project.profile.keys import Choice, Flag, Interval, Number, read
from project.profile.reader import Table

_RANGE = "range"
_STANDARD = "standard"


@dataclass(frozen=True)
class Scaling:
    """Features to network input. `range`: (f - low) / (high - low), cut to 0..1; `standard`: fitted
    to normal data.
    """

    kind: Annotated[
        str, Choice("by a fixed range, or fitted to normal data", among=(_RANGE, _STANDARD))
    ]
    low: Annotated[
        float, Number("what becomes 0; below it is cut", "unit", _RANGE, required=True)
    ] = 0.0
    high: Annotated[
        float, Number("what becomes 1; above it is cut", "unit", _RANGE, required=True)
    ] = 1.0
    clip: Annotated[
        tuple[float, float],
        Interval("of a standardised feature z; what is beyond is cut", kind=_STANDARD),
    ] = (
        -16.0,
        16.0,
    )
    squash: Annotated[
        float,
        Number("keeps large z in order: squash * asinh(z / squash); 0: off", kind=_STANDARD, low=0),
    ] = 0.0
    sd_floor: Annotated[
        float,
        Number("a feature's standard deviation counts as this at least", kind=_STANDARD, above=0),
    ] = 1e-6
    drift_rows: Annotated[
        float, Number("the scale allows for a random walk over so many", "rows", _STANDARD, low=0)
    ] = 0.0
    whiten: Annotated[bool, Flag("takes out what features have in common", kind=_STANDARD)] = False
    whiten_clip: Annotated[
        float, Number("what is beyond plus or minus this is then cut", kind=_STANDARD, above=0)
    ] = 16.0
    whiten_shrink: Annotated[
        float,
        Number("share of the covariance that its diagonal replaces", kind=_STANDARD, low=0, high=1),
    ] = 0.05
    whiten_floor: Annotated[float, Number("added to that diagonal", kind=_STANDARD, low=0)] = 0.03


def read_scaling(table: Table) -> Scaling:
    """Raises UserError where the table is no scaling."""
    scaling = read(Scaling, table)
    table.finish()
    if scaling.kind == _RANGE:
        scaling = dataclasses.replace(scaling, clip=(0.0, 1.0))
    if scaling.low >= scaling.high:
        raise table.error("low", f"{scaling.low:g} is not below high {scaling.high:g}")
    return scaling
