"""Writing files so that a reader never sees half of one, nor the new one beside the old other."""

import contextlib
import errno
import os
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from project.errors import UserError


def write_if_changed(contents: Mapping[Path, bytes]) -> list[Path]:
    """Makes files of one folder hold these contents; returns those that had to be written.

    A file that already holds its bytes keeps its time stamp, so nothing is rebuilt for it. The
    others are replaced together: an interruption leaves them old or new, or all but the first
    missing, but never an old one beside a new one, and a full disk leaves them as they were. One
    process at a time may do this in a folder: see `lock`.

    Raises:
      UserError: a file cannot be written.
    """
    changed: list[Path] = []
    try:
        try:
            for path, content in contents.items():
                if not path.is_file() or path.read_bytes() != content:
                    changed.append(path)
                    path.parent.mkdir(parents=True, exist_ok=True)
                    _temporary(path).write_bytes(content)
            for path in changed[1:]:
                path.unlink(missing_ok=True)
            for path in changed:
                _temporary(path).replace(path)
        except BaseException:
            for path in changed:
                _temporary(path).unlink(missing_ok=True)
            raise
    except OSError as error:
        path = changed[-1] if changed else next(iter(contents))
        raise UserError(f"{path}: cannot be written ({error.strerror or error})") from error
    return changed


def _temporary(path: Path) -> Path:
    return path.with_name(f".{path.name}.new")


@contextlib.contextmanager
def lock(path: Path, busy: str, wait: bool = True) -> Iterator[None]:
    """Holds a lock for one process at a time; the others say `busy` and wait.

    The operating system releases the lock when its holder dies, however it dies.

    Raises:
      UserError: the file cannot be written or, with `wait` false, another process holds the lock.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError:
            if not path.is_file():
                raise
            # Another user's, or on a read-only disk: it can be locked all the same.
            handle = os.open(path, os.O_RDONLY)
    except OSError as error:
        raise UserError(f"{path}: cannot be written ({error.strerror or error})") from error
    try:
        try:
            if not _try_to_lock(handle):
                if not wait:
                    raise UserError(busy)
                print(f"{busy}; waiting for it to end", flush=True)
                while not _try_to_lock(handle):
                    time.sleep(0.1)
        except OSError as error:
            reason = error.strerror or error
            raise UserError(f"{path}: this disk knows no locks ({reason}); use another") from error
        yield
    finally:
        os.close(handle)


if sys.platform == "win32":
    import msvcrt

    def _try_to_lock(handle: int) -> bool:
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError as error:
            # Only these say that another process holds it; a disk without locks says EINVAL.
            if error.errno not in (errno.EACCES, errno.EDEADLK):
                raise
            return False
        return True

else:
    import fcntl

    def _try_to_lock(handle: int) -> bool:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
