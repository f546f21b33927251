"""Runs samples through the firmware's frames."""

from pathlib import Path

import cpp_probe
import numpy as np
import numpy.typing as npt

from project.profile import Frame
from training.codegen import frame as codegen

Array = npt.NDArray[np.float64]

MAIN = """
#include <cstdio>
#include "Framer.h"
using namespace anomaly;
constexpr int kChannels = {channels};
{tables}
int main() {{
  static float memory[kFrame.memory_floats()];
  static PlainFft fft(kFrame.turns());
  Framer framer(kFrame, {{memory, &fft}});
  float sample[kFrame.channels];
  while (std::fread(sample, sizeof(sample), 1, stdin) == 1) {{
    float values[kFrame.count + 1] = {{}};
    if (framer.Add(sample) && framer.full()) {{
      values[0] = 1.0f;
      framer.Values(values + 1);
    }}
    std::fwrite(values, sizeof(values), 1, stdout);
  }}
}}
"""


def run(project: Path, folder: Path, frame: Frame, rate_hz: float, x: Array) -> Array:
    """What the frames of samples `x` [rows, channels] come to [frames, values]."""
    code = MAIN.format(channels=x.shape[1], tables=codegen.config(frame, rate_hz))
    libraries = [project / "lib" / name / "src" for name in ("Signal", "Frontend")]
    got = cpp_probe.run(folder, code, libraries, x)
    due = np.flatnonzero(got[:, 0])
    assert due.tolist() == list(range(frame.samples - 1, len(x), frame.hop))
    return got[due, 1:]
