"""Commands as the user in front of the screen can type them.

Whatever is printed to be typed is written here, so that it can be typed as it stands.
"""

from __future__ import annotations  # PlatformIO's own Python may be an old one, which is said later

import contextlib
import os
import shlex
import subprocess
import sys
from pathlib import Path

TYPED = "PIOW"  # the environment variable by which piow says how it was called


def pio(*arguments: object) -> str:
    """A command of PlatformIO: `./piow run ...` for who uses piow, `pio run ...` for others."""
    return _joined(os.environ.get(TYPED) or "pio", arguments)


def piow(*arguments: object) -> str:
    """A command of piow: a verb of the training (`train`), `--install`, `python`."""
    return _joined(os.environ.get(TYPED) or default_piow(), arguments)


def default_piow() -> str:
    """How piow is called in the project's folder."""
    return "python piow" if os.name == "nt" else "./piow"


def of_parent() -> list[str]:
    """The words of the command that started this program; [] where the system does not tell."""
    parent = os.getppid()
    with contextlib.suppress(OSError):
        if sys.platform == "linux":
            return Path(f"/proc/{parent}/cmdline").read_text(errors="replace").split("\0")
        if os.name == "posix":
            asked = ["ps", "-ww", "-o", "args=", "-p", str(parent)]
            return subprocess.run(asked, capture_output=True, text=True).stdout.split()
    return []


def _joined(program: str, arguments: tuple[object, ...]) -> str:
    words = [str(argument) for argument in arguments]
    quoted = subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)
    return f"{program} {quoted}" if words else program
