"""How a command of this project ends: with a sentence where a traceback would say less."""

import errno
import os
import sys
from collections.abc import Callable

from project.errors import UserError

_UNWRITABLE = (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS)


def of(run: Callable[[], None], refused: int = 1, interrupted: str = "interrupted") -> int:
    """Runs a command; returns its exit status.

    0 done, `refused` a stated reason, 1 a file that cannot be written, 130 Ctrl+C.
    """
    try:
        run()
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return refused
    except BrokenPipeError:  # `... | head`: who read this has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        if error.errno not in _UNWRITABLE:
            raise
        cause = f"{error.filename or 'a file'}: cannot be written ({error.strerror})"
        print(f"error: {cause}; make room or give access", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(interrupted, file=sys.stderr)
        return 130
    return 0
