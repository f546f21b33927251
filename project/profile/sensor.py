"""[sensor] and [sampling]: what is wired, which readings are believable, how often it is read."""

import dataclasses
from dataclasses import dataclass
from typing import Annotated, Any, Final

from project import cpp
from project.profile import limits
from project.profile.inputs import INPUTS, Input
from project.profile.keys import Choice, Interval, Key, Number, read
from project.profile.reader import Table
from project.units import with_unit

# What the fields of a reading are called (docs/protocol.md): no names for a channel.
READING_FIELDS: Final = ("Real", "Recon", "Score", "Threshold", "State", "Cause", "Channels")

# All members of the C++ SensorConfig, in their order.
_MEMBERS: Final = (
    *("kind", "gain", "offset", "beta", "r0_ohm", "t0_celsius", "series_ohm", "full_scale_volts"),
    *("adc_max", "oversampling", "valid_low", "valid_high", "stuck_samples"),
)

KIND: Final = Choice("how volts become the unit, see below", among=tuple(INPUTS))


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
    channels: Annotated[tuple[str, ...], _Channels("what each channel is called")]
    units: Annotated[
        tuple[str, ...], _Units("of each channel; or `unit`, one string for all of them")
    ]
    valid: Annotated[tuple[float, float], Interval("a reading outside of it is a FAULT", "unit")]
    stuck_seconds: Annotated[
        float, Number("exactly equal for so long is a FAULT; 0: never", "s", low=0, high=86400)
    ] = 0.0

    @property
    def unit(self) -> str:
        """Of the first channel, which is what `Real` and `Recon` show."""
        return self.units[0]

    def label(self, channel: int) -> str:
        """A channel's name and unit, for an axis or a table."""
        return with_unit(self.channels[channel], self.units[channel])

    def visible(self) -> tuple[float, float]:
        """The lowest and the highest reading that it can give and that is believed."""
        low, high = self.input.rails()
        return max(low, self.valid[0]), min(high, self.valid[1])

    def members(self, rate_hz: float) -> dict[str, str]:
        """All members of the C++ SensorConfig, in its order."""
        own = self.input.members() | {
            "valid_low": cpp.number(self.valid[0]),
            "valid_high": cpp.number(self.valid[1]),
            "stuck_samples": str(round(self.stuck_seconds * rate_hz)),
        }
        return {name: own.get(name, "0.0f") for name in _MEMBERS}


@dataclass(frozen=True)
class Sampling:
    """How often the sensor is read."""

    rate_hz: Annotated[float, Number("how often all channels are read", "Hz", low=1e-3, high=1000)]


def read_sensor(table: Table) -> Sensor:
    """Raises UserError where the table is no sensor."""
    kind = INPUTS[KIND.read(table, "kind", None)]
    found = read(kind, table)
    found.check(table)
    each = table.has("units")
    sensor = read(Sensor, table, input=found)
    table.finish()
    count = len(sensor.channels)
    if not each:
        return dataclasses.replace(sensor, units=sensor.units * count)
    if len(sensor.units) != count:
        raise table.error("units", f"are {len(sensor.units)} for {count} channels")
    return sensor
