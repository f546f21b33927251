"""Compiles the small programs of cpp/ with the flags of [env:native], runs them, reads them."""

import configparser
import functools
import os
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from project.errors import UserError
from project.paths import PROJECT

SOURCES = Path(__file__).parent / "cpp"
_BOARDS_ONLY = ("Esp32", "TflmAutoencoder")


@dataclass(frozen=True)
class Output:
    """What a program printed: nanoseconds a call, plain numbers, and values to compare."""

    times: dict[str, list[float]]
    numbers: dict[str, float]
    values: dict[str, list[float]]


@functools.cache
def command() -> str:
    """The C++ compiler.

    Raises:
      UserError: there is none.
    """
    found = next((name for name in ("g++", "clang++", "c++") if shutil.which(name)), None)
    if found is None:
        raise UserError("no C++ compiler (g++ or clang++) is in the PATH: install one")
    return found


@functools.cache
def flags() -> tuple[str, ...]:
    """Those of [env:native] in platformio.ini."""
    config = configparser.ConfigParser(interpolation=None, inline_comment_prefixes=(";",))
    config.read(PROJECT / "platformio.ini", encoding="utf-8")
    return tuple(config["env:native"]["build_flags"].split())


def version() -> str:
    return _run([command(), "--version"]).splitlines()[0]


def libraries() -> list[Path]:
    """The `src` folder of each library that runs on a computer."""
    folders = sorted((PROJECT / "lib").glob("*/src"))
    return [folder for folder in folders if folder.parent.name not in _BOARDS_ONLY]


def includes(*folders: Path) -> list[str]:
    return [f"-I{folder}" for folder in (*folders, SOURCES, PROJECT / "src", *libraries())]


def compile_object(source: Path, folder: Path, extra: Sequence[str] = ()) -> Path:
    """Compiles `source` into `folder`, which is also where generated headers are looked for."""
    target = folder / f"{source.stem}.o"
    # -O2 and the others come last: an `extra` may not change them.
    _run([command(), *extra, *includes(folder), *flags(), "-c", str(source), "-o", str(target)])
    return target


def link(objects: Sequence[Path], program: Path, extra: Sequence[str] = ()) -> Path:
    system = ["-lws2_32"] if os.name == "nt" else []
    parts = [*map(str, objects), *extra, "-pthread", *system]
    _run([command(), *flags(), *parts, "-o", str(program)])
    return program


def run(program: Path, batches: int) -> Output:
    """Runs a program that speaks the language of measure.h."""
    times: dict[str, list[float]] = defaultdict(list)
    numbers: dict[str, float] = {}
    values: dict[str, list[float]] = {}
    for line in _run([str(program), str(batches)]).splitlines():
        kind, name, *words = line.split()
        if kind == "time":
            times[name].append(float(words[0]))
        elif kind == "number":
            numbers[name] = float(words[0])
        elif kind == "values":
            values[name] = [float(word) for word in words]
    return Output(dict(times), numbers, values)


def _run(words: Sequence[str]) -> str:
    done = subprocess.run(
        words, stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", errors="replace"
    )
    if done.returncode:
        name = Path(words[0]).name
        raise UserError(f"{name} failed with status {done.returncode}:\n{done.stderr.strip()}")
    return done.stdout
