"""Simulated lives: the same from any side, plausible, and events that do what they say."""

import numpy as np
import pytest

from benchmark import devices, life_events, lives
from benchmark.devices import LOW_C, RATE_HZ
from benchmark.life_events import DAY_S, EVENTS, HOUR_S, Event
from benchmark.life_kinds import KINDS
from benchmark.lives import STEP_C, Array, Life

DAY = 1440  # minutes
START_S = 2.4 * DAY_S  # of events
START = round(START_S / 60)

# Coldest and warmest mean of a minute in two weeks that is believed of each.
RANGES = {
    "room": (10.0, 34.0),
    "server_room": (19.5, 25.0),
    "fridge": (1.0, 25.0),
    "freezer": (-23.0, 2.0),
    "greenhouse": (-8.0, 45.0),
    "machine": (10.0, 68.0),
    "oven": (18.0, 70.0),
    "buffer_tank": (22.0, 48.0),
}


def crossings(x: Array) -> int:
    """How often a cycle passes its own middle on its way up."""
    above = x > (x.max() + x.min()) / 2
    return int(np.sum(above[1:] & ~above[:-1]))


def pair(kind: str, name: str, minutes: int, seed: int = 3) -> tuple[Array, Array]:
    """Means from the start of an event on: of a life without it, and of the same with it."""
    life, event = Life(kind, seed), life_events.slow(name, START_S)
    clean = lives.minute_means(life, START, minutes)
    return clean, lives.minute_means(life, START, minutes, event)


# --- lives


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_gives_the_same_and_another_one_another(kind: str) -> None:
    first = lives.readings(Life(kind, 1), DAY_S, 300.0)
    lives._drawn.cache_clear()
    assert np.array_equal(lives.readings(Life(kind, 1), DAY_S, 300.0), first)
    assert not np.array_equal(lives.readings(Life(kind, 2), DAY_S, 300.0), first)
    assert not np.array_equal(lives.readings(Life(kind, 1), DAY_S + 300, 300.0), first)


@pytest.mark.parametrize("kind", KINDS)
def test_stretches_join(kind: str) -> None:
    life = Life(kind, 4)
    whole = lives.readings(life, 8 * DAY_S - 900, 1800.0)
    parts = [lives.readings(life, 8 * DAY_S + first, 600.0) for first in (-900, -300, 300)]
    assert np.array_equal(np.concatenate(parts), whole)
    minutes = lives.minute_means(life, -60, 180)
    halves = [lives.minute_means(life, first, 90) for first in (-60, 30)]
    assert np.array_equal(np.concatenate(halves), minutes)


@pytest.mark.parametrize("kind", KINDS)
def test_means_of_minutes_are_those_of_the_readings(kind: str) -> None:
    life = Life(kind, 5)
    samples = lives.readings(life, 3 * DAY_S, 6 * HOUR_S).reshape(360, 120)
    means = lives.minute_means(life, 3 * DAY, 360)
    # Both have noise, and where the temperature moves fast, six values a minute are a little off.
    off = np.abs(samples.mean(axis=1) - means) - 0.02 * np.ptp(samples, axis=1)
    assert np.max(off) < 5 * np.sqrt(2 / 120) * life.noise


@pytest.mark.parametrize("kind", KINDS)
def test_lives_are_plausible(kind: str) -> None:
    low, high = RANGES[kind]
    middles = set()
    for seed in range(4):
        x = lives.minute_means(Life(kind, seed), -DAY, 15 * DAY)
        assert low < x.min() and x.max() < high
        assert np.percentile(x, 99) - np.percentile(x, 1) < KINDS[kind].span
        assert KINDS[kind].by_hand[0] < np.percentile(x, 1)
        assert np.percentile(x, 99) < KINDS[kind].by_hand[1]
        middles.add(round(float(np.median(x)), 6))
    assert len(middles) == 4


@pytest.mark.parametrize("kind", KINDS)
def test_readings_are_those_of_an_oversampled_adc_with_noise(kind: str) -> None:
    life = Life(kind, 6)
    x = lives.readings(life, 0.1 * DAY_S, 1200.0)
    steps = (x - LOW_C) / STEP_C
    assert np.allclose(steps, np.round(steps), atol=1e-5)
    assert 0.05 <= life.noise <= 0.10
    noise = np.median(np.abs(np.diff(x))) * 1.4826 / np.sqrt(2)
    assert noise == pytest.approx(life.noise, rel=0.15)


def test_the_rate_may_be_another_one() -> None:
    life = Life("room", 1)
    slow, quick = (lives.readings(life, HOUR_S, 3600.0, rate_hz=rate) for rate in (0.1, 10.0))
    assert (len(slow), len(quick)) == (360, 36_000)
    assert slow.mean() == pytest.approx(quick.mean(), abs=0.05)


def test_nothing_is_drawn_outside_of_a_life() -> None:
    with pytest.raises(ValueError, match="a life has"):
        lives.readings(Life("room", 1), 130 * DAY_S, 60.0)
    assert len(lives.readings(Life("room", 1), 0.0, 0.0)) == 0


def test_doors_come_in_bursts_by_day() -> None:
    x = lives.true(Life("fridge", 2), np.arange(0, 20 * DAY_S, 10.0))
    opened = np.flatnonzero((np.diff(x)[1:] > 0.25) & (np.diff(x)[:-1] <= 0.25)) * 10.0
    assert 8 < len(opened) / 20 < 40
    apart = np.diff(opened)
    assert np.mean(apart < 300) > 0.3  # were they spread evenly: 0.07


def test_weekends_are_idle_for_some_machines_only() -> None:
    idle = []
    for seed in range(12):
        x = lives.minute_means(Life("machine", seed), 0, 14 * DAY).reshape(14, DAY)
        idle.append(int(np.sum(np.ptp(x, axis=1) < 12)))
    assert min(idle) == 0 and 2 <= max(idle) <= 4


# --- slow events


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_happens_before_an_event(kind: str) -> None:
    life, minutes = Life(kind, 3), DAY
    clean = lives.minute_means(life, START - 120, 120 + minutes)
    for name, slow in EVENTS.items():
        if KINDS[kind].may_have(slow.kind):
            event = life_events.slow(name, START_S)
            changed = lives.minute_means(life, START - 120, 120 + minutes, event) - clean
            assert np.max(np.abs(changed[:120])) < 1e-6, name
            assert np.max(np.abs(changed[120:])) > 0.1, name


def test_what_is_added() -> None:
    def added(name: str, *hours: float) -> list[float]:
        clean, changed = pair("server_room", name, 50 * 60)
        return [round(float((changed - clean)[round(h * 60)]), 2) for h in hours]

    assert added("boot at +20", 0, 1) == [20, 20]
    assert added("ramp 0.1", 1, 5, 30) == [pytest.approx(6.05), pytest.approx(30.05), 35]
    assert added("offset +1.5", 0.5, 1, 20) == [pytest.approx(0.76), 1.5, 1.5]
    assert added("drift 0.5 a day", 24, 48) == [0.5, 1.0]


@pytest.mark.parametrize(
    ("kind", "low", "high"),
    [
        ("room", 6, 15),
        ("server_room", 36, 40),
        ("fridge", 18, 28),
        ("freezer", 15, 28),
        ("machine", 60, 90),
        ("oven", 85, 102),
        ("buffer_tank", 13, 26),
    ],
)
def test_what_fails_ends_where_it_should(kind: str, low: float, high: float) -> None:
    _, failed = pair(kind, "heating or cooling fails", 2 * DAY)
    extreme = failed.max() if kind == "machine" else float(np.median(failed[-240:]))
    assert low < extreme < high


@pytest.mark.parametrize("kind", ["room", "server_room", "fridge", "freezer", "buffer_tank"])
def test_cycles_stop_and_double(kind: str) -> None:
    t = START_S + np.arange(0, 4 * HOUR_S, 10.0)

    def swings(event: Event | None) -> Array:
        x = lives.true(Life(kind, 3), t, event)
        slow = np.polynomial.Polynomial.fit(t, x, 3)(t)
        return np.asarray(x - slow)

    clean = swings(None)
    stopped = swings(life_events.slow("cycle stops", START_S))
    doubled = swings(life_events.slow("period doubles", START_S))
    assert np.median(np.abs(stopped)) < 0.5 * np.median(np.abs(clean))
    assert crossings(doubled) <= 0.7 * crossings(clean) + 1


@pytest.mark.parametrize("kind", ["room", "greenhouse", "machine"])
def test_the_daily_wave_may_be_missing(kind: str) -> None:
    clean, flat = pair(kind, "daily wave missing", 4 * DAY)
    assert np.ptp(flat[720:]) < 0.7 * np.ptp(clean[720:])


@pytest.mark.parametrize("kind", ["room", "greenhouse"])
def test_the_daily_wave_may_double(kind: str) -> None:
    clean, large = pair(kind, "daily wave doubled", 4 * DAY)
    assert np.ptp(large[720:]) > 1.3 * np.ptp(clean[720:])


# --- fast events

CELLS = [(kind, size) for kind, sizes in devices.GRID.items() for size in sizes if kind != "stuck"]


@pytest.mark.parametrize(("kind", "size"), CELLS)
def test_fast_events_are_those_of_the_grid(kind: str, size: float) -> None:
    life, start = Life("room", 2), 8 * DAY_S + 600.0
    clean = lives.readings(life, start - 60, 400.0)
    window = devices.window(kind)
    signs = set()
    for seed in range(6):
        event = Event(kind, size, start, seed)
        assert event.is_fast
        difference = lives.readings(life, start - 60, 400.0, event) - clean
        assert not difference[:120].any()
        shown = difference[120 : 120 + window + 1]
        assert shown.any()
        signs.add(float(np.sign(shown.sum())))
        expected = {"drift": size * window / RATE_HZ / 60, "noise": 0.0, "dropout": 5.0}
        if kind != "noise":
            assert np.max(np.abs(shown)) == pytest.approx(
                expected.get(kind, size), abs=3 * STEP_C, rel=0.03
            )
        assert difference[120 + window + 1 :].any() == (kind == "step")
    assert {1.0, -1.0} <= signs or kind in ("dropout", "oscillation", "noise")


def test_a_fast_event_is_the_same_in_two_pieces() -> None:
    life, event = Life("fridge", 2), Event("oscillation", 1.0, 100.0, 5)
    whole = lives.readings(life, 90.0, 60.0, event)
    pieces = [lives.readings(life, first, 30.0, event) for first in (90.0, 120.0)]
    assert np.array_equal(np.concatenate(pieces), whole)
    assert lives.minute_means(life, 2, 1, event)[0] == lives.readings(life, 120, 60, event).mean()
    with pytest.raises(ValueError, match="at 2 Hz"):
        lives.readings(life, 90.0, 60.0, event, rate_hz=1.0)
