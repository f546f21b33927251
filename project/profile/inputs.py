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

# A task that is woken for each sample can be woken so often.
_MAX_POLLED_HZ: Final = 1000.0

# Conversions a second of an ADC that converts all the time: the ESP32 takes no fewer, and further
# ones cost more of the processor than they are worth.
_CONVERSIONS_HZ: Final = (20_000.0, 80_000.0)

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
    is_sound: ClassVar[bool] = False  # recordings are WAV files, and full scale is 1
    analog: ClassVar[str] = "nullptr"  # the C++ AnalogConfig that its readings come through

    @property
    def oversampling(self) -> int:
        """So many readings are averaged for a sample."""
        return 1

    def check(self, table: Table, channels: int, rate_hz: float) -> None:
        """Raises UserError where `channels` of them cannot be read so often, or not at all."""
        if rate_hz > _MAX_POLLED_HZ:
            reason = f"can be read {_MAX_POLLED_HZ:g} times a second, rate_hz is {rate_hz:g}"
            raise table.error("kind", f'"{self.kind}" {reason}')

    def rails(self, channel: int) -> tuple[float, float]:
        """The lowest and the highest reading that a channel can give."""
        return -math.inf, math.inf

    def step(self, channel: int) -> float:
        """The smallest difference of two readings of a channel; 0 where that is not constant."""
        return 0.0

    def count(self, channel: int) -> float:
        """What a count of the part's own 16 bits means; 0 where it has none."""
        return 0.0

    @property
    def low_pass_hz(self) -> float:
        """Above it the part lets little through; 0: it does not filter."""
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
        self.check_pace(table, channels, rate_hz)

    def check_pace(self, table: Table, channels: int, rate_hz: float) -> None:
        """Raises UserError where it cannot convert so often."""
        super().check(table, channels, rate_hz)
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


def _one_channel(table: Table, kind: str, channels: int) -> None:
    if channels != 1:
        raise table.error("channels", f'are {channels}, "{kind}" has one')


@dataclass(frozen=True, kw_only=True)
class AdcContinuous(Linear):
    """A voltage on a straight line, converted all the time: a piezo, an analog microphone."""

    kind: ClassVar[str] = "adc_continuous"
    driver: ClassVar[str] = "AdcContinuousInput"

    oversampling: Annotated[
        int, Integer("so many conversions are averaged for a sample", low=1, high=4096)
    ] = 2

    def check_pace(self, table: Table, channels: int, rate_hz: float) -> None:
        _one_channel(table, self.kind, channels)
        low, high = _CONVERSIONS_HZ
        least, most = math.ceil(low / rate_hz), min(4096, math.floor(high / rate_hz))
        if least > most:
            raise table.error("kind", f'"{self.kind}" cannot give {rate_hz:g} samples a second')
        if not least <= self.oversampling <= most:
            raise table.error(
                "oversampling",
                f"{self.oversampling} conversions for each of {rate_hz:g} samples a second are not "
                f"within {low:g} to {high:g} a second: take {least} to {most}",
            )
        if self.adc_bits != 12:
            raise table.error("adc_bits", f'are 12 with "{self.kind}"')

    def config(self) -> str:
        return cpp.braces({"analog": "&kAnalog", "rate_hz": "kSampleRateHz"})


@dataclass(frozen=True, kw_only=True)
class Mpu6050(Input):
    """An accelerometer with three axes and a FIFO, on I2C; the parts that follow it too."""

    kind: ClassVar[str] = "mpu6050"
    driver: ClassVar[str] = "Mpu6050Input"

    # Low-passes of the part, and the range's powers of two.
    LOW_PASSES: ClassVar[tuple[int, ...]] = (260, 184, 94, 44, 21, 10, 5)
    RANGES: ClassVar[tuple[int, ...]] = (2, 4, 8, 16)
    FASTEST_HZ: ClassVar[int] = 1000

    range_g: Annotated[
        int, Integer("the largest acceleration it measures: 2, 4, 8 or 16", "g", low=2, high=16)
    ] = 8
    dlpf_hz: Annotated[
        int,
        Integer(
            "its low-pass: 260, 184, 94, 44, 21, 10 or 5, at most half of the rate",
            "Hz",
            low=5,
            high=260,
        ),
    ]
    address: Annotated[
        int, Integer("on the bus: 0x68, or 0x69 where its pin AD0 is high", low=0x68, high=0x69)
    ] = 0x68

    def check(self, table: Table, channels: int, rate_hz: float) -> None:
        if channels != 3:
            raise table.error("channels", f"are {channels}, an MPU6050 has three axes")
        for name, among in (("range_g", self.RANGES), ("dlpf_hz", self.LOW_PASSES)):
            value = getattr(self, name)
            if value not in among:
                *others, last = map(str, among)
                raise table.error(name, f"is {value}, an MPU6050 has {', '.join(others)} or {last}")
        # It leaves out all but one of so many samples, 256 at most; without its low-pass of 8000.
        most = 255 if self.dlpf_hz < self.LOW_PASSES[0] else 31
        divider = self.FASTEST_HZ / rate_hz
        if not math.isclose(divider, round(divider), rel_tol=1e-5) or not 1 <= divider <= most + 1:
            near = self.FASTEST_HZ / min(max(round(divider), 1), most + 1)
            raise table.error(
                "kind",
                f'"{self.kind}" gives {self.FASTEST_HZ} Hz divided by 1 to {most + 1}, rate_hz is '
                f"{rate_hz:g}: take {near:.6g}",
            )
        if 2 * self.dlpf_hz > rate_hz and self.dlpf_hz > self.LOW_PASSES[-1]:
            fits = max((hz for hz in self.LOW_PASSES if 2 * hz <= rate_hz), default=5)
            raise table.error(
                "dlpf_hz",
                f"{self.dlpf_hz} lets through more than half of rate_hz, which then shows as what "
                f"it is not: take {fits} or less, or a higher rate_hz",
            )

    def rails(self, channel: int) -> tuple[float, float]:
        return -float(self.range_g), self.range_g - self.step(channel)

    def step(self, channel: int) -> float:
        return self.range_g / 32768

    def count(self, channel: int) -> float:
        return self.step(channel)

    @property
    def low_pass_hz(self) -> float:
        return float(self.dlpf_hz)

    def config(self) -> str:
        return cpp.braces(
            {
                "rate_hz": "kSampleRateHz",
                "range_g": str(self.range_g),
                "dlpf_hz": str(self.dlpf_hz),
                "address": f"{self.address:#x}",
            }
        )


@dataclass(frozen=True, kw_only=True)
class Inmp441(Input):
    """A microphone on I2S; full scale is 1."""

    kind: ClassVar[str] = "inmp441"
    driver: ClassVar[str] = "I2sInput"
    is_sound: ClassVar[bool] = True

    # Its clock is 64 times that, 0.46 to 3.38 MHz by its data sheet.
    RATES_HZ: ClassVar[tuple[int, int]] = (7_200, 48_000)

    slot: Annotated[
        str, Choice("left where its pin L/R is at GND, right at 3V3", among=("left", "right"))
    ] = "left"

    def check(self, table: Table, channels: int, rate_hz: float) -> None:
        _one_channel(table, self.kind, channels)
        low, high = self.RATES_HZ
        if not low <= rate_hz <= high or rate_hz != round(rate_hz):
            raise table.error(
                "kind",
                f'"{self.kind}" gives {low} to {high} whole samples a second, rate_hz is '
                f"{rate_hz:g}",
            )

    def rails(self, channel: int) -> tuple[float, float]:
        return -1.0, 1.0 - self.step(channel)

    def step(self, channel: int) -> float:
        return 2.0**-23

    def count(self, channel: int) -> float:
        return 2.0**-15

    def config(self) -> str:
        return cpp.braces({"rate_hz": "kSampleRateHz", "right": cpp.boolean(self.slot == "right")})


INPUTS: Final[dict[str, type[Input]]] = {
    kind.kind: kind for kind in (Linear, Thermistor, AdcContinuous, Mpu6050, Inmp441)
}
