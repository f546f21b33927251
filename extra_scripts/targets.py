"""Custom targets, `pio run -t NAME`; VS Code lists them as tasks. Thin: each runs one program."""

import os
import subprocess
import sys
from pathlib import Path

Import("env")

PROJECT = Path(env.subst("$PROJECT_DIR"))
sys.path.insert(0, str(PROJECT))

# PlatformIO puts a pipe between us and the user's terminal.
ON_TERMINAL = bool(int(ARGUMENTS.get("ISATTY", 0)))


def option(name, default=""):
    return str(env.GetProjectOption(name, default))


def choice(mode=""):
    from training import model_step

    return model_step.choose(
        option("custom_profile"), mode or option("custom_model"), option("custom_model_dir")
    )


def python():
    """The project's own interpreter, where it has been set up."""
    from training import model_step

    own = model_step.venv_python()
    return str(own) if own.is_file() else env.subst("$PYTHONEXE")


def run(*command, **options):
    """Runs a program in the project; returns its exit status, by which SCons judges."""
    environment = dict(os.environ, PYTHONPATH=str(PROJECT))
    if ON_TERMINAL and "NO_COLOR" not in os.environ:
        environment["FORCE_COLOR"] = "1"
    try:
        return subprocess.run(
            [str(part) for part in command], cwd=PROJECT, env=environment, **options
        ).returncode
    except KeyboardInterrupt:
        return 130


def guarded(action):
    """An error that is meant for the user is a sentence, not a traceback."""

    def act(target, source, env):
        from training.errors import UserError

        try:
            return action()
        except UserError as error:
            sys.stderr.write(f"Error: {error}\n")
            return 1

    return env.Action(act, cmdstr=None)


def port_arguments():
    port = option("upload_port") or option("monitor_port")
    return ["--port", port] if port else []


def train():
    from training import model_step

    print(model_step.prepare(choice("retrain"), Path(env.subst("$PROJECT_INCLUDE_DIR"))))


def modelinfo():
    return run(python(), "-m", "training", "modelinfo", *model_arguments())


def report():
    from training import model_step

    interpreter = model_step.training_python()
    return run(interpreter, "-m", "training", "report", *model_arguments())


def model_arguments():
    chosen = choice()
    return ["--profile", chosen.profile, "--model", chosen.folder]


def collect():
    force = option("custom_collect_force", "no").lower() in ("yes", "true", "1")
    arguments = ["--seconds", option("custom_collect_seconds", "60")]
    arguments += ["--profile", Path(choice().profile).stem, *port_arguments()]
    arguments += ["--force"] * force + ["--live"] * ON_TERMINAL
    return run(python(), "-m", "monitor.collect", *arguments)


def inject():
    arguments = option("custom_inject", "50 4").split()
    return run(python(), "-m", "monitor.inject", *port_arguments(), *arguments)


def demo():
    """A minute with anomalies, faster than real time, shown as in the monitor."""
    command = [env.subst("$PROGPATH"), "--simulate", "mixed", "--seconds", "60", "--speed"]
    command.append(option("custom_demo_speed", "20"))
    with subprocess.Popen(command, stdout=subprocess.PIPE) as program:
        viewer = [python(), "-m", "monitor.view", "--clock", "board"]
        shown = run(*viewer, "--profile", Path(choice().profile).stem, stdin=program.stdout)
        program.stdout.close()
        return shown or program.wait()


def board():
    """The firmware as a virtual board, until Ctrl+C."""
    port = option("custom_board_port", "7001")
    print(f"Virtual board on port {port}. In another terminal:")
    print(f"  pio device monitor -p socket://localhost:{port}", flush=True)
    scenario = option("custom_board_scenario", "normal")
    return run(
        env.subst("$PROGPATH"), "--serial", f"tcp:{port}", "--simulate", scenario, "--speed", "1"
    )


def add(name, action, title, description, dependencies=None):
    env.AddCustomTarget(name, dependencies, guarded(action), title=title, description=description)


add("train", train, "Train", "Retrain the model now, on the profile's data")
add("modelinfo", modelinfo, "Model info", "Layers, bytes, arena, threshold, fingerprint")
add("report", report, "Report", "Evaluate the model; write an HTML report with plots")
add("collect", collect, "Collect", "Record normal data from the board into data/")
add("inject", inject, "Inject", "Inject an anomaly on the board and watch it pass")
if env.subst("$PIOPLATFORM") == "native":
    add("demo", demo, "Demo", "Simulate a minute with injected anomalies", "$PROGPATH")
    add("board", board, "Virtual board", "Run the firmware here as a board on a port", "$PROGPATH")
