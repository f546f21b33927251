"""Compiles C++ for this computer as [env:native] does."""

import configparser
import functools
import os
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from project.errors import UserError
from project.paths import PROJECT

_BOARDS_ONLY = ("Esp32", "TflmAutoencoder")


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
    return output([command(), "--version"]).splitlines()[0]


def libraries() -> list[Path]:
    """The `src` folder of each library that runs on a computer."""
    folders = sorted((PROJECT / "lib").glob("*/src"))
    return [folder for folder in folders if folder.parent.name not in _BOARDS_ONLY]


def compile_object(source: Path, folder: Path, extra: Sequence[str] = ()) -> Path:
    """Compiles `source` into `folder`, which is also where generated headers are looked for."""
    target = folder / f"{source.stem}.o"
    includes = [f"-I{path}" for path in (folder, PROJECT / "src", *libraries())]
    # -O2 and the others come last: an `extra` may not change them.
    output([command(), *extra, *includes, *flags(), "-c", str(source), "-o", str(target)])
    return target


def compile_objects(sources: Iterable[Path], folder: Path) -> list[Path]:
    """The same for several at a time."""
    command()  # what is missing is said once
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(lambda source: compile_object(source, folder), sources))


def link(objects: Sequence[Path], program: Path, extra: Sequence[str] = ()) -> Path:
    system = ["-lws2_32"] if os.name == "nt" else []
    parts = [*map(str, objects), *extra, "-pthread", *system]
    output([command(), *flags(), *parts, "-o", str(program)])
    return program


def output(words: Sequence[str]) -> str:
    """What a program prints.

    Raises:
      UserError: it failed; with what it said.
    """
    done = subprocess.run(
        words, stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", errors="replace"
    )
    if done.returncode:
        name = Path(words[0]).name
        raise UserError(f"{name} failed with status {done.returncode}:\n{done.stderr.strip()}")
    return done.stdout
