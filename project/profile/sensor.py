"""[sensor] and [sampling]: what is wired, which readings are believable, how often it is read."""

import dataclasses
import math
from dataclasses import dataclass
from typing import Annotated, Any, Final

from project import cpp
from project.profile import limits
from project.profile.inputs import INPUTS, Input
from project.profile.keys import Choice, EachChannel, Interval, Key, Number, one_for_each, read
from project.profile.reader import Table

# What the fields of a reading are called (docs/protocol.md): no names for a channel.
READING_FIELDS: Final = (
    "Real",
    "Recon",
    "Score",
    "Threshold",
    "State",
    "Cause",
    "Slow",
    "Channels",
)

Range = tuple[float, float]

PACKED_ABOVE_HZ: Final = 100.0
"""Faster samples are sent in blocks, each a number of 16 bits (docs/protocol.md)."""

KIND: Final = Choice("what is wired", among=tuple(INPUTS))


@dataclass(frozen=True)
class _Channels(Key):
    form = "array of strings"

    def read(self, table: Table, name: str, default: Any) -> tuple[str, ...]:
        found = table.array(name)
        for channel in found:
            if not isinstance(channel, str) or not channel.isascii() or not channel.isprintable():
                raise table.error(name, "must be names of printable ASCII letters")
            if not channel or len(channel) > limits.MAX_CHANNEL_NAME or set(channel) & set('|,"\\'):
                raise table.error(name, f'"{channel}" is empty, too long or holds | , " or \\')
            if channel != channel.strip():
                raise table.error(name, f'"{channel}" begins or ends with a space')
            if channel in READING_FIELDS:
                raise table.error(name, f'"{channel}" is the name of a field of a reading')
        if not 1 <= len(found) <= limits.MAX_CHANNELS or len(set(found)) != len(found):
            raise table.error(name, f"must be 1 to {limits.MAX_CHANNELS} different names")
        return tuple(found)

    def range(self) -> str:
        return f"1 to {limits.MAX_CHANNELS} different names"


@dataclass(frozen=True)
class _Units(Key):
    form = "array of strings"

    def read(self, table: Table, name: str, default: Any) -> tuple[str, ...]:
        """One unit for each channel, or a single one where the key `unit` says it for all."""
        if not table.has("units"):
            return (self._checked(table, "unit", table.text("unit")),)
        if table.has("unit"):
            raise table.error("units", "says it for each channel, so there must be no unit")
        return tuple(self._checked(table, "units", unit) for unit in table.array("units"))

    def range(self) -> str:
        return f"at most {limits.MAX_UNIT} letters each"

    @staticmethod
    def _checked(table: Table, name: str, unit: Any) -> str:
        most = limits.MAX_UNIT
        if not isinstance(unit, str) or not unit.isascii() or not unit.isprintable():
            raise table.error(name, f"must be at most {most} printable ASCII letters")
        if len(unit) > most or set(unit) & set(',"\\'):
            raise table.error(name, f'"{unit}" is longer than {most} letters or holds , " or \\')
        return unit


@dataclass(frozen=True)
class Sensor:
    """What is wired, channel by channel. The key `kind` says which of INPUTS it is."""

    input: Input
    channels: Annotated[tuple[str, ...], _Channels("one for each pin, in their order")]
    units: Annotated[
        tuple[str, ...], _Units("one for each channel; or the key `unit`, a string, for all")
    ]
    valid: Annotated[
        Range | tuple[Range, ...],
        EachChannel("a reading outside of it is a FAULT", "unit", one=Interval("")),
    ]
    stuck_seconds: Annotated[
        float, Number("exactly equal for so long is a FAULT; 0: never", "s", low=0, high=86400)
    ] = 0.0

    @property
    def unit(self) -> str:
        """Of the first channel, which is what `Real` and `Recon` show."""
        return self.units[0]

    def believed(self, channel: int) -> Range:
        """The lowest and the highest reading of a channel that is no FAULT."""
        if isinstance(self.valid[0], tuple):
            return self.valid[channel]
        return self.valid

    def visible(self, channel: int) -> Range:
        """The lowest and the highest reading that a channel can give and that is believed."""
        rails, believed = self.input.rails(channel), self.believed(channel)
        return max(rails[0], believed[0]), min(rails[1], believed[1])

    @property
    def counts(self) -> tuple[float, ...]:
        """What a count of a packed raw sample means, channel by channel: a power of two.

        That of the part, or else the smallest with which 16 bits hold what can be seen.
        """
        return tuple(self._count(channel) for channel in range(len(self.channels)))

    def _count(self, channel: int) -> float:
        own = self.input.count(channel)
        if own:
            return own
        largest = max(map(abs, self.visible(channel)))
        fraction, exponent = math.frexp(largest / 32768)
        return math.ldexp(1.0, exponent - (fraction == 0.5))

    def channel_members(self, channel: int) -> dict[str, str]:
        """All members of the C++ ChannelConfig, in its order."""
        low, high = self.believed(channel)
        return {"valid_low": cpp.number(low), "valid_high": cpp.number(high)}

    def members(self, rate_hz: float) -> dict[str, str]:
        """All members of the C++ SensorConfig, in its order."""
        return {
            "stuck_samples": str(round(self.stuck_seconds * rate_hz)),
            "channels": "kChannelConfigs",
            "analog": self.input.analog,
        }


@dataclass(frozen=True)
class Sampling:
    """How often the sensor is read."""

    rate_hz: Annotated[
        float, Number("how often each channel is read", "Hz", low=2.5e-4, high=48000)
    ]


def read_sensor(table: Table, rate_hz: float) -> Sensor:
    """Raises UserError where the table is no sensor that can be read so often."""
    kind = INPUTS[KIND.read(table, "kind", None)]
    found = read(kind, table)
    each = table.has("units")
    sensor = read(Sensor, table, input=found)
    table.finish()
    count = len(sensor.channels)
    one_for_each(table, found, count)
    one_for_each(table, sensor, count)
    found.check(table, count, rate_hz)
    if not each:
        return dataclasses.replace(sensor, units=sensor.units * count)
    if len(sensor.units) != count:
        raise table.error("units", f"are {len(sensor.units)} for {count} channels")
    return sensor
