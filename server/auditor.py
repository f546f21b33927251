"""What should be looked at, counted here and written by a thread of its own once a second.

Whoever notes something never waits for the database, and cannot fill the memory.
"""

import threading
from collections import Counter
from typing import Final, Protocol

from sqlalchemy.exc import SQLAlchemyError

MOST_WAITING: Final = 1000  # different notes
PERIOD_S: Final = 1.0


class Note(Protocol):
    def __call__(self, kind: str, who: str, what: str) -> None: ...


class Sink(Protocol):
    """Where notes go to: a store."""

    def audit(self, kind: str, who: str, what: str, n: int = 1) -> None: ...


class Auditor:
    """Call `note` from anywhere."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._notes: Counter[tuple[str, str, str]] = Counter()
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="audit", daemon=True)
        self._thread.start()

    def note(self, kind: str, who: str, what: str) -> None:
        with self._lock:
            key = (kind, who[:200], what[:400])
            if key not in self._notes and len(self._notes) >= MOST_WAITING:
                key = (kind, "", "many others")
            self._notes[key] += 1

    def close(self) -> None:
        """Writes the rest."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(PERIOD_S):
            self._flush()
        self._flush()

    def _flush(self) -> None:
        with self._lock:
            notes, self._notes = self._notes, Counter()
        for (kind, who, what), n in notes.items():
            try:
                self._sink.audit(kind, who, what, n)
            except SQLAlchemyError:  # the ingest says that the database is away
                with self._lock:
                    self._notes[(kind, who, what)] += n
