"""Recording from a board over a real line: what is kept, what is refused, what is said."""

import contextlib
import itertools
import os
import random
import re
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self

import pytest
import serial

from monitor import collect
from monitor.port import Link
from monitor.profile import sensor_of
from monitor.recorder import Recorder, find_objections, find_outliers
from monitor.telemetry import Raw, crc16, parse
from project.paths import PROFILES


class FakeBoard:
    """A board on a TCP port, for what the real program never does; each knob is one failure."""

    def __init__(
        self,
        value: Callable[[int], str] = lambda n: f"{25 + (n * 37 % 100) / 200:.6f}",
        *,
        crc: bool = True,
        interval: float = 0.002,
        period_ms: int = 500,
        answers: bool = True,
        speaks: bool = True,
        noise: bytes = b"",
        drop_after: int | None = None,
        restart_after: int | None = None,
        silent_after: int | None = None,
        skip: Callable[[int], bool] = lambda n: False,
        damage: Callable[[int, bytes], bytes] = lambda n, line: line,
        profile: str = "temperature",
        says: str = "",
    ) -> None:
        self.value, self.crc, self.interval, self.period_ms = value, crc, interval, period_ms
        self.answers, self.speaks, self.noise = answers, speaks, noise
        self.drop_after, self.restart_after, self.silent_after = (
            drop_after,
            restart_after,
            silent_after,
        )
        self.skip, self.damage, self.profile, self.says = skip, damage, profile, says
        self.commands: list[str] = []
        self.sent: list[str] = []  # values of the RAW lines
        self.raw = ""
        self.inject = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._server = socket.create_server(("127.0.0.1", 0))
        self._server.settimeout(0.05)
        self.port = f"socket://127.0.0.1:{self._server.getsockname()[1]}"
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._server.close()

    def _serve(self) -> None:
        while not self._stop.is_set():
            try:
                client, _ = self._server.accept()
            except TimeoutError:
                continue
            with client:
                client.settimeout(0.0)
                try:
                    self._talk(client)
                except OSError:
                    pass
                if self.drop_after is not None:
                    return

    def _talk(self, client: socket.socket) -> None:
        sequence, pending = 0, b""
        while not self._stop.is_set():
            for command in self._commands(client):
                self.commands.append(command)
                if self.answers:
                    client.sendall(f"{self._answer(command)}\r\n".encode())
            if self.speaks:
                sequence += 1
                pending = self._line(sequence)
                client.sendall(self.damage(sequence, pending))
            if self.drop_after is not None and len(self.sent) >= self.drop_after:
                return
            time.sleep(self.interval)

    def _commands(self, client: socket.socket) -> Iterator[str]:
        try:
            data = client.recv(4096)
        except BlockingIOError:
            return
        if not data:
            raise ConnectionError
        yield from filter(None, data.decode("utf-8", "replace").replace("\r", "").split("\n"))

    def _answer(self, command: str) -> str:
        if command == "model":
            return (
                f'OK profile={self.profile} fingerprint=0123456789ab engine="dense int8"'
                f" period_ms={self.period_ms}{self.says}"
            )
        if command in ("raw on", "raw off") or (command == "raw on crc" and self.crc):
            self.raw = command[4:]
            return f"OK {command}"
        if command.startswith("inject "):
            self.inject = int(command.split()[2])
            return f"OK {command}"
        return "ERR unknown command"

    def _line(self, sequence: int) -> bytes:
        if self.noise:
            return self.noise
        if self.raw.startswith("on"):
            count = len(self.sent)
            if self.restart_after is not None and count >= self.restart_after:
                self.raw = "off"
                return b"Initializing Anomaly Detector...\r\n"
            if self.silent_after is not None and count >= self.silent_after:
                return b""
            if self.skip(sequence):
                return b""
            value = self.value(sequence)
            self.sent.append(value)
            body = f"RAW,{sequence},{sequence * self.period_ms},{value}"
            return f"{body}{f'*{crc16(body):04x}' if self.raw == 'on crc' else ''}\r\n".encode()
        if self.inject > 0:
            self.inject -= 1
            return (
                b"Real: 50.00 | Recon: 25.00 | Score: 0.5 | Threshold: 0.15 | State: ANOMALY"
                b" | Cause: value\r\n>>> ANOMALY DETECTED! <<<\r\n"
            )
        return b"Real: 25.00 | Recon: 25.00 | Score: 0.0 | Threshold: 0.15 | State: NORMAL\r\n"


def run(board: FakeBoard | str, out: Path, *arguments: str) -> int:
    port = board if isinstance(board, str) else board.port
    return collect.main(["--port", port, "--out", str(out), "--seconds", "30", *arguments])


def write_profile(path: Path, channels: str, keys: str) -> Path:
    """A profile as `lesson` is, for other channels and with other keys of its sensor."""
    text = (PROFILES / "lesson.toml").read_text(encoding="utf-8")
    text = text.replace('["temperature"]', channels).replace("full_scale_volts = 3.3\n", "")
    path.write_text(text.replace('unit = "C"\n', f"{keys}\n"), encoding="utf-8")
    return path


def rows(path: Path) -> list[list[str]]:
    lines = path.read_text("utf-8").splitlines()
    return [line.split(",") for line in lines if not line.startswith("#")]


def only_file(folder: Path) -> Path:
    (path,) = folder.iterdir()
    return path


@pytest.fixture
def silence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorter patience than a real board needs."""
    monkeypatch.setattr(collect, "SILENT_SECONDS", 0.5)
    monkeypatch.setattr("monitor.port.BOOT_ATTEMPTS", 1)
    ask = Link.ask
    monkeypatch.setattr(Link, "ask", lambda *a, **k: ask(*a[:4], **{**k, "wait": 0.3}))


# -- what is kept -----------------------------------------------------------------------------


def test_a_recording_has_a_head_a_header_and_every_value_as_sent(tmp_path: Path) -> None:
    with FakeBoard() as board:
        assert run(board, tmp_path) == 0
    path = only_file(tmp_path)
    assert re.fullmatch(r"\d{8}T\d{6}Z\.csv", path.name)
    text = path.read_text("utf-8")
    head = ["board: " + board.port, "profile: temperature", "fingerprint: 0123456789ab"]
    assert text.splitlines()[:3] == [f"# {line}" for line in head]
    header, *data = rows(path)
    assert header == ["time", "temperature"]
    assert [value for _, value in data] == board.sent[: len(data)]
    assert [row[0] for row in data[:3]] == ["0.000", "0.500", "1.000"]
    assert len(data) == 61  # 30 s at 2 Hz, both ends
    assert board.commands == ["model", "raw on crc", "raw off"]


def test_several_channels_are_several_columns(tmp_path: Path) -> None:
    with FakeBoard(value=lambda n: f"{n % 3}.1,-0.{n % 7}0,9.81{n % 5}", profile="pump") as board:
        assert run(board, tmp_path) == 0
    header, *data = rows(only_file(tmp_path))
    assert header == ["time", "channel0", "channel1", "channel2"]
    assert [",".join(row[1:]) for row in data] == board.sent[: len(data)]


def test_the_board_says_what_its_channels_are_called(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    says = ' channels=2 channel_names="Motor current [A],oil flow" channel_units="A,l/min"'
    with FakeBoard(
        value=lambda n: f"1.{n % 7},32.{n % 5}", profile="elsewhere", says=says
    ) as board:
        assert run(board, tmp_path) == 0
    assert rows(only_file(tmp_path))[0] == ["time", "Motor current [A]", "oil flow"]
    printed = capsys.readouterr().out
    assert "  Motor current [A]: min 1" in printed
    assert "  oil flow, l/min: min 32" in printed


def test_a_board_without_crc_is_recorded_without(tmp_path: Path) -> None:
    with FakeBoard(crc=False) as board:
        assert run(board, tmp_path) == 0
    assert board.commands[-2:] == ["raw on", "raw off"]
    data = rows(only_file(tmp_path))[1:]
    assert [value for _, value in data] == board.sent[: len(data)]


def test_without_crc_a_number_that_does_not_fit_its_time_is_left_out(tmp_path: Path) -> None:
    def damage(n: int, line: bytes) -> bytes:
        return line.replace(b"RAW,", b"RAW,9") if n % 23 == 0 else line

    with FakeBoard(crc=False, damage=damage) as board:
        assert run(board, tmp_path) == 0
    times = [float(row[0]) for row in rows(only_file(tmp_path))[1:]]
    assert all(0 < b - a <= 1.0 for a, b in itertools.pairwise(times))


@pytest.mark.parametrize("crc", [False, True])
def test_where_the_first_line_is_the_damaged_one_the_others_are_kept(
    tmp_path: Path, crc: bool
) -> None:
    recording = Recorder(tmp_path / "x.csv", ["profile: temperature"], ["temperature"], 500)
    kept = [
        recording.add(Raw(sequence, 500 * time, (f"{20 + time}",), crc))
        for sequence, time in [(923, 23), (24, 24), (25, 25), (26, 26)]
    ]
    if crc:  # such a line is whole: the board has started again
        assert recording.restarted
        return
    assert not recording.restarted
    assert kept == [True, False, True, True]
    assert (recording.left_out, recording.gaps, len(recording)) == (2, 0, 2)
    recording.close()
    lines = recording.partial.read_text().splitlines()
    assert lines == ["# profile: temperature", "time,temperature", "0.000,45", "0.500,46"]


def test_a_checked_line_that_lost_its_check_is_left_out(tmp_path: Path) -> None:
    def damage(n: int, line: bytes) -> bytes:
        return line.replace(b",25", b",85").replace(b"*", b"\n") if n % 30 == 0 else line

    with FakeBoard(damage=damage) as board:
        assert run(board, tmp_path) == 0
    assert all(row[1].startswith("25") for row in rows(only_file(tmp_path))[1:])


def test_two_recordings_in_one_second_are_two_files(tmp_path: Path) -> None:
    with FakeBoard(interval=0) as board:
        assert run(board, tmp_path) == 0
        assert run(board, tmp_path) == 0
    assert len(list(tmp_path.iterdir())) == 2


# -- what is refused ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("board", "reason"),
    [
        (FakeBoard(lambda n: "25.130000"), "every sample of temperature is 25.13"),
        (
            FakeBoard(lambda n: f"{53 - n % 2 * 0.01:.6f}"),
            "100% of temperature is at or beyond 53",
        ),
        (FakeBoard(lambda n: "20.0" if n % 9 else "25.1"), "is at or beyond 20 C"),
        (FakeBoard(skip=lambda n: n % 7 == 0), "of the samples are missing"),
    ],
    ids=["constant", "high rail", "low rail", "gaps"],
)
def test_data_that_cannot_be_right_are_refused_but_not_lost(
    board: FakeBoard, reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with board:
        assert run(board, tmp_path) == 7
    error = capsys.readouterr().err
    assert reason in error and error.count("\n") == 1
    assert only_file(tmp_path).name.endswith(".partial.csv")


def test_too_short_a_time_for_a_slow_sensor_is_refused_before_it_has_passed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with FakeBoard(period_ms=5000) as board:
        assert run(board, tmp_path, "--seconds", "60") == 7
    error = capsys.readouterr().err
    assert "which gives 13 samples" in error and "(--seconds 150)" in error
    assert error.count("\n") == 1
    assert board.sent == [] and list(tmp_path.iterdir()) == []


def test_a_slow_sensor_is_recorded_for_longer_where_no_time_is_given(tmp_path: Path) -> None:
    with FakeBoard(period_ms=5000, interval=0) as board:
        assert collect.main(["--port", board.port, "--out", str(tmp_path)]) == 0
    assert rows(only_file(tmp_path))[-1][0] == "600.000"


@pytest.mark.parametrize("name", ["../../escaped", "/tmp/escaped", "a/b", "..", "C:x"])
def test_a_name_that_is_a_path_is_refused(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with FakeBoard(profile=name) as board:
        assert collect.main(["--port", board.port]) == 7
    assert (
        f"names its profile {name!r}, which is no name; give --profile" in capsys.readouterr().err
    )
    assert board.sent == []


def test_the_channels_of_a_profile_outside_of_profiles_have_their_names(tmp_path: Path) -> None:
    profile = write_profile(tmp_path / "press.v2.toml", '["force", "travel"]', "unit = 'V'")
    board = FakeBoard(lambda n: f"3{n % 3}.1,2{n % 7}.5", profile="press.v2", interval=0)
    with board:
        assert run(board, tmp_path / "out", "--profile", str(profile)) == 0
    assert rows(only_file(tmp_path / "out"))[0] == ["time", "force", "travel"]


def test_the_rail_is_the_same_whether_a_default_is_written_or_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """20 C and 53 C are the ends of the lesson's sensor: 0 V and 3.3 V, which is the default."""
    for name, keys in (("said", "full_scale_volts = 3.3"), ("left-out", "")):
        profile = write_profile(tmp_path / f"{name}.toml", '["temperature"]', f"unit = 'C'\n{keys}")
        board = FakeBoard(lambda n: "53.0" if n % 3 else "25.1", profile=name, interval=0)
        with board:
            assert run(board, tmp_path / name, "--profile", str(profile)) == 7
        error = capsys.readouterr().err
        assert "% of temperature is at or beyond 53 C, the end of what the sensor can" in error


def test_a_profile_that_is_wrong_is_told_before_anything_is_recorded(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    profile = write_profile(tmp_path / "made.toml", '["temperature"]', "unit = 'C'\nwheels = 4")
    with FakeBoard(profile="made") as board:
        assert run(board, tmp_path / "out", "--profile", str(profile)) == 1
    assert "made.toml: [sensor] wheels: unknown key" in capsys.readouterr().err
    assert board.sent == [] and not (tmp_path / "out").exists()


def test_force_keeps_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with FakeBoard(lambda n: "25.130000") as board:
        assert run(board, tmp_path, "--force") == 0
    assert "although every sample of temperature is 25.13" in capsys.readouterr().out
    assert not only_file(tmp_path).name.endswith(".partial.csv")


def test_a_board_with_another_profile_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with FakeBoard(profile="lesson") as board:
        assert run(board, tmp_path, "--profile", "temperature") == 7
    assert "runs profile lesson" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def make_recording(tmp_path: Path, values: list[float]) -> Recorder:
    recording = Recorder(tmp_path / "x.csv", [], ["temperature"])
    for n, value in enumerate(values):
        assert recording.add(Raw(n, n * 500, (f"{value:.6f}",), True))
    return recording


def test_outliers_are_found_by_median_and_mad(tmp_path: Path) -> None:
    values = [25 + (n * 37 % 100) / 1000 for n in range(200)]
    values[50], values[120] = 31.0, 26.5
    (outliers,) = find_outliers(make_recording(tmp_path, values))
    assert (outliers.count, outliers.farthest, outliers.at) == (2, 31.0, 25.0)


def test_a_coarse_quiet_signal_has_no_outliers(tmp_path: Path) -> None:
    values = [25.0 if n % 5 else 25.01 for n in range(100)]
    recording = make_recording(tmp_path, values)
    assert find_outliers(recording) == []
    assert find_objections(recording, sensor_of("temperature")) == []


def test_sequence_numbers_may_wrap(tmp_path: Path) -> None:
    recording = Recorder(tmp_path / "x.csv", [])
    for n in range(20):
        assert recording.add(Raw((2**32 - 10 + n) % 2**32, n, ("1",), True))
    assert (recording.gaps, recording.missing) == (0, 0)


# -- what goes wrong ----------------------------------------------------------------------------


def test_a_board_that_is_unplugged_leaves_a_partial_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with FakeBoard(drop_after=12) as board:
        assert run(board, tmp_path) == 6
    assert "was the board unplugged?" in capsys.readouterr().err
    path = only_file(tmp_path)
    assert path.name.endswith(".partial.csv")
    assert [value for _, value in rows(path)[1:]] == board.sent


def test_a_board_that_restarts_is_noticed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with FakeBoard(restart_after=12) as board:
        assert run(board, tmp_path) == 6
    assert "restarted after 12 samples" in capsys.readouterr().err
    assert board.commands[-1] == "raw off"


@pytest.mark.usefixtures("silence")
@pytest.mark.parametrize(
    ("board", "reason"),
    [
        (FakeBoard(silent_after=12), "no good sample"),
        (FakeBoard(answers=False), "sends readings but does not answer"),
        (FakeBoard(answers=False, speaks=False), "nothing came"),
        (FakeBoard(answers=False, noise=b"\xff\x00abc"), "is the baud rate right"),
    ],
    ids=["stops", "readings only", "silent", "noise"],
)
def test_a_board_that_does_not_answer_is_named(
    board: FakeBoard, reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with board:
        assert run(board, tmp_path) == 5
    error = capsys.readouterr().err
    assert reason in error and error.count("\n") == 1


@pytest.mark.parametrize(
    ("port", "reason"),
    [
        ("/dev/there-is-none", "There is no port /dev/there-is-none."),
        ("socket://127.0.0.1:1", "Nothing listens at socket://127.0.0.1:1"),
        ("nonsense://x", "nonsense://x is no port"),
    ],
)
@pytest.mark.skipif(os.name == "nt", reason="names of POSIX ports")
def test_a_wrong_port_is_one_sentence(
    port: str, reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(port, tmp_path) == 3
    error = capsys.readouterr().err
    assert reason in error and error.count("\n") == 1


def test_no_port_at_all_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("serial.tools.list_ports.comports", list)
    assert collect.main([]) == 3
    assert "No board was found on USB" in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="pseudo-terminals are needed")
def test_a_busy_port_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    master, slave = os.openpty()
    name = os.ttyname(slave)
    with serial.Serial(name, exclusive=True):
        assert run(name, tmp_path) == 4
    os.close(master)
    os.close(slave)
    assert f"Port {name} is busy" in capsys.readouterr().err


def test_a_folder_that_cannot_be_written_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    with FakeBoard() as board:
        assert run(board, tmp_path / "file") == 1
    assert str(tmp_path / "file") in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_keeps_a_partial_file_and_switches_raw_off(
    number: signal.Signals, project: Path, tmp_path: Path
) -> None:
    with FakeBoard(interval=0.02) as board:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "monitor.collect", "--port", board.port),
                *("--out", str(tmp_path), "--seconds", "6000"),
            ],
            cwd=project,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # A test run that was started in the background ignores Ctrl+C, and so do its children.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        while len(board.sent) < 20:
            time.sleep(0.01)
            assert process.poll() is None
        process.send_signal(number)
        output, error = process.communicate(timeout=30)
    assert (process.returncode, error) == (130, "Interrupted.\n")
    assert board.commands[-1] == "raw off" and board.raw == "off"
    path = only_file(tmp_path)
    assert path.name.endswith(".partial.csv") and str(path) in output
    data = [value for _, value in rows(path)[1:]]
    assert len(data) >= 10 and data == board.sent[: len(data)]


# -- with the real program --------------------------------------------------------------------


@pytest.fixture
def board(program: Path) -> Iterator[Callable[..., str]]:
    """Starts the host program as a virtual board; gives its port."""
    with contextlib.ExitStack() as stack:

        def start(*arguments: str) -> str:
            process = subprocess.Popen(
                [program, "--serial", "tcp:0", *arguments], stderr=subprocess.PIPE, text=True
            )
            stack.callback(process.wait)
            stack.callback(process.kill)
            assert process.stderr is not None
            match = re.search(r"socket://localhost:\d+", process.stderr.readline())
            assert match
            return match[0]

        yield start


class Damage:
    """A line between board and computer that gets one byte in a hundred wrong for a stretch."""

    def __init__(self, port: str, begin: int, end: int) -> None:
        self.sent = bytearray()  # by the board, before the damage
        self.damaged = 0
        self._begin, self._end = begin, end
        self._random = random.Random(1)
        self._board = socket.create_connection(("127.0.0.1", int(port.rpartition(":")[2])))
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = f"socket://127.0.0.1:{self._server.getsockname()[1]}"
        self._thread = threading.Thread(target=self._carry, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join(10)
        self._board.close()
        self._server.close()

    def _carry(self) -> None:
        client, _ = self._server.accept()
        with client:
            while True:
                for source in select.select([client, self._board], [], [])[0]:
                    try:
                        data = source.recv(65536)
                        if not data:
                            return
                        if source is client:
                            self._board.sendall(data)
                        else:
                            client.sendall(self._spoil(data))
                    except OSError:
                        return

    def _spoil(self, data: bytes) -> bytes:
        spoilt = bytearray(data)
        for n in range(len(data)):
            if self._begin <= len(self.sent) + n < self._end and self._random.random() < 0.01:
                spoilt[n] ^= self._random.randrange(1, 256)
                self.damaged += 1
        self.sent += data
        return bytes(spoilt)


def test_nothing_wrong_gets_in_from_a_line_with_damage(
    board: Callable[..., str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Damage(board("--speed", "200"), 5_000, 45_000) as line:
        assert run(line.port, tmp_path, "--seconds", "1000", "--force") == 0
    said = capsys.readouterr().out
    assert line.damaged > 300
    sent = [
        item
        for text in line.sent.decode("ascii").splitlines()
        if isinstance(item := parse(text), Raw)
    ]
    begin = sent[0].milliseconds
    expected = [
        [f"{(ms := item.milliseconds - begin) // 1000}.{ms % 1000:03d}", *item.values]
        for item in sent
    ]
    header, *data = rows(only_file(tmp_path))
    assert header == ["time", "temperature"]
    assert len(data) > 1000
    positions = [expected.index(row) for row in data]  # every row is one that was sent
    assert positions == sorted(set(positions))
    missing = int(re.search(r"\((\d+) samples missing\)", said)[1])  # type: ignore[index]
    assert len(data) + missing == positions[-1] - positions[0] + 1
    assert 200 < missing < 600
    assert re.search(r"left out: \d{3} damaged", said)


def test_a_clean_line_gives_every_sample_of_the_real_board(
    board: Callable[..., str], tmp_path: Path
) -> None:
    port = board("--speed", "100", "--seed", "7")
    assert run(port, tmp_path, "--seconds", "60", "--profile", "temperature") == 0
    data = rows(only_file(tmp_path))[1:]
    assert 110 <= len(data) <= 125  # the simulated clock follows the real one
    assert 60 <= float(data[-1][0]) < 62
    # The board is back to readings, for the next client.
    with serial.serial_for_url(port, timeout=5) as link:
        assert link.readline() and link.readline().startswith((b"Real: ", b"Fault: "))


def test_a_second_client_is_told_that_the_port_is_busy(
    board: Callable[..., str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    port = board()
    with serial.serial_for_url(port, timeout=5) as first:
        first.read(1)
        assert run(port, tmp_path) == 4
    assert "busy" in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="draws on a pseudo-terminal")
@pytest.mark.parametrize(("columns", "rows_of_terminal"), [(80, 24), (120, 40)])
def test_under_pio_run_the_bar_is_one_line_of_the_terminal(
    columns: int, rows_of_terminal: int, tmp_path: Path
) -> None:
    """Standard output is then a pipe, FORCE_COLOR is set, and the terminal is somewhere else."""
    with FakeBoard() as board:
        command = [sys.executable, "-m", "monitor.collect", "--port", board.port, "--live"]
        command += ["--out", str(tmp_path / "out"), "--seconds", "40"]
        on_terminal, in_pipe = on_a_terminal(command, columns, rows_of_terminal)
    assert "40/40 s" in on_terminal and on_terminal.count("\n") <= 2
    frames = [re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", f) for f in re.split(r"[\r\n]", on_terminal)]
    assert max(map(len, frames)) <= columns
    assert "recording" not in in_pipe and "81 samples in 40.0 s" in in_pipe


@pytest.mark.skipif(os.name == "nt", reason="draws on a pseudo-terminal")
def test_in_a_pipe_there_is_a_line_every_ten_seconds(tmp_path: Path) -> None:
    with FakeBoard() as board:
        command = [sys.executable, "-m", "monitor.collect", "--port", board.port]
        command += ["--out", str(tmp_path / "out"), "--seconds", "40"]
        on_terminal, in_pipe = on_a_terminal(command, 80, 24)
    assert on_terminal == ""
    assert re.findall(r"(\d+)/40 s", in_pipe) == ["10", "20", "30", "40"]
    assert "\x1b" not in in_pipe and "\r" not in in_pipe


def on_a_terminal(command: list[str], columns: int, lines: int) -> tuple[str, str]:
    """Runs a program with a terminal of this size behind it, its output in a pipe; both texts."""
    import fcntl
    import struct
    import termios

    terminal, child = os.openpty()
    fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def take_terminal() -> None:
        fcntl.ioctl(child, termios.TIOCSCTTY, 0)

    environment = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "NO_COLOR")}
    process = subprocess.Popen(
        command,
        cwd=Path(__file__).parents[2],
        env={**environment, "FORCE_COLOR": "1", "TERM": "xterm-256color"},
        stdin=child,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=take_terminal,
    )
    shown = bytearray()

    def read() -> None:
        with contextlib.suppress(OSError):  # the last one on the terminal has gone
            while data := os.read(terminal, 65536):
                shown.extend(data)

    reader = threading.Thread(target=read)
    reader.start()
    said, _ = process.communicate(timeout=60)
    os.close(child)
    reader.join()
    os.close(terminal)
    assert process.returncode == 0, said
    return shown.decode("utf-8"), said.decode("utf-8")
