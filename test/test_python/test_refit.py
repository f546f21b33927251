"""`learn` of a board: C++ against NumPy, and what it is worth where a mount has moved."""

import copy
import dataclasses
import shutil
from pathlib import Path

import cpp_probe
import numpy as np
import numpy.typing as npt
import pytest
from test_pipeline_equality import with_float_network

from project import profile as profiles
from project.errors import UserError
from project.profile import Profile
from training import codegen, evaluation, manifest, refit, train
from training.data import Dataset
from training.manifest import Manifest

Array = npt.NDArray[np.float64]

FRAMES = 240
JUDGED = 200

# Learns from the first FRAMES, judges the others: status, threshold, score.
MAIN = """
#include <cstdio>
#include "DenseAutoencoder.h"
#include "FrameDetector.h"
#include "MeanAutoencoder.h"
#include "NoiseCalibration.h"
#include "model_config.h"
using namespace anomaly;
using namespace anomaly::model_config;
int main() {
  static FeatureState states[kFeatureCount];
  static SlowValue slow[kValues];
  static LearntSide sides[ResidualLimits::kSides * kFeatureCount];
  static float memory[DetectorMemory::RefitFloats(kFeatureCount, kValues)];
#if NETWORK
  DenseAutoencoder engine(kDenseModel);
#else
  MeanAutoencoder engine(kFeatureCount);
#endif
  FrameDetector detector(kDetector, kFeatures, {states, slow, sides, memory}, engine);
  static CalibrationMemory values[kMaxValues];
  NoiseCalibration noise(kFeatures, values);
  if (engine.Load() != EngineStatus::kOk) return 1;
  float frame[kValues];
  detector.Learn(FRAMES);
  if (kRefit.relative) noise.Start(FRAMES, 0.0f, detector.extractor());
  Refit::Status status = Refit::Status::kIdle;
  while (std::fread(frame, sizeof(float), kValues, stdin) == kValues) {
    const FrameVerdict verdict = detector.Update(frame);
    if (verdict.state != State::kWarmup) noise.Update(frame, verdict, detector.extractor());
    if (detector.learning()) status = Refit::Status::kRunning;
    const Refit::Status ended = detector.TakeLearnt();
    if (ended != Refit::Status::kIdle) status = ended;
    const float out[] = {static_cast<float>(status), detector.decision().threshold,
                         detector.decision().chart_threshold, verdict.score};
    std::fwrite(out, sizeof(float), 4, stdout);
  }
}
"""
DONE, STEP = 2, 5

pytestmark = pytest.mark.skipif(shutil.which("g++") is None, reason="no g++")


@pytest.fixture(scope="module")
def fan(project: Path) -> tuple[Profile, Manifest]:
    """A detector of frames, trained small on frames of one kind."""
    profile = profiles.load(project / "examples" / "fan.toml")
    network = dataclasses.replace(profile.network, steps=60)
    profile = dataclasses.replace(profile, network=network)
    values = frames(np.random.default_rng(0), 400, len(profile.value_names))
    record = {"kind": "file", "description": "frames", "date": None}
    dataset = Dataset([values], ["test"], record)
    return profile, train.train(profile, dataset, lambda *_: None, False).manifest


def frames(random: np.random.Generator, count: int, values: int) -> Array:
    """Frames [count, values] that have something in common, of a mount that `random` chooses."""
    mixing = random.normal(0, 0.05, (values, values)) + 0.1 * np.eye(values)
    rows = random.normal(0, 1, (count, values)) @ mixing.T + random.normal(-1.5, 1, values)
    return rows.astype(np.float32).astype(np.float64)


def run_cpp(
    project: Path,
    folder: Path,
    profile: Profile,
    found: Manifest,
    rows: Array,
    count: int = FRAMES,
) -> Array:
    """Status, both thresholds and score [rows, 4], where `count` frames are learnt from."""
    (folder / "model_config.h").write_text(codegen.config_header(profile, found))
    libraries = cpp_probe.detector_libraries(project)
    code = f"#define FRAMES {count}\n#define NETWORK {int(bool(found['layers']))}\n" + MAIN
    return cpp_probe.run(folder, code, libraries, rows)


@pytest.mark.parametrize("kind", ["int8", "float32", "mahalanobis", "rms"])
def test_frames_learn_alike_in_c_and_numpy(
    project: Path, tmp_path: Path, fan: tuple[Profile, Manifest], kind: str
) -> None:
    profile, found = fan
    if kind == "float32":
        found = with_float_network(found)
    if kind == "mahalanobis":
        found = copy.deepcopy(found)
        found["layers"], found["quantization"] = [], None
        detector = dataclasses.replace(profile.detector, kind="mahalanobis")
        profile = dataclasses.replace(profile, detector=detector)
    if kind == "rms":
        found = copy.deepcopy(found)
        found["pipeline"]["score"]["kind"] = "rms"
        detector = dataclasses.replace(profile.detector, score="rms")
        profile = dataclasses.replace(profile, detector=detector)
    rows = frames(np.random.default_rng(7), FRAMES + JUDGED, len(profile.value_names))
    got = run_cpp(project, tmp_path, profile, found, rows)
    learnt = refit.learn(profile, found, rows[:FRAMES])
    assert list(got[[FRAMES - 2, FRAMES - 1], 0]) == [1, DONE]
    decision = learnt["pipeline"]["decision"]
    wanted = [decision["threshold"], decision["chart_threshold"]]
    # An int8 network answers in steps, and a hair decides which.
    tolerance = 2e-2 if kind == "int8" else 1e-3
    assert got[-1, 1:3] == pytest.approx(wanted, rel=tolerance)
    judged = evaluation.run(profile, learnt, rows[FRAMES:])
    assert got[FRAMES:, 3] == pytest.approx(judged.score, rel=5 * tolerance)
    before = evaluation.run(profile, found, rows[FRAMES:])
    assert before.alarm.mean() > 0.9 > 0.02 > judged.alarm.mean()


def test_features_in_the_noise_learn_its_size(project: Path, tmp_path: Path) -> None:
    profile = profiles.load(profiles.find("temperature"))
    found = with_float_network(manifest.load(project / "models" / "temperature"))
    random = np.random.default_rng(3)
    warm = profile.warmup_frames
    rows = random.normal(20, 0.16, (600 + warm + 2 * JUDGED, 1))
    got = run_cpp(project, tmp_path, profile, found, rows, 600)
    learnt = refit.learn(profile, found, rows[: 600 + warm])
    trained = found["pipeline"]["sigma"][0]
    assert learnt["pipeline"]["sigma"][0] == pytest.approx(0.16, rel=0.1) != trained
    judged = evaluation.run(profile, learnt, rows, learns=False)
    # The board's features have the old noise in them for a while.
    late = 600 + warm + JUDGED
    assert got[late:, 1] == pytest.approx(learnt["pipeline"]["decision"]["threshold"], rel=0.05)
    assert got[late:, 3] == pytest.approx(judged.score[late:], rel=0.15)


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_another_noise_is_learnt(project: Path, factor: float) -> None:
    profile = profiles.load(profiles.find("temperature"))
    found = manifest.load(project / "models" / "temperature")
    random = np.random.default_rng(11)
    noise = factor * found["pipeline"]["sigma"][0]
    hours, rate = 6, 7200
    time = np.arange(hours * rate) / rate
    calm = 22 + 1.5 * np.sin(2 * np.pi * time / 24) + random.normal(0, noise, len(time))
    learnt = refit.learn(profile, found, calm[:700, None])
    disturbed, begins = calm.copy(), np.arange(3000, len(calm) - 500, 1500)
    for index, begin in enumerate(begins):
        size, length = [(8, 1), (6, 4), (4, 20)][index % 3]
        disturbed[begin : begin + length] += size * noise

    def alarms_and_share(detector: Manifest) -> tuple[int, float]:
        alarms = evaluation.run(profile, detector, calm[:, None], learns=False).intervals()
        alarm = evaluation.run(profile, detector, disturbed[:, None], learns=False).alarm
        return len(alarms), float(np.mean([alarm[b : b + 40].any() for b in begins]))

    alarms, share = alarms_and_share(learnt)
    assert alarms == 0 and share >= 0.9
    alarms, share = alarms_and_share(found)
    assert share <= 0.3 if factor < 1 else alarms > 4 * hours


def test_a_step_is_refused_where_many_are_life(
    project: Path, tmp_path: Path, fan: tuple[Profile, Manifest]
) -> None:
    profile, found = fan
    count = len(profile.value_names)
    rows = frames(np.random.default_rng(7), FRAMES, count)
    stepped = rows.copy()
    stepped[FRAMES // 3 :, 4] += 5.0
    assert run_cpp(project, tmp_path, profile, found, stepped)[-1, 0] == STEP
    with pytest.raises(UserError, match="took a step"):
        refit.learn(profile, found, stepped)
    moved = rows.copy()
    for begin in range(0, FRAMES, 80):
        moved[begin : begin + 40, 4] += 5.0
    assert run_cpp(project, tmp_path, profile, found, moved)[-1, 0] == DONE
    refit.learn(profile, found, moved)


def test_a_ramp_is_no_step() -> None:
    blocks = np.arange(1600) * 16 // 1600
    noise = np.random.default_rng(0).normal(0, 1, 1600)
    assert refit.step_share(np.linspace(0, 100, 1600) + noise, blocks) < 0.76
    assert refit.step_share(noise, blocks) < 0.05
    assert refit.step_share(noise + 20 * (np.arange(1600) > 500), blocks) > refit.STEP
