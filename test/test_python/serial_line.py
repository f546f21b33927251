"""The two ends of a serial line, for real: a virtual board, and the monitor of PlatformIO."""

import os
import re
import select
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
    """`pio device monitor` in a pseudo-terminal."""

    def __init__(self, port: str, cwd: Path, *arguments: str, **environment: str) -> None:
        self.text = ""
        self._terminal, child = os.openpty()
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
