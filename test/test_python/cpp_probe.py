"""Runs float32 samples through lib/, by a small program that reads and writes them in binary."""

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def detector_libraries(project: Path) -> list[Path]:
    """The rooms of a detector of a generated header."""
    rooms = ("Signal", "Inputs", "Frontend", "Features", "Autoencoder", "Detector")
    return [project / "lib" / room / "src" for room in (*rooms, "AnomalyDetector")]


def run(
    folder: Path,
    code: str,
    libraries: Sequence[Path],
    samples: Array,
    written: type[np.floating[Any]] = np.float32,
) -> Array:
    """What the program `code` makes of each row of `samples` [rows, ...]: [rows, values].

    It reads float32 and writes numbers of the type `written`. Compiled in `folder`, with all
    sources of `libraries` (folders), whose headers it finds.
    """
    source, program = folder / "probe.cpp", folder / "probe"
    source.write_text(code)
    command = ["g++", "-std=c++17", "-O2", *[f"-I{path}" for path in (folder, *libraries)], source]
    command += [file for path in libraries for file in sorted(path.glob("*.cpp"))]
    subprocess.run([*map(str, command), "-o", str(program)], check=True)
    data = samples.astype(np.float32).tobytes()
    done = subprocess.run([str(program)], input=data, capture_output=True, check=True)
    return np.frombuffer(done.stdout, written).reshape(len(samples), -1).astype(np.float64)
