"""Where the ingest of a benchmark stores: a file of SQLite, or a PostgreSQL of its own."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol

import sqlalchemy

from benchmark.fleet.brokers import free_port
from project.errors import UserError
from project.paths import PROJECT
from server.store import Store

USER: Final = "postgres"  # PostgreSQL refuses to run as root
PARTITIONS: Final = PROJECT / "server" / "store" / "partitions.sql"


class Database(Protocol):
    url: str

    def stop(self) -> None: ...


class Sqlite:
    def __init__(self, data: Path) -> None:
        self.url = f"sqlite:///{data / 'anomaly.sqlite'}"

    def stop(self) -> None:
        """Nothing runs."""


class PostgreSql:
    """A cluster in a folder of its own, on loopback, that vanishes with `stop`.

    Raises:
      UserError: it is not installed, or does not start.
    """

    def __init__(self) -> None:
        self._programs = _programs()
        self._folder = Path(tempfile.mkdtemp(prefix="fleet-postgresql-"))
        self._as_root = hasattr(os, "geteuid") and os.geteuid() == 0
        if self._as_root:
            shutil.chown(self._folder, USER, USER)
        port = free_port()
        data = self._folder / "data"
        self._run("initdb", "-D", data, "-U", USER, "--auth=trust", "--encoding=UTF8")
        options = f"-c listen_addresses=127.0.0.1 -c port={port} -k {self._folder}"
        self._run("pg_ctl", "-D", data, "-l", self._folder / "log", "-w", "-o", options, "start")
        self.url = f"postgresql+psycopg://{USER}@127.0.0.1:{port}/{USER}"

    def stop(self) -> None:
        self._run("pg_ctl", "-D", self._folder / "data", "-m", "immediate", "stop")
        shutil.rmtree(self._folder, ignore_errors=True)

    def _run(self, program: str, *arguments: str | Path) -> None:
        # pg_ctl leaves a server behind that would keep a pipe open: its output goes to a file.
        with tempfile.TemporaryFile() as said:
            done = subprocess.run(
                [self._programs / program, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                cwd=self._folder,
                user=USER if self._as_root else None,
                group=USER if self._as_root else None,
                extra_groups=[] if self._as_root else None,
            )
            if done.returncode:
                said.seek(0)
                text = said.read().decode(errors="replace").strip()[-300:]
                raise UserError(f"{program} of PostgreSQL failed: {text}")


class Partitioned(PostgreSql):
    """The same, with the tables of the store partitioned by time."""

    def __init__(self) -> None:
        super().__init__()
        try:
            Store(self.url).close()
            engine = sqlalchemy.create_engine(self.url)
            with engine.connect() as connection:
                cursor = connection.connection.cursor()  # of the driver: several statements at once
                cursor.execute(PARTITIONS.read_text(encoding="utf-8"))
            engine.dispose()
        except BaseException:
            self.stop()
            raise


def start(kind: str, data: Path) -> Database:
    """A database of one kind: sqlite, postgresql, partitioned; `data` is where a file goes."""
    makers: dict[str, Callable[[], Database]] = {
        "sqlite": lambda: Sqlite(data),
        "postgresql": PostgreSql,
        "partitioned": Partitioned,
    }
    return makers[kind]()


def _programs() -> Path:
    """The folder of initdb and pg_ctl; Debian keeps them off the PATH."""
    if path := shutil.which("initdb"):
        return Path(path).parent
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not places:
        raise UserError("PostgreSQL is not installed (Debian, Ubuntu: sudo apt install postgresql)")
    return places[-1].parent
