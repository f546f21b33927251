"""Simulated lives of devices: months of a room, a fridge, a machine, at two readings a second.

A life is drawn from its kind and seed alone, and every stretch of it can be asked for by itself:
its true temperature is a function of time (life_kinds.py), and the sensor's noise comes in blocks
that are numbered from the beginning. Readings are multiples of a sixteenth of an ADC's step, as the
default wiring gives them, but without its two rails: what measures a freezer has another amplifier.

Second 0 is the beginning of the first day; a recording to train on lies before it. A life has four
months (`life_parts.END_S`).
"""

import functools
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from benchmark import life_events
from benchmark.devices import LOW_C, LSB_C, OVERSAMPLING, RATE_HZ
from benchmark.life_events import MINUTE_S, Change, Event
from benchmark.life_kinds import KINDS
from benchmark.life_parts import BEGIN_S, END_S, Course, Draw

Array = npt.NDArray[np.float64]

STEP_C: Final = LSB_C / OVERSAMPLING
INNER_S: Final = 10.0  # between the values of which the mean of a minute is taken
_BLOCK: Final = 4096  # numbers of noise
_MINUTES, _SAMPLES = 0, 1  # which noise


@dataclass(frozen=True)
class Life:
    """One device of a kind in `KINDS`."""

    kind: str
    seed: int

    @property
    def noise(self) -> float:
        """Standard deviation of the sensor's noise, in C: 0.05 to 0.10."""
        return Draw(*self._key, 1).uniform(0.05, 0.10)

    @property
    def _key(self) -> tuple[int, int]:
        return list(KINDS).index(self.kind), self.seed

    def _course(self, change: Change) -> Course:
        return _drawn(self.kind, self._key, change)

    def _noise(self, which: int, first: int, count: int) -> Array:
        """Numbers `first` ... of endless white noise, of its standard deviation."""
        blocks = range(first // _BLOCK, (first + count - 1) // _BLOCK + 1)
        key = np.random.SeedSequence([*self._key, 2, which]).generate_state(2, np.uint64)
        drawn = [
            np.random.Generator(
                np.random.Philox(key=key, counter=[0, block, 0, 0])
            ).standard_normal(_BLOCK)
            for block in blocks
        ]
        start = first - blocks[0] * _BLOCK
        return np.asarray(self.noise * np.concatenate(drawn)[start : start + count])


def true(life: Life, t: Array, event: Event | None = None) -> Array:
    """Temperatures in C at seconds `t`, rising; without what a fast event adds.

    Raises:
      ValueError: a second is not within the life.
    """
    if len(t) and not BEGIN_S <= t[0] <= t[-1] <= END_S:
        raise ValueError(f"{t[0]:g} to {t[-1]:g} s: a life has {BEGIN_S:g} to {END_S:g}")
    course = life._course(life_events.change(event))
    return np.asarray(course(t) + life_events.added(event, t))


def readings(
    life: Life,
    first_s: float,
    seconds: float,
    event: Event | None = None,
    rate_hz: float = RATE_HZ,
) -> Array:
    """Readings in C [samples] from second `first_s` on, which is taken to the nearest sample.

    Raises:
      ValueError: the stretch is not within the life; a fast event at another rate than 2 Hz.
    """
    index = round(first_s * rate_hz) + np.arange(round(seconds * rate_hz))
    if not len(index):
        return np.empty(0)
    x = true(life, index / rate_hz, event)
    noise = life._noise(_SAMPLES, int(index[0] - BEGIN_S * rate_hz), len(index))
    if event is not None and event.is_fast:
        if rate_hz != RATE_HZ:
            raise ValueError(f"{event.kind} is defined at {RATE_HZ:g} Hz")
        offset, factor = life_events.fast(event, index - round(event.start_s * rate_hz))
        x, noise = x + offset, noise * factor
    return _converted(x + noise)


def minute_means(life: Life, first_minute: int, minutes: int, event: Event | None = None) -> Array:
    """Means of `minutes` minutes in C [minutes], each of the 120 readings in it.

    The temperature is taken every ten seconds and the mean's noise is drawn for itself, so these
    are not to the last digit the means of `readings`, but as good, and a month takes milliseconds.
    A fast event is too short for that: its means are those of the readings.

    Raises:
      ValueError: the stretch is not within the life.
    """
    first_s, inner = first_minute * MINUTE_S, round(MINUTE_S / INNER_S)
    if event is not None and event.is_fast:
        samples = readings(life, first_s, minutes * MINUTE_S, event)
        return np.asarray(samples.reshape(minutes, -1).mean(axis=1))
    t: Array = first_s + (np.arange(minutes * inner, dtype=np.float64) + 0.5) * INNER_S
    means = true(life, t, event).reshape(minutes, inner).mean(axis=1)
    noise = life._noise(_MINUTES, first_minute - int(BEGIN_S / MINUTE_S), minutes)
    return np.asarray(means + noise / np.sqrt(MINUTE_S * RATE_HZ))


@functools.lru_cache(maxsize=24)
def _drawn(kind: str, key: tuple[int, int], change: Change) -> Course:
    """The course of a life: some are used for many stretches, one after another."""
    return KINDS[kind].life(Draw(*key), change)


def _converted(celsius: Array) -> Array:
    """What an averaged ADC makes of voltages: multiples of a sixteenth of its step."""
    return np.asarray(LOW_C + STEP_C * np.round((celsius - LOW_C) / STEP_C))
