"""The docs can be typed: every command block of each page, in its order.

A block that is indented, or fenced without a language or as shell, is a command or what one prints.
Each command is of one kind, by what it says itself:

  run    needs no board: runs as it stands, in a clone of the working state with an empty HOME
  board  the virtual board: runs until it listens, then is stopped
  look   needs a board, ESP32 tools, the network or many minutes: what it names must exist, and
         the options it takes must be known

A command that is none of these, or a block that is neither, fails. The clone is given this
project's .venv and host packages, as a second clone would install the same bytes; the set-up from
nothing is tried by CI.
"""

import functools
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import git_files
import numpy as np
import page_files
import pytest
from conftest import PARTS, PROJECT, platformio_settings

PAGES: Final = [
    PROJECT / "README.md",
    PROJECT / "CONTRIBUTING.md",
    PROJECT / "SECURITY.md",
    *sorted((PROJECT / "docs").glob("*.md")),
]
SHELL: Final = ("", "sh", "bash", "shell", "console")  # languages of a fence that holds commands

# How a block begins that is no command: a section of settings, a drawing, or something printed.
PRINTED: Final = re.compile(r"\[|>>> |(OK|ERR)\b|[A-Za-z ]+(:|,|\.\.\.)|.*[─│┌╭]")

BOARD_TARGETS: Final = {"upload", "collect", "inject", "gateway", "erase", "uploadfs", "monitor"}
SLOW_TARGETS: Final = {"report", "bench", "train"}
SLOW_WORDS: Final = {"benchmark", "bench", "report", "server", "esphome"}
SLOW_MODULES: Final = {"benchmark", "pytest", "monitor.picture"}
BOARD_MODULES: Final = {"monitor.collect", "monitor.inject", "monitor.gateway"}
# These need more than this project.
ELSEWHERE: Final = {"idf.py", "pipx", "esphome", ".ci/lock", ".ci/run", "git", "sudo"}
PIOW_OPTIONS: Final = ("--profile", "--model", "--model-dir")  # each with a value, first of all
PYTHONS: Final = ("python", "python3", ".venv/bin/python")
PLATFORMIO: Final = ("pio", "./piow")
HOST_PROGRAM: Final = ".pio/build/native/program"
PIO_COMMANDS: Final = ("run", "test", "device", "debug", "check", "pkg")
LISTENS: Final = re.compile(rb"serial on socket://\S+:\d+")


@dataclass(frozen=True)
class Command:
    """One command line of a page."""

    page: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}: {self.text}"

    @property
    def words(self) -> list[str]:
        """The words of its first program, without comment and environment variables."""
        words = shlex.split(self.text, comments=True)
        if "|" in words:
            words = words[: words.index("|")]
        while re.match(r"[A-Z_]+=", words[0]):
            words = words[1:]
        if words[:2] == ["python", "piow"]:  # as Windows has it
            words = ["./piow", *words[2:]]
        while words[0] == "./piow" and words[1] in PIOW_OPTIONS:
            words = ["./piow", *words[3:]]
        return words[1:] if words[:2] == ["./piow", "python"] else words

    @property
    def program(self) -> str:
        return self.words[0]

    def options(self, short: str, long: str) -> list[str]:
        """The values of an option, as `-e X`, `-eX`, `--long X` or `--long=X`."""
        found = re.findall(rf"(?:^|\s)(?:{short} ?|{long}[ =])([^\s-]\S*)", " ".join(self.words))
        return [str(value) for value in found]

    @property
    def environments(self) -> list[str]:
        return self.options("-e", "--environment")

    @property
    def targets(self) -> list[str]:
        return self.options("-t", "--target")

    @property
    def pio_command(self) -> str:
        """What PlatformIO is to do; "" for a command of piow's own."""
        if self.words[1] == "server":  # which has a `run` of its own
            return ""
        return next((word for word in self.words[1:] if word in PIO_COMMANDS), "")

    @property
    def module(self) -> str:
        words = self.words
        return words[words.index("-m") + 1] if "-m" in words else words[1]


def kind(command: Command) -> str:
    """Says "run", "board" or "look"; raises ValueError for what is not understood."""
    program = command.program
    if program in ELSEWHERE or "path/to/" in command.text:
        return "look"
    if program in PLATFORMIO:
        return _platformio_kind(command)
    if program in PYTHONS:
        is_slow = command.module in SLOW_MODULES or command.module.startswith("test/")
        needs_board = command.module in BOARD_MODULES
        return "look" if is_slow or needs_board or SLOW_WORDS & set(command.words) else "run"
    if program == HOST_PROGRAM:
        return "look" if "--serial" in command.words else "run"
    raise ValueError(f"{command}: is no command that this test understands")


def _platformio_kind(command: Command) -> str:
    if not command.pio_command:
        words = set(command.words)
        is_slow = bool(SLOW_WORDS & words) or ("train" in words and "--data" not in words)
        return "look" if is_slow or BOARD_TARGETS & words else "run"
    is_on_host = bool(command.environments) and all(
        name.startswith("native") for name in command.environments
    )
    targets = set(command.targets)
    if command.pio_command != "run" or not is_on_host or targets & (BOARD_TARGETS | SLOW_TARGETS):
        return "look"
    return "board" if "board" in targets else "run"


# --- reading a page


def blocks(text: str) -> Iterator[tuple[int, list[str]]]:
    """(number of its first line, lines) of each block that may hold commands."""
    lines = text.splitlines()
    index = 0
    while index < len(lines):
        fence = re.match(r"```(\w*)", lines[index])
        start = index
        if fence:
            index = next(i for i in range(start + 1, len(lines)) if lines[i].startswith("```"))
            if fence[1] in SHELL:
                yield start + 2, lines[start + 1 : index]
        elif lines[index].startswith("    ") and (index == 0 or not lines[index - 1].strip()):
            while index < len(lines) and (lines[index].startswith("    ") or not lines[index]):
                index += 1
            yield start + 1, [line[4:] for line in lines[start:index]]
            continue
        index += 1


def commands(page: Path) -> list[Command]:
    """Every command of a page, in its order; a line that ends with a backslash goes on."""
    found = []
    for number, lines in blocks(page.read_text(encoding="utf-8")):
        if PRINTED.match(lines[0]):
            continue
        text = "\n".join(lines).replace("\\\n", " \b")  # \b: a line of the page ended here
        for offset, line in enumerate(text.split("\n")):
            before = text.split("\n")[:offset]
            row = number + offset + sum(part.count("\b") for part in before)
            if line.strip() and not line.startswith("#"):
                found.append(Command(page.name, row, re.sub(r"\s*\x08\s*", " ", line)))
    return found


ALL: Final = [command for page in PAGES for command in commands(page)]


# --- what is only looked at


def look(command: Command) -> list[str]:
    """What a command names and is not there."""
    missing = [f"no file {name}" for name in _files(command) if not (PROJECT / name).exists()]
    if command.program == "idf.py":
        sources = "".join(
            path.read_text(encoding="utf-8")
            for path in (PROJECT / "CMakeLists.txt", PROJECT / "src" / "CMakeLists.txt")
        )
        names = [pair.partition("=")[0] for pair in command.options("-D", "--define")]
        return missing + [f"no setting {name}" for name in names if name not in sources]
    if command.program == ".ci/lock":
        text = (PROJECT / ".ci" / "lock").read_text(encoding="utf-8")
        return missing + [f"no option {o}" for o in _long_options(command) if o not in text]
    if command.program in ELSEWHERE:
        return missing
    if command.program in PLATFORMIO:
        missing += [f"no environment {e}" for e in command.environments if e not in _environments()]
        missing += [f"no target {t}" for t in command.targets if t not in _targets()]
        suites = [f"test/{suite}" for suite in command.options("-f", "--filter")]
        missing += [f"no suite {suite}" for suite in suites if not (PROJECT / suite).is_dir()]
    options = _long_options(command)
    if options:
        known = _help(*_helped(command))
        missing += [f"no option {option}" for option in options if option not in known]
    return missing


def _files(command: Command) -> list[str]:
    """Files of this project that are named; FILE.toml and the like stand for a user's own."""
    names = [
        word
        for word in command.words[1:]
        if re.fullmatch(r"[a-z_][\w./-]*\.(py|txt|toml|yaml)", word)
    ]
    tops = {path.name for path in PROJECT.iterdir()}
    return [name for name in names if "/" not in name or name.split("/")[0] in tops]


def _long_options(command: Command) -> list[str]:
    found = [word.partition("=")[0] for word in command.words if re.match(r"--\w", word)]
    return [option for option in found if option not in ("--help", "--environment", "--target")]


def _helped(command: Command) -> tuple[str, ...]:
    """The command line that prints the help of this command: up to its first option."""
    words = command.words
    if command.program in PYTHONS:
        start = words.index("-m") + 2 if "-m" in words else 2
        head = [sys.executable, *words[1:start]]
    elif command.program == HOST_PROGRAM:
        raise ValueError(f"{command}: has no help before it is built")
    else:
        start, head = 1, [sys.executable, str(PROJECT / "piow")]
        if command.pio_command:
            start = words.index(command.pio_command)
            head = [sys.executable, "-m", "platformio"]
    verbs = []
    for word in words[start:]:
        if word.startswith("-"):
            break
        verbs.append(word)
    return (*head, *verbs)


@functools.cache
def _help(*command: str) -> str:
    environment = {**os.environ, "COLUMNS": "200"}
    done = subprocess.run(
        [*command, "--help"], cwd=PROJECT, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, f"{' '.join(command)} --help: {done.stderr}"
    return done.stdout


@functools.cache
def _environments() -> list[str]:
    text = (PROJECT / "platformio.ini").read_text(encoding="utf-8")
    return re.findall(r"^\[env:([\w-]+)\]", text, re.MULTILINE)


@functools.cache
def _targets() -> set[str]:
    own = (PROJECT / "extra_scripts" / "targets.py").read_text(encoding="utf-8")
    platformios = {"upload", "uploadfs", "erase", "clean", "size", "exec", "monitor"}
    return platformios | set(re.findall(r'\badd\(\s*"(\w+)"', own))


# --- the tests


@pytest.mark.parametrize("command", ALL, ids=str)
def test_a_command_is_understood_and_names_what_exists(command: Command) -> None:
    if kind(command) == "look":
        assert not look(command), f"{command}: {', '.join(look(command))}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("./piow run -e native -t demo     # a comment", "run"),
        ("ANOMALY_MODEL_DIR=office-model ./piow run -e native", "run"),
        ("./piow --profile lesson run -e native", "run"),
        ("./piow train --data office.csv", "run"),
        ("./piow import office.csv --out data/office", "run"),
        (".pio/build/native/program --simulate mixed | python -m monitor.view", "run"),
        ("pio run -e native -t board", "board"),
        ("./piow test", "look"),
        ("python piow test", "look"),
        ("git clone https://example.com/it.git", "look"),
        ("pio run -t upload", "look"),
        ("pio run -t modelinfo", "look"),
        ("./piow run -e native -t inject", "look"),
        ("./piow run -e esp32-c3-devkitm-1", "look"),
        ("./piow run -e native -t bench", "look"),
        ("./piow benchmark synthetic --devices 20", "look"),
        ("./piow collect --seconds 600", "look"),
        ("./piow server run --listen 0.0.0.0", "look"),
        ("python -m monitor.collect --seconds 600", "look"),
        ("python test/faults/run.py 100", "look"),
        ("pio device monitor", "look"),
        ("TFLM_SOURCE_DIR=x .venv/bin/python -m benchmark speed --markdown", "look"),
        ("idf.py build", "look"),
        (".ci/run", "look"),
    ],
)
def test_the_kind_of_a_command(text: str, expected: str) -> None:
    assert kind(Command("page", 1, text)) == expected


def test_a_command_that_nobody_knows_is_an_error() -> None:
    with pytest.raises(ValueError, match="page:7: make all: is no command"):
        kind(Command("page", 7, "make all"))


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("./piow run -e nativ", "no environment nativ"),
        ("pio run -t uplaod", "no target uplaod"),
        ("./piow test -e native -f shared/test_ap", "no suite test/shared/test_ap"),
        (
            ".venv/bin/python -m benchmark synthetic --device 3 --dayz 1",
            "no option --dayz",
        ),
        ("python -m pytest test/test_python/test_none.py", "no file test/test_python/test_none.py"),
        ("idf.py -D SENSOR_GIPO=3 build", "no setting SENSOR_GIPO"),
    ],
)
def test_a_name_that_does_not_exist_is_found(text: str, missing: str) -> None:
    assert missing in look(Command("page", 1, text))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_names_and_links_what_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for _, code in page_files.of(page):  # a lambda looks like a link
        text = text.replace(code, "")
    tops = "|".join(map(re.escape, (".ci", ".github", "docs", *PARTS)))
    named = [PROJECT / name for name in re.findall(rf"`((?:{tops})/[\w./-]+)`", text)]
    linked = [page.parent / name for name in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text)]
    # NAME stands for any.
    missing = [p for p in (*named, *linked) if "NAME" not in str(p) and not p.exists()]
    assert not missing


def test_blocks_are_found_with_their_lines(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "Text\n\n    pio run \\\n        -t upload\n    ./piow test\n\n- a list\n    goes on\n\n"
        "```toml\n[a]\n```\n\n```sh\npio device monitor\n```\n\n    RAW,1,2\n"
    )
    assert [str(command) for command in commands(page)] == [
        "page.md:3: pio run -t upload",
        "page.md:5: ./piow test",
        "page.md:15: pio device monitor",
    ]


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of this project that git would keep, as they are now, with the project's .venv."""
    if not (PROJECT / ".venv" / "bin" / "python").exists():
        pytest.skip("piow has not set this project up")
    root = tmp_path_factory.mktemp("docs") / "clone"
    for name in git_files.kept(PROJECT):
        if (PROJECT / name).is_file():  # else it is deleted
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(PROJECT / name, root / name)
    (root / ".venv").symlink_to(PROJECT / ".venv")
    targets = root / "extra_scripts" / "targets.py"  # a port of its own, as 7001 may be in use
    text = targets.read_text(encoding="utf-8")
    assert "BOARD_PORT = 7001" in text
    targets.write_text(text.replace("BOARD_PORT = 7001", "BOARD_PORT = 0"), encoding="utf-8")
    _write_office(root / "office.csv")
    minute = [f"{i / 2},{25 + (7 * i % 13 - 6) / 50:.2f}" for i in range(120)]
    (root / "FILE.csv").write_text("\n".join(["time,temperature", *minute, ""]))
    return root


def _write_office(path: Path) -> None:
    """A recording of the form that the README fetches: hourly office temperatures."""
    random = np.random.default_rng(1)
    hours = np.datetime64("2013-07-04T00:00:00") + np.arange(2000).astype("timedelta64[h]")
    values = 70 + 3 * np.sin(np.arange(2000) * 2 * np.pi / 24) + random.normal(0, 0.5, 2000)
    rows = [f"{str(h).replace('T', ' ')},{v:.8f}" for h, v in zip(hours, values, strict=True)]
    path.write_text("\n".join(["timestamp,value", *rows]) + "\n")


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a new user: an empty HOME, a `python` without packages, a `pio`."""
    folder = tmp_path_factory.mktemp("shell")
    (folder / "home").mkdir()
    (folder / "bin").mkdir()
    bare = os.path.realpath(sys.executable)
    for name in ("python", "python3"):
        (folder / "bin" / name).symlink_to(bare)
    (folder / "bin" / "pio").symlink_to(PROJECT / ".venv" / "bin" / "pio")
    kept = {k: v for k, v in os.environ.items() if not re.match("ANOMALY_|PYTHON|VIRTUAL_ENV", k)}
    known = os.environ.get("PLATFORMIO_CORE_DIR") or str(Path.home() / ".platformio")
    core = {"PLATFORMIO_CORE_DIR": known, **platformio_settings()}
    system = [p for p in os.environ["PATH"].split(os.pathsep) if not p.startswith(sys.prefix)]
    path = os.pathsep.join([str(folder / "bin"), *system])
    return kept | core | {"HOME": str(folder / "home"), "PATH": path}


@pytest.mark.skipif(os.name == "nt", reason="the docs are typed into a POSIX shell")
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_can_be_typed(page: Path, clone: Path, shell: dict[str, str]) -> None:
    with page_files.laid_into(clone, page):
        _type(page, clone, shell)


def _type(page: Path, clone: Path, shell: dict[str, str]) -> None:
    for command in commands(page):
        folder = re.search(r"--model-dir (\S+)", command.text)
        if folder and not (clone / folder[1]).is_dir():
            continue  # a build would train first
        if kind(command) == "run":
            done = subprocess.run(
                ["/bin/sh", "-c", command.text],
                cwd=clone,
                env=shell,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
            )
            assert done.returncode == 0, f"{command}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        elif kind(command) == "board":
            _start_and_stop(command, clone, shell)


def _start_and_stop(command: Command, clone: Path, shell: dict[str, str]) -> None:
    """Runs until it says where it listens."""
    with subprocess.Popen(
        ["/bin/sh", "-c", command.text],
        cwd=clone,
        env=shell,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as process:
        assert process.stdout
        said = b""
        for line in process.stdout:
            said += line
            if LISTENS.search(line):
                os.killpg(process.pid, signal.SIGTERM)
                process.stdout.read()
                return
    raise AssertionError(f"{command}\n{said.decode(errors='replace')}")
