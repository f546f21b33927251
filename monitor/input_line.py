"""The line at the bottom of the monitor: the board's LED, and what is being typed."""

from __future__ import annotations

from collections import deque

from monitor.view import Screen

ERASE = "\x1b[2K\r"
_NO_WRAP, _WRAP = "\x1b[?7l", "\x1b[?7h"  # whatever is drawn, it stays on one line
_HINT = "type help, or Ctrl+N for: that was normal"
_NORMAL = "\x0e"  # Ctrl+N


class InputLine:
    """Collects keys until Enter and draws what it has; it writes nothing itself."""

    def __init__(self, screen: Screen) -> None:
        self.text = ""
        self._screen = screen
        self._escape = ""  # the beginning of an escape sequence
        self._sent: deque[str] = deque(maxlen=50)
        self._recalled = 0  # how many lines back the arrow keys have gone

    def type(self, keys: str) -> tuple[str, list[str]]:
        """Take keys; returns what is to be sent now, and the lines in it that are not empty.

        Control characters that mean nothing here are sent at once, as without this line.
        """
        send, entered = "", []
        for key in keys:
            if self._escape or key == "\x1b":
                self._take_escape(key)
            elif key in "\r\n":
                send += self.text + key
                if self.text.strip():
                    entered.append(self.text)
                    self._sent.append(self.text)
                self.text, self._recalled = "", 0
            elif key in "\b\x7f":
                self.text = self.text[:-1]
            elif key == _NORMAL:
                send += "normal\n"
                entered.append("normal")
            elif key == "\x15":  # Ctrl+U
                self.text = ""
            elif key.isprintable():
                self.text += key
            else:
                send += key
        return send, entered

    def _take_escape(self, key: str) -> None:
        """Arrow keys come as ESC [ A or ESC O A; other sequences do nothing."""
        self._escape += key
        if self._escape in ("\x1b", "\x1b[", "\x1bO"):
            return
        if self._escape.startswith("\x1b[") and not "@" <= key <= "~":
            return
        if self._escape[1:] in ("[A", "OA"):
            self._recall(min(self._recalled + 1, len(self._sent)))
        elif self._escape[1:] in ("[B", "OB"):
            self._recall(max(self._recalled - 1, 0))
        self._escape = ""

    def _recall(self, back: int) -> None:
        self._recalled = back
        self.text = self._sent[-back] if back else ""

    def draw(self, led: bool | None) -> str:
        """The line, with the cursor behind what was typed; of a long text the end is shown."""
        glyphs, paint = self._screen.glyphs, self._screen.paint
        room = max(self._screen.columns() - 1, 1)
        name = "" if led is None else f"{glyphs.led[led]} LED {'on ' if led else 'off'}  "
        if len(name) + 20 > room:
            name = name[:2]
        room -= len(name) + 2
        text, hint = self.text[-room:] if room > 0 else "", ""
        if not text and len(_HINT) <= room:
            hint = paint("hint", _HINT) + f"\x1b[{len(_HINT)}D"
        lead = paint("lit" if led else "hint", name) + paint("sent", "> ")
        return f"{_NO_WRAP}{lead}{text}{hint}{_WRAP}"
