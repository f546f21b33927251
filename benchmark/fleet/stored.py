"""What the ingest stored, counted in the database itself and not by the code that stored it."""

from collections.abc import Set
from dataclasses import dataclass

import sqlalchemy


@dataclass(frozen=True)
class Found:
    """What is compared of an event."""

    kind: str
    threshold: float | None


Key = tuple[str, int, int]  # board, boot, seq


@dataclass(frozen=True)
class Counts:
    rows: int
    found: dict[Key, Found]

    @property
    def keys(self) -> Set[Key]:
        return self.found.keys()


def count(url: str) -> Counts:
    """All events in the database at `url`."""
    query = sqlalchemy.text("SELECT board, boot, seq, kind, threshold FROM event")
    engine = sqlalchemy.create_engine(url)
    try:
        with engine.connect() as connection:
            rows = connection.execute(query).all()
    finally:
        engine.dispose()
    return Counts(len(rows), {(r.board, r.boot, r.seq): Found(r.kind, r.threshold) for r in rows})


def sizes(url: str) -> dict[str, float | None]:
    """Bytes on disk of an event and of a board's minute, with their indexes; PostgreSQL only."""
    engine = sqlalchemy.create_engine(url)
    try:
        with engine.connect() as connection:
            if engine.dialect.name != "postgresql":
                return {}
            return {
                "bytes_per_event": _bytes(connection, "event"),
                "bytes_per_minute": _bytes(connection, "state_1m"),
            }
    finally:
        engine.dispose()


def _bytes(connection: sqlalchemy.Connection, table: str) -> float | None:
    """Of a row of a table, its partitions and (event_key) what belongs to it."""
    size = connection.scalar(
        sqlalchemy.text(
            "SELECT sum(pg_total_relation_size(oid)) FROM pg_class "
            "WHERE relkind = 'r' AND (relname = :table OR relname LIKE :parts)"
        ),
        {"table": table, "parts": f"{table}\\_%"},
    )
    rows = connection.scalar(sqlalchemy.text(f"SELECT count(*) FROM {table}"))
    return round(float(size) / rows, 1) if size and rows else None
