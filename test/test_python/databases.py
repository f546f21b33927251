"""The databases that the server is tested on: SQLite, and a PostgreSQL of the tests' own.

Tests that take `database` run once on each; where PostgreSQL is not installed, they skip and say
so.
"""

import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from server.store import Store


def postgresql_programs() -> Path | None:
    """The folder of its programs; Debian has one for each version."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if found:
        return found[-1].parent
    program = shutil.which("initdb")
    return Path(program).resolve().parent if program else None


class PostgreSQL:
    """A server in a folder of its own, on a socket there and on no port."""

    def __init__(self) -> None:
        programs = postgresql_programs()
        assert programs is not None
        self._programs = programs
        # Not one of pytest's, which others may not enter: it refuses to run as root, and then
        # runs as the user that its package made. And the path of a socket must be short.
        self._folder = Path(tempfile.mkdtemp(prefix="postgresql-"))
        self._user = "postgres" if os.name == "posix" and os.geteuid() == 0 else None
        if self._user:
            shutil.chown(self._folder, self._user)
        self._run("initdb", "-D", self._folder / "data", "-A", "trust", "-U", "postgres", "-N")
        # Nothing here outlives it.
        options = f"-c listen_addresses='' -c fsync=off -k {self._folder}"
        self._control = ("pg_ctl", "-D", self._folder / "data", "-w")
        self._run(*self._control, "-o", options, "-l", self._folder / "log", "start")

    def new_database(self) -> str:
        """The address of an empty one."""
        name = f"test_{uuid.uuid4().hex}"
        self._run("createdb", "-h", self._folder, "-U", "postgres", name)
        return f"postgresql+psycopg://postgres@/{name}?host={self._folder}"

    def stop(self) -> None:
        self._run(*self._control, "-m", "immediate", "stop")
        shutil.rmtree(self._folder)

    def _run(self, program: str, *arguments: str | Path) -> None:
        command = [str(self._programs / program), *map(str, arguments)]
        done = subprocess.run(
            command,
            user=self._user,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def new_postgresql() -> Iterator[Callable[[], str]]:
    """Makes empty databases; started when a test first needs one."""
    running: list[PostgreSQL] = []

    def new() -> str:
        if postgresql_programs() is None:
            pytest.skip("needs PostgreSQL (apt install postgresql)")
        if not running:
            running.append(PostgreSQL())
        return running[0].new_database()

    yield new
    for server in running:
        server.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(
    request: pytest.FixtureRequest, tmp_path: Path, new_postgresql: Callable[[], str]
) -> str:
    """The address of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{(tmp_path / 'test.sqlite').as_posix()}"
    return new_postgresql()


@pytest.fixture
def store(database: str) -> Iterator[Store]:
    found = Store(database)
    yield found
    found.close()
