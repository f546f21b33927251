"""[data]: what stands in for recordings, and what is made of short ones."""

import math
from dataclasses import dataclass
from typing import Annotated

from project.profile.keys import Choice, Integer, Number, read
from project.profile.reader import Table

_DRAWS = "draws"
_SENSOR = "sensor"


@dataclass(frozen=True)
class Synthetic:
    """Normal data that is generated where there is no recording. Units are the sensor's.

    `draws`: independent draws of N(mean, sd), clipped. `sensor`: a level that moves as a room does
    (daily wave, thermostat ripple, random walk) with noise and the ADC's quantisation on it.
    """

    kind: Annotated[
        str,
        Choice("independent draws, or a sensor in a room with its day", among=(_DRAWS, _SENSOR)),
    ]
    rows: Annotated[int, Integer("how many", low=10, high=10_000_000)]
    mean: Annotated[float, Number("the middle of each channel", "unit")]
    sd: Annotated[
        float, Number("standard deviation: of the draws, or of the noise", "unit", above=0)
    ]
    low: Annotated[float, Number("readings are not below", "unit")] = -math.inf
    high: Annotated[float, Number("readings are not above", "unit")] = math.inf
    daily: Annotated[float, Number("amplitude of a wave of 24 hours", "unit", _SENSOR, low=0)] = 0.0
    ripple: Annotated[
        float, Number("amplitude of a wave of `ripple_seconds`", "unit", _SENSOR, low=0)
    ] = 0.0
    ripple_seconds: Annotated[float, Number("period of the ripple", "s", _SENSOR, above=0)] = 600.0
    walk: Annotated[
        float, Number("standard deviation of a random walk after an hour", "unit", _SENSOR, low=0)
    ] = 0.0
    seed: Annotated[int, Integer("another seed, another recording")] = 1


@dataclass(frozen=True)
class Stretch:
    """A long virtual recording, drawn from what a short one shows of its noise.

    `slope` is a prior that a user has to judge: the fastest change of the level that is normal.
    """

    slope: Annotated[
        float, Number("the fastest change that is normal: a prior, yours", "unit a minute", low=0)
    ]


@dataclass(frozen=True)
class Data:
    """Recordings in data/<profile>/ if there are any, `synthetic` otherwise."""

    synthetic: Synthetic | None = None
    stretch: Stretch | None = None


def read_data(table: Table) -> Data:
    """Raises UserError where the tables say no data."""
    synthetic = stretch = None
    if table.has("synthetic"):
        inner = table.table("synthetic")
        synthetic = read(Synthetic, inner)
        inner.finish()
        if synthetic.low >= synthetic.high:
            raise inner.error("low", f"{synthetic.low:g} is not below high {synthetic.high:g}")
    if table.has("stretch"):
        inner = table.table("stretch")
        stretch = read(Stretch, inner)
        inner.finish()
    table.finish()
    return Data(synthetic=synthetic, stretch=stretch)
