"""The database behind the store: SQLite for one machine, PostgreSQL for more."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Connection, Engine, Insert, Table, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from project.errors import UserError
from server.store import schema

PATIENCE_S: Final = 30  # for a lock that another process holds


class Database:
    """Connections and transactions; thread-safe."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._engine = _engine(url)
        self.is_sqlite = self._engine.dialect.name == "sqlite"
        try:
            with self.writing() as connection:
                schema.prepare(connection)
        except DBAPIError as error:
            self.close()
            raise UserError(f"the database cannot be opened: {_reason(error)}.") from error

    def close(self) -> None:
        self._engine.dispose()

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction, on disk when it ends without an exception.

        One of SQLite is the only writer from its start: it waits there, and never fails later.
        """
        connection = self._engine.connect().execution_options(writes=True)
        with connection, connection.begin():
            yield connection

    def forget(self) -> None:
        """Leaves nothing on the disk of what was deleted; best effort while others read."""
        if self.is_sqlite:
            connection = self._engine.raw_connection()
            try:
                connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
            finally:
                connection.close()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        with self._engine.connect() as connection, connection.begin():
            yield connection

    def insert(self, table: Table) -> "postgresql.Insert | sqlite.Insert":
        """An INSERT that can say ON CONFLICT, which both databases write alike."""
        return sqlite.insert(table) if self.is_sqlite else postgresql.insert(table)

    def insert_new(self, table: Table) -> Insert:
        """An INSERT that leaves rows alone which are there."""
        return self.insert(table).on_conflict_do_nothing()


def _engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise UserError(
            f"--database is as sqlite:///FILE or postgresql+psycopg://HOST/NAME, not {url}."
        ) from error
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername not in ("sqlite", "postgresql+psycopg"):
        raise UserError(f"--database is of SQLite or PostgreSQL, not of {parsed.drivername}")
    if parsed.drivername == "sqlite":
        engine = create_engine(parsed, connect_args={"timeout": PATIENCE_S})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    return create_engine(parsed, pool_pre_ping=True, connect_args={"connect_timeout": 10})


def _prepare_sqlite(connection: sqlite3.Connection, _: Any) -> None:
    connection.isolation_level = None  # _begin_sqlite begins
    settings = ("journal_mode=WAL", "synchronous=FULL", "temp_store=MEMORY", "secure_delete=ON")
    for setting in settings:
        connection.execute(f"PRAGMA {setting}").close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _reason(error: SQLAlchemyError) -> str:
    """The database's own words, in one line."""
    said = str(getattr(error, "orig", None) or error)
    return " ".join(said.split()).rstrip(".")
