"""The slow charts as a user meets them: in a profile, in the program, over a recording."""

import json
import re
import subprocess
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pytest

from benchmark.program import plain_text
from project import profile as profiles
from project.errors import UserError
from project.profile import Slow
from training import charts, slow
from training.charts import Charts, Learnt

Array = npt.NDArray[np.float64]

RATE_HZ: Final = 2
TRAINED: Final = 25.0  # what the committed model takes for an ordinary level, C
SPAN: Final = 10.0


def readings(level: Array, seed: int = 3) -> Array:
    """A sensor's readings [samples, 1] of a true temperature [samples] in C."""
    random = np.random.default_rng(seed)
    return np.asarray(level + random.normal(0, 0.07, len(level)))[:, None]


def replay(program: Path, folder: Path, *clips: Array) -> list[str]:
    """The readings of clips [samples, 1], with a hole in time between two."""
    file = folder / "life.csv"
    profile = profiles.load(profiles.find("temperature"))
    file.write_text(plain_text(profile, list(clips)), encoding="ascii")
    done = subprocess.run([program, "--replay", file], capture_output=True, text=True, check=True)
    return [line for line in done.stdout.splitlines() if line.startswith("Real: ")]


def minutes(number: float) -> int:
    return round(60 * RATE_HZ * number)


def slow_ratio(line: str) -> float:
    return float(re.findall(r" \| Slow: (\S+)", line)[0])


def first_slow_alarm(lines: list[str]) -> int:
    """The first sample that the slow charts call an anomaly."""
    causes = ("level", "drift", "activity", "cycle")
    for index, line in enumerate(lines):
        cause = re.findall(r"State: ANOMALY \| Cause: (\w+)", line)
        if cause and cause[0] in causes and slow_ratio(line) > 1:
            return index
    raise AssertionError("no slow alarm")


def test_a_board_that_boots_at_twenty_degrees_more_alarms_within_two_minutes(
    program: Path, tmp_path: Path
) -> None:
    lines = replay(program, tmp_path, readings(np.full(minutes(8), TRAINED + 20)))
    assert first_slow_alarm(lines) <= minutes(2)
    assert "Cause: level" in lines[-1]
    assert slow_ratio(lines[-1]) > 1


@pytest.mark.parametrize("a_minute", [0.2, -0.05])
def test_a_ramp_alarms_before_it_has_left_the_span_far_behind(
    program: Path, tmp_path: Path, a_minute: float
) -> None:
    time = np.arange(minutes(30 + 15 / abs(a_minute))) / minutes(1)
    level = TRAINED + a_minute * np.maximum(time - 30, 0)
    lines = replay(program, tmp_path, readings(level))
    assert abs(level[first_slow_alarm(lines)] - TRAINED) < 14
    assert "State: ANOMALY | Cause: level" in lines[-1]  # and it stays


def test_an_ordinary_room_is_normal(program: Path, tmp_path: Path) -> None:
    time = np.arange(minutes(3 * 60)) / minutes(1)
    level = TRAINED + 1.5 * np.sin(2 * np.pi * time / 1440) + 0.2 * np.sin(2 * np.pi * time / 10)
    lines = replay(program, tmp_path, readings(level))
    assert not any("ANOMALY" in line for line in lines)
    assert 0 <= slow_ratio(lines[-1]) < 0.5


def test_a_hole_in_time_ends_no_alarm_for_long(program: Path, tmp_path: Path) -> None:
    """What was learnt stays over a pause, and a level outside of it alarms again at once."""
    hot = readings(np.full(minutes(5), TRAINED + 20))
    lines = replay(program, tmp_path, hot, hot)
    assert first_slow_alarm(lines[len(hot) :]) <= minutes(2)


def test_a_profile_without_slow_charts_says_nothing_of_them(project: Path) -> None:
    assert profiles.load(profiles.find("lesson")).slow is None
    header = (project / "profiles" / "temperature.toml").read_text("utf-8")
    assert "[slow]" in header


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("span = -1.0", "[slow] span: -1.0 is not within 0 to inf"),
        ("span = [1.0, 2.0]", "[slow] span: are 2 for 1 values"),
        ("span = 3.0\nlimits = [1.0, 2.0]", "[slow] limits: stand instead of the span"),
        ("limits = [2.0, 1.0]", "[slow] limits: low 2 is not below high 1"),
        ("limits = [[1.0, 2.0], [1.0, 2.0]]", "[slow] limits: are 2 for 1 values"),
        ("learn_days = 1", "[slow] learn_days: 1 is not within 2 to 60"),
        ("width = 1.0", "[slow] width: unknown key"),
    ],
)
def test_a_wrong_table_is_refused_in_one_sentence(
    project: Path, tmp_path: Path, table: str, said: str
) -> None:
    text = (project / "profiles" / "temperature.toml").read_text("utf-8")
    file = tmp_path / "own.toml"
    file.write_text(re.sub(r"\[slow\].*?\n\n", f"[slow]\n{table}\n\n", text, flags=re.S), "utf-8")
    with pytest.raises(UserError, match=re.escape(said)):
        profiles.load(file)


# --- the charts, over months of minutes


def charts_of(table: profiles.Slow, recording: Array) -> Charts:
    """Charts that have learnt a recording of minute means."""
    config = slow.configure(table, 0, 0.07, 120.0)
    return Charts(config, slow.learn(config, [charts.single(recording)]))


def run(own: Charts, means: Array) -> npt.NDArray[np.bool_]:
    """Whether any chart was in alarm at each minute mean [minutes]."""
    result = np.zeros(len(means), bool)
    for minute, mean in enumerate(charts.single(means)):
        own.minute(mean[None])
        result[minute] = own.on.any()
    return result


def a_fridge(days: int, seed: int) -> Array:
    """Minute means of a compressor that switches over 4 C in about an hour, some doors a day."""
    random = np.random.default_rng(seed)
    x, level, on, door = [], 5.0, True, 0.0
    for _ in range(days * charts.DAY):
        level += -0.14 if on else 0.12
        on = level > 7 or (on and level > 3)
        door = 0.7 * door + (random.uniform(1, 4) if random.random() < 20 / charts.DAY else 0)
        x.append(level + door + random.normal(0, 0.02))
    return np.array(x)


def test_a_month_of_a_fridge_is_quiet_and_its_dead_compressor_is_not() -> None:
    life = a_fridge(30, 5)
    own = charts_of(profiles.Slow(span=14.0), life[:60])
    alarms = run(own, life[60:])
    begins = np.flatnonzero(alarms[1:] & ~alarms[:-1])
    assert len(begins) <= 2
    warming = life[-1] + (22 - life[-1]) * (1 - np.exp(-np.arange(3000) / 200))
    dead = run(own, warming)
    assert dead.any()
    assert np.argmax(dead) < 5 * 60
    assert dead[-1000:].all()


def test_outside_of_the_span_nothing_becomes_normal_however_long_it_lasts() -> None:
    own = charts_of(profiles.Slow(span=SPAN), np.full(60, TRAINED))
    hot = run(own, TRAINED + 20 + np.random.default_rng(1).normal(0, 0.1, 40 * charts.DAY))
    assert hot[2:].all()


def test_a_cycle_that_stops_is_found_after_a_week_of_it() -> None:
    time = np.arange(12 * charts.DAY)
    noise = np.random.default_rng(2).normal(0, 0.02, len(time))
    life = TRAINED + np.sin(2 * np.pi * time / 40) + noise
    own = charts_of(profiles.Slow(span=SPAN), life[:60])
    assert not run(own, life[60 : 10 * charts.DAY]).any()
    stopped = run(own, TRAINED + noise[: charts.DAY])
    assert stopped.any()
    assert own.on[charts.DWELL].any() or own.on[charts.ACTIVITY :].any()


def test_a_slope_hides_no_cycle() -> None:
    """A thermostat's ripple goes on while the sun rises and sets."""
    time = np.arange(6 * charts.DAY)
    random = np.random.default_rng(4)
    walk = np.cumsum(random.normal(0, 0.025, len(time)))
    slope = 2 * np.sin(2 * np.pi * time / charts.DAY)
    ripple = 0.3 * np.sin(2 * np.pi * time / 10)
    life = TRAINED + slope + walk + ripple
    own = charts_of(profiles.Slow(span=2 * SPAN), life[:60])
    assert not run(own, life[60:]).any()
    assert own.learnt.cycles[0] == pytest.approx(len(time) / 10, rel=0.05)


def test_a_start_at_the_wrong_level_does_not_make_the_right_one_an_alarm_for_days() -> None:
    """What alarms at the end of the first day is not learnt, and nothing stands in its place."""
    own = charts_of(profiles.Slow(span=SPAN), np.full(60, TRAINED))
    noise = np.random.default_rng(4).normal(0, 0.1, 4 * charts.DAY)
    assert run(own, TRAINED + 20 + noise[: charts.DAY + 300])[2:].all()
    assert not run(own, TRAINED + noise)[2 * charts.DAY :].any()


def test_a_chart_that_begins_late_is_not_judged_before_its_own_days_are_known() -> None:
    """A device whose cycle begins after a fortnight, and that is started anew each day."""
    random = np.random.default_rng(6)
    own = charts_of(profiles.Slow(span=SPAN), np.full(60, TRAINED))
    alarms = 0
    for day in range(24):
        time = np.arange(charts.DAY)
        wave = np.sin(2 * np.pi * time / 50) if day >= 12 else np.zeros(charts.DAY)
        means = TRAINED + wave + random.normal(0, 0.02, charts.DAY)
        own.resume()
        for mean in charts.single(means):
            own.minute(mean[None])
            alarms += bool(own.on[charts.PERIOD : charts.CLOCK].any())
    assert alarms == 0


def test_fixed_limits_stand_in_place_of_the_span() -> None:
    own = charts_of(profiles.Slow(limits=(20.0, 28.0)), np.full(60, TRAINED))
    assert not run(own, np.full(60, 27.5)).any()
    assert run(own, np.full(60, 28.5))[-1]


def test_without_a_span_nothing_alarms_before_the_days_are_known() -> None:
    own = charts_of(profiles.Slow(), np.full(60, TRAINED))
    assert not run(own, TRAINED + np.linspace(0, 100, 3 * charts.DAY)).any()


def test_charts_that_average_over_too_few_readings_are_off() -> None:
    config = slow.configure(profiles.Slow(fastest_minutes=360), 0, 0.07, 1 / 60)
    used = [charts.NAMES[i] for i in np.flatnonzero(config.reach)]
    assert used == ["level 6 h", "level 1 day", "trend 1 day", "activity 1 day"]


@pytest.mark.parametrize(("frame_s", "rows", "minutes"), [(0.5, 360, 3), (45, 8, 6), (300, 2, 10)])
def test_frames_become_minutes(frame_s: float, rows: int, minutes: int) -> None:
    means = slow.minute_means([np.arange(rows)], frame_s)
    assert [len(part) for part in means] == [minutes]
    if frame_s == 0.5:
        assert means[0] == pytest.approx([59.5, 179.5, 299.5])
    if frame_s == 300:
        assert means[0] == pytest.approx([0] * 5 + [1] * 5)


def test_what_a_manifest_says_is_what_was_learnt() -> None:
    random = np.random.default_rng(3)
    life = charts.single(20 + np.sin(np.arange(3000) / 9) + 0.05 * random.standard_normal(3000))
    for rules in (Slow(span=10.0), Slow(limits=(15.0, 34.0)), Slow()):
        config = slow.configure(rules, 0, 0.08, 120.0)
        learnt = slow.learn(config, [life[:2000]])
        found = {"values": [slow.record_of(config, learnt)], "learn_days": config.learn_days}
        boards = Charts(config, learnt), Charts(*slow.read(json.loads(json.dumps(found)), 0))
        for mean in np.concatenate([life[2000:], life[2000:] + 9]):
            for board in boards:
                board.minute(mean[None])
            assert np.array_equal(boards[0].values, boards[1].values)
            assert np.array_equal(boards[0].on, boards[1].on)
            assert np.array_equal(boards[0].ratio, boards[1].ratio)


def test_a_recording_shorter_than_a_minute_still_lays_the_span() -> None:
    config = slow.configure(profiles.Slow(span=SPAN), 0, 0.07, 120.0)
    learnt: Learnt = slow.learn(config, slow.minute_means([np.full(30, 7.0)], 0.5))
    assert learnt.bounds[:, 0] == pytest.approx([17.0, -3.0])
