"""Who may log in, who has, and what happened that somebody should look at."""

import dataclasses
import secrets
from typing import Final

from sqlalchemy import Connection, delete, func, select, update

from server.store.database import Database
from server.store.rows import Audit, User
from server.store.schema import account, audit, meta, session

MINUTE_MS: Final = 60_000
MOST_AUDITS: Final = 100_000  # rows; the oldest go


def add_audit(
    database: Database, connection: Connection, kind: str, who: str, what: str, now: int, n: int
) -> None:
    """The same within a minute is one row with a number: nobody fills the disk with failures."""
    row = {
        "minute": now // MINUTE_MS,
        "kind": _printable(kind, 40),
        "who": _printable(who, 80),
        "what": _printable(what, 200),
        "t": now,
        "n": n,
    }
    query = database.insert(audit).values(row)
    connection.execute(
        query.on_conflict_do_update(
            index_elements=["minute", "kind", "who", "what"],
            set_={"t": query.excluded.t, "n": audit.c.n + query.excluded.n},
        )
    )
    if secrets.randbelow(1000) == 0:
        trim_audits(connection)


def trim_audits(connection: Connection) -> None:
    newest = select(audit.c.minute).order_by(audit.c.minute.desc()).offset(MOST_AUDITS).limit(1)
    oldest = connection.scalar(newest)
    if oldest is not None:
        connection.execute(delete(audit).where(audit.c.minute <= oldest))


def _printable(text: str, longest: int) -> str:
    shown = "".join(letter if letter.isprintable() else "?" for letter in text[: longest + 1])
    return shown if len(shown) <= longest else shown[: longest - 3] + "..."


def audits(connection: Connection, limit: int) -> list[Audit]:
    query = select(audit).order_by(audit.c.minute.desc(), audit.c.t.desc()).limit(limit)
    rows = connection.execute(query).mappings()
    return [Audit(**{f.name: row[f.name] for f in dataclasses.fields(Audit)}) for row in rows]


def user_count(connection: Connection) -> int:
    return connection.scalar(select(func.count()).select_from(account)) or 0


def user(connection: Connection, name: str) -> User | None:
    row = connection.execute(select(account).where(account.c.name == name)).first()
    return None if row is None else User(row.name, row.hash)


def add_user(database: Database, connection: Connection, name: str, password_hash: str) -> bool:
    """False if there is one of this name."""
    query = database.insert_new(account).values(name=name, hash=password_hash)
    return connection.execute(query.returning(account.c.name)).first() is not None


def set_password(connection: Connection, name: str, password_hash: str) -> bool:
    """Also ends what that user has open; False if there is no such user."""
    connection.execute(delete(session).where(session.c.account == name))
    query = update(account).where(account.c.name == name).values(hash=password_hash)
    return connection.execute(query).rowcount > 0


def add_session(
    database: Database, connection: Connection, token_hash: str, name: str, expires: int, now: int
) -> None:
    connection.execute(delete(session).where(session.c.expires <= now))
    values = {"token_hash": token_hash, "account": name, "expires": expires}
    connection.execute(database.insert_new(session).values(values))


def session_user(connection: Connection, token_hash: str, now: int) -> str | None:
    query = select(session.c.account).where(
        session.c.token_hash == token_hash, session.c.expires > now
    )
    return connection.scalar(query)


def end_session(connection: Connection, token_hash: str) -> None:
    connection.execute(delete(session).where(session.c.token_hash == token_hash))


def secret(database: Database, connection: Connection, name: str) -> str:
    """A random text of this name, made once and the same ever after."""
    key = f"secret-{name}"
    connection.execute(database.insert_new(meta).values(key=key, value=secrets.token_hex(32)))
    return str(connection.scalar(select(meta.c.value).where(meta.c.key == key)))
