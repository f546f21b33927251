"""What the embedded broker retains, over its restarts."""

import contextlib
import sqlite3
from pathlib import Path

from server.messages import board_of


class Retained:
    """A file that may be lost without harm: boards and server say all of it again."""

    def __init__(self, file: Path) -> None:
        self._file = sqlite3.connect(file, isolation_level=None, timeout=5)
        for statement in (
            "PRAGMA journal_mode=WAL",
            "PRAGMA synchronous=NORMAL",
            "PRAGMA secure_delete=ON",
            "CREATE TABLE IF NOT EXISTS retained"
            " (topic TEXT PRIMARY KEY, payload BLOB NOT NULL, qos INTEGER NOT NULL)",
        ):
            self._file.execute(statement).close()

    def load(self) -> list[tuple[str, bytes, int]]:
        """What was retained; nobody is online who has not yet connected again."""
        rows = self._file.execute("SELECT topic, payload, qos FROM retained").fetchall()
        return [
            (topic, b"offline" if topic.endswith("/status") and board_of(topic) else payload, qos)
            for topic, payload, qos in rows
        ]

    def keep(self, topic: str, payload: bytes, qos: int) -> None:
        with contextlib.suppress(sqlite3.Error):  # a full disk: it is retained until the restart
            if payload:
                self._file.execute(
                    "INSERT INTO retained VALUES (?, ?, ?)"
                    " ON CONFLICT (topic) DO UPDATE SET payload = excluded.payload,"
                    " qos = excluded.qos WHERE payload <> excluded.payload",
                    (topic, payload, qos),
                )
            else:
                self._file.execute("DELETE FROM retained WHERE topic = ?", (topic,))

    def forget(self, board: str) -> None:
        """All topics of a board."""
        with contextlib.suppress(sqlite3.Error):
            self._file.execute("DELETE FROM retained WHERE topic LIKE ?", (f"%/{board}/%",))

    def close(self) -> None:
        self._file.close()
