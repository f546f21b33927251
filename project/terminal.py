"""What every program here does before it prints anything."""

import io
import sys


def make_lenient() -> None:
    """Lets standard output and error print what their encoding cannot show as `?`.

    A terminal with another code page, or a pipe on Windows, would otherwise end the program with a
    traceback at the first Cyrillic file name or degree sign.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
