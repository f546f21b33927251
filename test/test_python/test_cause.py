"""The cause of an alarm among several channels is the one that moved, in C++ as in NumPy."""

import dataclasses
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import cpp_probe
import numpy as np
import numpy.typing as npt
import pytest

from benchmark import causes, skab
from project import profile as profiles
from project.paths import PROJECT
from project.profile import Feature, Profile
from project.profile.frame import FrameValue, Windows
from project.profile.keys import ALL
from training import codegen, data, evaluation, frames, manifest, train
from training.data import Dataset
from training.manifest import Manifest

Array = npt.NDArray[np.float64]
DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "skab"
PUMP = profiles.load(PROJECT / "examples" / "pump.toml")
Change = Callable[[Profile], Profile]
CURRENT = PUMP.sensor.channels.index("Current")

MAIN = """
#include <cstdio>
#include "FrameDetector.h"
#include "DenseAutoencoder.h"
#include "MeanAutoencoder.h"
#include "model_config.h"
using namespace anomaly;
using namespace anomaly::model_config;
int main() {
  FeatureState states[kFeatureCount];
  DenseAutoencoder dense(kDenseModel);
  MeanAutoencoder mean(kFeatureCount);
  Autoencoder& engine = kHasNetwork ? static_cast<Autoencoder&>(dense) : mean;
  FrameDetector detector(kDetector, kFeatures, states, engine);
  if (engine.Load() != EngineStatus::kOk) return 1;
  float sample[kChannels];
  while (std::fread(sample, sizeof(float), kChannels, stdin) == kChannels) {
    const FrameVerdict verdict = detector.Update(sample);
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
    got = cpp_probe.run(tmp_path, MAIN, cpp_probe.detector_libraries(project), rows)
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


# ---- of frames


def causes_of_vibration(project: Path, disturb: Callable[[Array, Array], Array]) -> Counter[str]:
    """What the committed detector of a machine calls the frames in alarm where its normal samples
    [rows, 3] are disturbed, at times [rows] in seconds."""
    profile = profiles.load(profiles.find("vibration"))
    found = manifest.load(project / "models" / "vibration")
    dataset = data.own(profile)
    assert dataset.samples is not None and profile.frame is not None
    rate_hz = profile.sampling.rate_hz
    samples = dataset.samples[0][: int(20 * rate_hz)]
    samples = disturb(samples.copy(), np.arange(len(samples)) / rate_hz)
    values = frames.compute(profile.frame, rate_hz, samples)
    result = evaluation.run(profile, found, values, learns=False)
    assert result.alarm.mean() > 0.9
    return Counter(profile.value_causes[value] for value in result.channel[result.alarm])


@pytest.mark.parametrize("band", [(8, 20), (35, 55), (80, 110), (145, 180)])
def test_a_tone_is_named_by_its_band(project: Path, band: tuple[int, int]) -> None:
    def with_tone(samples: Array, time: Array) -> Array:
        tone = 0.05 * np.sin(np.pi * sum(band) * time)
        return np.asarray(samples + tone[:, None] * np.array([0.6, 0.6, 0.5]))

    found = causes_of_vibration(project, with_tone)
    assert found[f"band {band[0]}-{band[1]} Hz"] > 0.9 * found.total()


@pytest.mark.parametrize("axis", range(3))
def test_an_axis_that_moves_more_is_named(project: Path, axis: int) -> None:
    def shaken(samples: Array, time: Array) -> Array:
        mean = samples[:, axis].mean()
        samples[:, axis] = mean + 2 * (samples[:, axis] - mean)
        return samples

    found = causes_of_vibration(project, shaken)
    assert found[f"axis {'xyz'[axis]}"] > 0.9 * found.total()


def test_knocks_are_impulses(project: Path) -> None:
    def knocked(samples: Array, time: Array) -> Array:
        samples[::700] += 0.3
        return samples

    found = causes_of_vibration(project, knocked)
    assert found.most_common(1)[0][0] == "impulses"


def test_values_of_frames_are_called_as_the_field_does() -> None:
    windows = Windows(512, 256, mel_bands=8, mel_hz=(60.0, 8000.0))
    axes = ("x", "y", "z")
    called = [
        FrameValue("log_rms", 2).cause(axes, windows),
        FrameValue("log_rms", 0).cause(("flow", "oil"), windows),
        FrameValue("kurtosis", 0).cause(axes, windows),
        FrameValue("kurtosis", ALL).cause(axes, windows),
        FrameValue("band", ALL, "max", (40.0, 62.5)).cause(axes, windows),
        FrameValue("mel", 0, "mean", index=8).cause(("sound",), windows),
        FrameValue("log_rms", 0, "sd").cause(("sound",), windows),
        FrameValue("zero_crossing_rate", 0, "mean").cause(("sound",), windows),
        FrameValue("tilt", ALL).cause(axes, windows),
    ]
    assert called == [
        *("axis z", "flow", "impulses of x", "impulses", "band 40-62.5 Hz"),
        *("band 4063-8000 Hz", "fluctuation", "pitch", "tilt"),
    ]
