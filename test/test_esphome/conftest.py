"""What both files share: ESPHome's Python, its command line and the compiled program."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from esphome_host import (
    HERE,
    NOT_INSTALLED,
    PROGRAM,
    Device,
    ESPHome,
    find_python,
    free_port,
    running,
)


@pytest.fixture(scope="session")
def python() -> Path:
    found = find_python()
    if found is None:
        pytest.skip(NOT_INSTALLED)
    return found


@pytest.fixture(scope="session")
def esphome(python: Path) -> ESPHome:
    return ESPHome(python)


@pytest.fixture(scope="session")
def port() -> int:
    return free_port()


@pytest.fixture(scope="session")
def program(esphome: ESPHome, port: int) -> Path:
    done = esphome("-s", "port", port, "compile", HERE / "host.yaml")
    assert done.returncode == 0, done.stdout[-4000:]
    return PROGRAM


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def device(program: Path, python: Path, home: Path, port: int) -> Iterator[Device]:
    with running(program, python, home, port) as found:
        yield found
