#!/usr/bin/env python3
"""Kills what this project runs at random moments, and looks at what that leaves behind.

    python test/faults/run.py [COUNT] [--victim NAME]... [--seed N]

Each victim is killed COUNT (100) times, with its whole process group, at moments spread evenly over
the time that it takes when nobody kills it: mostly by SIGKILL, now and then by SIGTERM or SIGINT. A
moment at which it has already ended does not count.

  training   `python -m training train` into a model folder
  headers    `python -m training export`, and a program that does nothing but write the headers
  collector  `python -m monitor.collect` at a virtual board
  setup      `piow --install` into an empty project, with small packages from a folder
  core       piow's preparation of `.pio-core`
  build      `piow run -e native`, with another profile each time

After each kill every file must be whole (the old one or the new one) and fit to the others, and the
same command must succeed (the training, which takes long, after every tenth kill). Works in a
folder of its own, in .pio/faults. POSIX only.
Exit codes: 0 nothing broke, 1 something did, 77 .venv is not complete or another run is under way.
"""

import argparse
import filecmp
import hashlib
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

HERE = Path(__file__).absolute().parent
PROJECT = HERE.parents[1]
sys.path[:0] = [str(PROJECT), str(PROJECT / "test" / "test_python")]

from conftest import build_quickly, copy_project, load_piow  # noqa: E402
from serial_line import VirtualBoard  # noqa: E402
from small_wheel import make_wheel  # noqa: E402

from project import profile as profiles  # noqa: E402
from project.errors import UserError  # noqa: E402
from training import codegen, files, fingerprint, manifest  # noqa: E402

SCRATCH = PROJECT / ".pio" / "faults"
SIGNALS = (*[signal.SIGKILL] * 6, signal.SIGTERM, signal.SIGINT)
EXIT_SKIPPED = 77
PATIENCE = 120  # seconds until something that should end counts as hanging


class Broken(Exception):
    """What a kill has left behind that it must not."""


def require(condition: object, what: str) -> None:
    if not condition:
        raise Broken(what)


class Victim:
    """One command: how to start it, what must hold after it was killed, how to go on."""

    finish_every = 1  # kills

    def __init__(self, random: random.Random) -> None:
        self.random = random
        self.folder = SCRATCH / type(self).__name__.lower()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)

    def next(self) -> None:
        """Gives the command something new to do."""

    def start(self) -> subprocess.Popen[bytes]:
        raise NotImplementedError

    def check(self) -> None:
        """Raises Broken if what the kill left behind is not whole."""

    def check_done(self) -> None:
        """Raises Broken if the command, run to its end after the kill, has not done all."""

    def close(self) -> None:
        pass

    def spawn(
        self, *command: str | Path, env: Mapping[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        with (self.folder / "output.txt").open("wb") as output:
            return subprocess.Popen(
                list(map(str, command)),
                cwd=PROJECT,
                env={**os.environ, **(env or {})},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                # A program that runs in the background ignores Ctrl+C, and so do its children.
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL) and None,
            )

    def said(self) -> str:
        return (self.folder / "output.txt").read_text(encoding="utf-8", errors="replace")


class Training(Victim):
    finish_every = 10

    def __init__(self, random: random.Random) -> None:
        super().__init__(random)
        self.lesson = profiles.find("lesson").read_text(encoding="utf-8")
        self.profile = self.folder / "small.toml"
        self.model = self.folder / "model"
        self.before: dict[str, bytes] = {}

    def next(self) -> None:
        self.before = self.files()
        text = self.lesson.replace("steps = 1600 ", "steps = 60 ")
        changed = re.sub(r"\bsd = [\d.]+", f"sd = {self.random.uniform(1, 3):.6f}", text)
        require(changed != text, "the lesson's profile has no sd")
        self.profile.write_text(changed, encoding="utf-8")

    def files(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in self.model.glob("*")}

    def start(self) -> subprocess.Popen[bytes]:
        options = ("--profile", self.profile, "--out", self.model, "--if-stale")
        return self.spawn(sys.executable, "-m", "training", "train", *options)

    def check(self) -> None:
        if not self.before:
            return
        try:
            manifest.load(self.model)  # checks that the manifest names this very .tflite
        except UserError as error:
            raise Broken(str(error)) from None
        found = self.files()
        require(set(found) == {manifest.MODEL, manifest.MANIFEST}, f"there are {set(found)}")
        changed = [name for name in found if found[name] != self.before[name]]
        require(len(changed) in (0, 2), f"only {changed} is new")

    def check_done(self) -> None:
        loaded = profiles.load(self.profile)
        found = manifest.load(self.model)
        require(
            found["fingerprint"] == fingerprint.expected(loaded, found["data"]), "not the new model"
        )
        leftover = {path.name for path in self.folder.iterdir()}
        expected = {"small.toml", "model", ".model.lock", ".model.new", "output.txt"}
        require(leftover <= expected, f"left behind: {leftover - expected}")


WRITE_HEADERS = """
import itertools, sys
from pathlib import Path
from project import profile as profiles
from training import codegen, manifest
project, include = Path(sys.argv[1]), Path(sys.argv[2])
models = [(profiles.load(profiles.find(n)), project / "models" / n) for n in sys.argv[3:]]
found = [(profile, manifest.load(folder), folder) for profile, folder in models]
with codegen.lock(include):
    for arguments in itertools.islice(itertools.cycle(found), 101):
        codegen.write_headers(*arguments, include)
"""


def expected_headers(name: str) -> dict[str, bytes]:
    profile, folder = profiles.load(profiles.find(name)), PROJECT / "models" / name
    found = manifest.load(folder)
    model = (folder / manifest.MODEL).read_bytes()
    return {
        "model_config.h": codegen.config_header(profile, found).encode(),
        "model_data.h": codegen.data_header(profile, found, model).encode(),
    }


def check_headers(include: Path, whole: list[dict[str, bytes]]) -> None:
    """Both of one model, or one of them missing; and each of them whole."""
    found = {path.name: path.read_bytes() for path in include.glob("*.h")}
    fits = [all(content == pair[name] for name, content in found.items()) for pair in whole]
    require(any(fits), f"{sorted(found)} are not whole or not of one model")


class Headers(Victim):
    names = ("lesson", "temperature")

    def __init__(self, random: random.Random) -> None:
        super().__init__(random)
        self.include = self.folder / "include"
        self.pairs = [expected_headers(name) for name in self.names]
        self.turn = 0

    def next(self) -> None:
        self.turn += 1

    def start(self) -> subprocess.Popen[bytes]:
        name = self.names[self.turn // 2 % 2]
        other = self.names[1 - self.turn // 2 % 2]
        if self.turn % 2:
            arguments = (PROJECT, self.include, name, other)
            return self.spawn(sys.executable, "-c", WRITE_HEADERS, *arguments)
        export = ("-m", "training", "export", "--profile", name, "--out", self.include)
        return self.spawn(sys.executable, *export)

    def check(self) -> None:
        check_headers(self.include, self.pairs)

    def check_done(self) -> None:
        found = {path.name: path.read_bytes() for path in self.include.glob("*.h")}
        require(found == self.pairs[self.turn // 2 % 2], "not the headers of this model")
        left = {path.name for path in self.include.iterdir()} - set(found)
        require(left == {".lock"}, f"left behind: {left}")


class Collector(Victim):
    seconds = 20

    def __init__(self, random: random.Random) -> None:
        super().__init__(random)
        program = ProjectCopy(self.folder / "project").build("temperature")
        self.board = VirtualBoard(program, "--speed", "20")
        self.data = self.folder / "data"

    def next(self) -> None:
        shutil.rmtree(self.data, ignore_errors=True)

    def start(self) -> subprocess.Popen[bytes]:
        options = ("--port", self.board.port, "--seconds", str(self.seconds), "--out", self.data)
        return self.spawn(sys.executable, "-m", "monitor.collect", *options)

    def check(self) -> None:
        for path in self.data.glob("*"):
            require(path.name.endswith(".csv"), f"left behind: {path.name}")
            if not path.name.endswith(".partial.csv"):
                self.check_recording(path)

    def check_recording(self, path: Path) -> None:
        text = path.read_text(encoding="utf-8")
        require(text.endswith("\n"), f"{path.name} ends within a line")
        header, *rows = [line for line in text.splitlines() if not line.startswith("#")]
        require(header == "time,temperature", f"{path.name}: {header}")
        times = [float(row.split(",")[0]) for row in rows if re.fullmatch(r"[\d.]+,[\d.]+", row)]
        require(len(times) == len(rows), f"{path.name} has a damaged row")
        require(times == sorted(times) and times[-1] >= self.seconds, f"{path.name} is not all")

    def check_done(self) -> None:
        whole = [path for path in self.data.glob("*") if not path.name.endswith(".partial.csv")]
        require(len(whole) in (1, 2), f"{len(whole)} recordings")
        self.check()

    def close(self) -> None:
        self.board.stop()


class Setup(Victim):
    packages = ("first", "second", "third")

    def __init__(self, random: random.Random) -> None:
        super().__init__(random)
        self.project = self.folder / "project"
        (self.project / "offline").mkdir(parents=True)
        shutil.copy2(PROJECT / "piow", self.project)
        lines = [make_wheel(self.folder / "wheels", name) for name in self.packages]
        (self.project / "requirements.txt").write_text("".join(lines), encoding="utf-8")
        self.piow = load_piow(self.project / "piow")

    def next(self) -> None:
        shutil.rmtree(self.piow.VENV, ignore_errors=True)

    def start(self) -> subprocess.Popen[bytes]:
        local = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.folder / "wheels")}
        return self.spawn(sys.executable, self.project / "piow", "--install", env=local)

    def check(self) -> None:
        if self.piow.is_installed("base"):
            self.check_done()

    def check_done(self) -> None:
        require(self.piow.is_installed("base"), "not taken for installed")
        command = [self.piow.VENV_PYTHON, "-c", f"import pip, {', '.join(self.packages)}"]
        require(subprocess.run(command).returncode == 0, "taken for installed, and is not")


PREPARE_CORE = """
import sys
from pathlib import Path
from conftest import load_piow
piow = load_piow(Path(sys.argv[1]))
piow.install = lambda stages: None
piow.prepare_core()
"""


class Core(Victim):
    def __init__(self, random: random.Random) -> None:
        super().__init__(random)
        shutil.copytree(PROJECT / "offline", self.folder / "offline")
        shutil.copy2(PROJECT / "piow", self.folder)
        self.piow = load_piow(self.folder / "piow")

    def next(self) -> None:
        if self.random.random() < 0.5:
            shutil.rmtree(self.piow.CORE, ignore_errors=True)
        else:  # as after an update of the project
            (self.piow.OFFLINE / "README.md").write_text(f"{self.random.random()}", "utf-8")

    def start(self) -> subprocess.Popen[bytes]:
        helpers = str(PROJECT / "test" / "test_python")
        command = (sys.executable, "-c", PREPARE_CORE, self.folder / "piow")
        return self.spawn(*command, env={"PYTHONPATH": helpers})

    def check(self) -> None:
        prepared = self.piow.read(self.piow.CORE_STAMP)
        if prepared == self.piow.tree_fingerprint(self.piow.OFFLINE):
            self.check_done()

    def check_done(self) -> None:
        for folder in ("packages/tool-scons", "platforms/native"):
            require(
                same_tree(self.piow.OFFLINE / folder, self.piow.CORE / folder),
                f".pio-core/{folder} is taken for whole, and is not",
            )


def same_tree(left: Path, right: Path) -> bool:
    compared = filecmp.dircmp(left, right, ignore=["__pycache__"])
    _, mismatch, errors = filecmp.cmpfiles(left, right, compared.common_files, shallow=False)
    different = [*compared.left_only, *compared.right_only, *compared.funny_files]
    return not (different or mismatch or errors) and all(
        same_tree(left / name, right / name) for name in compared.common_dirs
    )


class ProjectCopy:
    """A copy of the project with this one's packages, whose builds are quick."""

    def __init__(self, root: Path) -> None:
        self.root = root
        copy_project(root)
        (root / ".venv").symlink_to(PROJECT / ".venv")
        build_quickly(root)
        self.program = root / ".pio" / "build" / "native" / "program"

    @property
    def command(self) -> list[str | Path]:
        return [sys.executable, self.root / "piow", "run", "-e", "native"]

    def build(self, profile: str) -> Path:
        command = list(map(str, self.command))
        environment = {**os.environ, "ANOMALY_PROFILE": profile}
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        require(done.returncode == 0, done.stdout + done.stderr)
        return self.program


class Build(Victim):
    names = ("lesson", "temperature")

    def __init__(self, random: random.Random) -> None:
        super().__init__(random)
        self.copy = ProjectCopy(self.folder / "project")
        self.pairs = [expected_headers(name) for name in self.names]
        self.programs = {name: digest(self.copy.build(name)) for name in self.names}
        require(len(set(self.programs.values())) == 2, "both profiles give the same program")
        self.profile = self.names[0]

    def next(self) -> None:
        self.profile = self.names[self.names[0] == self.profile]

    def start(self) -> subprocess.Popen[bytes]:
        return self.spawn(*self.copy.command, env={"ANOMALY_PROFILE": self.profile})

    def check(self) -> None:
        check_headers(self.copy.root / "include", self.pairs)
        # From here on either the same build again, or the one before.
        self.profile = self.random.choice(self.names)

    def check_done(self) -> None:
        made = digest(self.copy.program)
        require(made == self.programs[self.profile], f"the program is not that of {self.profile}")


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


VICTIMS = {
    victim.__name__.lower(): victim for victim in (Training, Headers, Collector, Setup, Core, Build)
}


def finish(victim: Victim) -> None:
    """Runs the command to its end."""
    process = victim.start()
    try:
        status = process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise Broken(f"the next command hangs:\n{victim.said()}") from None
    require(status == 0, f"the next command fails with status {status}:\n{victim.said()}")
    require("Traceback" not in victim.said(), f"the next command says:\n{victim.said()}")
    victim.check_done()


def kill(process: subprocess.Popen[bytes], number: signal.Signals, delay: float) -> bool:
    """Kills the whole group once the time has come; False if it had ended by then."""
    try:
        process.wait(delay)
        return False
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, number)
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise Broken(f"{number.name} does not end it") from None
    return True


def torment(name: str, count: int, seed: int) -> bool:
    """Kills one victim COUNT times; prints what happened and returns whether nothing broke."""
    chance = random.Random(f"{seed} {name}")
    victim = VICTIMS[name](chance)
    broken, killed, turn = 0, Counter[str](), 0
    durations = [0.0, 0.0]  # of every second run
    try:
        for turn in range(-2, 1):  # the first is slower than the others
            victim.next()
            began = time.monotonic()
            finish(victim)
            durations[turn % 2] = time.monotonic() - began
        while killed.total() < count and turn < 5 * count:
            turn += 1
            victim.next()
            number, delay = chance.choice(SIGNALS), chance.uniform(0, durations[turn % 2])
            try:
                killed[number.name] += kill(victim.start(), number, delay)
                victim.check()
                if turn % victim.finish_every == 0:
                    finish(victim)
            except Broken as error:
                broken += 1
                print(f"{name}: try {turn} ({number.name} at {delay:.3f} s): {error}", flush=True)
        victim.next()
        finish(victim)
    except Broken as error:
        broken += 1
        print(f"{name}: when nobody kills it: {error}", flush=True)
    finally:
        victim.close()
    how = ", ".join(f"{killed[number]} {number}" for number in sorted(killed))
    print(
        f"{name}: killed {killed.total()} times ({how}) in {turn} tries, "
        f"within {' and '.join(f'{duration:.1f} s' for duration in durations)}; {broken} broken",
        flush=True,
    )
    return not broken and killed.total() == count


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("count", nargs="?", type=int, default=100, help="kills each, default 100")
    parser.add_argument("--victim", choices=VICTIMS, action="append", help="default: all")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    options = parser.parse_args()
    if not load_piow(PROJECT / "piow").is_installed("train"):
        print("Skipped: run ./piow --install train dev first")
        return EXIT_SKIPPED
    print(f"seed {options.seed}", flush=True)
    names = options.victim or list(VICTIMS)
    try:
        with files.lock(SCRATCH / ".lock", "another run is under way", wait=False):
            sound = [torment(name, options.count, options.seed) for name in names]
    except UserError as error:
        print(f"Skipped: {error}")
        return EXIT_SKIPPED
    return 0 if all(sound) else 1


if __name__ == "__main__":
    sys.exit(main())
