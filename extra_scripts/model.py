"""Runs before every build: makes model and headers what the profile asks for.

A thin adapter between SCons and training/model_step.py, which has the rules.
"""

import sys
from pathlib import Path

Import("env")

PROJECT = Path(env.subst("$PROJECT_DIR"))
sys.path.insert(0, str(PROJECT))

# Targets that compile nothing: they take the headers as they are, or make their own.
WITHOUT_MODEL = {
    "__idedata",
    "collect",
    "compiledb",
    "envdump",
    "idedata",
    "inject",
    "menuconfig",
    "modelinfo",
    "monitor",
    "report",
    "train",
}


def model_step() -> None:
    from SCons.Script import COMMAND_LINE_TARGETS

    from training import model_step as step
    from training.errors import UserError

    targets = set(COMMAND_LINE_TARGETS)
    may_train = not targets or not targets <= WITHOUT_MODEL
    try:
        choice = step.choose(
            env.GetProjectOption("custom_profile", ""),
            env.GetProjectOption("custom_model", ""),
            env.GetProjectOption("custom_model_dir", ""),
        )
        print(step.prepare(choice, Path(env.subst("$PROJECT_INCLUDE_DIR")), may_train))
    except UserError as error:
        if may_train:
            sys.stderr.write(f"Error: model step: {error}\n")
            env.Exit(1)
        print(f"Model: {error}")


if sys.version_info < (3, 11):  # noqa: UP036  whatever Python PlatformIO runs in
    sys.stderr.write("Error: the model step needs Python 3.11 or newer in PlatformIO; use ./piow\n")
    env.Exit(1)
if not env.IsCleanTarget():
    model_step()
