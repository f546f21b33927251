"""Simulated temperature sensors on an ESP32's ADC, and the anomalies that may befall them.

The signal chain follows the default wiring: 0..3.3 V are 20..53 C, 12 bits (one step is 0.00806 C),
16 conversions averaged, so a reading is a multiple of a sixteenth of a step.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

RATE_HZ: Final = 2.0
LOW_C: Final = 20.0
HIGH_C: Final = 53.0
LSB_C: Final = (HIGH_C - LOW_C) / 4095
OVERSAMPLING: Final = 16

# Kinds and sizes. Spike and step: C, either sign. Drift: C a minute. Oscillation: amplitude in C.
# Noise: factor. Stuck and dropout: seconds.
GRID: Final[dict[str, tuple[float, ...]]] = {
    "spike": (0.5, 1.0, 2.0, 5.0),
    "step": (0.25, 0.5, 1.0, 2.0),
    "drift": (0.3, 1.0, 3.0),
    "oscillation": (0.15, 0.25, 0.5, 1.0),
    "noise": (2.0, 4.0),
    "stuck": (60.0,),
    "dropout": (3.0,),
}
# For how long after its start an event may be found, in seconds. All but the spike (one sample),
# the dropout (its size) and the step (which stays) also last that long.
WINDOW_S: Final[dict[str, float]] = {
    "spike": 5.0,
    "step": 60.0,
    "drift": 120.0,
    "oscillation": 60.0,
    "noise": 60.0,
    "stuck": 60.0,
    "dropout": 5.0,
}


@dataclass(frozen=True)
class Device:
    """One sensor in its room. Temperatures in C, times in seconds, angles in radians."""

    level: float
    noise: float  # standard deviation
    colour: float  # AR(1) coefficient of the noise
    daily: float  # amplitude of the wave of a day
    daily_phase: float
    ripple: float  # amplitude of the thermostat's wave
    ripple_period: float
    ripple_phase: float
    walk_per_hour: float
    adc_noise_lsb: float  # of one conversion


def draw(count: int, seed: int, colour: float = 0.0, ripple: float = 0.3) -> list[Device]:
    """`count` devices, each with its own noise, level and phases."""
    random = np.random.default_rng([seed, 1])
    return [
        Device(
            level=random.uniform(26.0, 28.0),
            noise=random.uniform(0.05, 0.10),
            colour=colour,
            daily=2.0,
            daily_phase=random.uniform(0.0, 2 * np.pi),
            ripple=ripple,
            ripple_period=600.0,
            ripple_phase=random.uniform(0.0, 2 * np.pi),
            walk_per_hour=0.2,
            adc_noise_lsb=random.uniform(5.0, 10.0),
        )
        for _ in range(count)
    ]


def readings(
    device: Device,
    streams: int,
    samples: int,
    random: np.random.Generator,
    offset: Array | None = None,
    noise_factor: Array | None = None,
) -> Array:
    """Readings of one device in C [streams, samples], each stream at another time of a week.

    `offset` in C (broadcastable) is added to the true temperature; `noise_factor` multiplies the
    sensor's noise.
    """
    begin = random.uniform(0.0, 7 * 86400.0, streams)
    t = begin[:, None] + np.arange(samples)[None, :] / RATE_HZ
    x = device.level + device.daily * np.sin(2 * np.pi * t / 86400 + device.daily_phase)
    x += device.ripple * np.sin(2 * np.pi * t / device.ripple_period + device.ripple_phase)
    step = device.walk_per_hour / np.sqrt(3600 * RATE_HZ)
    x += np.cumsum(random.standard_normal((streams, samples)), axis=1) * step
    noise = device.noise * _coloured(random, device.colour, (streams, samples))
    x += noise if noise_factor is None else noise * noise_factor
    if offset is not None:
        x = x + offset
    return _converted(x, device, random)


def events(
    device: Device, kind: str, size: float, count: int, before: int, random: np.random.Generator
) -> Array:
    """Readings [count, before + window + 1]; in each an event begins at sample `before`.

    The window is `WINDOW_S[kind]`. Signs, phases and periods (3 to 30 s, log-uniform) are drawn for
    each.
    """
    samples = before + window(kind) + 1
    offset, factor = effect(kind, size, count, before, samples, random)
    x = readings(device, count, samples, random, offset, factor)
    if kind == "stuck":
        x[:, before:] = x[:, before - 1 : before]
    elif kind == "dropout":
        x[:, before : before + int(size * RATE_HZ)] = LOW_C
    return x


def effect(
    kind: str, size: float, count: int, before: int, samples: int, random: np.random.Generator
) -> tuple[Array, Array | None]:
    """What an event that begins at sample `before` adds to the temperature, in C [count, samples],
    and the factor on the noise [samples], if any. `stuck` and `dropout` add nothing: they replace.
    """
    after = np.maximum(np.arange(samples) - before, 0)
    active = np.arange(samples) >= before
    sign = random.choice([-1.0, 1.0], (count, 1))
    offset: Array = np.zeros((count, samples))
    factor: Array | None = None
    if kind == "spike":
        offset[:, before] = (sign * size)[:, 0]
    elif kind == "step":
        offset = np.asarray(sign * size * active)
    elif kind == "drift":
        offset = np.asarray(sign * size * after / (60 * RATE_HZ))
    elif kind == "oscillation":
        period = np.exp(random.uniform(np.log(3.0), np.log(30.0), (count, 1)))
        phase = random.uniform(0.0, 2 * np.pi, (count, 1))
        wave = np.sin(2 * np.pi * after / RATE_HZ / period + phase)
        offset = np.asarray(size * active * wave)
    elif kind == "noise":
        factor = np.where(active, size, 1.0)
    return offset, factor


def window(kind: str) -> int:
    """Samples after its start in which an event may be found."""
    return int(WINDOW_S[kind] * RATE_HZ)


def _coloured(random: np.random.Generator, colour: float, shape: tuple[int, int]) -> Array:
    """AR(1) noise of variance one, stationary from its first sample."""
    from scipy.signal import lfilter

    white = random.standard_normal(shape)
    if colour == 0.0:
        return white
    white[:, 1:] *= np.sqrt(1 - colour**2)
    return np.asarray(lfilter([1.0], [1.0, -colour], white, axis=1))


def _converted(celsius: Array, device: Device, random: np.random.Generator) -> Array:
    """What the averaged ADC makes of true temperatures: noise of its own, steps, two rails."""
    noise = random.standard_normal(celsius.shape) * device.adc_noise_lsb / np.sqrt(OVERSAMPLING)
    codes = np.round(((celsius - LOW_C) / LSB_C + noise) * OVERSAMPLING) / OVERSAMPLING
    return np.asarray(LOW_C + LSB_C * np.clip(codes, 0, 4095))
