"""`python -m server`: started, stopped, killed, started again; and its other commands."""

import contextlib
import csv
import dataclasses
import json
import os
import re
import signal
import stat
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from board_messages import BOARD, OTHER, event, event_json, info_json, message, window
from brokers import Authority, free_port
from conftest import load_piow
from server_parts import ServersAuthority, TestBoard, data, running, wait_for

from project import profile as profiles
from project.paths import PROJECT
from project.profile import Profile
from server import authority
from server.place import Place
from server.pull import pull
from server.store import Store
from server.web import passwords

__all__ = ["data"]  # a fixture


class Running:
    """A server in a process of its own; a board sees it as a broker."""

    def __init__(self, data: Path, *options: str) -> None:
        self.data, self.port, self.web_port = data, free_port(), free_port()
        command = [sys.executable, "-m", "server", "--data", str(data), "--port"]
        command += [str(self.web_port), "--mqtt-port", str(self.port), *options]
        self.process = subprocess.Popen(
            command,
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.said = ""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        wait_for(lambda: "Until Ctrl+C" in self.said or self.process.poll() is not None)
        assert self.process.poll() is None, self.said

    @property
    def authority(self) -> Authority | None:
        return ServersAuthority(self.data)

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.said += line

    def end(self, number: int) -> int:
        self.process.send_signal(number)
        code = self.process.wait(30)
        self._reader.join()
        return code


@contextlib.contextmanager
def server(data: Path, *options: str) -> Iterator[Running]:
    found = Running(data, *options)
    try:
        yield found
    finally:
        if found.process.poll() is None:
            found.process.kill()
            found.process.wait()


def run(*arguments: str, typed: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "server", *arguments],
        cwd=PROJECT,
        input=typed or "",
        capture_output=True,
        text=True,
    )


def stored(data: Path) -> list[int]:
    store = Store(f"sqlite:///{Place(data).database.as_posix()}")
    found = [e.seq for e in store.events(limit=1000)]
    store.close()
    return sorted(found)


@pytest.mark.skipif(os.name == "nt", reason="needs SIGKILL")
def test_a_server_that_is_killed_or_stopped_goes_on_where_it_was(data: Path) -> None:
    with server(data) as first:
        assert json.loads(Place(data).broker_address.read_text()) == {
            "broker": f"mqtts://localhost:{first.port}",
            "ca": str(Place(data).ca),
        }
        with urllib.request.urlopen(f"http://127.0.0.1:{first.web_port}/login", timeout=20) as page:
            assert page.status == 200
        assert re.search(r"/setup\?code=\S+", first.said)
        another = run("--data", str(data))
        assert (another.returncode, another.stderr) == (
            1,
            f"Error: a server with its data in {data} runs already.\n",
        )
        board = TestBoard(first)
        board.subscribe(f"anomaly/v1/{BOARD}/ack")
        board.say("event", event_json(1, None))
        board.say("event", event_json(2, [1, 1]))
        wait_for(lambda: board.acks and board.acks[-1] == (1, 2))
        board.close()
        first.end(signal.SIGKILL)
    assert stored(data) == [1, 2]
    with server(data) as second:
        board = TestBoard(second)
        board.subscribe(f"anomaly/v1/{BOARD}/ack")
        wait_for(lambda: board.acks == [(1, 2)])  # retained
        board.say("event", event_json(2, [1, 1]))
        board.say("event", event_json(3, [1, 2]))
        wait_for(lambda: board.acks[-1] == (1, 3))
        board.close()
        assert second.end(signal.SIGTERM) == 0
        assert "Error" not in second.said
        assert "Traceback" not in second.said
    assert stored(data) == [1, 2, 3]


def test_workers_store_for_a_server_with_an_outside_broker(data: Path) -> None:
    with running("mosquitto", data) as broker:
        options = ("--broker", broker.url, "--workers", "2")
        with server(data, *options) as found:
            board = TestBoard(broker)
            board.subscribe(f"anomaly/v1/{BOARD}/ack")

            def acknowledged() -> bool:
                for seq in range(1, 11):
                    board.say("event", event_json(seq, [1, seq - 1] if seq > 1 else None))
                return (1, 10) in board.acks

            wait_for(acknowledged)
            board.close()
            assert found.end(signal.SIGTERM) == 0
    assert stored(data) == list(range(1, 11))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--workers", "2"], "more workers than one need a broker that shares messages: --broker."),
        (["--broker", "mqtt://localhost"], "--broker is an address as mqtts://HOST:8883 (always"),
        (["enroll", "24A160C1D2E3"], "a board's id is 12 hex digits in lower case"),
        (["enroll", BOARD], "there is no certificate authority in "),
        (["export"], "there is no database "),
        (["delete", "../x"], "delete takes a board's id, 12 hex digits, not ../x."),
        (["password", "nobody"], "there is no database "),
        (["--database", "mysql://x"], "--database is of SQLite or PostgreSQL, not of mysql"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(
    data: Path, arguments: list[str], sentence: str
) -> None:
    done = run(*arguments, "--data", str(data))
    assert done.returncode == 1
    assert done.stderr.startswith(f"Error: {sentence}")
    assert done.stderr.count("\n") == 1


def test_a_port_that_another_has_is_said_in_a_sentence(data: Path, tmp_path: Path) -> None:
    with server(data) as found:
        taken, free = str(found.port), str(free_port())
        other = ("--data", str(tmp_path / "other"))
        done = run(*other, "--mqtt-port", taken, "--port", free)
        assert (done.returncode, done.stderr.count("\n")) == (1, 1)
        assert f"Error: port {taken} of 127.0.0.1 cannot be had for MQTT" in done.stderr
        done = run(*other, "--mqtt-port", free, "--port", str(found.web_port))
        assert (done.returncode, done.stderr.count("\n")) == (1, 1)
        assert f"Error: port {found.web_port} of 127.0.0.1 cannot be had for the pages" in (
            done.stderr
        )


# --- certificates -------------------------------------------------------------------------------


@pytest.mark.skipif(os.name == "nt", reason="Windows has no modes of files")
def test_keys_are_for_nobody_else_to_read(data: Path, tmp_path: Path) -> None:
    assert run("ca", "--data", str(data), "--host", "broker.example.com").returncode == 0
    assert run("enroll", BOARD, "--data", str(data), "--out", str(tmp_path / "out")).returncode == 0
    keys = [*data.rglob("*.key"), *tmp_path.glob("out/*.key")]
    assert len(keys) == 5
    assert {stat.S_IMODE(key.stat().st_mode) for key in keys} == {0o600}
    assert stat.S_IMODE(data.stat().st_mode) == 0o700


# --- export, delete, password -------------------------------------------------------------------


@pytest.fixture
def filled(data: Path) -> Path:
    """A data folder with two boards."""
    authority.prepare(data)
    for board in (BOARD, OTHER):
        authority.enroll(data, board)
    store = Store(f"sqlite:///{Place(data).database.as_posix()}")
    store.ingest([event(1, None, cause="=1+1"), event(2, [1, 1]), event(1, None, OTHER)])
    store.ingest([window(1, 0, [1.0]), message("info", info_json())])
    store.add_user("anna", passwords.hash_password("before that it was this"))
    store.close()
    return data


def test_events_are_exported_as_csv_and_json(filled: Path) -> None:
    done = run("export", "--data", str(filled), "--board", BOARD)
    rows = list(csv.DictReader(done.stdout.splitlines()))
    assert [(row["board"], row["seq"]) for row in rows] == [(BOARD, "2"), (BOARD, "1")]
    assert rows[1]["cause"] == "'=1+1"  # no formula for a spreadsheet
    done = run("export", "--data", str(filled), "--json")
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(found) == 3
    assert [f["window"]["values"] for f in found if f["window"]] == [[1.0]]
    assert run("export", "--data", str(filled), "--since", "2100-01-01").stdout.count("\n") == 1
    assert "--since is a day" in run("export", "--data", str(filled), "--since", "x").stderr


def test_deletion_leaves_no_trace_of_a_board_and_lets_it_in_no_more(filled: Path) -> None:
    with server(filled) as found:
        board = TestBoard(found)
        board.say("status", "online", retain=True)
        board.say("info", info_json(), retain=True)
        board.close()
        done = run("delete", BOARD, "--data", str(filled))
        assert (done.returncode, done.stderr) == (0, "")
        listener = TestBoard(found, OTHER)
        listener.close()
        assert found.end(signal.SIGTERM) == 0
    traces = [
        path
        for path in filled.rglob("*")
        if path.is_file() and path.name != "issued" and BOARD.encode() in path.read_bytes()
    ]
    # SQLite overwrites what it deletes; the serial number must stay, or it could come in again.
    assert traces == []
    assert f"{BOARD} " in Place(filled).issued.read_text()
    done = run("delete", BOARD, "--data", str(filled))
    assert (done.returncode, done.stderr) == (1, f"Error: there is no board {BOARD}.\n")


def test_a_new_password_from_the_command_line(filled: Path) -> None:
    weak = run("password", "anna", "--data", str(filled), typed="short\n")
    assert (weak.returncode, weak.stdout) == (1, "")
    done = run("password", "anna", "--data", str(filled), typed="seven words that nobody knows\n")
    assert done.returncode == 0, done.stderr
    store = Store(f"sqlite:///{Place(filled).database.as_posix()}")
    user = store.user("anna")
    assert user is not None
    assert passwords.is_password("seven words that nobody knows", user.hash)
    store.close()


# --- pull ---------------------------------------------------------------------------------------


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the profile's recordings, which has one of its own."""
    folder = tmp_path / "recordings"
    folder.mkdir()
    load = profiles.load

    def elsewhere(path: Path) -> Profile:
        return dataclasses.replace(load(path), home=folder)

    monkeypatch.setattr(profiles, "load", elsewhere)
    rows = "".join(f"{n / 2:.3f},{25 + 0.01 * (n % 7):.2f}\n" for n in range(120))
    (folder / "own.csv").write_text(f"# interval: 0.5\ntime,temperature\n{rows}")
    return folder


def labelled(values: list[float | None], **info: object) -> Store:
    store = Store("sqlite://")
    store.ingest([message("info", info_json(**info)), event(1, None), event(2, [1, 1])])
    for start in range(0, len(values), 40):
        store.ingest([window(1, -120 + start, values[start : start + 40])])
    store.label(BOARD, 1, 1, "normal", "anna")
    return store


def test_a_window_labelled_normal_becomes_a_recording(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    values: list[float | None] = [25.0 + 0.1 * (n % 9) for n in range(150)]
    values[50] = None
    store = labelled(values)
    assert pull(store, "temperature") == 0
    assert "Pulled 1 window labelled normal" in capsys.readouterr().out
    text = (home / f"normal-{BOARD}-1-1.csv").read_text()
    assert "# profile: temperature\n" in text
    assert "# interval: 0.5\ntime,temperature\n0.000,25\n0.500,25.1\n" in text
    assert text.count("\n") == 4 + 1 + 149
    assert pull(store, "temperature") == 0
    assert "1 pulled before" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("values", "info", "reason"),
    [
        ([25.0, 26.0] * 20, {"units": ["F"]}, "the board's unit is F, the profile's C"),
        ([25.0, 26.0] * 20, {"profile": "accelerometer"}, "profile accelerometer has frames"),
        ([25.0, 26.0] * 20, {"profile": "gone"}, "gone"),
        ([900.0, 901.0] * 20, {}, "rows cannot be used"),
        ([25.0], {}, "its window has 1 readings, too few"),
        ([], {}, "its window did not come"),
    ],
)
def test_what_does_not_fit_the_profile_is_not_taken(
    home: Path,
    capsys: pytest.CaptureFixture[str],
    values: list[float | None],
    info: dict[str, object],
    reason: str,
) -> None:
    assert pull(labelled(values, **info), None) == 1
    assert reason in capsys.readouterr().out
    assert [file.name for file in home.iterdir()] == ["own.csv"]


def test_a_window_alone_is_not_what_a_model_learns_from(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "own.csv").unlink()
    assert pull(labelled([25.0, 26.0] * 20), None) == 1
    assert "has no recording yet" in capsys.readouterr().out
    assert list(home.iterdir()) == []


# --- piow ---------------------------------------------------------------------------------------


def test_piow_runs_services_on_this_computer(project: Path) -> None:
    piow = load_piow(project / "piow")
    assert piow.with_default_environments(["run", "-t", "server"])[-2:] == ["-e", "native"]
    assert piow.with_default_environments(["run", "-tgateway"])[-2:] == ["-e", "native"]
    for other in (["run"], ["run", "-t", "upload"], ["run", "-t", "pull", "-e", "esp32dev"]):
        assert piow.with_default_environments(other) == other
    assert piow.verb_stages(["server", "enroll"]) == ["base", "server"]
