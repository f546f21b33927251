"""Limits that are learnt on the device: C++ equal to NumPy, and what becomes of daily life."""

import dataclasses
import shutil
from pathlib import Path
from typing import Final

import cpp_probe
import numpy as np
import numpy.typing as npt
import pytest

from project import profile as profiles
from project.errors import UserError
from project.profile import Learning
from training import limits
from training.calibration import Thresholds
from training.codegen import learning as codegen_learning
from training.limits import Config, Judged, Learnt

Array = npt.NDArray[np.float64]

FEATURES: Final = 6
BAND: Final = 4  # the one whose excursions are timed
DAY: Final = 800  # frames, for tests: a day is shorter than elsewhere
SETTLE: Final = 60
THRESHOLDS: Final = Thresholds(0.9, 0.6)

# The detector with the residuals themselves as its features: no scaling, no network, no mixing.
# 1e6 more in the first of them says that the alarm that is on was normal.
MAIN = """
#include <cstdio>
#include "FrameDetector.h"
#include "MeanAutoencoder.h"
#include "limits_config.h"
using namespace anomaly;
constexpr int kCount = 6;
int main() {
  FeatureSpec specs[kCount];
  float zero[kCount] = {}, one[kCount], low[kCount], high[kCount], whitening[21] = {};
  int packed = 0;
  for (int i = 0; i < kCount; ++i) {
    specs[i] = {FeatureKind::kValue, static_cast<uint8_t>(i), 0, 0, 0};
    one[i] = 1.0f;
    low[i] = -1e6f;
    high[i] = 1e6f;
    whitening[packed + i] = 1.0f;
    packed += i + 1;
  }
  const FeatureConfig features = {kCount, kCount, specs, one};
  DetectorConfig config = {};
  config.scaling = {zero, one, 0.0f, low, high, nullptr, nullptr, 0.0f};
  config.score = {ScoreKind::kQuartic, nullptr, nullptr, zero, whitening};
  config.decision = {0.9f, 16.0f, 0.6f, 1.8f, 0.1f, 1, 1, 6, 0.95f, 24};
  config.learning = &kLearning;
  FeatureState states[kCount];
  LearntSide sides[2 * kCount];
  MeanAutoencoder engine(kCount);
  FrameDetector detector(config, features, {states, nullptr, sides}, engine);
  float sample[kCount];
  while (std::fread(sample, sizeof(float), kCount, stdin) == kCount) {
    if (sample[0] > 1e5f) {
      sample[0] -= 1e6f;
      detector.AcceptAlarm();
    }
    const FrameVerdict verdict = detector.Update(sample);
    float out[2 + 2 * kCount] = {verdict.score, verdict.state == State::kAnomaly ? 1.0f : 0.0f};
    for (int i = 0; i < 2 * kCount; ++i) out[2 + i] = sides[i].now;
    std::fwrite(out, sizeof(float), 2 + 2 * kCount, stdout);
  }
}
"""


def a_profile() -> profiles.Profile:
    """The default one's decision, with a learning of six features."""
    profile = profiles.load(profiles.find("temperature"))
    detector = dataclasses.replace(profile.detector, learning=Learning())
    return dataclasses.replace(profile, detector=detector)


def a_config() -> Config:
    return Config(
        growth=np.array([1.05, 1.05, 1.05, 1.15, 1.05, 1.15]),
        prior=np.ones(FEATURES),
        echoes=np.array([False, True, True, True, True, True]),
        mirrors=np.array([False, False, False, True, False, True]),
        rho=2.6,
        day_frames=DAY,
        settle_frames=SETTLE,
        oscillation=BAND,
        least_lasting=float(np.log(1 + 40)),
    )


def a_life(days: int, doors: int, seed: int, size: float = 6.0) -> Array:
    """Residuals [rows, FEATURES] whose last two are moved `doors` times a day, by `size`."""
    random = np.random.default_rng(seed)
    rows = days * DAY
    w = random.normal(0, 0.25, (rows, FEATURES))
    for _ in range(days * doors):
        at, long = int(random.integers(0, rows - 40)), int(random.integers(5, 30))
        w[at : at + long, 3] += random.choice([-1, 1]) * random.uniform(0.3, 1) * size
        w[at : at + long, 5] += random.uniform(0.3, 1) * size
    return w.astype(np.float32).astype(np.float64)


def judge(w: Array, learnt: Learnt | None = None) -> Judged:
    config = a_config()
    return limits.judge(a_profile(), config, learnt or limits.fresh(config), THRESHOLDS, w)


def alarms_by_day(judged: Judged) -> list[int]:
    begins = judged.alarm[1:] & ~judged.alarm[:-1]
    days = len(begins) // DAY + 1
    return [int(begins[day * DAY : (day + 1) * DAY].sum()) for day in range(days)]


def in_cpp(project: Path, folder: Path, learnt: Learnt, w: Array) -> Array:
    """Of each row [rows, 2 + 2 * FEATURES]: score, whether there is an alarm, limits in use."""
    (folder / "limits_config.h").write_text(
        '#pragma once\n#include "LearningConfig.h"\nusing namespace anomaly;\n'
        + codegen_learning.of_record(limits.record(a_config(), learnt))
    )
    names = ("Signal", "Detector", "Features", "Autoencoder")
    return cpp_probe.run(folder, MAIN, [project / "lib" / name / "src" for name in names], w)


@pytest.mark.skipif(shutil.which("g++") is None, reason="no g++")
def test_cpp_equals_numpy(project: Path, tmp_path: Path) -> None:
    config = a_config()
    life = a_life(60, 3, 11)
    random = np.random.default_rng(12)
    life[30 * DAY :, 4] += 1.2 * (np.arange(30 * DAY) % 999 < 70)  # oscillations that last
    life[50 * DAY : 52 * DAY + 400, 4] += 1.2  # and one of days
    life[::1733, 1] += 4
    life[40 * DAY : 41 * DAY + 5, 3] += 20  # a day that ends in alarm
    life[random.integers(0, len(life), 40), 0] -= 3
    life = life.astype(np.float32).astype(np.float64)
    learnt = limits.learn(config, [life[: 3 * DAY]], 3600)
    assert learnt.days == 3
    got = in_cpp(project, tmp_path, learnt, life[3 * DAY :])
    own = judge(life[3 * DAY :], learnt)
    assert got[:, 0] == pytest.approx(own.score, rel=2e-4, abs=2e-4)
    assert np.mean(got[:, 1] != own.alarm) < 1e-4
    assert got[-1, 2:] == pytest.approx(learnt.now.ravel(), rel=1e-3)
    assert learnt.now.max() > 4  # it has learnt something
    assert 20 < own.alarm.sum() < 0.2 * len(life)


def test_without_anything_learnt_the_score_is_the_plain_one() -> None:
    w = a_life(1, 3, 5)[: DAY - 1]
    plain = np.mean(w**4, axis=1) ** 0.25
    charted = THRESHOLDS.shown(plain, a_profile().detector.chart_tau)
    score = judge(w).score
    first = int(np.argmax(judge(w).alarm)) or len(w)
    assert score[:first] == pytest.approx(charted[:first], rel=1e-12)


def test_doors_alarm_on_the_first_day_and_then_belong_to_it() -> None:
    days = alarms_by_day(judge(a_life(25, 6, 3)))
    assert days[0] >= 1
    assert sum(days[1:]) <= 0.25 * 24


def test_what_stays_quiet_stays_as_sharp_as_it_was_trained() -> None:
    learnt = limits.fresh(a_config())
    judge(a_life(25, 6, 3), learnt)
    assert learnt.limit[:3] == pytest.approx(1.0)
    assert learnt.limit[3].min() > 3
    spike = a_life(1, 0, 4)[:DAY]
    spike[DAY // 2, 1] = 3.0
    assert judge(spike, learnt).alarm[DAY // 2]


def test_a_large_fault_that_comes_every_day_is_reported_for_more_than_a_week() -> None:
    w = a_life(24, 4, 8)
    w[9 * DAY :: DAY // 4, 0] = 3.0
    days = alarms_by_day(judge(w))
    assert all(count >= 3 for count in days[10:17])
    assert days[-1] <= 3  # and at last it is taken for normal


def test_an_oscillation_that_is_small_but_lasts_is_an_alarm_once_a_day_is_known() -> None:
    learnt = limits.fresh(a_config())
    judge(a_life(3, 4, 2), learnt)
    w = a_life(1, 0, 6)[: DAY // 2]
    w[200:, BAND] = np.abs(w[200:, BAND]) + 0.75
    judged = judge(w, learnt)
    assert not judged.alarm[:200].any()
    assert judged.alarm[200:].any()
    assert (judged.score < THRESHOLDS.score)[judged.alarm].any()


def test_what_oscillates_all_the_time_is_no_alarm() -> None:
    w = a_life(6, 0, 7)
    w[:, BAND] = np.abs(w[:, BAND]) + 0.75
    assert not judge(w).alarm[DAY:].any()


@pytest.mark.skipif(shutil.which("g++") is None, reason="no g++")
def test_an_oscillation_that_was_normal_ends_and_may_come_again(
    project: Path, tmp_path: Path
) -> None:
    learnt = limits.fresh(a_config())
    judge(a_life(3, 0, 2), learnt)
    w = a_life(1, 0, 6)[:600]
    for at in (100, 400):
        w[at : at + 150, BAND] = np.abs(w[at : at + 150, BAND]) + 0.75
    before = in_cpp(project, tmp_path, learnt, w)[:, 1] == 1
    accepted = int(np.argmax(before)) + 20
    assert before[accepted:250].all() and before[480:550].all()
    w[accepted, 0] += 1e6
    after = in_cpp(project, tmp_path, learnt, w)[:, 1] == 1
    assert after[accepted - 1]
    assert not after[accepted : accepted + 20].any()
    assert 0 < after[400:].sum() < before[400:].sum()


def test_a_recording_of_a_minute_teaches_nothing_an_hour_until_the_first_day_is_known() -> None:
    config, life = a_config(), a_life(2, 8, 9)
    short = limits.learn(config, [life[:120]], 0.5)
    assert np.array_equal(short.now, np.ones((FEATURES, 2)))
    hour = limits.learn(config, [life[: DAY - 1]], 5.0)
    assert hour.days == 0
    assert hour.now[5, 0] > 3
    day = limits.learn(config, [life[: DAY + 1]], 108.0)
    assert day.days == 1
    assert day.limit[5, 0] > 3


def test_only_a_score_whose_parts_have_limits_can_learn(project: Path, tmp_path: Path) -> None:
    text = (project / "profiles" / "lesson.toml").read_text("utf-8")
    file = tmp_path / "own.toml"
    file.write_text(text + "\n[detector.learning]\nlively = true\n", "utf-8")
    with pytest.raises(UserError, match=r"\[detector\] learning: needs a score"):
        profiles.load(file)


def test_a_lively_device_begins_with_wide_limits() -> None:
    profile = a_profile()
    lively = dataclasses.replace(profile.detector, learning=Learning(lively=True))
    config = limits.configure(dataclasses.replace(profile, detector=lively), 0.5)
    learnt = limits.fresh(config)
    names = [feature.kind for feature in profile.features.use]
    by_name = dict(zip(names, learnt.now[:, 0], strict=True))
    assert by_name["jump"] == 1
    assert by_name["level"] == 8
    assert np.array_equal(learnt.limit, np.ones_like(learnt.limit))


def test_fewer_false_alarms_a_day_are_a_higher_limit() -> None:
    profile = a_profile()
    few = dataclasses.replace(profile.detector, learning=Learning(false_alarms_per_day=0.02))
    configs = [
        limits.configure(dataclasses.replace(profile, detector=d), 0.5)
        for d in (profile.detector, few)
    ]
    assert configs[1].rho == pytest.approx(configs[0].rho + np.log(10))
