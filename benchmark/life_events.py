"""What may befall a simulated life: slow events of hours and days, and those of `devices.GRID`.

A slow event either adds to the temperature, and is then the same for every kind of life, or changes
how the device itself behaves; what that means is written where the kind is (life_kinds.py).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from benchmark import devices

Array = npt.NDArray[np.float64]

MINUTE_S: Final = 60.0
HOUR_S: Final = 3600.0
DAY_S: Final = 86400.0

RAMP_MOST_C: Final = 35.0
OFFSET_RISE_S: Final = HOUR_S  # an offset comes within an hour
WAVE_FADE_S: Final = 2 * HOUR_S  # a daily wave goes, or grows, with this time constant
DROPOUT_C: Final = -5.0

ADDED: Final = ("boot", "ramp", "creep", "offset")  # kinds that every life can have


@dataclass(frozen=True)
class Slow:
    """A slow event. `size` in C (boot, offset), C a minute (ramp) or C a day (creep), else 0.

    `window_s`: for how long after its start it may be found.
    """

    kind: str
    size: float
    window_s: float


EVENTS: Final[dict[str, Slow]] = {
    "boot at +10": Slow("boot", 10.0, HOUR_S),
    "boot at +20": Slow("boot", 20.0, HOUR_S),
    "boot at +35": Slow("boot", 35.0, HOUR_S),
    "ramp 0.02": Slow("ramp", 0.02, 2 * DAY_S),
    "ramp 0.05": Slow("ramp", 0.05, DAY_S),
    "ramp 0.1": Slow("ramp", 0.1, DAY_S),
    "ramp 0.2": Slow("ramp", 0.2, DAY_S),
    "heating or cooling fails": Slow("fail", 0.0, DAY_S),
    "cycle stops": Slow("stop", 0.0, DAY_S),
    "period doubles": Slow("double", 0.0, DAY_S),
    "daily wave missing": Slow("no_wave", 0.0, 4 * DAY_S),
    "daily wave doubled": Slow("double_wave", 0.0, 4 * DAY_S),
    "drift 0.5 a day": Slow("creep", 0.5, 14 * DAY_S),
    "offset +1.5": Slow("offset", 1.5, 7 * DAY_S),
}


@dataclass(frozen=True)
class Event:
    """An event of a kind in `EVENTS` or in `devices.GRID` that begins at a second of a life.

    `seed` draws the sign, period and phase of one of the grid. `boot` is the temperature that a
    board finds when it starts; starting it is up to the caller.
    """

    kind: str
    size: float
    start_s: float
    seed: int = 0

    @property
    def is_fast(self) -> bool:
        return self.kind in devices.GRID


@dataclass(frozen=True)
class Change:
    """The event that a device itself has, as functions of time; without one, nothing changes."""

    kind: str = ""
    start_s: float = np.inf

    def begins_s(self, kind: str) -> float:
        """When an event of `kind` begins: at infinity if this is another one."""
        return self.start_s if kind == self.kind else np.inf

    def approach(self, kind: str, t: Array, tau_s: float) -> Array:
        """0 before an event of `kind`, then to 1 with a time constant."""
        since = np.maximum(t - self.begins_s(kind), 0.0)
        return np.asarray(-np.expm1(-since / tau_s))

    def wave(self, t: Array) -> Array:
        """The factor on a daily wave."""
        gone = self.approach("no_wave", t, WAVE_FADE_S)
        return 1 - gone + self.approach("double_wave", t, WAVE_FADE_S)


def change(event: Event | None) -> Change:
    """What `event` does to the device itself: nothing if it only adds to the temperature."""
    if event is None or event.is_fast or event.kind in ADDED:
        return Change()
    return Change(event.kind, event.start_s)


def slow(name: str, start_s: float) -> Event:
    """The event of this name in `EVENTS`, at a second of a life."""
    return Event(EVENTS[name].kind, EVENTS[name].size, start_s)


def added(event: Event | None, t: Array) -> Array:
    """C that a slow event adds at seconds `t`."""
    since = np.maximum(t - event.start_s, 0.0) if event else np.zeros(t.shape)
    if event is None or event.kind not in ADDED:
        return np.zeros(t.shape)
    if event.kind == "boot":
        return np.asarray(event.size * (t >= event.start_s))
    if event.kind == "ramp":
        return np.minimum(RAMP_MOST_C, event.size * since / MINUTE_S)
    if event.kind == "creep":
        return np.asarray(event.size * since / DAY_S)
    return np.asarray(event.size * np.minimum(1.0, since / OFFSET_RISE_S))


def fast(event: Event, since: npt.NDArray[np.int64]) -> tuple[Array, Array]:
    """C that an event of the grid adds and its factor on the noise.

    `since`: samples at `devices.RATE_HZ` since its start, negative before. A step stays, all
    others end with their window. A dropout is a fall by 5 C: a life has no lowest reading.
    """
    samples = devices.window(event.kind) + 1
    random = np.random.default_rng([event.seed, 1])
    offset, factor = devices.effect(event.kind, event.size, 1, 0, samples, random)
    if event.kind == "dropout":
        offset[0, : int(event.size * devices.RATE_HZ)] = DROPOUT_C
    inside = (since >= 0) & (since < samples)
    index = np.clip(since, 0, samples - 1)
    shown = since >= 0 if event.kind == "step" else inside
    noise = np.ones(samples) if factor is None else factor
    return np.where(shown, offset[0, index], 0.0), np.where(inside, noise[index], 1.0)
