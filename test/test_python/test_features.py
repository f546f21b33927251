"""Features: NumPy as specification, and C++ equal to it on random signals."""

import dataclasses
import shutil
from pathlib import Path

import cpp_probe
import numpy as np
import numpy.typing as npt
import pytest

from project import profile as profiles
from project.profile import CATALOGUE, Adaptation, Feature, Features, Profile
from training import codegen, features
from training.features import Streams

Array = npt.NDArray[np.float64]

TEMPERATURE = profiles.load(profiles.find("temperature"))
PARAMETERS = {1: (16.0,), 2: (4.0, 64.0), 3: (4.0, 64.0, 32.0)}

MAIN = """
#include <cstdio>
#include "FeatureExtractor.h"
using namespace anomaly;
{specs}
int main() {{
  FeatureState states[{count}];
  FeatureExtractor extractor(kConfig, states);
  float sample[{channels}];
  float out[{count}];
  while (std::fread(sample, sizeof(float), {channels}, stdin) == {channels}) {{
    extractor.Update(sample, out);
    std::fwrite(out, sizeof(float), {count}, stdout);
  }}
}}
"""


def with_features(
    use: tuple[Feature, ...],
    channels: int = 1,
    adaptation: Adaptation = Features.adaptation,
) -> Profile:
    names = tuple(f"c{i}" for i in range(channels))
    sensor = dataclasses.replace(TEMPERATURE.sensor, channels=names)
    chosen = Features(use=use, adaptation=adaptation)
    return dataclasses.replace(TEMPERATURE, sensor=sensor, features=chosen)


def test_plain_features_are_what_their_names_say() -> None:
    s = Streams(np.array([1.0, 2, 4, 8, 16]), 0.5)
    assert features.value(s)[:, 0].tolist() == [1, 2, 4, 8, 16]
    assert np.allclose(features.smooth(s, 2)[:, 0], [1, 1.5, 2.75, 5.375, 10.6875])
    assert np.allclose(features.jump(s)[:, 0] * 0.5 * np.sqrt(2), [0, 1, 2, 4, 8])


def test_streaming_features_of_a_step() -> None:
    x = np.concatenate([np.zeros(500), np.ones(500)])
    s = Streams(x, 0.1)
    level = features.level(s, tau=16)[:, 0]
    assert level[499] == 0
    assert level[500] == pytest.approx(10)
    assert abs(level[-1]) < 0.01
    assert features.jump(s)[500, 0] == pytest.approx(10 / np.sqrt(2))
    assert features.trend(s, 4, 64)[520, 0] > 3


@pytest.mark.skipif(shutil.which("g++") is None, reason="no g++")
def test_cpp_equals_numpy_on_random_signals(project: Path, tmp_path: Path) -> None:
    use = [
        Feature(kind, channel, PARAMETERS.get(len(entry.parameters), ()))
        for kind, entry in CATALOGUE.items()
        for channel in (0,)
    ]
    use += [Feature("smooth", 1, (4.0,)), Feature("jump", 1), Feature("level", 1, (4.0,))]
    random = np.random.default_rng(7)
    for limit in (1.0, 1.25, 2.0):
        profile = with_features(tuple(use), 2, Adaptation(limit))
        sigma = np.array([0.08, 0.5])
        samples = np.concatenate(
            [
                random.normal(25, 0.1, (4000, 2)),
                random.normal(-300, 50, (1000, 2)),
                np.cumsum(random.normal(0, 1, (1000, 2)), axis=0),
                np.repeat(random.normal(0, 1, (20, 2)), 50, axis=0),
            ]
        )
        samples = samples.astype(np.float32).astype(np.float64)
        got = run_cpp(project, tmp_path / str(limit), profile, sigma, samples)
        expected = features.compute(profile, sigma.astype(np.float32).astype(float), samples)
        # float32 keeps 24 bits of the sample: what is left of a difference is relative to that.
        scale = np.maximum(abs(expected), 1) + 1e-2 * abs(samples[:, [f.channel for f in use]])
        error = abs(got - expected) / scale
        worst = np.unravel_index(np.argmax(error), error.shape)
        assert error.max() < 1e-3, f"{use[worst[1]]}, row {worst[0]}"
        quiet = error[:4000]
        assert np.quantile(quiet, 0.999) < 1e-4


def run_cpp(project: Path, folder: Path, profile: Profile, sigma: Array, samples: Array) -> Array:
    """Features by lib/Features [rows, features]."""
    folder.mkdir()
    specs = codegen.detector.feature_tables(profile, [float(s) for s in sigma])
    code = specs.replace("kFeatures", "kConfig")
    main = MAIN.format(specs=code, channels=samples.shape[1], count=profile.feature_count)
    libraries = [project / "lib" / name / "src" for name in ("Signal", "Features")]
    return cpp_probe.run(folder, main, libraries, samples)
