"""A machine that is simulated: tones, bands of noise, bouts. lib/Host/src/Twin.cpp has the same.

Each sample is a function of its number and of the seed alone, so any stretch can be had by itself.
Random numbers are SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number
generators", 2014) of a counter, in streams; Gaussian ones are Box-Muller.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from project.profile import Profile, Synthetic
from project.profile.inputs import of

Array = npt.NDArray[np.float64]
Integers = npt.NDArray[np.uint64]

# Streams: the white noise of a channel has the channel's number.
_CLOCK: Final = 32
_BOUTS: Final = 33
_TONES: Final = 64  # one each
_RESONATORS: Final = 128  # three each

_GAMMA: Final = 0x9E3779B97F4A7C15
_STREAM: Final = 0xD1B54A32D192ED03
_MASK: Final = (1 << 64) - 1
_STEEPNESS: Final = (
    1.84  # root mean square of the slope of `_smooth`, a second at one knot a second
)
_CROSSFADE_S: Final = 1.0
_AT_A_TIME: Final = 1 << 18  # samples


def generate(profile: Profile, settings: Synthetic) -> Array:
    """Normal data [rows, channels] as the part would give them: in steps, between its rails."""
    parts = range(0, settings.rows, _AT_A_TIME)
    return np.concatenate(
        [
            shown(
                profile, settings, signal(profile, settings, n, min(_AT_A_TIME, settings.rows - n))
            )
            for n in parts
        ]
    )


def shown(profile: Profile, settings: Synthetic, values: Array) -> Array:
    """Readings [rows, channels] of what there is."""
    result = values.copy()
    for channel, (step, low, high) in enumerate(limits(profile, settings)):
        column = result[:, channel]
        if step > 0:
            column = np.floor(column / step + 0.5) * step
        result[:, channel] = np.clip(column, low, high)
    return result


def limits(profile: Profile, settings: Synthetic) -> list[tuple[float, float, float]]:
    """Step, lowest and highest reading of each channel."""
    part = profile.sensor.input
    found = []
    for channel in range(len(profile.sensor.channels)):
        low, high = part.rails(channel)
        step = part.step(channel) / part.oversampling
        found.append((step, max(low, settings.low), min(high, settings.high)))
    return found


def signal(profile: Profile, settings: Synthetic, first: int, count: int) -> Array:
    """What there is at the sensor [count, channels], from sample `first` on."""
    channels = len(profile.sensor.channels)
    numbers = np.arange(first, first + count, dtype=np.uint64)
    t = numbers.astype(np.float64) / profile.sampling.rate_hz
    values = np.empty((count, channels))
    for c in range(channels):
        values[:, c] = of(settings.mean, c) + of(settings.sd, c) * _gaussian(
            settings.seed, c, numbers
        )
    turned = t + _swing(settings) * _smooth(settings.seed, _CLOCK, 1 / settings.wander_seconds, t)
    gains = _gains(settings, t)
    for i, tone in enumerate(settings.tones):
        size = gains[tone.during] * _wandering(settings, tone.wander, _TONES + i, t)
        cycles = tone.hz * (turned if tone.turns else t)
        cycles -= np.floor(cycles)
        for c in range(channels):
            if (peak := of(tone.amplitude, c)) > 0:
                values[:, c] += peak * size * np.sin(2 * np.pi * (cycles + phase(i, c)))
    for i, part in enumerate(settings.resonators):
        stream = _RESONATORS + 3 * i
        size = gains[part.during] * _wandering(settings, part.wander, stream, t)
        cycles = part.hz * t
        angle = 2 * np.pi * (cycles - np.floor(cycles))
        band = _smooth(settings.seed, stream + 1, part.width_hz, t) * np.cos(angle)
        band -= _smooth(settings.seed, stream + 2, part.width_hz, t) * np.sin(angle)
        for c in range(channels):
            if (rms := of(part.amplitude, c)) > 0:
                values[:, c] += rms * size * band
    return values


def phase(tone: int, channel: int) -> float:
    """Where a tone of a channel begins, in turns: the same for every seed."""
    turns = 0.6180339887498949 * (8 * tone + channel + 1)
    return turns - float(np.floor(turns))


def _swing(settings: Synthetic) -> float:
    """Seconds by which the machine's own clock swings, so that its speed wanders as it should."""
    return settings.speed_wander * settings.wander_seconds / _STEEPNESS


def _wandering(settings: Synthetic, wander: float, stream: int, t: Array) -> Array | float:
    """An amplitude's factor."""
    if wander == 0:
        return 1.0
    return 1.0 + wander * _smooth(settings.seed, stream, 1 / settings.wander_seconds, t)


def _gains(settings: Synthetic, t: Array) -> dict[str, Array | float]:
    """How much of each bout there is, by its name; "" is always."""
    gains: dict[str, Array | float] = {"": 1.0}
    if not settings.bouts:
        return gains
    shares = np.cumsum([bout.share for bout in settings.bouts])
    number = np.floor(t / settings.bout_seconds)
    u = np.minimum((t - number * settings.bout_seconds) / _CROSSFADE_S, 1.0)
    blend = u * u * (3 - 2 * u)
    base = int(number[0])
    slots = np.arange(max(base - 1, 0), int(number[-1]) + 1, dtype=np.uint64)
    drawn = (_draws(settings.seed, _BOUTS, slots) >> np.uint64(11)).astype(np.float64) * 2.0**-53
    chosen = np.minimum(np.searchsorted(shares, drawn * shares[-1], "right"), len(shares) - 1)
    slot = number.astype(np.int64) - int(slots[0])
    now, before = chosen[slot], chosen[np.maximum(slot - 1, 0)]
    for i, bout in enumerate(settings.bouts):
        gains[bout.name] = (before == i) * (1 - blend) + (now == i) * blend
    return gains


def _smooth(seed: int, stream: int, rate_hz: float, t: Array) -> Array:
    """A smooth random process of variance 1: Gaussian knots, `rate_hz` of them a second."""
    x = t * rate_hz
    knot = np.floor(x)
    u = x - knot
    w = u * u * (3 - 2 * u)
    base = int(knot[0])
    drawn = _gaussian(seed, stream, np.arange(base, int(knot[-1]) + 2, dtype=np.uint64))
    k = knot.astype(np.int64) - base
    return np.asarray((drawn[k] * (1 - w) + drawn[k + 1] * w) / np.sqrt((1 - w) * (1 - w) + w * w))


def _gaussian(seed: int, stream: int, numbers: Integers) -> Array:
    drawn = _draws(seed, stream, numbers)
    u = ((drawn >> np.uint64(32)) + np.uint64(1)).astype(np.float64) * 2.0**-32
    v = (drawn & np.uint64(0xFFFFFFFF)).astype(np.float64) * 2.0**-32
    return np.asarray(np.sqrt(-2 * np.log(u)) * np.cos(2 * np.pi * v))


def _draws(seed: int, stream: int, numbers: Integers) -> Integers:
    """64 random bits each."""
    start = _mix(np.array([(seed + (stream + 1) * _STREAM) & _MASK], np.uint64))
    return _mix(start + (numbers + np.uint64(1)) * np.uint64(_GAMMA))


def _mix(z: Integers) -> Integers:
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))
