"""What a model was made from, as one SHA-256: profile, data, and the code that shapes it."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any, Final

from project.errors import UserError
from project.paths import PROJECT
from project.profile import Profile

# The modules of this package that a trained model depends on. A change in one of them means
# retraining; the others only read, show or print.
SOURCES: Final = (
    "arena.py",
    "calibration.py",
    "cause.py",
    "clock.py",
    "columns.py",
    "conversion.py",
    "data.py",
    "features.py",
    "fixedpoint.py",
    "interpreter.py",
    "layers.py",
    "network.py",
    "normal.py",
    "recordings.py",
    "rows.py",
    "scaling.py",
    "stretch.py",
    "table.py",
    "train.py",
)


def compute(profile: Profile, identity: list[Any]) -> str:
    """The fingerprint, 64 hexadecimal digits, of a profile trained on the data of this identity."""
    digest = hashlib.sha256(profile.canonical())
    digest.update(json.dumps(identity, sort_keys=True).encode())
    folder = Path(__file__).parent
    for name in SOURCES:
        # A checkout with Windows line ends is the same source.
        digest.update(name.encode() + (folder / name).read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()


def file_sha256(path: Path) -> str:
    """Raises UserError where the file cannot be read."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror or error})") from error


def recordings(profile: Profile) -> list[Path]:
    """The profile's own recordings, data/<profile>/*.csv, by name; partial ones are left out."""
    files = sorted(profile.home.glob("*.csv"))
    return [file for file in files if not _is_partial(file)]


def _is_partial(file: Path) -> bool:
    """A recording that was interrupted says so: in its name, or in its head of comment lines."""
    if file.name.endswith(".partial.csv"):
        return True
    with file.open("rb") as lines:
        for line in lines:
            if not line.startswith(b"#"):
                return False
            if line.lstrip(b"# \t").lower().startswith(b"partial"):
                return True
    return False


def own_identity(profile: Profile) -> list[Any]:
    """Identity of the data that the profile itself names: its recordings, or its generator."""
    files = recordings(profile)
    return ["recordings", *(file_sha256(file) for file in files)] if files else ["synthetic"]


def file_identity(sha256: str, wishes: dict[str, Any]) -> list[Any]:
    """Identity of a file that was given by --data, with what was said about it (`Wishes`)."""
    return ["file", sha256, wishes]


def expected(profile: Profile, data: dict[str, Any] | None) -> str:
    """The fingerprint a model must have now. `data` is what its manifest says about its data.

    A model trained on a file that was given by hand belongs to that file: while the file exists its
    bytes count, and once it is gone the hash that the manifest remembers.
    """
    if data is None or data["kind"] != "file":
        return compute(profile, own_identity(profile))
    path = data_path(data)
    sha256 = file_sha256(path) if path.is_file() else data["sha256"]
    return compute(profile, file_identity(sha256, data["wishes"]))


def data_path(data: dict[str, Any]) -> Path:
    """Where the file of a manifest's data was; relative paths start at the project."""
    return Path(os.path.normpath(PROJECT / str(data["path"])))
