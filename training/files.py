"""Writing files so that a reader never sees half of one."""

import os
import tempfile
from pathlib import Path

from training.errors import UserError


def write_if_changed(path: Path, content: bytes) -> bool:
    """Makes `path` hold `content`; returns whether anything had to be written.

    A file that already holds these bytes keeps its time stamp, so nothing is rebuilt for it.
    Otherwise the new file replaces the old one in one step: an interruption leaves one of them
    whole.

    Raises:
      UserError: the file cannot be written.
    """
    try:
        if path.is_file() and path.read_bytes() == content:
            return False
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            temporary.chmod(0o644)
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise UserError(f"{path}: cannot be written ({error.strerror or error})") from error
    return True
