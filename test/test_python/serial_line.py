"""The two ends of a serial line, for real: a virtual board, and the monitor of PlatformIO."""

import os
import re
import select
import struct
import subprocess
import sys
import time
from pathlib import Path


class VirtualBoard:
    def __init__(self, program: Path, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [program, "--serial", "tcp:0", *arguments], stderr=subprocess.PIPE, text=True
        )
        assert self.process.stderr is not None
        match = re.search(r"socket://localhost:\d+", self.process.stderr.readline())
        assert match
        self.port = match[0]

    def stop(self) -> str:
        """End it; returns the events of the board."""
        self.process.terminate()
        return self.process.communicate(timeout=30)[1]


class MonitorSession:
    """`pio device monitor` in a pseudo-terminal; `size="80x24"` says how large it is."""

    def __init__(
        self,
        port: str,
        cwd: Path,
        *arguments: str,
        **environment: str,
    ) -> None:
        self.text = ""
        self._terminal, child = os.openpty()
        if size := environment.pop("size", ""):
            columns, rows = map(int, size.split("x"))
            self.resize(columns, rows)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "platformio", "device", "monitor", "-p", port, *arguments],
            cwd=cwd,
            stdin=child,
            stdout=child,
            stderr=child,
            start_new_session=True,
            env={
                **{k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "COLUMNS")},
                "TERM": "xterm-256color",
                **environment,
            },
        )
        os.close(child)

    def resize(self, columns: int, rows: int) -> None:
        import fcntl  # not on Windows, where these tests are skipped
        import termios

        fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    @property
    def rows(self) -> list[str]:
        """The lines as they stand on the screen and above it, without colours."""
        rows, column = [""], 0
        for piece in re.findall(r"\x1b\[[0-9;?]*[A-Za-z]|.", self.text, re.DOTALL):
            if piece == "\n":
                rows.append("")
            elif piece == "\r":
                column = 0
            elif piece == "\x1b[2K":
                rows[-1] = " " * column
            elif piece[0] == "\x1b":
                column -= int(piece[2:-1]) if piece[-1] == "D" else 0
            else:
                rows[-1] = f"{rows[-1][:column]:<{column}}{piece}{rows[-1][column + 1 :]}"
                column += 1
        return [row.rstrip() for row in rows]

    def read(self, seconds: float = 0.2) -> str:
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            if select.select([self._terminal], [], [], left)[0]:
                try:
                    data = os.read(self._terminal, 65536)
                except OSError:
                    break
                self.text += data.decode("utf-8", "replace")
        return self.text

    def wait_for(self, *wanted: str, seconds: float = 30.0) -> str:
        deadline = time.monotonic() + seconds
        while not all(text in self.text for text in wanted):
            assert time.monotonic() < deadline, f"no {wanted} in:\n{self.text}"
            self.read()
        return self.text

    def type(self, text: str) -> None:
        os.write(self._terminal, text.encode())

    def quit(self) -> str:
        self.type("\x03")
        while self.process.poll() is None:
            self.read()
        return self.read()

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._terminal)
