"""Eight kinds of simulated lives: what goes on in each, and what its owner would know of it.

Each kind is a function that draws a device's constants and returns its true temperature in C as a
function of time. The numbers are those of ordinary devices: how fast a refrigerator cools, how long
a door stands open, how much the sun warms a greenhouse.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from benchmark.life_events import ADDED, DAY_S, HOUR_S, MINUTE_S, Change
from benchmark.life_parts import (
    BEGIN_S,
    END_S,
    Course,
    Draw,
    Relaxation,
    Thermostat,
    apart,
    by_day,
    lagged,
    repeated,
    ripple,
    switched,
    wander,
)

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Kind:
    """`span` and `by_hand` in C: how far two normal temperatures may lie apart, and the limits that
    its owner would type. `changes`: kinds of events that make sense beside those that add.
    """

    life: Callable[[Draw, Change], Course]
    span: float
    by_hand: tuple[float, float]
    changes: frozenset[str] = field(default_factory=frozenset)

    def may_have(self, event: str) -> bool:
        return event in ADDED or event in self.changes


def room(draw: Draw, change: Change) -> Course:
    """A heated room: a daily wave, a thermostat's ripple, the weather. Its heating may fail."""
    level, swing = draw.uniform(20, 26), draw.uniform(1.4, 2.6)
    late_h, size = draw.uniform(-1, 1), draw.uniform(0.25, 0.65)
    weather, strength = wander(draw, 0.8, 36 * HOUR_S), by_day(draw, 1.0, 0.15, 0.4, 1.6)
    thermostat = ripple(draw, draw.uniform(8, 15) * MINUTE_S, change)

    def course(t: Array) -> Array:
        hour = draw.hour(t) - late_h
        wave = _wave(hour, 15) + 0.25 * _wave(2 * hour, 22)
        x = level + weather(t) + swing * strength(t) * change.wave(t) * wave
        x += size * thermostat(t)
        return np.asarray(x + (8 - level) * change.approach("fail", t, 15 * HOUR_S))

    return course


def server_room(draw: Draw, change: Change) -> Course:
    """Cooled to a few tenths of a degree; jobs at night warm it a little. Its cooling may fail."""
    level, size = draw.uniform(21, 23), draw.uniform(0.1, 0.2)
    night_h, job = draw.uniform(0, 4), draw.uniform(0.1, 0.25)
    load = wander(draw, 0.12, 2 * HOUR_S)
    cooler = ripple(draw, draw.uniform(8, 15) * MINUTE_S, change)

    def course(t: Array) -> Array:
        hour = draw.hour(t)
        jobs = job * np.exp(-0.5 * ((hour - night_h - 2) / 0.6) ** 2)
        x = level + load(t) + 0.1 * _wave(hour, 15) + jobs + size * cooler(t)
        return np.asarray(x + 16 * change.approach("fail", t, 1.5 * HOUR_S))

    return course


def fridge(draw: Draw, change: Change) -> Course:
    """A kitchen's refrigerator: its doors are opened some twenty times a day, a few at a time."""
    low = draw.uniform(2.5, 3.5)
    cooling = draw.uniform(0.24, 0.34) / MINUTE_S
    body = Thermostat(low, low + 4, draw.uniform(150, 240) * MINUTE_S, -cooling)
    defrost = repeated(draw, draw.uniform(8, 12) * HOUR_S, 20 * MINUTE_S)
    return _cabinet(draw, change, body, defrost, 6.0, 0.5, _openings(draw, 9.0, _KITCHEN))


def freezer(draw: Draw, change: Change) -> Course:
    """A chest in a shop's back room: few openings, each of them warm; long defrosts."""
    low = draw.uniform(-21, -19)
    cooling = draw.uniform(0.22, 0.28) / MINUTE_S
    body = Thermostat(low, low + 3, draw.uniform(420, 700) * MINUTE_S, -cooling)
    defrost = repeated(draw, draw.uniform(10, 14) * HOUR_S, 20 * MINUTE_S)
    return _cabinet(draw, change, body, defrost, 8.0, 0.35, _openings(draw, 3.0, _SHOP))


def greenhouse(draw: Draw, change: Change) -> Course:
    """Sun through clouds, a sunrise that reaches the sensor within minutes; heated at night."""
    night, gain = draw.uniform(9, 13), draw.uniform(13, 17)
    rise_h, set_h = draw.uniform(5.5, 6.5), draw.uniform(19, 20.5)
    direct_h = rise_h + draw.uniform(0.8, 1.8)
    weather = wander(draw, 2.5, 96 * HOUR_S)
    clouds = wander(draw, 1.0, 15 * MINUTE_S)
    clear = by_day(draw, 0.75, 0.3, 0.25, 1.1)

    def sun(t: Array) -> Array:
        hour = draw.hour(t)
        height = np.maximum(0.0, np.sin(np.pi * (hour - rise_h) / (set_h - rise_h)))
        height[(hour < rise_h) | (hour > set_h)] = 0.0
        # A few clouds shade and bare the sun all day; an overcast sky does not change.
        shade = np.maximum(0.0, 1 + 0.35 * (1.15 - clear(t)) * clouds(t))
        return np.asarray(gain * clear(t) * shade * height)

    warmed = lagged(sun, draw.uniform(35, 60) * MINUTE_S)

    def course(t: Array) -> Array:
        hour = draw.hour(t)
        direct = _smooth((hour - direct_h) * 6) - _smooth((hour - set_h + 1.5) * 1.5)
        day = warmed(t) + 3 * clear(t) * direct
        x = night + weather(t) + change.wave(t) * day
        return np.asarray(x - 14 * change.approach("fail", t, 3 * HOUR_S))

    return course


def machine(draw: Draw, change: Change) -> Course:
    """A machine in one or two shifts, with a break in each; every other one rests at weekends.

    Where its cooling fails it is 25 C warmer while it runs; without a daily wave it stands still.
    """
    hall, heat = draw.uniform(18, 22), draw.uniform(26, 34)
    shifts, rests = 1 + int(draw.uniform(0, 2)), draw.uniform(0, 1) < 0.5
    weather = wander(draw, 1.2, 48 * HOUR_S)
    load = lagged(wander(draw, 1.5, 30 * MINUTE_S), 22 * MINUTE_S)
    running = _shifts(draw, shifts, rests)
    stops = change.begins_s("no_wave")
    running = np.minimum(running, stops)[running[:, 0] < stops]
    warmth = switched(running, 22 * MINUTE_S, 70 * MINUTE_S)

    def course(t: Array) -> Array:
        hot = heat + load(t) + 25 * change.approach("fail", t, 3 * HOUR_S)
        return np.asarray(hall + weather(t) + 1.5 * _wave(draw.hour(t), 15) + hot * warmth(t))

    return course


def oven(draw: Draw, change: Change) -> Course:
    """A laboratory's oven: jobs of hours at any time, a heater that is pulsed.

    It fails when a job begins and its contact welds: it then heats on and on.
    """
    hall, target = draw.uniform(22, 26), draw.uniform(55, 65)
    rise_s, element_s = draw.uniform(4, 7) * MINUTE_S, draw.uniform(60, 100)
    weather = wander(draw, 0.8, 36 * HOUR_S)
    jobs = _jobs(draw, draw.uniform(2, 4.5))
    fails = change.begins_s("fail")
    later = np.flatnonzero(jobs[:, 1] > fails)
    welds = max(fails, float(jobs[later[0], 0])) if len(later) else np.inf
    if len(later):
        jobs = np.vstack([jobs[: later[0]], [[jobs[later[0], 0], END_S]]])
    # A heating element and the oven around it: two bodies, one after the other.
    body, element = (switched(jobs, tau, 4 * tau) for tau in (rise_s, element_s))
    share = rise_s / (rise_s - element_s)
    pulses = switched(jobs, rise_s, 60.0)

    def course(t: Array) -> Array:
        warmth = share * body(t) + (1 - share) * element(t)
        x = hall + weather(t) + (target - hall) * warmth
        x += 0.4 * pulses(t) * np.sin(2 * np.pi * t / 180)
        return np.asarray(x - 35 * np.expm1(-np.maximum(t - welds, 0.0) / 1800))

    return course


def buffer_tank(draw: Draw, change: Change) -> Course:
    """The water of a heating: a heat pump charges it, the house draws from it all the time.

    Twice a day the pump leaves it for half an hour or more, to make hot water. The pump may fail.
    """
    low = draw.uniform(30, 36)
    tau_s = draw.uniform(90, 140) * MINUTE_S
    body = Thermostat(low, low + 5, tau_s, draw.uniform(0.35, 0.45) / MINUTE_S)
    demand = wander(draw, 1.5, 24 * HOUR_S)
    random, days = draw.generator(), draw.midnight_s(draw.days())
    begins = np.concatenate([days + h * HOUR_S for h in (draw.uniform(4, 6), draw.uniform(15, 18))])
    begins += random.normal(0.0, 600.0, len(begins))
    away = apart(begins, random.uniform(25, 45, len(begins)) * MINUTE_S, 0.0)

    def house(t: Array) -> Array:
        return np.asarray(19 + demand(t) + 2 * _wave(draw.hour(t), 14))

    return body.run(house, away, [], change)


_CYCLE: Final = frozenset({"fail", "stop", "double"})
_WAVE: Final = frozenset({"no_wave", "double_wave"})

KINDS: Final[dict[str, Kind]] = {
    "room": Kind(room, 10.0, (14.0, 32.0), _CYCLE | _WAVE),
    "server_room": Kind(server_room, 3.0, (19.0, 26.0), _CYCLE),
    "fridge": Kind(fridge, 14.0, (-1.0, 14.0), _CYCLE),
    "freezer": Kind(freezer, 16.0, (-26.0, -6.0), _CYCLE),
    "greenhouse": Kind(greenhouse, 30.0, (-8.0, 45.0), _WAVE | {"fail"}),
    "machine": Kind(machine, 42.0, (5.0, 70.0), frozenset({"fail", "no_wave"})),
    "oven": Kind(oven, 50.0, (10.0, 75.0), frozenset({"fail"})),
    "buffer_tank": Kind(buffer_tank, 18.0, (20.0, 48.0), _CYCLE),
}

# When doors are opened: shares of the hours of a day.
_KITCHEN: Final = (0.1,) * 6 + (1, 3, 3, 1.5, 1, 1.5, 4, 2, 1, 1, 1.5, 3, 5, 4, 2.5, 2, 1, 0.4)
_SHOP: Final = (0.05,) * 7 + (1, 2, 3, 2, 2, 1, 1, 2, 2, 2, 2, 1.5, 0.5) + (0.05,) * 4


def _wave(hour: Array, peak_h: float) -> Array:
    """A wave of a day that is highest at this hour."""
    return np.asarray(np.cos(2 * np.pi * (hour - peak_h) / 24))


def _smooth(share: Array) -> Array:
    """0 below 0, 1 above 1, without a kink between."""
    x = np.clip(share, 0.0, 1.0)
    return np.asarray(x * x * (3 - 2 * x))


def _cabinet(
    draw: Draw,
    change: Change,
    body: Thermostat,
    defrost: Array,
    rise: float,
    mixed: float,
    doors: Array,
) -> Course:
    """Air in a cold cabinet: the thermostat's cycle, defrosts of `rise` C, and warm air through the
    door: `mixed` is how much of it the sensor would see at last.
    """
    weather, share = wander(draw, 1.0, 48 * HOUR_S), mixed * draw.uniform(0.75, 1.25)
    defrost = defrost[defrost[:, 0] < change.begins_s("fail")]

    def kitchen(t: Array) -> Array:
        return np.asarray(22 + weather(t) + 1.5 * _wave(draw.hour(t), 16))

    # A second of an open door leaves its warmth in what is inside, too.
    kicks = [(end, 0.0015 * (end - begin)) for begin, end in doors.tolist()]
    cycle: Relaxation = body.run(kitchen, defrost, kicks, change)
    heater = switched(defrost, 25 * MINUTE_S, 15 * MINUTE_S)
    air = switched(doors, 90.0, 150.0)
    most = rise / -np.expm1(-20 / 25)
    warm = share * (22 - (body.low + body.high) / 2)
    return lambda t: np.asarray(cycle(t) + most * heater(t) + warm * air(t))


def _openings(draw: Draw, visits: float, hours: tuple[float, ...]) -> Array:
    """Spans [count, 2] of an open door: visits a day by the shares of the hours, some days busier
    than others, and a few openings of 10 to 60 s at each.
    """
    random, share = draw.generator(), np.array(hours) / sum(hours)
    begins: list[float] = []
    for midnight in draw.midnight_s(draw.days()).tolist():
        count = random.poisson(visits * np.exp(random.normal(-0.045, 0.3)))
        for hour in random.choice(24, count, p=share) + random.uniform(0.0, 1.0, count):
            waits = random.exponential(90.0, random.poisson(1.2))
            begins += (midnight + hour * HOUR_S + np.cumsum([0.0, *waits])).tolist()
    every = np.array(begins)
    every = every[every > BEGIN_S]
    lengths = np.exp(random.uniform(np.log(10), np.log(60), len(every)))
    return apart(every, lengths, 5.0)


def _shifts(draw: Draw, shifts: int, rests: bool) -> Array:
    """Spans [count, 2] in which a machine runs: eight hours a shift, less half an hour's break."""
    random, days = draw.generator(), draw.days()
    spans = []
    for day, midnight in zip(days.tolist(), draw.midnight_s(days).tolist(), strict=True):
        jitter, breaks = random.normal(0.0, 600.0), random.normal(0.0, 300.0, 2)
        if rests and day % 7 >= 5:
            continue
        for shift in range(shifts):
            begin = midnight + (6 + 8 * shift) * HOUR_S + jitter
            pause = begin + 4 * HOUR_S + breaks[shift]
            spans += [(begin, pause), (pause + 0.5 * HOUR_S, begin + 8 * HOUR_S)]
    found = np.array(spans)
    return found[(found[:, 0] > BEGIN_S) & (found[:, 1] < END_S)]


def _jobs(draw: Draw, jobs_a_day: float) -> Array:
    """Spans [count, 2] of one to five hours at random times, one after another."""
    random = draw.generator()
    count = int(jobs_a_day * (END_S - BEGIN_S) / DAY_S * 2)
    lengths = random.uniform(1.0, 5.0, count) * HOUR_S
    waits = random.exponential(max(1.0, 24 / jobs_a_day - 3) * HOUR_S, count)
    ends = BEGIN_S + np.cumsum(waits + lengths)
    return apart(ends - lengths, lengths, 0.0)
