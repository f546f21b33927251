"""A command line in this process, where a process of its own would show nothing more."""

import contextlib
import io
import subprocess
from collections.abc import Callable
from pathlib import Path


def run(
    main: Callable[[list[str]], int], *arguments: str | Path
) -> subprocess.CompletedProcess[str]:
    """What `main` of a command returned and said."""
    words = list(map(str, arguments))
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            status = main(words)
        except SystemExit as end:  # argparse, of what it does not know
            status = end.code if isinstance(end.code, int) else 1
    return subprocess.CompletedProcess(words, status, out.getvalue(), err.getvalue())
