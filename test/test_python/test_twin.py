"""The simulated machine in NumPy and in C++ is the same one."""

import dataclasses
import shutil
from pathlib import Path
from typing import Any

import cpp_probe
import numpy as np
import numpy.typing as npt
import pytest

from project import profile as profiles
from project.paths import PROFILES
from project.profile import Profile, Synthetic
from project.profile.data import Bout, Resonator, Tone
from training import twin
from training.codegen import twin as tables

Array = npt.NDArray[np.float64]

WITH_TWIN = [
    profile
    for profile in map(profiles.load, sorted(PROFILES.glob("*.toml")))
    if profile.twin is not None
]
FAR = 72_000_000  # an hour at 20 kHz

# Reads the number of a sample in two halves, 16 bits each; writes the signal and what is shown.
MAIN = """
#include <cstdio>
#include "Twin.h"
#include "TwinConfig.h"
using namespace anomaly;
{tables}
int main() {{
  Twin twin(kTwinConfig, {seed}u);
  float halves[2];
  while (std::fread(halves, sizeof(halves), 1, stdin) == 1) {{
    const auto high = static_cast<uint64_t>(halves[0]);
    const auto sample = high * 65536u + static_cast<uint64_t>(halves[1]);
    double values[2 * kMaxChannels];
    twin.Signal(sample, {{}}, values);
    for (int c = 0; c < kTwinConfig.channels; ++c) {{
      values[kTwinConfig.channels + c] = TwinShown(kTwinConfig.channel[c], values[c]);
    }}
    std::fwrite(values, sizeof(double), 2 * kTwinConfig.channels, stdout);
  }}
}}
"""


def in_cpp(project: Path, folder: Path, profile: Profile, settings: Synthetic, n: Array) -> Array:
    """Signal and readings [samples, 2 * channels] of the samples `n`."""
    code = MAIN.format(tables=tables.config(profile, settings), seed=settings.seed)
    libraries = [project / "lib" / name / "src" for name in ("Signal", "Inputs")]
    host = project / "lib" / "Host" / "src"
    for name in ("Twin.h", "Twin.cpp"):
        shutil.copy(host / name, folder)
    halves = np.stack([n // 65536, n % 65536], axis=-1)
    return cpp_probe.run(folder, code + '#include "Twin.cpp"\n', libraries, halves, np.float64)


def check(project: Path, folder: Path, profile: Profile, settings: Synthetic) -> None:
    count = 3000
    rows = [np.arange(first, first + count) for first in (0, FAR - count // 2)]
    got = in_cpp(project, folder, profile, settings, np.concatenate(rows).astype(np.float64))
    channels = len(profile.sensor.channels)
    expected = np.concatenate([twin.signal(profile, settings, int(n[0]), count) for n in rows])
    size = abs(expected).max()
    assert np.abs(got[:, :channels] - expected).max() < 1e-9 * size
    readings = twin.shown(profile, settings, expected)
    steps = [step for step, *_ in twin.limits(profile, settings)]
    different = np.abs(got[:, channels:] - readings) > 1e-9 * size
    # One that lies on the edge of a step may be the next one.
    assert different.mean() < 1e-3
    assert np.all(np.abs(got[:, channels:] - readings) <= np.array(steps) * (1 + 1e-6))


@pytest.mark.skipif(shutil.which("g++") is None, reason="no g++")
@pytest.mark.parametrize("profile", WITH_TWIN, ids=lambda profile: profile.name)
def test_the_twin_of_a_profile(project: Path, tmp_path: Path, profile: Profile) -> None:
    assert profile.twin is not None
    check(project, tmp_path, profile, profile.twin)


@pytest.mark.skipif(shutil.which("g++") is None, reason="no g++")
@pytest.mark.parametrize("seed", range(4))
def test_a_random_twin(project: Path, tmp_path: Path, seed: int) -> None:
    random = np.random.default_rng(seed)
    profile = random.choice(np.array(WITH_TWIN, dtype=object))
    check(project, tmp_path, profile, drawn(profile, random))


def drawn(profile: Profile, random: np.random.Generator) -> Synthetic:
    """A machine with anything in it."""
    channels = len(profile.sensor.channels)
    most = profile.sampling.rate_hz / 2
    bouts = tuple(Bout(f"b{i}", random.uniform(0.1, 2)) for i in range(random.integers(0, 4)))

    def common() -> dict[str, Any]:
        return {
            "amplitude": tuple(random.uniform(0, 0.2, channels)),
            "wander": random.uniform(0, 0.3),
            "turns": bool(random.integers(2)),
            "during": random.choice(["", *(bout.name for bout in bouts)]),
        }

    assert profile.twin is not None
    return dataclasses.replace(
        profile.twin,
        mean=tuple(random.uniform(-1, 1, channels)),
        sd=tuple(random.uniform(0.001, 0.1, channels)),
        seed=int(random.integers(2**31)),
        tones=tuple(
            Tone(hz=random.uniform(0.1, most), **common()) for _ in range(random.integers(0, 6))
        ),
        resonators=tuple(
            Resonator(hz=random.uniform(0, most), width_hz=random.uniform(0.1, most), **common())
            for _ in range(random.integers(0, 6))
        ),
        wander_seconds=random.uniform(1, 100),
        speed_wander=random.uniform(0, 0.02),
        bouts=bouts,
        bout_seconds=random.uniform(1.5, 20),
    )
