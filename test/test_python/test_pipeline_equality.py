"""A million samples through the detector in C++ and in NumPy, sample to score, in float32."""

import copy
import shutil
from pathlib import Path
from typing import Any

import cpp_probe
import numpy as np
import numpy.typing as npt
import pytest

from project import profile as profiles
from training import codegen, evaluation, features, manifest
from training.manifest import Manifest

Array = npt.NDArray[np.float64]

SAMPLES = 1_000_000

MAIN = """
#include <cstdio>
#include "FrameDetector.h"
#include "DenseAutoencoder.h"
#include "model_config.h"
using namespace anomaly;
using namespace anomaly::model_config;
int main() {
  FeatureState own[kFeatureCount], detectors[kFeatureCount];
  FeatureExtractor extractor(kFeatures, own);
  DenseAutoencoder engine(kDenseModel);
  static SlowValue slow[kValues];
  static LearntSide sides[ResidualLimits::kSides * kFeatureCount];
  FrameDetector detector(kDetector, kFeatures, {detectors, slow, sides}, engine);
  if (engine.Load() != EngineStatus::kOk) return 1;
  float sample[kChannels];
  float out[kFeatureCount + 2];
  while (std::fread(sample, sizeof(float), kChannels, stdin) == kChannels) {
    extractor.Update(sample, out);
    const FrameVerdict verdict = detector.Update(sample);
    out[kFeatureCount] = verdict.reconstruction;
    out[kFeatureCount + 1] = verdict.score;
    std::fwrite(out, sizeof(float), kFeatureCount + 2, stdout);
  }
}
"""


@pytest.mark.skipif(shutil.which("g++") is None, reason="no g++")
def test_float32_equals_numpy_over_a_million_samples(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    profile = profiles.load(profiles.find("temperature"))
    assert profile.features.adaptation.limit > 1
    found = with_float_network(manifest.load(project / "models" / "temperature"))
    samples = a_sensors_life(np.random.default_rng(5))
    header = codegen.config_header(profile, found)
    got = run_cpp(project, tmp_path, header, samples)

    own: Array = np.empty(0)  # the features that the evaluation computes on its way

    def compute(*arguments: Any) -> Array:
        nonlocal own
        own = compute_features(*arguments)
        return own

    compute_features = features.compute
    monkeypatch.setattr(features, "compute", compute)
    expected = evaluation.run(profile, found, samples[:, None])
    all_expected = np.column_stack([own, expected.expected, expected.score])
    error = abs(got - all_expected) / np.maximum(abs(all_expected), 1)
    assert error.max(axis=0) == pytest.approx(0, abs=1e-4)
    # The test means something only if the samples reach what is not linear.
    assert expected.score.max() > 5 * expected.threshold > np.median(expected.score)


def with_float_network(found: Manifest) -> Manifest:
    """The same detector with random float32 layers of the same shapes: int8 would round."""
    random = np.random.default_rng(1)
    result = copy.deepcopy(found)
    result["quantization"] = None
    result["model"]["type"] = "float32"
    result["layers"] = [
        {
            "inputs": layer["inputs"],
            "outputs": layer["outputs"],
            "activation": "relu" if layer["low"] == layer["output_zero_point"] else "linear",
            "weights": random.normal(0, 0.4, (layer["outputs"], layer["inputs"])).tolist(),
            "bias": random.normal(0, 0.1, layer["outputs"]).tolist(),
        }
        for layer in found["layers"]
    ]
    return result


def a_sensors_life(random: np.random.Generator) -> Array:
    """Float32 readings [rows] of a room with all that can happen to a sensor in it."""
    rows = np.arange(SAMPLES)
    x = 25 + 2 * np.sin(rows / 27500) + 0.3 * np.sin(rows / 191) + random.normal(0, 0.08, SAMPLES)
    for begin in random.integers(0, SAMPLES - 3000, 60):
        x[begin : begin + 4] = random.choice([50.0, 0.0, -40.0, 125.0])
    for begin in random.integers(0, SAMPLES - 3000, 40):
        x[begin : begin + 2000] += random.normal(0, 3)
    for begin in random.integers(0, SAMPLES - 3000, 40):
        x[begin : begin + 600] += np.linspace(0, random.normal(0, 5), 600)
    for begin in random.integers(0, SAMPLES - 3000, 40):
        x[begin : begin + 400] += random.normal(0, random.uniform(0.1, 2), 400)
    for begin in random.integers(0, SAMPLES - 3000, 40):
        x[begin : begin + 80] = x[begin]
    x[SAMPLES // 2 :] += 40 * np.linspace(0, 1, SAMPLES - SAMPLES // 2)
    quantised = 0.008 * np.round(x / 0.008)
    return quantised.astype(np.float32).astype(np.float64)


def run_cpp(project: Path, folder: Path, header: str, samples: Array) -> Array:
    """Features, expected value and score [rows, features + 2]."""
    (folder / "model_config.h").write_text(header)
    libraries = cpp_probe.detector_libraries(project)
    return cpp_probe.run(folder, MAIN, libraries, samples)
