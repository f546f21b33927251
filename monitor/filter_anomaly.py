"""PlatformIO monitor filter `anomaly`: the board's lines, readable at a glance.

PlatformIO loads this file by its path (`monitor/filter_*.py`). The filter always works as the
last of the chain, wherever it stands in `monitor_filters`: `time`, `log2file` and the exception
decoder then see what the board sent, and what a person sees is drawn after them.

On a terminal the last line is one of input: what is typed stands there, below the readings, and
goes to the board on Enter. Nothing of it is there when the output goes into a file or a pipe.
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
    from monitor.input_line import ERASE, InputLine
    from monitor.profile import unit_of, units_of
    from monitor.summary import summarize
    from monitor.view import View, detect_screen, is_terminal
finally:
    sys.path.remove(_PROJECT)

STALL_SECONDS = 0.4  # a line that stops in the middle is shown after this time


class Anomaly(DeviceMonitorFilterBase):  # type: ignore[misc]
    """Readings as aligned, coloured lines; a summary at the end"""

    NAME = "anomaly"

    def __call__(self) -> Anomaly:
        """Start a session, or go on with it after PlatformIO has reconnected."""
        if getattr(self, "_view", None) is None:
            self._lock = threading.RLock()
            self._timer: threading.Timer | None = None
            self._chain: list[Any] | None = None
            self._fed = 0  # calls of rx
            self._summed_up = 0
            self._input: InputLine | None = None
            self._drawn = False  # the line of input stands on the screen
            self._aside = False  # PlatformIO writes by itself just now
            self._line_begins = True  # the cursor stands, or stood, at the beginning of a line
            _enable_escapes()
            # Not sys.stdout: on Windows pyserial puts there what knows of no terminal.
            self._screen = detect_screen(sys.__stdout__ or sys.stdout)
            profile = self._profile()
            self._view = View(
                self._screen,
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
        if hasattr(terminal.close, "sums_up"):
            return  # PlatformIO calls this for each of its lists of filters
        close, menu = terminal.close, terminal.handle_menu_key

        def close_and_sum_up() -> None:
            self._step_aside()
            close()
            self.finish()

        def handle_menu_key(key: str) -> None:
            self._step_aside()
            menu(key)
            self._step_back(terminal)

        close_and_sum_up.sums_up = True  # type: ignore[attr-defined]
        terminal.close, terminal.handle_menu_key = close_and_sum_up, handle_menu_key
        self._aside = False
        on_terminal = bool(self._screen.styles) and is_terminal(sys.__stdout__ or sys.stdout)
        self._input = InputLine(self._screen) if on_terminal and not terminal.raw else None

    def _move_last(self, terminal: Any) -> None:
        """Stand behind all other filters; a new list, as the old one may be walked just now."""
        chain = [step for step in terminal.rx_transformations if step is not self]
        terminal.rx_transformations = self._chain = [*chain, self]

    def rx(self, text: str) -> str:
        terminal = self.get_running_terminal()
        moved = terminal is not None and terminal.rx_transformations is not self._chain
        if moved:
            self._move_last(terminal)  # the filters were changed from the monitor's menu
        with self._lock:
            shown = self._view.feed(text)
            self._fed += 1
            if self._timer is None and terminal is not None and self._view.waiting:
                self._watch()
            if self._input is None or moved:
                return self._erased() + shown
            # Written here and not by PlatformIO: nothing that is typed may come between.
            if shown:
                self._write(shown)
        return ""

    def tx(self, text: str) -> str:
        if self._input is None:
            return text
        with self._lock:
            send, entered = self._input.type(text)
            glyph, paint = self._screen.glyphs.sent, self._screen.paint
            sent = "".join(paint("sent", f"{glyph} {line}") + "\n" for line in entered)
            self._write(sent if self._line_begins else "")
        return send

    def echo(self, text: str) -> str:
        """What was typed stands in the line of input already."""
        return text if self._input is None else ""

    def _erased(self) -> str:
        drawn, self._drawn = self._drawn, False
        return ERASE if drawn else ""

    def _write(self, text: str) -> None:
        """Write text above the line of input, which is left out below an unfinished line."""
        out = self._erased() + text
        if text:
            self._line_begins = text.endswith("\n")
        if self._input is not None and self._line_begins and not self._aside:
            out += self._input.draw(self._view.led)
            self._drawn = True
        terminal = self.get_running_terminal()
        if out and terminal is not None:
            terminal.console.write(out)

    def _step_aside(self) -> None:
        """Take the line of input away while PlatformIO writes."""
        with self._lock:
            self._aside = True
            self._write("")

    def _step_back(self, terminal: Any) -> None:
        with self._lock:
            if self not in terminal.rx_transformations:
                self._input = None  # the filters were changed, to others
            self._aside = False
            self._write("")

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
            self._write(self._view.show_waiting())

    def finish(self) -> None:
        """Print the summary, unless nothing has come since the last one.

        The beginning of a line that the session ended in is dropped: it would stand behind it.
        """
        self._step_aside()
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            self._view.show_waiting()
        session = self._view.session
        if session.lines != self._summed_up:
            self._summed_up = session.lines
            summarize(session, sys.stdout, self._screen.columns())


def _enable_escapes() -> None:
    """Let the console of Windows obey escape sequences; pyserial does so for Windows 10 only."""
    if sys.platform == "win32":
        import ctypes
        from ctypes import wintypes

        console = ctypes.windll.kernel32
        output, mode = console.GetStdHandle(-11), wintypes.DWORD()
        if console.GetConsoleMode(output, ctypes.byref(mode)):
            console.SetConsoleMode(output, mode.value | 0x0004)


def _has_rich() -> bool:
    try:
        import rich  # noqa: F401
    except ImportError:
        return False
    return True
