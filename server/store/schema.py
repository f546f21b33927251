"""The tables, and how a database gets them.

The version stands in the database. A program makes what an older one lacks, step by step, and
refuses a database of a newer program.
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    insert,
    inspect,
    select,
    text,
    update,
)

from project.errors import UserError

VERSION: Final = 1

metadata: Final = MetaData()

meta: Final = Table(
    "meta",
    metadata,
    Column("key", String(40), primary_key=True),
    Column("value", Text, nullable=False),
)

device: Final = Table(
    "device",
    metadata,
    Column("id", String(12), primary_key=True),
    Column("name", Text, nullable=False, default=""),
    Column("site", Text, nullable=False, default=""),
    Column("profile", Text, nullable=False, default=""),
    Column("fw", Text, nullable=False, default=""),
    Column("model", Text, nullable=False, default=""),
    Column("boot", BigInteger, nullable=False, default=0),
    Column("reset", Text),
    Column("period_us", BigInteger),
    Column("names", Text, nullable=False, default="[]"),
    Column("units", Text, nullable=False, default="[]"),
    Column("address", Text),
    Column("online", Boolean, nullable=False, default=False),
    Column("last_seen", BigInteger, nullable=False, default=0),
    # The last `state`.
    Column("state_boot", BigInteger, nullable=False, default=-1),
    Column("up", BigInteger),
    Column("up_at", BigInteger),  # by the server's clock
    Column("state", Text),
    Column("cause", Text),
    Column("fault", Text),
    Column("score", Float(53)),
    Column("threshold", Float(53)),
    Column("value", Float(53)),
    Column("expected", Float(53)),
    Column("queue", BigInteger, nullable=False, default=0),
    Column("lost", BigInteger, nullable=False, default=0),
    Column("missed", BigInteger, nullable=False, default=0),
    Column("dropped", BigInteger, nullable=False, default=0),
    Column("heap_min", BigInteger),
    Column("rssi", Integer),
    # The newest event that is acknowledged, and the newest that opened or closed an anomaly.
    Column("acked_boot", BigInteger),
    Column("acked_seq", BigInteger),
    Column("waiting", Boolean, nullable=False, default=False),  # events behind a gap after it
    Column("mark_boot", BigInteger, nullable=False, default=-1),
    Column("mark_seq", BigInteger, nullable=False, default=0),
    Column("anomaly", Boolean, nullable=False, default=False),
)

event: Final = Table(
    "event",
    metadata,
    Column("board", String(12), primary_key=True),
    Column("boot", BigInteger, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("prev_boot", BigInteger),
    Column("prev_seq", BigInteger),
    Column("t", BigInteger, nullable=False),
    Column("tq", String(4), nullable=False),
    Column("up", BigInteger, nullable=False),
    Column("kind", String(12), nullable=False),
    Column("cause", Text),
    Column("score", Float(53)),
    Column("threshold", Float(53)),
    Column("value", Float(53)),
    Column("recon", Float(53)),
    Column("model", Text, nullable=False),
    Column("radio", Integer, nullable=False),
    Column("label", String(8)),
    Column("label_by", Text),
    Column("received", BigInteger, nullable=False),
    Index("event_by_time", "t", "board", "boot", "seq"),
    Index("event_of_board_by_time", "board", "t", "boot", "seq"),
    sqlite_with_rowid=False,
)

window: Final = Table(
    "window_piece",
    metadata,
    Column("board", String(12), primary_key=True),
    Column("boot", BigInteger, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Integer, primary_key=True, autoincrement=False),
    Column("dt_us", BigInteger, nullable=False),
    Column("frames", Text, nullable=False),  # JSON: [values, recon, scores]
)


def _aggregate(name: str, unit: str) -> Table:
    return Table(
        name,
        metadata,
        Column("board", String(12), primary_key=True),
        Column(unit, BigInteger, primary_key=True, autoincrement=False),  # since 1970
        Column("low", Float(53)),
        Column("high", Float(53)),
        Column("total", Float(53), nullable=False),  # sum of the `weight` frames with a mean
        Column("weight", BigInteger, nullable=False),
        Column("expected_total", Float(53), nullable=False),  # sum of the `expected_weight` states
        Column("expected_weight", BigInteger, nullable=False),
        Column("score_max", Float(53)),
        Column("threshold", Float(53)),  # the last
        Column("n", BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )


state_1m: Final = _aggregate("state_1m", "minute")
state_1h: Final = _aggregate("state_1h", "hour")

audit: Final = Table(
    "audit",
    metadata,
    Column("minute", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", String(40), primary_key=True),
    Column("who", String(80), primary_key=True),
    Column("what", String(200), primary_key=True),
    Column("t", BigInteger, nullable=False),  # of the last time
    Column("n", BigInteger, nullable=False),
)

account: Final = Table(
    "account",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("hash", Text, nullable=False),
)

session: Final = Table(
    "session",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("account", String(64), nullable=False),
    Column("expires", BigInteger, nullable=False),
)


def prepare(connection: Connection) -> None:
    """Makes the tables that are missing; raises UserError for those of a newer program."""
    if connection.dialect.name == "postgresql":  # two workers that start at once
        connection.execute(text("SELECT pg_advisory_xact_lock(7295061501)"))
    if not inspect(connection).has_table(meta.name):
        metadata.create_all(connection)
        connection.execute(insert(meta).values(key="version", value=str(VERSION)))
        return
    found = connection.scalar(select(meta.c.value).where(meta.c.key == "version"))
    version = int(found) if found else 0
    if version > VERSION:
        raise UserError(
            f"the database is of a newer program (its version {version}, here {VERSION}): "
            "update this one, or take another database with --database."
        )
    for step in MIGRATIONS[version:]:
        for statement in step:
            connection.execute(text(statement))
    connection.execute(update(meta).where(meta.c.key == "version").values(value=str(VERSION)))


# What leads from version 0 to 1, from 1 to 2, and so on.
MIGRATIONS: Final[list[list[str]]] = [[]]
