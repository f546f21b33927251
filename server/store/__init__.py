"""The one place with SQL: what boards sent, what people said about it, who may look at it.

All methods may be called from any thread. Times are milliseconds since 1970.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, delete, select, update

from server.messages import Message
from server.store import people, reading, writing
from server.store.database import Database
from server.store.reading import Cursor
from server.store.rows import Ack, Audit, Board, Event, Minute, User, Window
from server.store.schema import audit, device, event, state_1h, state_1m, window

__all__ = [
    "Ack",
    "Audit",
    "Board",
    "Cursor",
    "Event",
    "Minute",
    "Store",
    "User",
    "Window",
    "now_ms",
]

now_ms = writing.now_ms


class Store:
    """Opens or makes the database at `url`; raises UserError if that cannot be."""

    def __init__(self, url: str) -> None:
        self._database = Database(url)

    def close(self) -> None:
        self._database.close()

    # --- what boards send ---

    def ingest(self, batch: Sequence[Message], now: int | None = None) -> list[Ack]:
        """Stores a batch, once each; the acks are to be published when this has returned."""
        return writing.ingest(self._database, batch, now_ms() if now is None else now)

    def acks(self) -> list[Ack]:
        """Up to where each board is acknowledged: for a broker that forgot."""
        query = select(device.c.id, device.c.acked_boot, device.c.acked_seq)
        with self._database.reading() as connection:
            rows = connection.execute(query.where(device.c.acked_boot.is_not(None)))
            return [Ack(row.id, row.acked_boot, row.acked_seq) for row in rows]

    def all_offline(self) -> None:
        """For a broker that has just started: nobody is connected."""
        with self._database.writing() as connection:
            connection.execute(update(device).values(online=False))

    # --- boards ---

    def boards(self) -> list[Board]:
        with self._database.reading() as connection:
            return reading.boards(connection)

    def board(self, board: str) -> Board | None:
        with self._database.reading() as connection:
            return reading.board(connection, board)

    def rename(self, board: str, name: str, site: str) -> bool:
        """False if there is no such board."""
        query = update(device).where(device.c.id == board).values(name=name, site=site)
        with self._database.writing() as connection:
            return connection.execute(query).rowcount > 0

    def delete(self, board: str) -> bool:
        """Removes everything of a board; False if there was nothing."""
        with self._database.writing() as connection:
            found = sum(_delete_all(connection, board)) > 0
        self._database.forget()
        return found

    # --- events ---

    def events(
        self,
        board: str | None = None,
        before: Cursor | None = None,
        limit: int = 50,
        since: int | None = None,
        label: str | None = None,
    ) -> list[Event]:
        """Newest first; `before` is (t, board, boot, seq) of the last one of the page before."""
        with self._database.reading() as connection:
            return reading.events(connection, board, before, limit, since, label)

    def event(self, board: str, boot: int, seq: int) -> Event | None:
        with self._database.reading() as connection:
            return reading.one_event(connection, board, boot, seq)

    def window(self, board: str, boot: int, seq: int) -> Window | None:
        with self._database.reading() as connection:
            return reading.event_window(connection, board, boot, seq)

    def label(self, board: str, boot: int, seq: int, label: str | None, by: str) -> bool:
        """`real`, `normal` or None for no label; False if there is no such event."""
        if label not in ("real", "normal", None):
            raise ValueError(f"not a label: {label}")
        query = (
            update(event)
            .where(event.c.board == board, event.c.boot == boot, event.c.seq == seq)
            .values(label=label, label_by=None if label is None else by)
        )
        with self._database.writing() as connection:
            return connection.execute(query).rowcount > 0

    def history(self, board: str, since_ms: int, until_ms: int, points: int) -> list[Minute]:
        """What a board measured in at most `points` rows, oldest first; without rows where nothing
        was heard."""
        with self._database.reading() as connection:
            return reading.history(connection, board, since_ms, until_ms, points)

    # --- people ---

    def audit(self, kind: str, who: str, what: str, n: int = 1) -> None:
        """Notes that something happened; the same within a minute is counted in one row."""
        with self._database.writing() as connection:
            people.add_audit(self._database, connection, kind, who, what, now_ms(), n)

    def audits(self, limit: int = 100) -> list[Audit]:
        with self._database.reading() as connection:
            return people.audits(connection, limit)

    def user_count(self) -> int:
        with self._database.reading() as connection:
            return people.user_count(connection)

    def user(self, name: str) -> User | None:
        with self._database.reading() as connection:
            return people.user(connection, name)

    def add_user(self, name: str, password_hash: str) -> bool:
        with self._database.writing() as connection:
            return people.add_user(self._database, connection, name, password_hash)

    def set_password(self, name: str, password_hash: str) -> bool:
        """Also ends the user's sessions."""
        with self._database.writing() as connection:
            return people.set_password(connection, name, password_hash)

    def add_session(self, token_hash: str, user: str, expires: int) -> None:
        with self._database.writing() as connection:
            people.add_session(self._database, connection, token_hash, user, expires, now_ms())

    def session_user(self, token_hash: str) -> str | None:
        with self._database.reading() as connection:
            return people.session_user(connection, token_hash, now_ms())

    def end_session(self, token_hash: str) -> None:
        with self._database.writing() as connection:
            people.end_session(connection, token_hash)

    def secret(self, name: str) -> str:
        """64 hex digits, random, made once for this database."""
        with self._database.writing() as connection:
            return people.secret(self._database, connection, name)


def _delete_all(connection: Connection, board: str) -> list[int]:
    tables = (event, window, state_1m, state_1h)
    removed = [connection.execute(delete(t).where(t.c.board == board)).rowcount for t in tables]
    removed.append(connection.execute(delete(device).where(device.c.id == board)).rowcount)
    removed.append(connection.execute(delete(audit).where(audit.c.who == board)).rowcount)
    return removed
