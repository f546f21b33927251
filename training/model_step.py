"""The model step of a build, without SCons: is the model the one that profile and data ask for?

Standard library only. A training runs in another interpreter, because the one that PlatformIO runs
in has no TensorFlow.
"""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from project import commands
from project import profile as profiles
from project.errors import UserError
from project.paths import PROJECT
from project.profile import Profile
from training import codegen, folders
from training.folders import Found

MODES: Final = ("auto", "reuse", "retrain")
# Targets that compile the program: PlatformIO's (builder/main.py), its platforms', our own.
COMPILING: Final = frozenset(
    (
        "__debug",
        "__test",
        "bench",
        "board",
        "buildprog",
        "checkprogsize",
        "debug",
        "demo",
        "erase_upload",
        "exec",
        "program",
        "size",
        "sizedata",
        "upload",
    )
)
NOT_TRAINED: Final = "; not trained for this target"


def compiles(targets: set[str]) -> bool:
    """Whether a build with these targets compiles the program; one with a slash names its file.

    All other targets take model and headers as they are, or make their own.
    """
    if "nobuild" in targets:
        return False
    return not targets or any(
        name in COMPILING or "/" in name or os.sep in name for name in targets
    )


@dataclass(frozen=True)
class Choice:
    """What a build asked for."""

    profile: str
    mode: str
    folder: Path | None  # of the model, where one was named; else the rule of training/folders.py


def choose(profile: str, mode: str, folder: str) -> Choice:
    """Options of platformio.ini, overridden by the environment. Empty strings mean the default.

    Raises:
      UserError: there is no such mode.
    """
    profile = os.environ.get("ANOMALY_PROFILE") or profile or "temperature"
    mode = os.environ.get("ANOMALY_MODEL") or mode or "auto"
    folder = os.environ.get("ANOMALY_MODEL_DIR") or folder
    if mode not in MODES:
        raise UserError(f"custom_model = {mode}: is not one of {', '.join(MODES)}")
    return Choice(profile, mode, (PROJECT / folder) if folder else None)


def model_of(choice: Choice, profile: Profile) -> Found:
    """The model to read, and whether it fits."""
    return folders.look(profile, choice.folder) if choice.folder else folders.find(profile)


@contextlib.contextmanager
def build(include: Path, records: Path) -> Iterator[None]:
    """Has the project to itself for one build, from its headers to the program made from them.

    `records` is the folder where SCons writes down, at its end, what each object was made from. A
    build that is killed leaves objects that these records are wrong about, and a mark; the next one
    then compiles everything. Leaving with an exception leaves the mark too.

    Raises:
      UserError: the mark cannot be written.
    """
    with codegen.lock(include):
        mark = records / ".unfinished"
        try:
            if mark.exists():
                print("The last build was cut off: compiling everything again", flush=True)
                for file in records.glob(".sconsign*"):
                    file.unlink()
            records.mkdir(parents=True, exist_ok=True)
            mark.touch()
        except OSError as error:
            raise UserError(f"{mark}: cannot be written ({error.strerror or error})") from error
        yield
        mark.unlink(missing_ok=True)


def prepare(choice: Choice, include: Path, may_train: bool = True) -> str:
    """Makes model and headers what the profile asks for; returns a line that says what was done.

    With `may_train` false a stale model is left alone, and so are the headers. Hold `build`, or
    `codegen.lock(include)` where nothing is compiled.

    Raises:
      UserError: the model does not belong to its profile and data and may not be trained, or the
        training failed; names the cause and the command that mends it.
    """
    profile = profiles.load(profiles.find(choice.profile))
    model = model_of(choice, profile)
    done = "up to date"
    if choice.mode == "retrain" or model.manifest is None:
        reason = model.reason
        if not may_train:
            return f"Model {profile.name}: {reason or 'to be trained'}{NOT_TRAINED}"
        if choice.mode == "reuse":
            raise UserError(
                f"{reason}, and custom_model = reuse forbids training; "
                f"run: {_train_command(choice)}"
            )
        print(f"Model {profile.name}: {reason or 'custom_model = retrain'}; training", flush=True)
        folder = choice.folder or folders.own(profile)
        _run_training(choice, folder)
        model = folders.look(profile, folder)
        done = "trained"
    found = model.manifest
    if found is None:
        raise UserError(
            f"{model.reason}, although it has just been trained: profile or data changed"
        )
    written = codegen.write_headers(profile, found, model.folder, include)
    names = " and ".join(path.name for path in written)
    wrote = f"wrote {names}" if written else "headers unchanged"
    kind = f"{found['model']['type']}, {found['model']['bytes']} bytes"
    return (
        f"Model {profile.name}: {done} ({kind}, {found['data']['description']}, "
        f"{found['fingerprint'][:12]}); {wrote}"
    )


def _train_command(choice: Choice) -> str:
    out = [] if choice.folder is None else ["--out", choice.folder]
    return commands.piow("train", "--profile", choice.profile, *out, "--same-data")


def _run_training(choice: Choice, folder: Path) -> None:
    """Runs `python -m training train` in the interpreter that has TensorFlow."""
    command = [str(training_python()), "-m", "training", "train"]
    command += ["--profile", choice.profile, "--out", str(folder), "--same-data"]
    if choice.mode != "retrain":
        command.append("--if-stale")
    try:
        status = subprocess.run(command, cwd=PROJECT, check=False).returncode
    except KeyboardInterrupt:
        raise UserError("the training was interrupted; the model is as it was") from None
    if status:
        raise UserError(
            f"the training failed (status {status}, its reason is above); the model in "
            f"{profiles.shown(folder)} is as it was; again: {_train_command(choice)}"
        )


def training_python() -> Path:
    """The interpreter that has TensorFlow: the project's .venv, created or completed if need be.

    Raises:
      UserError: it could not be created.
    """
    python = venv_python()
    if not _can_train(python):
        print("Training needs TensorFlow: preparing the project's .venv", flush=True)
        command = [sys.executable, str(PROJECT / "piow"), "--install", "train"]
        status = subprocess.run(command, cwd=PROJECT, check=False).returncode
        if status or not _can_train(python):
            raise UserError(
                f"TensorFlow could not be installed into {profiles.shown(python.parent.parent)} "
                f"(status {status}); the reason is above; again: "
                f"{commands.piow('--install', 'train')}"
            )
    return python


def venv_python() -> Path:
    """Where the interpreter of the project's .venv is, if it is there."""
    name = "Scripts/python.exe" if os.name == "nt" else "bin/python"
    return PROJECT / ".venv" / name


def _can_train(python: Path) -> bool:
    if not python.is_file():
        return False
    check = "from importlib.util import find_spec as f; exit(not (f('tensorflow') and f('scipy')))"
    return subprocess.run([str(python), "-c", check], check=False).returncode == 0
