"""What a sensor may be: one record a kind, with its keys and with what C++ gets of it.

A kind that is added here is one that a profile can name.
"""

import math
from dataclasses import dataclass
from typing import Annotated, ClassVar, Final

from project import cpp
from project.profile.keys import Choice, EachChannel, Integer, Number
from project.profile.reader import Table

# A conversion of the ESP32's ADC, generously: others measured 37 us for adc1_get_raw on an ESP32 at
# 240 MHz (27.2 kHz). adc_oneshot_read is that, a lock, and interrupts off; then counts become
# millivolts. Half of a sample's period may go into conversions.
_CONVERSION_S: Final = 50e-6

# All members of the C++ AnalogChannel, in their order.
_ANALOG_MEMBERS: Final = (
    *("kind", "gain", "offset", "beta", "r0_ohm", "t0_celsius", "series_ohm", "full_scale_volts"),
)


Each = float | tuple[float, ...]  # a number for all channels, or one for each


def of(value: Each, channel: int) -> float:
    """What a number, or numbers, say of one channel."""
    return value[channel] if isinstance(value, tuple) else value


@dataclass(frozen=True, kw_only=True)
class Input:
    """What every kind answers; a kind says what is otherwise with it."""

    kind: ClassVar[str]  # its name in a profile
    driver: ClassVar[str]  # the class of lib/Esp32 that reads it
    analog: ClassVar[str] = "nullptr"  # the C++ AnalogConfig that its readings come through

    @property
    def oversampling(self) -> int:
        """So many readings are averaged for a sample."""
        return 1

    def check(self, table: Table, channels: int, rate_hz: float) -> None:
        """Raises UserError where `channels` of them cannot be read so often, or not at all."""

    def rails(self, channel: int) -> tuple[float, float]:
        """The lowest and the highest reading that a channel can give."""
        return -math.inf, math.inf

    def step(self, channel: int) -> float:
        """The smallest difference of two readings of a channel; 0 where that is not constant."""
        return 0.0

    def tables(self, channels: int) -> str:
        """C++ constants that `config` and `analog` refer to."""
        return ""

    def config(self) -> str:
        """The C++ initialiser of the Config that its driver is made with."""
        return "{}"


@dataclass(frozen=True, kw_only=True)
class Adc(Input):
    """What every sensor on the chip's analog-to-digital converter has."""

    driver: ClassVar[str] = "AdcInput"
    analog: ClassVar[str] = "&kAnalog"

    adc_bits: Annotated[int, Integer("of a count of the converter", "bits", low=8, high=16)] = 12
    full_scale_volts: Annotated[
        float, Number("what the highest count means, and a thermistor's supply", "V", above=0)
    ] = 3.3
    oversampling: Annotated[
        int, Integer("so many conversions are averaged for a sample", low=1, high=4096)
    ] = 16

    @property
    def adc_max(self) -> int:
        """The highest count."""
        return (1 << self.adc_bits) - 1

    def check(self, table: Table, channels: int, rate_hz: float) -> None:
        busy = channels * self.oversampling * _CONVERSION_S * rate_hz
        if busy <= 0.5:
            return
        raise table.error(
            "oversampling",
            f"{self.oversampling} conversions of {channels} channel{'s' * (channels > 1)} take "
            f"{100 * busy:.0f} % of the time between two samples, 50 % can be spared: "
            f"take {int(self.oversampling * 0.5 / busy)} or less, or a lower rate_hz",
        )

    def members(self, channel: int) -> dict[str, str]:
        """Those of the C++ AnalogChannel that say it."""
        return {"full_scale_volts": cpp.number(self.full_scale_volts)}

    def tables(self, channels: int) -> str:
        own = [self.members(channel) for channel in range(channels)]
        each = [{name: one.get(name, "0.0f") for name in _ANALOG_MEMBERS} for one in own]
        members = {
            "adc_max": str(self.adc_max),
            "oversampling": str(self.oversampling),
            "channels": "kAnalogChannels",
        }
        return cpp.aggregates("AnalogChannel", "kAnalogChannels", each) + cpp.aggregate(
            "AnalogConfig", "kAnalog", members
        )

    def config(self) -> str:
        return "kAnalog"


@dataclass(frozen=True, kw_only=True)
class Linear(Adc):
    """A voltage on a straight line: unit = volts * gain + offset."""

    kind: ClassVar[str] = "linear"

    gain: Annotated[Each, EachChannel("how much a volt more is", "unit a volt", one=Number(""))]
    offset: Annotated[Each, EachChannel("what 0 V is", "unit", one=Number(""))] = 0.0

    def check(self, table: Table, channels: int, rate_hz: float) -> None:
        super().check(table, channels, rate_hz)
        if any(of(self.gain, channel) == 0 for channel in range(channels)):
            raise table.error("gain", "must not be 0")

    def members(self, channel: int) -> dict[str, str]:
        return super().members(channel) | {
            "kind": "AnalogKind::kLinear",
            "gain": cpp.number(of(self.gain, channel)),
            "offset": cpp.number(of(self.offset, channel)),
        }

    def rails(self, channel: int) -> tuple[float, float]:
        zero = of(self.offset, channel)
        ends = sorted((zero, zero + of(self.gain, channel) * self.full_scale_volts))
        return ends[0], ends[1]

    def step(self, channel: int) -> float:
        return abs(of(self.gain, channel)) * self.full_scale_volts / self.adc_max


@dataclass(frozen=True, kw_only=True)
class Thermistor(Adc):
    """A resistance that falls with warmth, by its beta equation, in a divider."""

    kind: ClassVar[str] = "thermistor"

    beta: Annotated[
        Each, EachChannel("the thermistor's, from its data sheet", "K", one=Number("", above=0))
    ]
    r0_ohm: Annotated[
        Each, EachChannel("its resistance at `t0_celsius`", "ohm", one=Number("", above=0))
    ]
    t0_celsius: Annotated[
        Each, EachChannel("the temperature of `r0_ohm`", "C", one=Number("", above=-273.15))
    ] = 25.0
    series_ohm: Annotated[
        Each, EachChannel("the other resistor of the divider", "ohm", one=Number("", above=0))
    ]
    to: Annotated[
        str, Choice("where the thermistor's other end is", among=("ground", "supply"))
    ] = "ground"

    def members(self, channel: int) -> dict[str, str]:
        return super().members(channel) | {
            "kind": f"AnalogKind::kThermistorTo{self.to.title()}",
            "beta": cpp.number(of(self.beta, channel)),
            "r0_ohm": cpp.number(of(self.r0_ohm, channel)),
            "t0_celsius": cpp.number(of(self.t0_celsius, channel)),
            "series_ohm": cpp.number(of(self.series_ohm, channel)),
        }


INPUTS: Final[dict[str, type[Input]]] = {kind.kind: kind for kind in (Linear, Thermistor)}
