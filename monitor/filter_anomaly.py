"""PlatformIO monitor filter `anomaly`: the board's lines, readable at a glance.

PlatformIO loads this file by its path (`monitor/filter_*.py`). The filter always works as the
last of the chain, wherever it stands in `monitor_filters`: `time`, `log2file` and the exception
decoder then see what the board sent, and what a person sees is drawn after them.
"""

from __future__ import annotations

import atexit
import os
import sys
import threading
from pathlib import Path
from typing import Any

from platformio.device.monitor.filters.base import (
    DeviceMonitorFilterBase,
)

_PROJECT = str(Path(__file__).resolve().parent.parent)
sys.path.insert(0, _PROJECT)  # this file has no package when PlatformIO loads it
try:
    from monitor.profile import unit_of, units_of
    from monitor.summary import summarize
    from monitor.view import View, detect_screen
finally:
    sys.path.remove(_PROJECT)

STALL_SECONDS = 0.4  # a line that stops in the middle is shown after this time


class Anomaly(DeviceMonitorFilterBase):  # type: ignore[misc]
    """Readings as aligned, coloured lines; a summary at the end"""

    NAME = "anomaly"

    def __call__(self) -> Anomaly:
        """Start a session, or go on with it after PlatformIO has reconnected."""
        if getattr(self, "_view", None) is None:
            self._lock = threading.Lock()
            self._timer: threading.Timer | None = None
            self._chain: list[Any] | None = None
            self._fed = 0  # calls of rx
            self._summed_up = 0
            profile = self._profile()
            self._view = View(
                detect_screen(sys.stdout),
                unit_of(profile) or "",
                unit_of=unit_of,
                units=units_of(profile),
                units_of=units_of,
            )
            atexit.register(self.finish)
            if not _has_rich():
                print(
                    "--- anomaly: plain output; for colours and tables: "
                    f'"{sys.executable}" -m pip install rich'
                )
        return self

    def _profile(self) -> str:
        profile = os.environ.get("ANOMALY_PROFILE")
        if not profile:
            section = f"env:{self.environment}"
            profile = self.config.get(section, "custom_profile", "temperature")
        return str(profile)

    def set_running_terminal(self, terminal: Any) -> None:
        super().set_running_terminal(terminal)
        self._move_last(terminal)
        if not hasattr(terminal.close, "sums_up"):
            close = terminal.close

            def close_and_sum_up() -> None:
                close()
                self.finish()

            close_and_sum_up.sums_up = True  # type: ignore[attr-defined]
            terminal.close = close_and_sum_up

    def _move_last(self, terminal: Any) -> None:
        """Stand behind all other filters; a new list, as the old one may be walked just now."""
        chain = [step for step in terminal.rx_transformations if step is not self]
        terminal.rx_transformations = self._chain = [*chain, self]

    def rx(self, text: str) -> str:
        terminal = self.get_running_terminal()
        if terminal is not None and terminal.rx_transformations is not self._chain:
            self._move_last(terminal)  # the filters were changed from the monitor's menu
        with self._lock:
            shown = self._view.feed(text)
            self._fed += 1
            if self._timer is None and terminal is not None and self._view.waiting:
                self._watch()
        return shown

    def _watch(self) -> None:
        self._timer = threading.Timer(STALL_SECONDS, self._check_stall, [self._fed])
        self._timer.daemon = True
        self._timer.start()

    def _check_stall(self, fed: int) -> None:
        """Show the beginning of a line if nothing has come since the last look."""
        with self._lock:
            self._timer = None
            if not self._view.waiting:
                return
            if self._fed != fed:
                self._watch()
                return
            text = self._view.show_waiting()
            terminal = self.get_running_terminal()
        if terminal is not None:
            terminal.console.write(text)

    def finish(self) -> None:
        """Print the summary, unless nothing has come since the last one.

        The beginning of a line that the session ended in is dropped: it would stand behind it.
        """
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            self._view.show_waiting()
        session = self._view.session
        if session.lines != self._summed_up:
            self._summed_up = session.lines
            summarize(session, sys.stdout)


def _has_rich() -> bool:
    try:
        import rich  # noqa: F401
    except ImportError:
        return False
    return True
