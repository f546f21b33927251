"""What the gateway shows: the states of boards and connections, in the monitor's style.

On a terminal and with one board every reading is shown, as in the monitor; else only what changes.
"""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from monitor.profile import unit_of, units_of
from monitor.telemetry import AnomalyMarker, Fault, Item, Raw, RawBlock, Reading, State, Unknown
from monitor.view import Screen, View

_LEAD = 24  # columns for the time and the board


@dataclass(slots=True)
class _Board:
    name: str
    view: View
    state: State | None = None


class Eye:
    """Writes whole lines, from whatever thread."""

    def __init__(
        self, screen: Screen, live: bool, write: Callable[[str], object] | None = None
    ) -> None:
        self.screen = screen
        self._write = write or _print
        self._live = live
        self._boards: dict[str, _Board] = {}  # by their ports
        self._lock = threading.RLock()

    def say(self, who: str, style: str, text: str) -> None:
        clock = self.screen.paint("time", time.strftime("%H:%M:%S"))
        with self._lock:
            self._write(f"{clock}  {who:<12}  {self.screen.paint(style, text)}\n")

    def meet(self, port: str, board: str, model: dict[str, str]) -> None:
        """A board has answered on a port."""
        profile = model.get("profile", "")
        with self._lock:
            self._boards[port] = _Board(board, self._make_view(profile))
        self.say(board, "start", f"on {port}" + (f", profile {profile}" if profile else ""))

    def part(self, port: str) -> None:
        with self._lock:
            self._boards.pop(port, None)

    def line(self, port: str, item: Item, text: str) -> None:
        """A line of the board that is not for the broker."""
        with self._lock:
            board = self._boards[port]
            shown = board.view.feed(text + "\n")
            if self._live and len(self._boards) == 1:
                self._write(shown)
            elif self._is_news(board, item):
                clock = "" if self._live else f"{time.strftime('%H:%M:%S')}  "
                lead = self.screen.paint("time", f"{clock}{board.name:<12}  ")
                for line in shown.splitlines():
                    self._write(f"{lead}{line}\n")

    def _is_news(self, board: _Board, item: Item) -> bool:
        if isinstance(item, Reading | Fault):
            before = board.state
            board.state = item.state if isinstance(item, Reading) else State.FAULT
            calm = (None, State.WARMUP, State.NORMAL)
            return board.state is not before and not (board.state in calm and before in calm)
        return not isinstance(item, Raw | RawBlock | Unknown | AnomalyMarker)

    def _make_view(self, profile: str) -> View:
        base = self.screen
        narrow = Screen(
            lambda: base.columns() - (0 if self._live and len(self._boards) <= 1 else _LEAD),
            base.styles,
            base.glyphs,
            base.degrees,
        )
        return View(
            narrow,
            unit_of(profile) or "",
            show_time=self._live,
            unit_of=unit_of,
            units=units_of(profile),
            units_of=units_of,
        )


def _print(text: str) -> None:
    with contextlib.suppress(OSError):  # whoever looked on is gone; the boards are not
        sys.stdout.write(text)
        sys.stdout.flush()
