"""The firmware as a host program, compiled for one detector after another and fed recordings."""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmark import compiler as toolchain
from project.errors import UserError
from project.paths import PROJECT
from project.profile import Profile
from training import codegen
from training.manifest import Manifest

Array = npt.NDArray[np.float64]
States = npt.NDArray[np.uint8]

WARMUP, NORMAL, ANOMALY, FAULT = b"WNAF"  # how `Program.states` says the state of a sample
_BLOCK = 1 << 20  # bytes


@dataclass(frozen=True)
class Program:
    """A host program with one detector in it."""

    path: Path
    profile: Profile

    def run(self, clips: list[Array]) -> bytes:
        """Everything that it prints for clips [rows, channels], each after a restart."""
        return b"".join(self.blocks(clips))

    def blocks(self, clips: list[Array], state: Path | None = None) -> Iterator[bytes]:
        """The same in blocks of whole lines; with what was learnt in `state`, and learnt now.

        Raises:
          UserError: the program failed.
        """
        with tempfile.TemporaryDirectory() as folder:
            file, said = Path(folder) / "samples.csv", Path(folder) / "said"
            with file.open("w", encoding="ascii", newline="\n") as samples:
                samples.writelines(_plain_lines(self.profile, clips))
            command = [str(self.path), "--replay", str(file)]
            command += ["--state", str(state)] if state else []
            with (
                said.open("wb") as errors,
                subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors
                ) as running,
            ):
                assert running.stdout
                while block := running.stdout.read(_BLOCK):
                    yield block + running.stdout.readline()
            if running.returncode:
                text = said.read_text(encoding="utf-8", errors="replace")
                raise UserError(f"the host program failed: {text}")

    def states(self, clips: list[Array], before: Array | None = None) -> list[States]:
        """State of every sample of clips [rows, channels], each clip on a board of its own: what is
        learnt from one changes nothing for the next. Each has known what came `before`."""
        if before is None:
            return [self._states(clip, None) for clip in clips]
        with tempfile.TemporaryDirectory() as folder:
            learnt, own = Path(folder) / "learnt", Path(folder) / "own"
            self.learn(before, learnt)
            found = []
            for clip in clips:
                shutil.copy(learnt, own)
                found.append(self._states(clip, own))
            return found

    def learn(self, samples: Array, state: Path) -> None:
        """Lets the program learn from samples [rows, channels], and keep that in `state`."""
        for _ in self.blocks([samples], state):
            pass

    def _states(self, clip: Array, state: Path | None) -> States:
        letters = b"".join(re.findall(rb"State: ([WNAF])", b"".join(self.blocks([clip], state))))
        if len(letters) != len(clip):
            raise UserError(f"the host program gave {len(letters)} states for {len(clip)} samples")
        return np.frombuffer(letters, np.uint8)


def plain_text(profile: Profile, clips: list[Array]) -> str:
    """Clips [rows, channels] as a recording in the plain form, a hole in time between two."""
    return "".join(_plain_lines(profile, clips))


def _plain_lines(profile: Profile, clips: list[Array]) -> Iterator[str]:
    period = 1 / profile.sampling.rate_hz
    yield f"# interval: {period:.9g}\n"
    yield ",".join(["time", *profile.sensor.channels]) + "\n"
    row = 0
    for clip in clips:
        for values in clip:
            yield ",".join([f"{row * period:.6f}", *(f"{v:.9g}" for v in values.tolist())]) + "\n"
            row += 1
        row += 2


@dataclass(frozen=True)
class Compiler:
    """Compiles host programs; what does not depend on the detector is compiled once."""

    objects: tuple[Path, ...]

    def build(self, profile: Profile, found: Manifest, folder: Path) -> Program:
        """A program for a profile and its manifest; `folder` takes its header and itself."""
        folder.mkdir(parents=True, exist_ok=True)
        header = folder / "model_config.h"
        header.write_text(codegen.config_header(profile, found), encoding="utf-8")
        sources = [s for s in (PROJECT / "src").glob("*.cpp") if s.name != "main_esp32.cpp"]
        own = toolchain.compile_objects(sorted(sources), folder)
        return Program(toolchain.link([*own, *self.objects], folder / "program"), profile)


def compiler(folder: Path) -> Compiler:
    """Compiles the libraries into `folder`.

    Raises:
      UserError: there is no C++ compiler.
    """
    folder.mkdir(parents=True, exist_ok=True)
    sources = [s for library in toolchain.libraries() for s in sorted(library.glob("*.cpp"))]
    return Compiler(tuple(toolchain.compile_objects(sources, folder)))
