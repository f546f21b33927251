"""Runs before every build: makes model and headers what the profile asks for.

A thin adapter between SCons and training/model_step.py, which has the rules.
"""

import atexit
import contextlib
import sys
from pathlib import Path
from typing import Any

from SCons import SConsign
from SCons.Script import COMMAND_LINE_TARGETS, Import

Import("env")
env: Any = globals()["env"]

PROJECT = Path(env.subst("$PROJECT_DIR"))
sys.path.insert(0, str(PROJECT))

from project import commands, terminal  # noqa: E402

terminal.make_lenient()

# What custom_engine means to src/main_esp32.cpp; the host always runs the dense engine.
ENGINES = {"tflm": [], "dense": ["-DANOMALY_ENGINE_DENSE"]}

# What this build holds until it ends.
held = contextlib.ExitStack()
env["BUILD_HOLDS"] = False
env["MODEL_IS_STALE"] = False


def model_step() -> None:
    from project.errors import UserError
    from training import codegen
    from training import model_step as step

    include = Path(env.subst("$PROJECT_INCLUDE_DIR"))
    targets = set(COMMAND_LINE_TARGETS)
    may_train = step.compiles(targets)
    try:
        if may_train or "compiledb" in targets:  # what SCons keeps a record of
            records = env.subst("$BUILD_CACHE_DIR") or env.subst("$BUILD_DIR")
            held.enter_context(step.build(include, Path(records)))
            env["BUILD_HOLDS"] = True
            atexit.register(end_build)
        known = sorted(include.glob("*.h"))
        choice = step.choose(
            env.GetProjectOption("custom_profile", ""),
            env.GetProjectOption("custom_model", ""),
            env.GetProjectOption("custom_model_dir", ""),
        )
        with contextlib.nullcontext() if env["BUILD_HOLDS"] else codegen.lock(include, wait=False):
            said = step.prepare(choice, include, may_train)
            print(said)
            env["MODEL_IS_STALE"] = said.endswith(step.NOT_TRAINED)
        if known != sorted(include.glob("*.h")):
            expect_new_files()
    except UserError as error:
        if may_train:
            sys.stderr.write(f"Error: model step: {error}\n")
            env.Exit(1)
        print(f"Model: {error}")
        env["MODEL_IS_STALE"] = True


def end_build(*_: Any, **__: Any) -> None:
    """Everything is compiled: writes SCons's records, then lets another build begin."""
    if env["BUILD_HOLDS"]:
        try:
            SConsign.write()
        except OSError as error:  # the mark stays: the next build compiles everything again
            sys.stderr.write(f"Error: SCons's records cannot be written ({error})\n")
            return
        SConsign.Reset()  # or they would be written again at the end, over those of another build
        env["BUILD_HOLDS"] = False
        held.close()


env.AddMethod(end_build, "EndBuild")


def expect_new_files() -> None:
    """Tells PlatformIO that the headers belong to the project.

    It wipes the build folder when a header has come or gone since the last run, so that without
    this the second build of a fresh clone would compile everything again.
    """
    from platformio.project.helpers import compute_project_checksum

    checksum = Path(env.subst("$PROJECT_BUILD_DIR")) / "project.checksum"
    checksum.write_text(compute_project_checksum(env.GetProjectConfig()), encoding="utf-8")


def set_network(network: str) -> None:
    """Tells CMake of the network; what ESP-IDF keeps of a build without it is of no use with it."""
    interface = env.GetProjectOption("custom_interface", "wifi")
    if network not in ("none", "mqtt") or interface not in ("wifi", "ethernet"):
        sys.stderr.write(
            f"Error: custom_network = {network} over custom_interface = {interface}: "
            "there are none and mqtt, over wifi or ethernet\n"
        )
        env.Exit(1)
    if "espidf" not in env.get("PIOFRAMEWORK", []):
        return
    board = env.BoardConfig()
    choices = {"ANOMALY_NETWORK": network, "ANOMALY_INTERFACE": interface}
    if network != "none":
        own = PROJECT / f"sdkconfig.{env['PIOENV']}.{network}-{interface}"
        board.update("build.esp-idf.sdkconfig_path", str(own))
    arguments = " ".join(f"-D{name}={value}" for name, value in choices.items())
    before = board.get("build.cmake_extra_args", "")
    board.update("build.cmake_extra_args", f"{before} {arguments}".strip())
    cache = Path(env.subst("$BUILD_DIR")) / "CMakeCache.txt"
    if cache.is_file():
        kept = cache.read_text(encoding="utf-8", errors="replace")
        if any(f"{name}:STRING={value}\n" not in kept for name, value in choices.items()):
            cache.unlink()  # CMake is to run again


if sys.version_info < (3, 11):  # noqa: UP036  whatever Python PlatformIO runs in
    cure = f"use {commands.default_piow()}"
    sys.stderr.write(f"Error: the model step needs Python 3.11 or newer in PlatformIO; {cure}\n")
    env.Exit(1)
engine = env.GetProjectOption("custom_engine", "tflm")
if engine not in ENGINES:
    sys.stderr.write(f"Error: custom_engine = {engine}: is neither tflm nor dense\n")
    env.Exit(1)
env.Append(SRC_BUILD_FLAGS=ENGINES[engine])
set_network(env.GetProjectOption("custom_network", "none"))
if not env.IsCleanTarget():
    model_step()
