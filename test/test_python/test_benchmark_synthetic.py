"""The benchmark on simulated devices: the devices, the counting, and the whole through C++."""

import dataclasses
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark import baselines, devices, program, running_z, synthetic, variants
from benchmark.devices import GRID, LOW_C, LSB_C
from project import profile as profiles
from project.errors import UserError
from training import evaluation, manifest

needs_compiler = pytest.mark.skipif(shutil.which("g++") is None, reason="no g++")
TEMPERATURE = profiles.load(profiles.find("temperature"))


# --- devices


def test_devices_differ_and_the_same_seed_gives_the_same() -> None:
    first, second = devices.draw(2, 5)
    assert first != second
    assert devices.draw(2, 5) == [first, second]
    assert devices.draw(2, 6) != [first, second]


def test_readings_are_what_sixteen_conversions_give() -> None:
    device = devices.draw(1, 1)[0]
    x = devices.readings(device, 3, 5000, np.random.default_rng(1))
    steps = (x - LOW_C) / (LSB_C / 16)
    assert np.allclose(steps, np.round(steps), atol=1e-5)
    assert 0.04 < np.std(np.diff(x)) / np.sqrt(2) < 0.13


@pytest.mark.parametrize("kind", list(GRID))
def test_every_event_begins_where_it_should(kind: str) -> None:
    device = dataclasses.replace(devices.draw(1, 1)[0], noise=0.0, adc_noise_lsb=0.0, ripple=0.0)
    size = GRID[kind][0]
    x = devices.events(device, kind, size, 4, 100, np.random.default_rng(2))
    assert x.shape == (4, 100 + devices.window(kind) + 1)
    assert np.max(np.abs(np.diff(x[:, :100], axis=1))) < 3 * LSB_C
    if kind == "stuck":
        assert np.all(x[:, 100:] == x[:, 99:100])
    elif kind == "dropout":
        assert np.all(x[:, 100:106] == LOW_C) and np.all(x[:, 106] > LOW_C)
    elif kind in ("spike", "step"):
        assert np.allclose(np.abs(x[:, 100] - x[:, 99]), size, atol=3 * LSB_C)


# --- counting


def test_poisson_interval_is_garwoods() -> None:
    assert synthetic.poisson_interval(0, 6) == pytest.approx((0, 3.689 / 6), rel=1e-3)
    assert synthetic.poisson_interval(3, 1) == pytest.approx((0.6187, 8.767), rel=1e-3)


def test_alarms_close_together_are_one_episode() -> None:
    alarm = np.zeros(1000, dtype=bool)
    alarm[[10, 11, 60, 400]] = True
    assert synthetic.episodes(alarm) == 2
    assert synthetic.episodes(np.zeros(10, dtype=bool)) == 0


def test_an_alarm_that_was_on_before_has_not_found_the_event() -> None:
    length = synthetic.BEFORE + devices.window("spike") + 1
    on, begins, late = (np.zeros(length, dtype=bool) for _ in range(3))
    on[:] = True
    begins[synthetic.BEFORE + 3 :] = True
    outcome = synthetic.judge([], {("spike", 1.0): [on, begins, late]}, 0)
    assert outcome.latencies == {("spike", 1.0): [1.5]}
    assert outcome.recalls() == {("spike", 1.0): pytest.approx(1 / 3)}


def test_a_latched_alarm_ends_after_enough_low_scores() -> None:
    scores = np.zeros((1, 60))
    scores[0, 30] = 2.0
    alarm = synthetic.latched(TEMPERATURE, scores, 1.0)[0]
    assert np.flatnonzero(alarm).tolist() == list(range(30, 30 + TEMPERATURE.clear_frames))


@pytest.mark.parametrize("name", baselines.ON_FEATURES)
def test_baselines_on_features_rank_an_outlier_highest(name: str) -> None:
    rows = np.random.default_rng(1).standard_normal((400, 3))
    fitted = baselines.ON_FEATURES[name](rows)
    scores = fitted.score(np.concatenate([rows[:50], [[8.0, -8.0, 8.0]]]))
    assert np.argmax(scores) == 50
    assert fitted.bytes > 0


@pytest.mark.parametrize("name", baselines.ON_READINGS)
def test_baselines_on_readings_rank_a_step_highest(name: str) -> None:
    x = 20 + np.random.default_rng(1).standard_normal((2, 300))
    x[1, 200:] += 9
    score = baselines.on_readings(name, x[:, :150], 1.0, 0.1)
    scores = score(x)
    assert scores.shape == x.shape
    assert np.max(scores[1, 200:]) > 1.5 * max(np.max(scores[0]), np.max(scores[1, :200]))


def test_running_z_of_normal_noise_is_its_own_deviation() -> None:
    """Readings that swing by 3 sigma are not strange once they have done so for long."""
    x = 25 + np.where(np.arange(2001) % 2 == 0, 0.3, -0.3)
    z = running_z.zscore(x[None], 0.1)[0]
    assert z[0] == 0 and abs(z[1]) > 2.5
    assert z[-1] == pytest.approx(1, abs=0.02)


# --- detectors


def test_the_other_number_type_and_its_alias() -> None:
    names = list(variants.named(TEMPERATURE))
    assert names == ["lesson", "temperature", "temperature-float32", "mahalanobis", "any"]
    assert variants.chosen(names, ["temperature-int8"], TEMPERATURE) == ["temperature"]
    with pytest.raises(UserError, match="--detector tempreature: is none of lesson, "):
        variants.chosen(names, ["tempreature"], TEMPERATURE)


@needs_compiler
def test_cpp_and_numpy_alarm_alike(
    host_compiler: program.Compiler, project: Path, tmp_path: Path
) -> None:
    found = manifest.load(project / "models" / "temperature")
    built = host_compiler.build(TEMPERATURE, found, tmp_path)
    device = devices.draw(1, 3)[0]
    random = np.random.default_rng(4)
    clips = [devices.events(device, kind, max(GRID[kind]), 1, 300, random)[0] for kind in GRID]
    states = built.states([clip[:, None] for clip in clips])
    for kind, clip, got in zip(GRID, clips, states, strict=True):
        if kind == "stuck":
            assert got[-1] == program.FAULT
            continue
        expected = evaluation.run(TEMPERATURE, found, clip[:, None]).alarm
        assert np.mean((got == program.ANOMALY) != expected) < 0.01, kind
        assert np.any(got[300:] == program.ANOMALY), kind


@needs_compiler
def test_the_command_end_to_end(project: Path) -> None:
    said = benchmark(project, "--devices", "1", "--days", "0.05", "--jobs", "1", "--json",
                     "--detector", "sigma", "rolling_z")  # fmt: skip
    detectors: dict[str, Any] = json.loads(said)["detectors"]
    assert list(detectors) == ["sigma", "rolling_z"]
    for result in detectors.values():
        assert set(result["kinds"]) == set(GRID)
        assert result["kinds"]["spike"]["5.0"] == {"recall": 1.0, "latency_s": 0.0}
        low, high = result["false_alarms_ci"]
        assert low <= result["false_alarms_per_day"] <= high
        assert 0 < result["recall"] <= 1 and result["bytes"] > 0


def benchmark(project: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "benchmark", "synthetic", *arguments]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_profile_for_another_sensor_is_refused(project: Path) -> None:
    pump = profiles.load(project / "examples" / "pump.toml")
    with pytest.raises(UserError, match="one channel at 2 Hz"):
        synthetic.run(pump, ["pump"], synthetic.Settings(), lambda done, total: None)
