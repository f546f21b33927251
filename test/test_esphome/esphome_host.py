"""ESPHome as it is installed, and a running program of it with a client of its API."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

PROJECT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent
WORK = PROJECT / ".pio" / "esphome"
PROGRAM = WORK / "build" / "watched" / ".pioenvs" / "watched" / "program"
SCONS = "4.40801.0"  # PlatformIO's number for the release that ESPHome's own PlatformIO wants

NOT_INSTALLED = (
    "ESPHome is not installed: run ./piow --install esphome, or say with ESPHOME_PYTHON which "
    "Python has it"
)

Verdicts = list[dict[str, Any]]


def find_python() -> Path | None:
    """The Python that has ESPHome; not .venv, their versions do not agree."""
    scripts = "Scripts/python.exe" if os.name == "nt" else "bin/python"
    python = Path(os.environ.get("ESPHOME_PYTHON") or PROJECT / ".venv-esphome" / scripts)
    probe = [str(python), "-c", "import esphome, SCons, aioesphomeapi"]
    if python.exists() and subprocess.run(probe, capture_output=True).returncode == 0:
        return python
    return None


class ESPHome:
    """Its command line, building without PlatformIO's registry."""

    def __init__(self, python: Path) -> None:
        self.python = python

    def __call__(self, *arguments: object, data: Path = WORK) -> subprocess.CompletedProcess[str]:
        environment = {
            **os.environ,
            "PLATFORMIO_CORE_DIR": str(core()),
            "PLATFORMIO_SETTING_ENABLE_TELEMETRY": "no",
            "ESPHOME_DATA_DIR": str(data),
            "ESPHOME_NOGITIGNORE": "1",
            "NO_COLOR": "1",
        }
        command = [str(self.python), "-m", "esphome", *map(str, arguments)]
        return subprocess.run(
            command,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )


def core() -> Path:
    """PlatformIO's folder with the host packages of offline/, for the SCons of ESPHome's Python."""
    folder = WORK / f"core-{SCONS}"
    if folder.is_dir():
        return folder
    WORK.mkdir(parents=True, exist_ok=True)
    new = Path(tempfile.mkdtemp(dir=WORK))
    for part in ("platforms/native", "packages/tool-scons"):
        shutil.copytree(PROJECT / "offline" / part, new / part)
    for name in (".piopm", "package.json"):
        file = new / "packages" / "tool-scons" / name
        content = json.loads(file.read_text())
        content["version"] = SCONS
        file.write_text(json.dumps(content))
    try:
        new.rename(folder)
    except OSError:  # another process was faster
        shutil.rmtree(new)
    return folder


def free_port() -> int:
    """A free one. The program is built with it, so it stays the same as long as it is free."""
    kept = WORK / "port"
    wanted = int(kept.read_text()) if kept.is_file() else 0
    for number in (wanted, 0):
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", number)) as taken:
            wanted = int(taken.getsockname()[1])
            break
    WORK.mkdir(parents=True, exist_ok=True)
    kept.write_text(str(wanted))
    return wanted


class Device:
    """A running program and a client of its API."""

    def __init__(self, client: "subprocess.Popen[str]") -> None:
        assert client.stdin and client.stdout
        self._commands: IO[str] = client.stdin
        self._answers: IO[str] = client.stdout

    def _act(self, *command: object) -> Any:
        print(json.dumps(command), file=self._commands, flush=True)
        answer = self._answers.readline()
        assert answer, "the client ended, its reason stands above"
        return json.loads(answer)

    def feed(self, values: list[float]) -> Verdicts:
        """All states after each value."""
        found: Verdicts = self._act("feed", values)
        assert len(found) == len(values)
        return found

    def learn(self, samples: int) -> None:
        self._act("learn", samples)

    def normal(self) -> None:
        self._act("normal")

    def set_number(self, name: str, value: float) -> None:
        self._act("number", name, value)

    def wait_for(self, name: str, state: object) -> dict[str, Any]:
        found: dict[str, Any] = self._act("until", name, state)
        return found

    def states(self) -> dict[str, Any]:
        found: dict[str, Any] = self._act("states")
        return found


@contextlib.contextmanager
def running(program: Path, python: Path, home: Path, port: int) -> Iterator[Device]:
    """The program with its preferences below `home`; ended as a computer ends it."""
    environment = {**os.environ, "HOME": str(home)}
    with (
        (home / "log.txt").open("ab") as log,
        subprocess.Popen([program], env=environment, stdout=log, stderr=log) as process,
    ):
        try:
            client = [str(python), str(HERE / "api_client.py"), str(port)]
            with subprocess.Popen(
                client, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            ) as talking:
                try:
                    yield Device(talking)
                finally:
                    assert talking.stdin
                    talking.stdin.close()
        finally:
            process.terminate()
