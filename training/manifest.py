"""models/<profile>/: autoencoder.tflite and manifest.json, which says all about it.

The two are published together: a training writes into a sibling folder first. An interruption
between the two replacements is noticed (the manifest names the .tflite's hash) and completed later.
"""

import contextlib
import dataclasses
import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any, Final

from project.errors import UserError
from project.profile import Adaptation, Profile
from training import files

FORMAT: Final = 2
MODEL: Final = "autoencoder.tflite"
MANIFEST: Final = "manifest.json"

Manifest = dict[str, Any]


class _Object(dict[str, Any]):
    """An object of a manifest: a key that it lacks is an error for the user, who has an old one."""

    def __init__(self, path: Path, items: dict[str, Any]) -> None:
        super().__init__(items)
        self._path = path

    def __missing__(self, key: str) -> Any:
        raise UserError(f"{self._path}: has no {key}, it is of another version; train again")


def load(folder: Path, locked: bool = False) -> Manifest:
    """Reads and checks the manifest of a model folder, and that the .tflite is the one it names.

    `locked` says that the caller holds `lock(folder)`.

    Raises:
      UserError: there is no model, or it is not whole; says which and how to mend it. Looking up a
        key that the manifest lacks raises it later.
    """
    try:
        return _load(folder)
    except UserError:
        if not (_staging(folder) / MANIFEST).is_file():
            raise
        with contextlib.nullcontext() if locked else lock(folder):
            _complete(folder)
            return _load(folder)


def _load(folder: Path) -> Manifest:
    path = folder / MANIFEST
    try:
        content = json.loads(path.read_bytes(), object_hook=lambda items: _Object(path, items))
    except FileNotFoundError:
        raise UserError(f"{path}: there is no model yet; train one") from None
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: not a readable manifest ({error}); train again") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise UserError(f"{path}: not a manifest of format {FORMAT}; train again")
    try:
        model = (folder / MODEL).read_bytes()
    except OSError as error:
        raise UserError(f"{folder / MODEL}: {error.strerror or error}; train again") from error
    if hashlib.sha256(model).hexdigest() != content["model"]["sha256"]:
        raise UserError(f"{folder / MODEL}: is not the one that {MANIFEST} names; train again")
    return content


def as_trained(profile: Profile, found: Manifest) -> Profile:
    """The profile with the noise adaptation that its model was trained with."""
    adaptation = Adaptation(found["pipeline"]["adaptation"]["limit"])
    chosen = dataclasses.replace(profile.features, adaptation=adaptation)
    return dataclasses.replace(profile, features=chosen)


def publish(folder: Path, model: bytes, content: Manifest) -> None:
    """Puts a finished model in place of the one in `folder`. Hold `lock(folder)`.

    Raises:
      UserError: the folder cannot be written.
    """
    staging = _staging(folder)
    try:
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir(parents=True)
        _write_through(staging / MODEL, model)
        _write_through(staging / MANIFEST, (_dump(content) + "\n").encode())
        folder.mkdir(parents=True, exist_ok=True)
        (staging / MODEL).replace(folder / MODEL)
        (staging / MANIFEST).replace(folder / MANIFEST)
        staging.rmdir()
    except OSError as error:
        raise UserError(f"{folder}: cannot be written ({error.strerror or error})") from error


def _complete(folder: Path) -> None:
    """Finishes a publication that was cut off between the .tflite and the manifest."""
    pending = _staging(folder) / MANIFEST
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        named = json.loads(pending.read_bytes())["model"]["sha256"]
        if hashlib.sha256((folder / MODEL).read_bytes()).hexdigest() == named:
            pending.replace(folder / MANIFEST)


def lock(folder: Path) -> contextlib.AbstractContextManager[None]:
    """Lets one process at a time train into `folder`; the others wait.

    Raises:
      UserError: the lock's file cannot be written.
    """
    busy = f"another training into {folder} is running"
    return files.lock(folder.parent / f".{folder.name}.lock", busy)


def _staging(folder: Path) -> Path:
    return folder.parent / f".{folder.name}.new"


def _write_through(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _dump(value: Any, indent: str = "") -> str:
    """JSON with arrays of plain values on one line, so that a manifest can be read and compared."""
    inner = indent + "  "
    if isinstance(value, dict):
        items = [f"{inner}{json.dumps(key)}: {_dump(item, inner)}" for key, item in value.items()]
        return "{\n" + ",\n".join(items) + f"\n{indent}}}" if items else "{}"
    if isinstance(value, list) and any(isinstance(item, dict | list) for item in value):
        items = [inner + _dump(item, inner) for item in value]
        return "[\n" + ",\n".join(items) + f"\n{indent}]"
    return json.dumps(value)
