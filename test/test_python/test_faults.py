"""What a kill, a full or read-only disk, a wrong clock or a second build leaves: nothing half."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
from conftest import build_quickly, copy_project, load_piow, platformio_settings
from test_collect import FakeBoard

from monitor import collect
from project import profile as profiles
from project.errors import UserError
from project.paths import PROJECT
from training import __main__ as training
from training import codegen, files, manifest

NAMES = ("lesson", "temperature")

pytestmark = pytest.mark.skipif(os.name == "nt", reason="POSIX processes, links and mounts")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Callable[[int], Path]]:
    """Mounts empty disks of so many KiB."""
    mounted: list[Path] = []

    def mount(size: int) -> Path:
        folder = tmp_path / f"disk{len(mounted)}"
        folder.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", f"size={size}k", "tmpfs", str(folder)]
        try:
            done = subprocess.run(command, capture_output=True, text=True)
        except FileNotFoundError:
            pytest.skip("a small disk needs mount")
        if done.returncode:
            pytest.skip(f"a small disk needs root: {done.stderr.strip()}")
        mounted.append(folder)
        return folder

    yield mount
    for folder in mounted:
        subprocess.run(["umount", folder], check=True)


def make_read_only(disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)


def fill(disk: Path) -> Path:
    """Leaves no room on a disk; returns the file to delete."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (65536, 4096, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                pass
    return filler


def model_of(name: str) -> tuple[bytes, manifest.Manifest]:
    folder = PROJECT / "models" / name
    return (folder / manifest.MODEL).read_bytes(), manifest.load(folder)


def contents(folder: Path, pattern: str = "*") -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob(pattern)}


# -- killed ------------------------------------------------------------------------------------


def test_killed_at_random_moments(project: Path) -> None:
    """A short run of what `python test/faults/run.py` does at length."""
    command = [sys.executable, str(project / "test/faults/run.py"), "2", "--seed", "1"]
    for victim in ("headers", "core", "build"):
        command += ["--victim", victim]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode == 77:
        pytest.skip(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("killed 2 times") == done.stdout.count("; 0 broken") == 3


STEPS = {"open", "os.mkdir", "os.remove", "os.rename", "os.rmdir", "shutil.rmtree"}


def kill_at_step(number: int, action: Callable[[], object]) -> bool:
    """Runs an action in a process that is killed before its step (of a file) with this number.

    Returns whether the action got that far.
    """
    child = os.fork()
    if child == 0:
        steps = 0

        def count(event: str, _: tuple[object, ...]) -> None:
            nonlocal steps
            if event in STEPS:
                if steps == number:
                    os.kill(os.getpid(), signal.SIGKILL)
                steps += 1

        try:
            sys.addaudithook(count)
            action()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def kill_at_every_step(
    before: Callable[[], object], action: Callable[[], object], after: Callable[[], object]
) -> int:
    number = 0
    before()
    while kill_at_step(number, action):
        after()
        before()
        number += 1
    return number


def test_a_publication_may_be_killed_at_every_step(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    old, new = map(model_of, NAMES)

    def check() -> None:
        assert manifest.load(folder) in (old[1], new[1])  # and the .tflite is the one it names
        assert set(contents(folder)) == {manifest.MODEL, manifest.MANIFEST}
        manifest.publish(folder, *new)
        assert manifest.load(folder) == new[1]
        assert [path.name for path in tmp_path.glob(".*")] in ([], [".model.lock"])

    steps = kill_at_every_step(
        lambda: manifest.publish(folder, *old), lambda: manifest.publish(folder, *new), check
    )
    assert steps >= 6


def test_the_headers_may_be_killed_at_every_step(tmp_path: Path) -> None:
    pairs = []
    for name in NAMES:
        arguments = (profiles.load(profiles.find(name)), model_of(name)[1])
        codegen.write_headers(*arguments, PROJECT / "models" / name, tmp_path)
        pairs.append(contents(tmp_path, "*.h"))

    def write(pair: dict[str, bytes]) -> list[Path]:
        return files.write_if_changed({tmp_path / name: text for name, text in pair.items()})

    seen = set()

    def check() -> None:
        found = contents(tmp_path, "*.h")
        fits = [all(pair[name] == text for name, text in found.items()) for pair in pairs]
        assert any(fits), "headers of two models"
        seen.add((*fits, len(found)))
        write(pairs[1])
        assert contents(tmp_path, "*.h") == pairs[1]
        assert contents(tmp_path) == pairs[1], "nothing is left behind"

    assert kill_at_every_step(lambda: write(pairs[0]), lambda: write(pairs[1]), check) >= 5
    assert seen == {(True, False, 2), (True, False, 1), (False, True, 1)}


def test_a_core_folder_may_be_killed_at_every_step(piow: ModuleType) -> None:
    def remove() -> None:
        shutil.rmtree(piow.CORE, ignore_errors=True)

    def whole() -> bool:
        names = [path.relative_to(piow.OFFLINE) for path in piow.OFFLINE.glob("p*/**/*")]
        files = [name for name in names if (piow.OFFLINE / name).is_file()]
        return all(piow.read(piow.CORE / n) == piow.read(piow.OFFLINE / n) for n in files)

    def check() -> None:
        if piow.read(piow.CORE_STAMP) == piow.tree_fingerprint(piow.OFFLINE):
            assert whole()
        piow.prepare_core()
        assert whole()
        assert piow.has_host_packages(piow.CORE)

    assert kill_at_every_step(remove, piow.prepare_core, check) > 20


@pytest.fixture
def piow(tmp_path: Path, project: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """piow in a project that has nothing but what a core folder is made from."""
    folder = tmp_path / "project"
    folder.mkdir()
    shutil.copy2(project / "piow", folder)
    shutil.copytree(project / "offline", folder / "offline")
    module = load_piow(folder / "piow")
    monkeypatch.setattr(module, "install", lambda stages: None)
    return module


# -- builds ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project that all tests here build, quickly, in turns."""
    root = copy_project(tmp_path_factory.mktemp("faults") / "project")
    (root / ".venv").symlink_to(sys.prefix)
    build_quickly(root)
    targets = root / "extra_scripts" / "targets.py"
    targets.write_text(targets.read_text().replace("BOARD_PORT = 7001", "BOARD_PORT = 0"))
    return root


@pytest.fixture(scope="module")
def programs(copy: Path) -> dict[str, bytes]:
    """What each profile's program is."""
    found = {}
    for name in NAMES:
        build(copy, name)
        found[name] = program_of(copy)
    assert len(set(found.values())) == len(NAMES)
    return found


@pytest.fixture
def compiler(tmp_path: Path) -> Callable[[str], str]:
    """A PATH with a g++ that runs a line of shell once it has compiled src/main_native.cpp."""
    real = shutil.which("g++")

    def make(line: str) -> str:
        folder = tmp_path / "compiler"
        folder.mkdir(exist_ok=True)
        script = (
            f'#!/bin/sh\n"{real}" "$@" || exit\ncase "$*" in *"main_native.o -c"*) {line};; esac\n'
        )
        (folder / "g++").write_text(script)
        (folder / "g++").chmod(0o755)
        return f"{folder}{os.pathsep}{os.environ['PATH']}"

    return make


def start(root: Path, profile: str, **environment: str) -> subprocess.Popen[str]:
    """A build in a process group of its own."""
    settings = {**platformio_settings(), "ANOMALY_PROFILE": profile, **environment}
    return subprocess.Popen(
        [sys.executable, "-m", "platformio", "run", "-e", "native"],
        cwd=root,
        env={**os.environ, **settings},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        start_new_session=True,
    )


def program_of(root: Path) -> bytes:
    return (root / ".pio" / "build" / "native" / "program").read_bytes()


def build(root: Path, profile: str) -> str:
    """What a build says that succeeds."""
    with start(root, profile) as process:
        said = process.communicate()[0]
    assert process.returncode == 0, said
    return said


def test_a_killed_build_never_mixes_two_profiles(
    copy: Path, programs: dict[str, bytes], compiler: Callable[[str], str]
) -> None:
    build(copy, "lesson")
    # Killed when the object of `temperature` is there, and SCons has not written that down.
    with start(copy, "temperature", PATH=compiler("kill -9 0")) as killed:
        killed.communicate()
    assert killed.returncode == -signal.SIGKILL
    assert (copy / ".pio" / "build" / "native" / "src" / "main_native.o").is_file()

    assert "The last build was cut off: compiling everything again" in build(copy, "lesson")
    assert program_of(copy) == programs["lesson"]
    again = build(copy, "lesson")
    assert "Compiling" not in again and "cut off" not in again


def test_a_second_build_waits_for_the_first(
    copy: Path, programs: dict[str, bytes], compiler: Callable[[str], str], tmp_path: Path
) -> None:
    build(copy, "temperature")
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    held = compiler(f'read line < "{gate}"')
    with (
        start(copy, "lesson", PATH=held) as first,
        contextlib.closing(Group(first)),
    ):
        assert read_to(first, "Model lesson: up to date")
        with (
            start(copy, "temperature") as second,
            contextlib.closing(Group(second)),
        ):
            assert read_to(second, "another build of this project is running; waiting for it")
            assert '"lesson"' in (copy / "include" / "model_config.h").read_text()
            gate.write_text("go on\n")
            assert "SUCCESS" in first.communicate()[0]
            assert "SUCCESS" in second.communicate()[0]
    assert program_of(copy) == programs["temperature"]


class Group:
    """Ends a process and its children, where a test has not come to their end."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def close(self) -> None:
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)


def read_to(process: subprocess.Popen[str], text: str) -> bool:
    assert process.stdout
    return any(text in line for line in process.stdout)


def test_a_running_board_does_not_keep_others_from_building(
    copy: Path, programs: dict[str, bytes]
) -> None:
    build(copy, "lesson")
    command = [sys.executable, "-m", "platformio", "run", "-e", "native", "-t", "board"]
    with (
        subprocess.Popen(
            command,
            cwd=copy,
            env={**os.environ, **platformio_settings(), "ANOMALY_PROFILE": "temperature"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        ) as board,
        contextlib.closing(Group(board)),
    ):
        assert read_to(board, "A virtual board, until Ctrl+C")
        assert "wrote model_config.h" in build(copy, "lesson")
        assert program_of(copy) == programs["lesson"]
    build(copy, "temperature")  # the board's own records are not in the way
    assert program_of(copy) == programs["temperature"]


def test_clocks_that_are_wrong_do_not_keep_an_old_program(
    copy: Path, programs: dict[str, bytes]
) -> None:
    build(copy, "temperature")
    for year, name in ((1970, "lesson"), (2100, "temperature"), (1970, "lesson")):
        seconds = (year - 1970) * 365 * 24 * 3600
        for folder in ("include", ".pio", "models", "profiles"):
            for path in (copy / folder).rglob("*"):
                os.utime(path, (seconds, seconds))
        build(copy, name)
        assert program_of(copy) == programs[name]
    assert "Compiling" not in build(copy, "lesson")


def test_a_path_with_spaces_and_umlauts_and_a_link_to_it(copy: Path, tmp_path: Path) -> None:
    place, link = tmp_path / "Prüfstand 3, Öl & Wärme (neu)", tmp_path / "Verknüpfung"
    shutil.copytree(copy, place, symlinks=True, ignore=shutil.ignore_patterns(".pio"))
    link.symlink_to(place)
    assert "Compiling" in build(link, "temperature")
    again = build(place, "temperature")
    assert "Compiling" not in again and "headers unchanged" in again
    demo = [sys.executable, "piow", "run", "-e", "native", "-t", "demo"]
    shown = subprocess.run(demo, cwd=link, capture_output=True, text=True, encoding="utf-8")
    assert shown.returncode == 0, shown.stdout + shown.stderr
    assert "ANOMALY" in shown.stdout
    train = [sys.executable, "-m", "training", "train", "--if-stale", "--profile", "lesson"]
    trained = subprocess.run(train, cwd=link, capture_output=True, text=True)
    assert (trained.returncode, "up to date" in trained.stdout) == (0, True), trained.stderr


# -- disks -------------------------------------------------------------------------------------


def one_sentence(said: str, file: Path, reason: str) -> None:
    assert said.count("\n") == 1, said
    assert str(file) in said and reason in said and "Traceback" not in said


REASONS = ("No space left on device", "Read-only file system")


@pytest.mark.parametrize("reason", REASONS)
def test_models_and_headers_stay_whole(
    disk: Callable[[int], Path], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    room = disk(96)
    model, include = room / "model", room / "include"
    old, new = map(model_of, NAMES)
    manifest.publish(model, *old)
    export = ["export", "--model", str(model), "--out", str(include), "--profile"]
    assert training.main([*export, NAMES[0]]) == 0
    before = {**contents(model), **contents(include)}
    capsys.readouterr()
    filler = fill(room)
    if reason == REASONS[1]:
        make_read_only(room)

    with pytest.raises(UserError, match=reason):
        manifest.publish(model, *new)
    assert manifest.load(model) == old[1]
    other = [*export[:2], str(PROJECT / "models" / NAMES[1]), *export[3:], NAMES[1]]
    assert training.main(other) == 1
    one_sentence(capsys.readouterr().err, include, reason)
    assert {**contents(model), **contents(include)} == before

    if reason == REASONS[0]:
        filler.unlink()
        manifest.publish(model, *new)
        assert manifest.load(model) == new[1]
        assert training.main(other) == 0


def test_a_training_into_a_read_only_folder_does_not_begin(
    disk: Callable[[int], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    room = disk(64)
    make_read_only(room)
    assert training.main(["train", "--profile", "lesson", "--out", str(room / "model")]) == 1
    one_sentence(capsys.readouterr().err, room, "Read-only file system")


def test_a_recording_on_a_full_disk_stays_partial(
    disk: Callable[[int], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    room = disk(12)
    (room / "other").write_bytes(bytes(4096))
    with FakeBoard(interval=0.0) as board:
        status = collect.main(
            ["--port", board.port, "--out", str(room / "data"), "--seconds", "1000"]
        )
    assert status == 1
    said = capsys.readouterr()
    [partial] = (room / "data").iterdir()
    assert partial.name.endswith(".partial.csv")
    one_sentence(said.err, partial, "No space left on device")
    assert f"Kept as partial, not used for training: {partial}" in said.out
    assert board.commands[-1] == "raw off"


def test_a_recording_on_a_read_only_disk_does_not_begin(
    disk: Callable[[int], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    room = disk(64)
    make_read_only(room)
    with FakeBoard() as board:
        assert collect.main(["--port", board.port, "--out", str(room), "--seconds", "20"]) == 1
    one_sentence(capsys.readouterr().err, room, "Read-only file system")
    assert "raw on" not in board.commands


@pytest.mark.parametrize("reason", REASONS)
def test_piow_says_which_disk_is_full_or_read_only(
    piow: ModuleType,
    disk: Callable[[int], Path],
    reason: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    room = disk(256)
    shutil.copytree(piow.PROJECT, room / "project")
    module = load_piow(room / "project" / "piow")
    monkeypatch.setattr(module, "install", lambda stages: None)
    monkeypatch.setattr(module, "registry_is_reachable", lambda: False)
    monkeypatch.setattr(module, "has_host_packages", lambda core: False)
    monkeypatch.setattr(module, "run_platformio", lambda *_: None)
    if reason == REASONS[0]:
        filler = fill(room)
    else:
        make_read_only(room)
    assert module.main(["run", "-e", "native"]) == 1
    said = capsys.readouterr().err.splitlines()[-1] + "\n"
    one_sentence(said, room / "project", reason)
    assert said.endswith("make room or give access, then run it again.\n")
    assert not module.CORE_STAMP.exists()
    if reason == REASONS[0]:
        filler.unlink()
        module.prepare_core()
        assert (module.CORE / "platforms" / "native" / "platform.json").is_file()
        assert module.CORE_STAMP.exists()


def test_a_build_on_a_full_disk_fails_and_the_next_is_right(
    copy: Path, programs: dict[str, bytes], disk: Callable[[int], Path]
) -> None:
    room = disk(16384)
    root = room / "project"
    shutil.copytree(copy, root, symlinks=True, ignore=shutil.ignore_patterns(".pio"))
    build(root, "lesson")
    filler = fill(room)
    with start(root, "temperature") as process:
        said = process.communicate()[0]
    assert process.returncode == 1
    assert "No space left on device" in said
    filler.unlink()
    build(root, "lesson")
    assert program_of(root) == programs["lesson"]


def test_the_registry_is_asked_again_whatever_the_clock_says(
    piow: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    piow.prepare_core()
    assert piow.is_recent(piow.UNREACHABLE)
    for wrong in (0, 4e9):
        os.utime(piow.UNREACHABLE, (wrong, wrong))
        assert not piow.is_recent(piow.UNREACHABLE)
        piow.prepare_core()
        assert piow.is_recent(piow.UNREACHABLE)
