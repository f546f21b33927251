"""The cause of an alarm among several channels is the one that moved, in C++ as in NumPy."""

import dataclasses
import shutil
from collections.abc import Callable
from pathlib import Path

import cpp_probe
import numpy as np
import pytest

from benchmark import causes, skab
from project import profile as profiles
from project.paths import PROJECT
from project.profile import Feature, Profile
from training import codegen, evaluation, train
from training.data import Dataset
from training.manifest import Manifest

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "skab"
PUMP = profiles.load(PROJECT / "examples" / "pump.toml")
Change = Callable[[Profile], Profile]
CURRENT = PUMP.sensor.channels.index("Current")

MAIN = """
#include <cstdio>
#include "Detector.h"
#include "DenseAutoencoder.h"
#include "MeanAutoencoder.h"
#include "model_config.h"
using namespace model_config;
int main() {
  FeatureState states[kFeatureCount];
  DenseAutoencoder dense(kDenseModel);
  MeanAutoencoder mean(kFeatureCount);
  Autoencoder& engine = kHasNetwork ? static_cast<Autoencoder&>(dense) : mean;
  Detector detector(kDetector, kFeatures, states, engine);
  if (engine.Load() != EngineStatus::kOk) return 1;
  float sample[kChannels];
  while (std::fread(sample, sizeof(float), kChannels, stdin) == kChannels) {
    const Verdict verdict = detector.Update(sample);
    float expected[kChannels];
    detector.Expect(expected);
    const float out[4] = {verdict.state == State::kAnomaly ? 1.0f : 0.0f,
                          static_cast<float>(kFeatureSpecs[verdict.cause].channel),
                          verdict.reconstruction, expected[0]};
    std::fwrite(out, sizeof(float), 4, stdout);
  }
}
"""


def several_features(profile: Profile) -> Profile:
    """Two features of each channel instead of one, in multiples of the noise."""
    use = [
        feature
        for channel in range(len(profile.sensor.channels))
        for feature in (Feature("level", channel, (16.0,)), Feature("trend", channel, (4.0, 64.0)))
    ]
    features = dataclasses.replace(profile.features, use=tuple(use))
    return dataclasses.replace(profile, features=features)


def not_whitened(profile: Profile) -> Profile:
    """The plain mean of the residual, as the tutorial has it."""
    return dataclasses.replace(
        profile,
        scaling=dataclasses.replace(profile.scaling, whiten=False),
        detector=dataclasses.replace(profile.detector, score="absolute"),
    )


def shares(profile: Profile, structure: str) -> tuple[float, float]:
    """Of the samples in alarm: those with the right cause, those whose largest residual has it."""
    found = causes.trained(profile, structure)
    alarms, right, largest = causes.count(profile, found, structure)
    assert alarms > 100
    return right / alarms, largest / alarms


@pytest.mark.parametrize("structure", causes.STRUCTURES)
@pytest.mark.parametrize("channels", causes.CHANNELS)
def test_without_a_network_the_cause_is_the_channel_that_moved(
    channels: int, structure: str
) -> None:
    right, _ = shares(causes.suited(PUMP, "mahalanobis", channels), structure)
    assert right >= 0.95


@pytest.mark.parametrize("change", [several_features, not_whitened])
@pytest.mark.parametrize("channels", causes.CHANNELS)
def test_other_features_and_scores_change_nothing(channels: int, change: Change) -> None:
    right, _ = shares(change(causes.suited(PUMP, "mahalanobis", channels)), "all by 0.6")
    assert right >= 0.95


@pytest.mark.parametrize("name", ["pump-float32", "pump"])
@pytest.mark.parametrize("channels", causes.CHANNELS)
def test_with_a_network_the_cause_is_the_channel_that_moved(channels: int, name: str) -> None:
    right, largest = shares(causes.suited(PUMP, name, channels), "neighbours by 0.85")
    assert right >= 0.95 > largest, "or the largest residual would do"


@pytest.mark.skipif(shutil.which("g++") is None, reason="no g++")
@pytest.mark.parametrize("change", [lambda profile: profile, several_features, not_whitened])
def test_the_firmware_names_what_numpy_names(project: Path, tmp_path: Path, change: Change) -> None:
    profile = change(causes.suited(PUMP, "mahalanobis", 4))
    structure = "all by 0.8"
    found = trained_on(profile, causes.readings(profile, structure, 1500, seed=0))
    rows = causes.readings(profile, structure, 4000, seed=9)
    moves = np.random.default_rng(3).choice([0, 80.0, -80.0], rows.shape, p=[0.9, 0.05, 0.05])
    rows += moves * causes.scales(4)
    rows = rows.astype(np.float32).astype(np.float64)
    (tmp_path / "model_config.h").write_text(codegen.config_header(profile, found))
    names = ("Signal", "Frontend", "Features", "Autoencoder", "Detector", "Inputs")
    got = cpp_probe.run(tmp_path, MAIN, [project / "lib" / n / "src" for n in names], rows)
    expected = evaluation.run(profile, found, rows)
    both = (got[:, 0] == 1) & expected.alarm
    assert both.sum() > 500 and np.mean(got[:, 0] == expected.alarm) > 0.999
    assert np.mean(got[both, 1] == expected.channel[both]) > 0.999
    assert len(set(expected.channel[both])) == 4
    assert got[:, 2] == pytest.approx(got[:, 3]), "the first channel's is what Recon says"


@pytest.mark.skipif(not DATA.is_dir(), reason="the recordings are not here")
def test_a_current_that_drops_is_announced_as_the_current() -> None:
    normal = skab.read_file(DATA / "valve1" / "0.csv", PUMP.sensor.channels).values[:400]
    found = causes.trained_on(PUMP, normal)
    named: list[int] = []
    for size in (10, 20, 40):
        rows = normal.copy()
        rows[300:, CURRENT] -= size * normal[:, CURRENT].std()
        result = evaluation.run(PUMP, found, rows)
        named += result.channel[300:][result.alarm[300:]].tolist()
    assert len(named) > 50
    assert named.count(CURRENT) >= 0.95 * len(named)


def trained_on(profile: Profile, normal: np.ndarray) -> Manifest:
    record = {"kind": "synthetic", "description": "a pump", "date": None}
    dataset = Dataset([normal], ["pump"], record)
    return train.train(profile, dataset, lambda done, total, loss: None).manifest
