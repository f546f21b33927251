"""What is measured for the report: detectors on simulated devices, and the speed of the program."""

import json
import re
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from benchmark import baselines, program, synthetic
from benchmark.report.steps import Told
from project.errors import UserError
from project.profile import Profile
from training.manifest import Manifest

Array = npt.NDArray[np.float64]

_SETTINGS: Final = synthetic.Settings(days=0.25, devices=2, jobs=2)


def read_benchmark(path: Path) -> dict[str, Any]:
    """The detectors of what `benchmark synthetic --json` has written.

    Raises:
      UserError: it is something else.
    """
    try:
        detectors: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["detectors"]
        for detector in detectors.values():
            detector["kinds"], detector["events"]
        next(iter(detectors))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, StopIteration) as error:
        raise UserError(f"{path}: is no result of `benchmark synthetic --json`") from error
    return detectors


def measured(profile: Profile, compiler: program.Compiler, told: Told) -> dict[str, Any]:
    """A small benchmark: two devices, without the slow baselines.

    Raises:
      UserError: a training or the compiler failed.
    """
    names = [name for name in synthetic.known(profile) if name not in baselines.SLOW]
    outcomes = synthetic.run(
        profile,
        names,
        _SETTINGS,
        lambda done, total: told("detectors on simulated devices", done, total),
        compiler,
    )
    return {name: synthetic.report(outcome) for name, outcome in outcomes.items()}


def microseconds(
    profile: Profile, found: Manifest, normal: Array, compiler: program.Compiler, folder: Path
) -> float:
    """What a sample costs in the compiled program, its line of text included.

    Raises:
      UserError: the compiler or the program failed.
    """
    built = compiler.build(profile, found, folder)
    said = built.run([np.tile(normal, (max(1, 100_000 // len(normal)), 1))])
    throughput = re.search(rb"throughput (\d+) samples/s", said)
    if not throughput or not int(throughput[1]):
        raise UserError("the host program did not say how fast it was")
    return 1e6 / int(throughput[1])
