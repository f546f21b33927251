"""Keeps a library from talking on our terminal."""

import contextlib
import os
import sys
import tempfile
import warnings
from collections.abc import Iterator


@contextlib.contextmanager
def captured() -> Iterator[None]:
    """Keeps what is printed inside, from Python and from C++ alike; shows it if that fails."""
    sys.stdout.flush()
    sys.stderr.flush()
    saved = os.dup(1), os.dup(2)
    with tempfile.TemporaryFile() as captured, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        os.dup2(captured.fileno(), 1)
        os.dup2(captured.fileno(), 2)
        failed = True
        try:
            yield
            failed = False
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            for descriptor, target in zip(saved, (1, 2), strict=True):
                os.dup2(descriptor, target)
                os.close(descriptor)
            if failed:
                captured.seek(0)
                sys.stderr.write(captured.read().decode(errors="replace"))
