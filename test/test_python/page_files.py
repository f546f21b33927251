"""The files that a page has in full: blocks whose fence says a path behind the language.

What it writes into a file that is there already belongs at the end of it.
"""

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_BLOCK: Final = re.compile(r"^```\w+ (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def of(page: Path) -> list[tuple[str, str]]:
    """(path, text) of each such block."""
    return _BLOCK.findall(page.read_text(encoding="utf-8"))


@contextlib.contextmanager
def laid_into(folder: Path, page: Path) -> Iterator[None]:
    """A clone of the project with what the page writes, and then as it was."""
    before: dict[Path, str | None] = {}
    for name, text in of(page):
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        before[file] = file.read_text(encoding="utf-8") if file.exists() else None
        file.write_text(f"{before[file] or ''}\n\n{text}".lstrip(), encoding="utf-8")
    try:
        yield
    finally:
        for file, content in before.items():
            if content is None:
                file.unlink()
            else:
                file.write_text(content, encoding="utf-8")
