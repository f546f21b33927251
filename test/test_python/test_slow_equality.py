"""The slow charts in C++ and in NumPy: minute by minute, over weeks of many kinds of lives."""

import shutil
from pathlib import Path

import cpp_probe
import numpy as np
import numpy.typing as npt
import pytest

from project.profile import Slow
from training import charts, slow
from training.charts import Charts
from training.codegen import slow as codegen_slow

Array = npt.NDArray[np.float32]

STREAMS = 24
DAYS = 11
PAUSE = -1000.0  # instead of a mean: the device was off

MAIN = """
#include <cstdio>
#include "SlowCharts.h"
#include "slow_config.h"
using namespace anomaly;
constexpr int kStreams = 24;
int main() {
  static SlowCharts charts[kStreams];
  for (SlowCharts& one : charts) one.Begin(kSlow, kSlowValues[0]);
  float means[kStreams];
  static float out[kStreams][1 + 2 * kSlowCharts];
  while (std::fread(means, sizeof(float), kStreams, stdin) == kStreams) {
    for (int s = 0; s < kStreams; ++s) {
      if (means[0] == -1000.0f) {
        charts[s].Resume();
        continue;
      }
      charts[s].Minute(means[s]);
      out[s][0] = charts[s].ratio();
      for (int i = 0; i < kSlowCharts; ++i) {
        out[s][1 + 2 * i] = charts[s].standing(i).value;
        out[s][2 + 2 * i] = charts[s].standing(i).alarm;
      }
    }
    std::fwrite(out, sizeof(out), 1, stdout);
  }
}
"""


@pytest.mark.skipif(shutil.which("g++") is None, reason="no g++")
@pytest.mark.parametrize("slow_profile", [Slow(span=10.0), Slow(limits=(15.0, 34.0)), Slow()])
def test_cpp_equals_numpy(project: Path, tmp_path: Path, slow_profile: Slow) -> None:
    lives = a_few_lives(np.random.default_rng(7))
    config = slow.configure(slow_profile, 0, 0.08, 120.0)
    learnt = slow.learn(config, [lives[:70, 0]])
    (tmp_path / "slow_config.h").write_text(
        '#pragma once\n#include "SlowConfig.h"\nusing namespace anomaly;\n'
        + codegen_slow.of_values([slow.record_of(config, learnt)], config.learn_days, 500_000)
    )
    names = ("Signal", "Detector", "Features", "Autoencoder")
    libraries = [project / "lib" / name / "src" for name in names]
    rows = lives.copy()
    pauses = np.arange(3000, len(rows), 4321)
    rows[pauses] = PAUSE
    got = cpp_probe.run(tmp_path, MAIN, libraries, rows.astype(np.float64)).reshape(
        len(rows), STREAMS, -1
    )
    own = Charts(config, learnt.repeated(STREAMS))
    expected = np.zeros_like(got)
    for row, means in enumerate(rows):
        if row in pauses:
            own.resume()
        else:
            own.minute(means)
            expected[row, :, 0] = own.ratio
            expected[row, :, 1::2] = own.values.T
            expected[row, :, 2::2] = own.on.any(axis=1).T
    took = ~np.isin(np.arange(len(rows)), pauses)
    error = abs(got - expected)[took] / np.maximum(abs(expected[took]), 1)
    assert error[..., 0].max() < 2e-3
    assert error[..., 1::2].max() < 1e-4
    assert error[..., 2::2].max() == 0
    # It means something only if charts of each kind alarm, and not all the time.
    by_chart = got[took][..., 2::2].mean(axis=(0, 1))
    assert np.count_nonzero(by_chart) > 8
    assert by_chart.max() < 0.5


def a_few_lives(random: np.random.Generator) -> Array:
    """Minute means [minutes, STREAMS] of rooms that live, each with something that happens."""
    minutes = np.arange(DAYS * charts.DAY)[:, None]
    daily = random.uniform(0.2, 3, STREAMS) * np.sin(2 * np.pi * minutes / charts.DAY)
    period = random.uniform(8, 90, STREAMS)
    ripple = random.uniform(0.1, 1, STREAMS) * np.sin(2 * np.pi * minutes / period)
    walk = np.cumsum(random.normal(0, 0.01, daily.shape), axis=0)
    x = 25 + daily + ripple + walk + random.normal(0, 0.02, daily.shape)
    for stream in range(STREAMS):
        at = int(random.integers(2, DAYS - 1)) * charts.DAY + int(random.integers(0, charts.DAY))
        x[at : at + 600, stream] += random.normal(0, 12)
        quiet = int(random.integers(0, len(x) - 2000))
        x[quiet : quiet + 2000, stream] = x[quiet, stream]
    return x.astype(np.float32)
