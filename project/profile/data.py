"""[data]: what stands in for recordings, and what is made of short ones."""

import math
from dataclasses import dataclass
from typing import Annotated

from project.profile.inputs import Each
from project.profile.keys import (
    Choice,
    EachChannel,
    Flag,
    Integer,
    Key,
    Number,
    Tables,
    one_for_each,
    read,
)
from project.profile.reader import Table

MACHINE = "machine"
_DRAWS = "draws"
_SENSOR = "sensor"

# So many of each kind of part has a machine at most; Twin.cpp numbers their random numbers so.
_MOST_PARTS = 16


@dataclass(frozen=True)
class Bout:
    """Something that is done for a while, again and again."""

    name: Annotated[str, Key("what tones and resonators are `during`")]
    share: Annotated[float, Number("of the time, of the sum of all shares", above=0)]


@dataclass(frozen=True)
class Tone:
    """A sine of a machine."""

    hz: Annotated[float, Number("its frequency", "Hz", above=0)]
    amplitude: Annotated[Each, EachChannel("its peak", "unit", one=Number("", low=0))]
    wander: Annotated[
        float, Number("how far its amplitude wanders, as a share: standard deviation", low=0)
    ] = 0.0
    turns: Annotated[
        bool, Flag("it follows the machine's speed, and stops when the machine stands")
    ] = True
    during: Annotated[str, Key("the bout that it is heard in; none: always")] = ""


@dataclass(frozen=True)
class Resonator:
    """Noise in a band: a resonance that something excites, air, a hand that is never still."""

    hz: Annotated[float, Number("its middle", "Hz", low=0)]
    width_hz: Annotated[float, Number("its width, at half of its power", "Hz", above=0)]
    amplitude: Annotated[Each, EachChannel("its root mean square", "unit", one=Number("", low=0))]
    wander: Annotated[
        float, Number("how far its amplitude wanders, as a share: standard deviation", low=0)
    ] = 0.0
    turns: Annotated[bool, Flag("it stops when the machine stands")] = True
    during: Annotated[str, Key("the bout that it is heard in; none: always")] = ""


@dataclass(frozen=True)
class Synthetic:
    """Normal data that is generated where there is no recording. Units are the sensor's.

    `draws`: independent draws of N(mean, sd), clipped. `sensor`: a level that moves as a room does
    (daily wave, thermostat ripple, random walk) with noise and the ADC's quantisation on it.
    `machine`: tones, bands of noise and what is done in bouts, as the part would show them.
    """

    kind: Annotated[
        str,
        Choice(
            "independent draws; a sensor in a room with its day; what moves or sounds",
            among=(_DRAWS, _SENSOR, MACHINE),
        ),
    ]
    rows: Annotated[int, Integer("how many", low=10, high=100_000_000)]
    mean: Annotated[Each, EachChannel("the middle of each channel", "unit", one=Number(""))]
    sd: Annotated[
        Each,
        EachChannel(
            "standard deviation: of the draws, or of the noise", "unit", one=Number("", above=0)
        ),
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
    anomalies: Annotated[
        str,
        Choice(
            "whose `--simulate` has: what turns, what somebody carries, what a room sounds like",
            kind=MACHINE,
            required=True,
            among=("rotor", "body", "sound"),
        ),
    ] = ""
    tones: Annotated[tuple[Tone, ...], Tables("sines", kind=MACHINE, of=Tone)] = ()
    resonators: Annotated[
        tuple[Resonator, ...], Tables("bands of noise", kind=MACHINE, of=Resonator)
    ] = ()
    wander_seconds: Annotated[
        float, Number("how long amplitudes take to wander", "s", MACHINE, above=0)
    ] = 20.0
    speed_wander: Annotated[
        float,
        Number("how far the speed wanders, as a share: standard deviation", "", MACHINE, low=0),
    ] = 0.0
    bouts: Annotated[tuple[Bout, ...], Tables("what is done in turns", kind=MACHINE, of=Bout)] = ()
    bout_seconds: Annotated[
        float, Number("a bout takes that, or a multiple", "s", MACHINE, above=0)
    ] = 10.0


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


def read_data(table: Table, channels: int, rate_hz: float) -> Data:
    """Raises UserError where the tables say no data."""
    synthetic = stretch = None
    if table.has("synthetic"):
        inner = table.table("synthetic")
        synthetic = read(Synthetic, inner)
        inner.finish()
        if synthetic.low >= synthetic.high:
            raise inner.error("low", f"{synthetic.low:g} is not below high {synthetic.high:g}")
        one_for_each(inner, synthetic, channels)
        _check_machine(inner, synthetic, channels, rate_hz)
    if table.has("stretch"):
        inner = table.table("stretch")
        stretch = read(Stretch, inner)
        inner.finish()
    table.finish()
    return Data(synthetic=synthetic, stretch=stretch)


def _check_machine(table: Table, found: Synthetic, channels: int, rate_hz: float) -> None:
    if found.anomalies == "body" and channels != 3:
        raise table.error("anomalies", f'"body" has three axes, channels are {channels}')
    bouts = [bout.name for bout in found.bouts]
    for key, parts in (("tones", found.tones), ("resonators", found.resonators)):
        if len(parts) > _MOST_PARTS:
            raise table.error(key, f"are {len(parts)}, {_MOST_PARTS} at most")
        for part in parts:
            one_for_each(table, part, channels)
            if part.hz > rate_hz / 2:
                reason = f"{part.hz:g} Hz is above half of rate_hz, {rate_hz / 2:g}"
                raise table.error(key, reason)
            if part.during and part.during not in bouts:
                among = ", ".join(bouts) or "there are none"
                raise table.error(key, f'during "{part.during}" is none of bouts ({among})')
    if found.anomalies == "rotor" and not any(tone.turns for tone in found.tones):
        raise table.error("tones", 'the first that turns is the rotation of a "rotor"; none does')
