"""What several Python suites share: where the project is, and how to build its host program."""

import contextlib
import functools
import importlib.machinery
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
from serial_line import VirtualBoard

from benchmark.program import Compiler, compiler
from training import files

PROJECT = Path(__file__).resolve().parents[2]

os.environ.pop("PIOW", None)  # by which piow says how it was called, also when it runs these tests

# The folders and files of the project that a build needs, for tests that change them.
PARTS = (
    ".clang-format",
    "LICENSE",
    "benchmark",
    "extra_scripts",
    "lib",
    "models",
    "monitor",
    "offline",
    "piow",
    "platformio.ini",
    "profiles",
    "project",
    "requirements.txt",
    "requirements-train.txt",
    "requirements-server.txt",
    "requirements-dev.txt",
    "server",
    "src",
    "test",
    "training",
)

# Files that take longest. They start first, so that at the end no process waits long for another.
LONGEST = ("faults", "model_step", "docs", "training", "report", "exercise", "simulation")

PlatformIO = Callable[..., subprocess.CompletedProcess[str]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files in the order of LONGEST, then the others as they were."""
    places = {f"test_{name}": place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path.stem, len(LONGEST)))


@pytest.fixture(scope="session")
def project() -> Path:
    """The root of this project; tests do not write into it."""
    return PROJECT


def copy_project(root: Path) -> Path:
    """Copies what a build needs."""
    root.mkdir()
    ignore = shutil.ignore_patterns("__pycache__", ".*cache")
    for name in PARTS:
        source = PROJECT / name
        if source.is_dir():
            shutil.copytree(source, root / name, ignore=ignore)
        elif source.is_file():
            shutil.copy2(source, root / name)
    return root


def build_quickly(root: Path) -> None:
    """Makes the builds of a copy half as long, where it does not matter how fast its program is."""
    settings = root / "platformio.ini"
    text = settings.read_text(encoding="utf-8")
    assert "    -O2\n" in text
    settings.write_text(text.replace("    -O2\n", "    -O0\n"), encoding="utf-8")


@pytest.fixture
def project_copy(tmp_path: Path) -> Path:
    """A copy of the project to change, with its own build folder."""
    return copy_project(tmp_path / "project")


def load_piow(path: Path) -> ModuleType:
    """A piow as a module; its bytecode is not written anywhere."""
    loader = importlib.machinery.SourceFileLoader("piow", str(path))
    spec = importlib.util.spec_from_loader("piow", loader)
    assert spec
    module = importlib.util.module_from_spec(spec)
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = before
    return module


@functools.cache
def platformio_settings() -> dict[str, str]:
    """What piow would set, so that plain `pytest` works without PlatformIO's registry too."""
    settings: dict[str, str] = load_piow(PROJECT / "piow").platformio_settings(["-e", "native"])
    return settings


def run_platformio(
    *arguments: str | Path, cwd: Path = PROJECT, **environment: str | Path
) -> subprocess.CompletedProcess[str]:
    """Runs PlatformIO in `cwd` and returns what it said; keywords are environment variables."""
    return subprocess.run(
        [sys.executable, "-m", "platformio", *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, **platformio_settings(), **{k: str(v) for k, v in environment.items()}},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
    )


@pytest.fixture(scope="session")
def platformio() -> PlatformIO:
    return run_platformio


def once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """A folder that `make` fills for all tests of this run, whichever process they are in.

    The others wait for the first; where it fails, the next one tries again, and fails there too.
    """
    run = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        run = run.parent  # each worker has a folder of its own in that of the run
    folder, made = run / "once" / name, run / "once" / f"{name}.made"
    with files.lock(run / "once" / f"{name}.lock", f"{name} is being made"):
        if not made.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            make(folder)
            made.touch()
    return folder


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The host program with the committed model, built apart from the user's build folder."""

    def build(folder: Path) -> None:
        built = run_platformio("run", "-e", "native", PLATFORMIO_WORKSPACE_DIR=folder)
        assert built.returncode == 0, built.stdout + built.stderr

    name = "program.exe" if os.name == "nt" else "program"
    return once(tmp_path_factory, "program", build) / "build" / "native" / name


@pytest.fixture(scope="session")
def host_compiler(tmp_path_factory: pytest.TempPathFactory) -> Compiler:
    """Compiles host programs for one detector after another; the libraries are compiled already."""

    def libraries(folder: Path) -> None:
        compiler(folder)

    return Compiler(tuple(sorted(once(tmp_path_factory, "libraries", libraries).glob("*.o"))))


@pytest.fixture
def board(program: Path) -> Iterator[Callable[..., VirtualBoard]]:
    """Starts virtual boards with the options given; they end with the test."""
    with contextlib.ExitStack() as stack:

        def start(*arguments: str, program: Path = program) -> VirtualBoard:
            board = VirtualBoard(program, *arguments)
            stack.callback(board.process.communicate)
            stack.callback(board.process.kill)
            return board

        yield start
