"""The benchmark of months: what watches minutes, the grid of slow events, and the whole verb."""

import argparse
import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from benchmark import __main__ as benchmark
from benchmark import (
    life_events,
    lives,
    program,
    slow,
    slow_firmware,
    slow_grid,
    slow_report,
    slow_watchers,
    synthetic,
    tables,
    variants,
)
from benchmark.life_events import EVENTS
from benchmark.life_kinds import KINDS
from benchmark.lives import Life
from benchmark.slow_grid import Task
from benchmark.slow_watchers import Limits, SlowCharts
from project import profile as profiles
from project.errors import UserError
from project.profile import Slow

TEMPERATURE = profiles.load(profiles.find("temperature"))
MAHALANOBIS = dataclasses.replace(
    TEMPERATURE, detector=dataclasses.replace(TEMPERATURE.detector, kind="mahalanobis")
)
RULES = Slow(span=10.0)
SERVER = ("server_room",)
needs_compiler = pytest.mark.skipif(shutil.which("g++") is None, reason="no g++")


def silent(done: int, total: int) -> None:
    pass


# --- what watches minutes


def test_limits_alarm_until_an_hour_is_inside() -> None:
    watcher = Limits.of(np.array([10.0]), np.array([20.0]))
    means = [15.0] * 5 + [21.0] + [19.0] * 80
    on = [bool(watcher.minute(np.array([mean]))[0, 0]) for mean in means]
    assert np.flatnonzero(on).tolist() == list(range(5, 65))


@pytest.mark.parametrize("name", slow_watchers.NAMES)
def test_a_chosen_watcher_goes_on_as_the_whole_one_does(name: str) -> None:
    drawn = [Life(kind, 5) for kind in ("room", "fridge", "oven")]
    means = np.array([lives.minute_means(life, -60, 360) for life in drawn])
    means[:, 300:] += 40
    whole = slow_watchers.trained(name, drawn, means[:, :60], RULES)
    for minute in range(60, 200):
        whole.minute(means[:, minute])
    order = np.array([2, 0, 2])
    part = whole.chosen(order)
    for minute in range(200, 360):
        on = whole.minute(means[:, minute])
        assert np.array_equal(part.minute(means[order, minute]), on[order])
    assert on.shape == whole.off().shape
    assert on.any() or name == "return_period"  # which has no day yet


def test_lives_with_spans_of_their_own_are_judged_as_if_each_were_alone() -> None:
    drawn = [Life("server_room", 2), Life("fridge", 2)]
    means = np.array([lives.minute_means(life, -1, 1500) for life in drawn])
    means[0, 700:] += 4
    together = SlowCharts.trained(drawn, means[:, :1], RULES)
    alone = [SlowCharts.trained([life], means[[i], :1], RULES) for i, life in enumerate(drawn)]
    for minute in range(1, 1500):
        on = together.minute(means[:, minute])
        for i, watcher in enumerate(alone):
            assert np.array_equal(watcher.minute(means[[i], minute])[0], on[i])
    assert on[0].any() and not on[1].any()


@dataclasses.dataclass(frozen=True)
class Watched:
    """How an event went in twenty lives of a kind: one entry each."""

    after: npt.NDArray[np.int64]  # minutes until an alarm
    risen: npt.NDArray[np.float64]  # C above what the life would have been, at that minute
    still: npt.NDArray[np.bool_]  # whether there is an alarm two days after that


def watch(kind: str, name: str, recorded: int, begin: int) -> Watched:
    """Trained on `recorded` minutes; the event begins after `begin` more. Every life alarms."""
    drawn, two_days = [Life(kind, seed) for seed in range(3000, 3020)], 2 * slow_grid.DAY
    event = life_events.slow(name, begin * life_events.MINUTE_S)
    minutes = begin + two_days + slow_grid.DAY
    clean = np.array([lives.minute_means(life, -recorded, recorded + minutes) for life in drawn])
    means = np.array([lives.minute_means(life, 0, minutes, event) for life in drawn])
    watcher = slow_watchers.trained("slow", drawn, clean[:, :recorded], RULES)
    on = np.array([watcher.minute(row).any(axis=1) for row in means.T])[begin:]
    assert on.any(axis=0).all()
    after, lives_of_all = on.argmax(axis=0), np.arange(len(drawn))
    risen = (means - clean[:, recorded:])[lives_of_all, begin + after]
    return Watched(after, risen, on[after + two_days, lives_of_all])


def test_a_start_in_a_place_that_is_20_degrees_too_hot() -> None:
    hot = watch("room", "boot at +20", recorded=1, begin=0)
    assert hot.after.max() < 2 and hot.still.all()


@pytest.mark.parametrize("ramp", ["ramp 0.05", "ramp 0.2"])
def test_a_ramp_in_a_room_known_for_a_minute_is_found_before_14_degrees(ramp: str) -> None:
    found = watch("room", ramp, recorded=1, begin=slow_grid.DAY // 2)
    assert found.risen.max() < 14 and found.still.all()


@pytest.mark.parametrize("kind", ["fridge", "freezer"])
def test_a_compressor_that_dies_on_the_first_day(kind: str) -> None:
    dead = watch(kind, "heating or cooling fails", slow_grid.DAY, begin=slow_grid.DAY // 2)
    assert np.median(dead.after) < 5 * 60 and dead.still.all()


# --- the grid


def test_what_leaves_the_span_is_found_and_a_clean_day_is_not() -> None:
    outcome = slow_grid.measure(Task("slow", "1h", False, RULES, SERVER, 2, 1, 1))
    assert outcome.false_alarms == {"server_room": 0}
    assert set(outcome.found) == {
        (event, "1h_day0", "server_room")
        for event in (*EVENTS, slow_grid.CHANCE)
        if event == slow_grid.CHANCE or KINDS["server_room"].may_have(EVENTS[event].kind)
    }
    assert outcome.found["boot at +10", "1h_day0", "server_room"] == [0.0, 0.0]
    slow_ramp, quick_ramp = (
        np.mean(outcome.found[f"ramp {size}", "1h_day0", "server_room"]) for size in (0.05, 0.2)
    )
    assert 5 < quick_ramp < 60 and 2 * quick_ramp < slow_ramp < 240


def test_sigma_of_an_hour_cries_wolf() -> None:
    outcome = slow_grid.measure(Task("sigma", "1h", True, RULES, SERVER, 1, 2, 1))
    assert outcome.false_alarms["server_room"] > 0 and outcome.in_alarm_days > 0.1
    assert not outcome.found


def test_the_report_counts_each_event_the_same() -> None:
    task = Task("slow", "24h", False, RULES, SERVER, 1, 30, 1)
    found = {
        ("cycle stops", "24h_day8", "server_room"): [60.0, np.inf],
        ("boot at +10", "24h_day8", "server_room"): [0.0],
        (slow_grid.CHANCE, "24h_day8", "server_room"): [3000.0, np.inf],
    }
    outcome = slow_grid.Outcome(task, {"server_room": 3}, 0.3, found)
    life = Life("server_room", 1)
    minute = slow_firmware.Outcome(life, "1min", 3, first_day=2, after=1, slow=1)
    day = slow_firmware.Outcome(life, "24h", 5, first_day=0, after=2)
    result = slow_report.report([outcome], [minute, day])
    assert result["slow_recall"]["24h_day8"] == pytest.approx(0.75)
    assert result["slow_recall"]["1h_day0"] is None
    assert result["false_alarms_per_day"] == {
        "first_day": 1.0,
        "after": 0.5,
        "lives": {"server_room": 0.5},
    }
    assert result["days"] == 8 and result["fast"]["of_slow_charts"] == 1
    assert result["fast"]["trainings"]["1min"]["first_day"]["per_day"] == 2.0
    assert result["fast"]["trainings"]["24h"]["after"]["per_day"] == 0.5
    own = result["slow"]["detectors"]["slow"]
    assert own["alarms"]["24h"]["per_day"] == pytest.approx(0.1)
    assert own["alarms"]["24h"]["ci"] == pytest.approx(synthetic.poisson_interval(3, 30))
    assert own["events"]["cycle stops"]["24h_day8"] == {
        "recall": 0.5,
        "latency_h": 1.0,
        "events": 2,
    }
    assert own["chance"]["24h_day8"]["2"] == 0.0 and own["chance"]["24h_day8"]["4"] == 0.5


# --- the program


def test_alarms_of_the_program_are_read_with_who_raised_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said = [
        b"System Ready. Monitoring Sensor...\r\n"
        b"Real: 1.00 | Score: 0.1 | State: WARMUP | Slow: 0.10\r\n",
        b"Real: 1.00 | Score: 0.1 | State: NORMAL\r\n"
        b"Real: 1.00 | Score: 9.1 | State: ANOMALY | Cause: level | Slow: 0.30\r\n"
        b">>> ANOMALY DETECTED! <<<\r\n"
        b"Real: 1.00 | Score: 0.1 | State: ANOMALY | Cause: level | Slow: 1.30\r\n"
        b"Real: 1.00 | Score: 9.1 | State: ANOMALY | Cause: jump | Slow: 1.30\r\n"
        b"Real: 1.00 | Score: 0.1 | State: ANOMALY | Cause: cycle | Slow: 0.80\r\n",
        b"Real: nan | Score: nan | State: FAULT\r\n",
    ]
    monkeypatch.setattr(program.Program, "blocks", lambda self, clips, state: iter(said))
    built = program.Program(Path("program"), TEMPERATURE)
    alarm, by_charts = slow_firmware.alarms(built, np.zeros(7), None)
    assert alarm.tolist() == [False, False, True, True, True, True, True]
    assert by_charts.tolist() == [False, False, False, True, False, True, False]


def test_a_profile_gets_the_span_of_the_life() -> None:
    fridge = slow_firmware.for_kind(TEMPERATURE, "fridge")
    assert fridge.slow is not None and fridge.slow.span == KINDS["fridge"].span
    without = dataclasses.replace(TEMPERATURE, slow=None)
    assert slow_firmware.for_kind(without, "fridge") == without


@needs_compiler
def test_a_tiny_run_end_to_end(
    host_compiler: program.Compiler, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slow_grid, "CHANCE_MINUTES", slow_grid.DAY)
    for name in [name for name, event in EVENTS.items() if event.window_s > life_events.DAY_S]:
        monkeypatch.delitem(EVENTS, name)
    settings = slow.Settings(
        days=1,
        devices=1,
        firmware_days=1,
        times=1,
        firmware_events_on=(0,),
        kinds=("server_room",),
    )
    result = slow.run(MAHALANOBIS, ["slow", "by_hand"], settings, silent, host_compiler)
    slow.keep(result, tmp_path / "folder" / "slow.json")
    kept = slow.kept(tmp_path / "folder" / "slow.json")
    assert kept == json.loads(json.dumps(result))
    assert kept is not None
    assert set(kept["slow_recall"]) == set(slow_report.IN_SHORT)
    assert kept["slow_recall"]["1min_day0"] > 0.3 and kept["slow_recall"]["24h_day25"] is None
    assert kept["slow_false_alarms_per_day"] == 0 and kept["fast_recall_day8"] is None
    assert set(kept["false_alarms_per_day"]) == {"first_day", "after", "lives"}
    assert set(kept["false_alarms_per_day"]["lives"]) == {"server_room"}
    assert kept["days"] == 2 and set(kept["fast"]["trainings"]) == {"1min", "24h"}
    assert kept["settings"]["seed"] == 1
    assert kept["fast"]["events"]["0"]["spike 5"]["recall"] == 1.0
    for style in (tables.text, tables.markdown):
        table = tables.slow(kept, style)
        assert "ramp 0.05" in table and "server_room" in table and "spike 5" in table


# --- the verb


def verb(*words: str) -> argparse.Namespace:
    return benchmark._parser().parse_args(["slow", *words])


def test_what_was_run_last_is_printed_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ran = []

    def run(
        profile: object, names: object, settings: slow.Settings, told: object
    ) -> dict[str, int]:
        ran.append(settings)
        return {"days": len(ran)}

    monkeypatch.setattr(slow, "run", run)
    monkeypatch.setattr(slow, "keep", lambda result: None)
    monkeypatch.setattr(slow, "kept", lambda: None)
    for words in (["--json"], ["--json", "--quick"], ["--json", "--devices", "3"]):
        options = verb(*words)
        options.run(options)
    assert [settings.devices for settings in ran] == [1, 1, 3]
    assert [settings.days for settings in ran] == [26, 26, 30]
    monkeypatch.setattr(slow, "kept", lambda: {"days": 99})
    capsys.readouterr()
    options = verb("--json")
    options.run(options)
    assert json.loads(capsys.readouterr().out) == {"days": 99} and len(ran) == 3


def test_what_cannot_be_measured_is_refused(tmp_path: Path) -> None:
    without = dataclasses.replace(TEMPERATURE, slow=None)
    with pytest.raises(UserError, match=r"has no table \[slow\]"):
        slow.run(without, ["slow"], slow.Settings(), silent)
    with pytest.raises(UserError, match="--lives cellar: is none of room"):
        variants.among(tuple(KINDS), ["cellar"], "--lives")
    assert variants.among(tuple(KINDS), ["oven", "room"], "--lives") == ["room", "oven"]
    assert slow.kept(tmp_path / "none.json") is None
    (tmp_path / "half.json").write_text("{")
    with pytest.raises(UserError, match="delete it"):
        slow.kept(tmp_path / "half.json")


def test_every_event_can_befall_some_life() -> None:
    for name, event in EVENTS.items():
        assert any(kind.may_have(event.kind) for kind in KINDS.values()), name
        assert life_events.slow(name, 5.0).start_s == 5.0
