"""Custom targets, `pio run -t NAME`; VS Code lists them as tasks. Thin: each runs one program."""

import argparse
import contextlib
import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from platformio.platform.base import PlatformBase
from SCons.Script import ARGUMENTS, Import

Import("env")
env: Any = globals()["env"]

PROJECT = Path(env.subst("$PROJECT_DIR"))
sys.path.insert(0, str(PROJECT))

from project import commands  # noqa: E402
from project import profile as profiles  # noqa: E402
from project.errors import UserError  # noqa: E402
from training import codegen, model_step  # noqa: E402

BOARD_PORT = 7001  # where `-t board` serves its serial line

# PlatformIO puts a pipe between us and the user's terminal.
ON_TERMINAL = bool(int(ARGUMENTS.get("ISATTY", 0)))


def option(name: str, default: str = "") -> str:
    return str(env.GetProjectOption(name, default))


def choice(mode: str = "") -> model_step.Choice:
    return model_step.choose(
        option("custom_profile"), mode or option("custom_model"), option("custom_model_dir")
    )


def python() -> str:
    """The project's own interpreter, where it has been set up."""
    own = model_step.venv_python()
    return str(own) if own.is_file() else env.subst("$PYTHONEXE")


def run(*command: str | Path, stdin: IO[bytes] | int | None = None) -> int:
    """Runs a program in the project; returns its exit status, by which SCons judges.

    Ctrl+C reaches the program too, which has things to put in order.
    """
    environment = dict(os.environ, PYTHONPATH=str(PROJECT))
    if ON_TERMINAL and "NO_COLOR" not in os.environ:
        environment["FORCE_COLOR"] = "1"
    process = subprocess.Popen([*map(str, command)], cwd=PROJECT, env=environment, stdin=stdin)
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue


def guarded(action: Callable[[], int]) -> Any:
    """An error that is meant for the user is a sentence, not a traceback.

    Only a training writes what a build reads; while another program runs, others may build.
    """

    def act(**_: Any) -> int:
        if action is not train:
            env.EndBuild()
        try:
            return action()
        except UserError as error:
            sys.stderr.write(f"Error: {error}\n")
            return 1

    return env.Action(act, cmdstr=None)


def line_arguments() -> list[str]:
    """The serial line as PlatformIO's monitor takes it: the command line first, then the file."""
    on_command_line = ARGUMENTS.get("UPLOAD_PORT", "")  # of --upload-port, -p
    port = (
        monitor_port_of_command_line()
        or (PlatformBase.decode_scons_arg(on_command_line) if on_command_line else "")
        or option("monitor_port")
        or option("upload_port")
    )
    arguments = ["--port", port] if port else []
    for name, key in (("baud", "speed"), ("dtr", "dtr"), ("rts", "rts")):
        value = env.GetProjectOption(f"monitor_{key}")
        if value is not None:
            arguments += [f"--{name}", str(value)]
    return arguments


def monitor_port_of_command_line() -> str:
    """PlatformIO keeps its option --monitor-port to itself: its own command line has it."""
    options = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    options.add_argument("--monitor-port", default="")
    with contextlib.suppress(argparse.ArgumentError):
        return str(options.parse_known_args(commands.of_parent())[0].monitor_port)
    return ""


def train() -> int:
    include = Path(env.subst("$PROJECT_INCLUDE_DIR"))
    with contextlib.nullcontext() if env["BUILD_HOLDS"] else codegen.lock(include):
        print(model_step.prepare(choice("retrain"), include))
    return 0


def modelinfo() -> int:
    return run(python(), "-m", "training", "modelinfo", *model_arguments())


def package() -> int:
    """A library of the model in package/<profile>, for other people's projects."""
    return run(python(), "-m", "training", "package", *model_arguments())


def report() -> int:
    interpreter = model_step.training_python()
    return run(interpreter, "-m", "benchmark", "report", *model_arguments())


def model_arguments() -> list[str | Path]:
    chosen = choice()
    model: list[str | Path] = ["--model", chosen.folder] if chosen.folder else []
    return ["--profile", chosen.profile, *model]


def collect() -> int:
    force = option("custom_collect_force", "no").lower() in ("yes", "true", "1")
    seconds = option("custom_collect_seconds")
    arguments = ["--profile", choice().profile, *line_arguments()]
    arguments += ["--seconds", seconds] if seconds else []
    arguments += ["--force"] * force + ["--live"] * ON_TERMINAL
    return run(python(), "-m", "monitor.collect", *arguments)


def inject() -> int:
    arguments = option("custom_inject", "50 4").split()
    return run(python(), "-m", "monitor.inject", *line_arguments(), *arguments)


def gateway() -> int:
    """Between boards and an MQTT broker, until Ctrl+C: those on USB, or with `-e native` that was
    typed, and not added by piow, the virtual one."""
    arguments = line_arguments()
    is_virtual = env.subst("$PIOPLATFORM") == "native" and "PIOW_ENVIRONMENT" not in os.environ
    if "--port" not in arguments and is_virtual:
        arguments += ["--port", f"socket://localhost:{BOARD_PORT}"]
    arguments += (
        shlex.split(option("custom_gateway"), posix=os.name != "nt") + ["--live"] * ON_TERMINAL
    )
    return run(python(), "-m", "monitor.gateway", *arguments)


def demo() -> int:
    """Some 120 samples with anomalies or a minute, in a few seconds, shown as in the monitor."""
    rate_hz = profiles.load(profiles.find(choice().profile)).sampling.rate_hz
    speed = 20 * max(1.0, 2.0 / rate_hz)
    command = [env.subst("$PROGPATH"), "--simulate", "mixed", "--speed", f"{speed:g}"]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as program:
        viewer = [python(), "-m", "monitor.view", "--clock", "board"]
        profile = Path(choice().profile).stem
        return run(*viewer, "--profile", profile, stdin=program.stdout) or program.wait()


def bench() -> int:
    """Speed and size of the host build, against other engines; it compiles what it needs."""
    return run(model_step.training_python(), "-m", "benchmark", "speed", *model_arguments())


def board() -> int:
    """The firmware as a virtual board, until Ctrl+C."""
    print("A virtual board, until Ctrl+C. Watch it from another terminal:")
    port = f"socket://localhost:{BOARD_PORT}"
    print(f"    {commands.pio('device', 'monitor', '-e', 'native', '-p', port)}", flush=True)
    folder = Path(env.subst("$PROJECT_DIR"), ".pio", "board")
    folder.mkdir(parents=True, exist_ok=True)
    options: list[str | Path] = ["--serial", f"tcp:{BOARD_PORT}", "--events", folder / "events"]
    options += ["--state", folder / f"learnt-{Path(choice().profile).stem}"]
    return run(env.subst("$PROGPATH"), *options, stdin=subprocess.DEVNULL)


def server() -> int:
    """Broker, store and pages for boards, until Ctrl+C."""
    return run(python(), "-m", "server")


def pull() -> int:
    """What was labelled normal on the server's pages, for the next build to learn from."""
    return run(python(), "-m", "server", "pull", "--profile", choice().profile)


def add(
    name: str, action: Callable[[], int], title: str, description: str, program: str | None = None
) -> None:
    env.AddCustomTarget(name, program, guarded(action), title=title, description=description)


def refuse() -> int:
    sys.stderr.write(
        "Error: this target links the program, but its model does not belong to its profile and "
        f"data (above); run: {commands.pio('run', '-e', env.subst('$PIOENV'))}\n"
    )
    return 1


if env["MODEL_IS_STALE"]:  # a target that model.py does not know, and that compiles after all
    env.AddPreAction("$PROGPATH", guarded(refuse))
add("train", train, "Train", "Retrain the model now, on the profile's data")
add("modelinfo", modelinfo, "Model info", "Layers, bytes, arena, threshold, fingerprint")
add("package", package, "Package", "A library of the model: Arduino, PlatformIO, ESP-IDF")
add("report", report, "Report", "Evaluate the model; write an HTML report with plots")
add("collect", collect, "Collect", "Record normal data from the board into data/")
add("server", server, "Server", "Take what boards send, store it and show it in a browser")
add("pull", pull, "Pull", "Events that were labelled normal, as recordings into data/")
add("gateway", gateway, "Gateway", "Pass on between boards and an MQTT broker")
add("inject", inject, "Inject", "Inject an anomaly on the board and watch it pass")
if env.subst("$PIOPLATFORM") == "native":
    for running in ("exec", "upload"):  # both run the program, for as long as it likes
        env.AddPreAction(running, env.Action(env.EndBuild, cmdstr=None))
    add("demo", demo, "Demo", "Simulate anomalies of the sensor; say what is found", "$PROGPATH")
    add("board", board, "Virtual board", "Run the firmware here as a board on a port", "$PROGPATH")
    add("bench", bench, "Bench", "Speed and size on this computer, against other engines")
