"""What git keeps of this project."""

import subprocess
from pathlib import Path

import pytest


def kept(project: Path) -> list[str]:
    """Names of the files that git has, or would take with the next commit; one may be deleted."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=project,
        capture_output=True,
        text=True,
    )
    if listed.returncode:
        pytest.skip("this is no git clone")
    return [name for name in listed.stdout.split("\0") if name]
