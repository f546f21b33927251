"""The gateway between real sockets: boards on one side, a real Mosquitto with TLS on the other."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from brokers import (
    Authority,
    Broker,
    Credentials,
    Listener,
    broker_with_tls,
    free_port,
    listening,
    needs_mosquitto,
)
from conftest import platformio_settings
from fake_board import READING, FakeBoard, fake_board
from in_process import run
from serial.tools import list_ports
from serial.tools.list_ports_common import ListPortInfo
from serial_line import VirtualBoard

from monitor import gateway_board, gateway_broker
from monitor.gateway import main
from monitor.gateway_address import read_address
from monitor.gateway_board import Count, Line
from monitor.gateway_run import Gateway, Way, to_broker
from monitor.gateway_view import Eye
from monitor.view import plain_screen
from project.errors import UserError

ONE, TWO = "020000000001", "020000000002"


class Said:
    """What the gateway says, to be waited for."""

    def __init__(self) -> None:
        self.text = ""
        self._changed = threading.Condition()

    def write(self, text: str) -> None:
        with self._changed:
            self.text += text
            self._changed.notify_all()

    def wait_for(self, text: str, count: int = 1, seconds: float = 20) -> None:
        with self._changed:
            held = self._changed.wait_for(lambda: self.text.count(text) >= count, seconds)
            assert held, f"no {text!r} in:\n{self.text}"


class Running:
    """A gateway in this process."""

    def __init__(self, way: Way, live: bool) -> None:
        self.said = Said()
        self.count = Count()
        self.gateway = Gateway(way, Line(), Eye(plain_screen(), live, self.said.write))


def way_to(broker: Broker) -> Way:
    """With certificates for two boards."""
    if broker.authority is None:
        return to_broker(broker.url, None, None)
    for board in (ONE, TWO):
        broker.authority.client(board)
    return to_broker(broker.url, broker.authority.ca, broker.authority.folder)


@contextlib.contextmanager
def running(
    broker: Broker, *boards: FakeBoard, way: Way | None = None, live: bool = False
) -> Iterator[Running]:
    running = Running(way or way_to(broker), live)
    try:
        for board in boards:
            running.gateway.serve(board.port)
        yield running
    finally:
        running.count = running.gateway.close()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests do not wait long for the next attempt."""
    monkeypatch.setattr(gateway_broker, "MOST_DELAY", 0.3)
    monkeypatch.setattr(gateway_board, "MOST_DELAY", 0.3)
    monkeypatch.setattr(gateway_board, "FIRST_DELAY", 0.1)


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with broker_with_tls(tmp_path_factory.mktemp("gateway")) as broker:
        yield broker


def status(board: str) -> str:
    return f"anomaly/v1/{board}/status"


@needs_mosquitto
def test_messages_pass_in_both_directions_as_they_are(broker: Broker) -> None:
    with fake_board() as board, listening(broker, "anomaly/v1/#", "homeassistant/#") as server:
        board.event(1)
        with running(broker, board) as gateway:
            server.wait_for_text(status(ONE), "online")
            server.wait_for_text(f"{board.base}/event", '{"v": 1, "boot": 1, "seq": 1}')
            assert board.events == [1], "it is not for the gateway to acknowledge"
            board.publish(f"homeassistant/device/{ONE}/config", '{"~":"grün, 2*3"}', retain=True)
            server.wait_for_text(f"homeassistant/device/{ONE}/config", '{"~":"grün, 2*3"}')
            server.publish(f"{board.base}/ack", '{"boot":1,"seq":1}', retain=True)
            board.wait_until_acknowledged()
            server.publish(f"{board.base}/cmd", '{"id":"a",\r\n "cmd":"status"}')
            board.wait_for(r'link anomaly/v1/020000000001/cmd {"id":"a",  "cmd":"status"}')
            server.publish("homeassistant/status", "online")
            board.wait_for("link homeassistant/status online")
            gateway.said.wait_for(f"{ONE}  connected to localhost:{broker.port}")
        server.wait_for_text(status(ONE), "offline")
        board.wait_for("link off", 2)
    with listening(broker, "anomaly/v1/#", "homeassistant/#") as late:
        late.wait_for(lambda messages: len(messages) >= 3)
        assert late.texts(status(ONE)) == ["offline"]
        assert late.texts(f"homeassistant/device/{ONE}/config") == ['{"~":"grün, 2*3"}']
        for topic in (f"{board.base}/ack", f"homeassistant/device/{ONE}/config"):
            late.publish(topic, "", retain=True)


@needs_mosquitto
def test_a_broker_that_is_gone_and_back_gets_what_it_missed(broker: Broker) -> None:
    with fake_board() as board, running(broker, board) as gateway:
        gateway.said.wait_for("connected to")
        board.wait_for("link on .*")
        broker.kill()
        board.wait_for("link off", 2)
        for number in range(1, 6):
            board.event(number)
        gateway.said.wait_for(f"Nothing listens at localhost:{broker.port}")
        broker.start()
        with listening(broker, f"{board.base}/#") as server:
            board.wait_for("link on .*", 2)
            server.wait_for(lambda _: len(server.texts(f"{board.base}/event")) == 5)
            server.wait_for_text(status(ONE), "online")
        assert gateway.said.text.count("Nothing listens") == 1, "said once, however long it lasts"


@needs_mosquitto
@pytest.mark.skipif(os.name == "nt", reason="needs SIGSTOP")
@pytest.mark.parametrize("limit", ["KEEPALIVE_SECONDS", "STALLED_SECONDS"])
def test_a_broker_that_says_nothing_any_more_is_left(
    broker: Broker, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    monkeypatch.setattr(gateway_broker, limit, 1)
    monkeypatch.setattr(gateway_broker, "CONNECT_SECONDS", 1)
    with fake_board() as board, running(broker, board) as gateway:
        board.wait_for("link on .*")
        gateway.said.wait_for("connected to")
        broker.signal(signal.SIGSTOP)
        try:
            for number in range(100):
                board.publish(f"{board.base}/res", f"{number}")
            board.wait_for("link off", 2)
            gateway.said.wait_for("Trying again.")
        finally:
            broker.signal(signal.SIGCONT)
        board.wait_for("link on .*", 2)
        with listening(broker, f"{board.base}/#") as server:
            board.event(1)
            server.wait_for_text(f"{board.base}/event", '{"v": 1, "boot": 1, "seq": 1}')
    assert gateway.count.dropped >= 100 - gateway_broker.ROOM, "what is kept here has a bound"


@needs_mosquitto
def test_a_port_that_is_gone_and_back_is_served_again(broker: Broker) -> None:
    with (
        fake_board() as board,
        listening(broker, status(ONE)) as server,
        running(broker, board) as gateway,
    ):
        server.wait_for_text(status(ONE), "online")
        board.unplug()
        gateway.said.wait_for("was the board unplugged? Trying again.")
        server.wait_for(lambda _: server.texts(status(ONE))[-3:] == ["online", "offline", "online"])


@needs_mosquitto
def test_a_board_that_starts_anew_gets_a_connection_of_its_own(broker: Broker) -> None:
    with fake_board() as board, listening(broker, status(ONE)) as server, running(broker, board):
        server.wait_for_text(status(ONE), "online")
        board.reboot()
        server.wait_for(lambda _: server.texts(status(ONE))[-3:] == ["online", "offline", "online"])
        board.wait_for("link id", 2)


@needs_mosquitto
def test_a_board_that_answers_no_more_is_offline(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway_board, "LEASE_SECONDS", 0.2)
    monkeypatch.setattr(gateway_board, "SILENT_SECONDS", 0.5)
    with (
        fake_board() as board,
        listening(broker, status(ONE)) as server,
        running(broker, board) as gateway,
    ):
        server.wait_for_text(status(ONE), "online")
        board.wait_for("link on .*", 3)  # again and again
        board.is_deaf = True
        gateway.said.wait_for("The board has stopped answering. Trying again.")
        server.wait_for_text(status(ONE), "offline")
        board.is_deaf = False
        server.wait_for_text(status(ONE), "online", 30)


@needs_mosquitto
def test_two_boards_at_once_and_one_of_them_on_two_ports(broker: Broker) -> None:
    with (
        fake_board(ONE) as first,
        fake_board(TWO) as second,
        fake_board(TWO) as again,
        listening(broker, "anomaly/v1/#") as server,
        running(broker, first, second) as gateway,
    ):
        for board in (ONE, TWO):
            server.wait_for_text(status(board), "online")
        gateway.gateway.serve(again.port)
        gateway.said.wait_for(f"Board {TWO} on {again.port} is on {second.port} already.")
        server.publish(f"{second.base}/cmd", '{"id":"b"}')
        second.wait_for(rf'link anomaly/v1/{TWO}/cmd {{"id":"b"}}')
        gateway.gateway.type("status")
        gateway.said.wait_for("Which board?")
        gateway.gateway.type("0001 inject 50 4")
        first.wait_for("inject 50 4")
        assert not [c for c in second.commands if "inject" in c]
        first.say(READING)
        first.say(READING.replace("NORMAL", "ANOMALY"))
        gateway.said.wait_for("ANOMALY")
        assert "NORMAL" not in gateway.said.text, "only what changes is shown"


@needs_mosquitto
def test_topics_of_others_are_refused_here_and_by_the_broker(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    foreign = [f"anomaly/v1/{TWO}/event", f"anomaly/v1/{ONE}/ack", "homeassistant/status"]
    foreign += [f"homeassistant/device/{TWO}/config", f"anomaly/v1/{ONE}0/event", "anomaly/v1"]
    with (
        fake_board() as board,
        listening(broker, "anomaly/#", "homeassistant/#") as server,
        running(broker, board) as gateway,
    ):
        server.wait_for_text(status(ONE), "online")
        for topic in foreign:
            board.publish(topic, "foreign", retain=True)
            gateway.said.wait_for(f"refused: {topic} is no topic of this board.")
        monkeypatch.setattr(gateway_board, "is_topic_of", lambda *_: True)
        for topic in foreign:
            board.publish(topic, "foreign", retain=True)
        board.event(1)
        server.wait_for_text(f"{board.base}/event", '{"v": 1, "boot": 1, "seq": 1}')
        assert b"foreign" not in [message.payload for message in server.messages]
        server.publish(f"anomaly/v1/{TWO}/cmd", '{"id":"x"}')
        server.publish(f"anomaly/v1/{ONE}/cmd", '{"id":"y"}')
        board.wait_for(r"link .*/cmd .*")
        assert [c for c in board.commands if "/cmd" in c] == [f'link {board.base}/cmd {{"id":"y"}}']


@needs_mosquitto
def test_what_a_board_could_not_read_is_not_sent(broker: Broker) -> None:
    with (
        fake_board() as board,
        listening(broker, status(ONE)) as server,
        running(broker, board) as gateway,
    ):
        server.wait_for_text(status(ONE), "online")
        server.publish(f"{board.base}/cmd", "x" * 640)
        gateway.said.wait_for(f"refused: a message on {board.base}/cmd is too long.")
        server.publish(f"{board.base}/cmd", "\x00\x07")
        gateway.said.wait_for(f"refused: a message on {board.base}/cmd is not text.")
        server.publish(f"{board.base}/cmd", "x\nreboot\n")
        board.wait_for(r"link .*/cmd x reboot")
        assert "reboot" not in board.commands


@needs_mosquitto
def test_certificates_that_are_missing_or_of_another_authority(
    broker: Broker, tmp_path: Path
) -> None:
    assert broker.authority
    other = Authority(tmp_path / "other", "Another CA")
    other.client(ONE)
    ca, gone = broker.authority.ca, tmp_path / "none"
    closed = f"localhost:{broker.port} closed the connection of {ONE}"
    cases = [
        (ca, None, closed),
        (ca, other.folder, closed),
        (other.ca, broker.authority.folder, "is not to be trusted"),
        (None, broker.authority.folder, "is not to be trusted"),
        (ca, gone, f"There is no file {gone / ONE}.pem."),
    ]
    broker.authority.client(ONE)
    for authority, folder, sentence in cases:
        way = to_broker(broker.url, authority, folder)
        with fake_board() as board, running(broker, board, way=way) as gateway:
            gateway.said.wait_for(sentence)
            assert not [c for c in board.commands if c.startswith("link on")]


@needs_mosquitto
def test_a_broker_under_a_name_that_is_not_its_own(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "ca")
    authority.client(ONE)
    names = authority.broker
    authority.broker = lambda *_: names("broker.example")  # type: ignore[method-assign]
    broker = Broker(tmp_path / "broker", authority)
    try:
        with fake_board() as board, running(broker, board) as gateway:
            gateway.said.wait_for("certificate is not valid for 'localhost'")
    finally:
        broker.kill()


@needs_mosquitto
def test_without_tls_only_to_this_computer(tmp_path: Path) -> None:
    broker = Broker(tmp_path, None)
    try:
        with (
            listening(broker, "anomaly/v1/#") as server,
            fake_board() as board,
            running(broker, board),
        ):
            server.wait_for_text(status(ONE), "online")
    finally:
        broker.kill()
    for host in ("example.org", "192.168.1.7", "localhost.example.org", "[2001:db8::1]"):
        with pytest.raises(UserError, match="not encrypted, so it is only for a broker on this"):
            read_address(f"mqtt://{host}:1883")
    for host in ("localhost", "127.0.0.1", "[::1]"):
        assert not read_address(f"mqtt://{host}").tls


def test_addresses_of_brokers() -> None:
    found = read_address("mqtts://homeassistant.local")
    assert (found.host, found.port, found.tls, found.user) == (
        "homeassistant.local",
        8883,
        True,
        None,
    )
    found = read_address("mqtts://me:p%40ss@[::1]:1234/")
    assert (str(found), found.user, found.password) == ("[::1]:1234", "me", "p@ss")
    assert "p@ss" not in repr(found)
    for text in ("", "broker", "http://b", "mqtts://", "mqtts://b:0", "mqtts://b:x", "mqtts://b/a"):
        with pytest.raises(UserError, match="is no broker: write mqtts://HOST"):
            read_address(text)
    with pytest.raises(UserError) as refused:
        read_address("http://me:secret@b")
    assert "secret" not in str(refused.value)


@needs_mosquitto
def test_a_password_is_another_way_in(tmp_path: Path) -> None:
    tool = shutil.which("mosquitto_passwd")
    if tool is None:
        pytest.skip("needs mosquitto_passwd")
    subprocess.run([tool, "-c", "-b", tmp_path / "passwords", "me", "p@ss"], check=True)
    broker = Broker(tmp_path / "broker", None, f"password_file {tmp_path / 'passwords'}")
    try:
        for password, sentence in (("p%40ss", "connected to"), ("p@s", "refused 020000000001: ")):
            url = f"mqtt://me:{password}@localhost:{broker.port}"
            way = to_broker(url, None, None)
            with fake_board() as board, running(broker, board, way=way) as gateway:
                gateway.said.wait_for(sentence)
                assert password not in gateway.said.text
    finally:
        broker.kill()


@needs_mosquitto
def test_boards_are_found_when_they_are_plugged_in(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[ListPortInfo] = []
    monkeypatch.setattr(list_ports, "comports", lambda: found)

    def plug(device: str, vid: int | None) -> None:
        port = ListPortInfo(device, skip_link_detection=True)
        port.vid = vid
        found.append(port)

    with (
        fake_board() as board,
        fake_board(TWO, refuses=True) as other,
        listening(broker, "anomaly/v1/#") as server,
        running(broker) as gateway,
    ):
        gateway.gateway.scan()
        assert gateway.gateway.is_empty
        plug("/dev/ttyS0", None)
        plug(board.port, 0x10C4)
        plug(other.port, 0x10C4)
        for _ in range(2):
            gateway.gateway.scan()
        server.wait_for_text(status(ONE), "online")
        gateway.said.wait_for(f"{other.port} does not work with a gateway")
        gateway.said.wait_for("Left alone.")
        assert "ttyS0" not in gateway.said.text
        del found[1:]
        gateway.gateway.scan()
        server.wait_for_text(status(ONE), "offline")
        plug(board.port, 0x10C4)
        gateway.gateway.scan()
        server.wait_for_text(status(ONE), "online")


@needs_mosquitto
def test_on_a_terminal_one_board_is_shown_as_in_the_monitor(broker: Broker) -> None:
    with fake_board() as board, running(broker, board, live=True) as gateway:
        board.wait_for("link on .*")
        board.say(READING)
        gateway.said.wait_for("25.13 °C")
        assert "LINK," not in gateway.said.text
        assert "link=" not in gateway.said.text, "its talk with the board is its own"


# --- the program --------------------------------------------------------------------------------


def heed_interrupts() -> None:
    """A shell ignores SIGINT for what it runs in the background, and so would its children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Program:
    """`python -m monitor.gateway` in a process of its own, with a pipe at each end."""

    def __init__(self, project: Path, *arguments: str | Path) -> None:
        self.said = Said()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "monitor.gateway", *map(str, arguments)],
            cwd=project,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            preexec_fn=None if os.name == "nt" else heed_interrupts,
        )
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def type(self, text: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(f"{text}\n")
        self.process.stdin.flush()

    def wait(self) -> int:
        status = self.process.wait(timeout=30)
        self._thread.join()
        return status

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.said.write(line)


@pytest.fixture
def gateway(project: Path) -> Iterator[Callable[..., Program]]:
    with contextlib.ExitStack() as stack:

        def start(*arguments: str | Path) -> Program:
            program = Program(project, *arguments)
            stack.callback(program.process.communicate)
            stack.callback(program.process.kill)
            return program

        yield start


@needs_mosquitto
@pytest.mark.skipif(os.name == "nt", reason="sends SIGINT")
def test_an_anomaly_of_the_real_board_reaches_the_broker(
    broker: Broker, board: Callable[..., VirtualBoard], gateway: Callable[..., Program]
) -> None:
    assert broker.authority
    broker.authority.client(ONE)
    virtual = board("--id", ONE, "--speed", "2")  # not more, or its lease would end before ours
    with listening(broker, f"anomaly/v1/{ONE}/#") as server:
        options = ("--ca", broker.authority.ca, "--certs", broker.authority.folder)
        running = gateway("--port", virtual.port, "--broker", broker.url, *options)
        server.wait_for_text(status(ONE), "online")
        running.said.wait_for(f"{ONE}  on {virtual.port}, profile temperature")
        running.type("inject 5000 4")

        def keys() -> set[tuple[int, str]]:
            """Nobody acknowledges anything here, so that they come again and again."""
            texts = server.texts(f"anomaly/v1/{ONE}/event")
            return {(found["seq"], found["k"]) for found in map(json.loads, texts)}

        server.wait_for(lambda _: keys() >= {(1, "boot"), (2, "fault")}, 60)
        running.said.wait_for("← OK inject 5000.00 4")
        running.said.wait_for("FAULT  out of range")
        command = {"id": "c1", "cmd": "threshold 0.8", "exp": time.time_ns() // 10**6 + 60_000}
        server.publish(f"anomaly/v1/{ONE}/cmd", json.dumps(command))
        server.wait_for(lambda _: server.texts(f"anomaly/v1/{ONE}/res"))
        answer = json.loads(server.texts(f"anomaly/v1/{ONE}/res")[0])
        assert (answer["id"], answer["ok"]) == ("c1", True)
        running.process.send_signal(signal.SIGINT)
        assert running.wait() == 0
        server.wait_for_text(status(ONE), "offline")
    assert "\x1b" not in running.said.text, "plain where it is no terminal"
    assert "messages to the broker, 1 to boards" in running.said.text.splitlines()[-1]


def came(server: Listener, topic: str, count: int, _: object) -> bool:
    return len(server.texts(topic)) >= count


@needs_mosquitto
def test_a_gateway_that_was_killed_is_followed_by_the_next(
    broker: Broker, board: Callable[..., VirtualBoard], gateway: Callable[..., Program]
) -> None:
    """The board still holds the line for the first when the second comes."""
    assert broker.authority
    broker.authority.client(ONE)
    virtual = board("--id", ONE)
    options = ("--ca", broker.authority.ca, "--certs", broker.authority.folder)
    with listening(broker, f"anomaly/v1/{ONE}/#") as server:
        for turn in (1, 2):
            running = gateway("--port", virtual.port, "--broker", broker.url, *options)
            server.wait_for_text(status(ONE), "online")
            server.wait_for(partial(came, server, f"anomaly/v1/{ONE}/info", turn))
            running.process.kill()
            running.process.wait()
            server.wait_for_text(status(ONE), "offline")


def test_what_cannot_be_is_one_sentence_and_an_exit_code(project: Path, tmp_path: Path) -> None:
    cases: list[tuple[tuple[str | Path, ...], int, str]] = [
        (("--broker", "mqtt://example.org"), 2, "mqtt:// is not encrypted"),
        (("--broker", "mqtts://a", "--ca", tmp_path / "ca.pem"), 1, "There is no file"),
        (("--broker", "mqtts://a", "--ca", project / "README.md"), 1, "no certificate or crl"),
    ]
    for arguments, code, sentence in cases:
        done = run(main, *arguments)
        assert done.returncode == code
        assert sentence in done.stderr
        assert done.stderr.count("\n") == 1


def served_by_target(project: Path, settings: str, until: str, **environment: str) -> str:
    """What the gateway says as a target of PlatformIO, until it has said `until` and is ended.

    PlatformIO reads no more once Ctrl+C is pressed, so the gateway's last line may be missing.
    """
    text = f"[env]\ncustom_gateway = --broker mqtt://localhost:1\n{settings}"
    (project / "platformio.local.ini").write_text(text)
    pio = subprocess.Popen(
        [sys.executable, "-m", "platformio", "run", "-e", "native", "-t", "gateway"],
        cwd=project,
        env={**os.environ, **platformio_settings(), **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        preexec_fn=heed_interrupts,
    )
    assert pio.stdout
    try:
        said = ""
        while until not in said:
            line = pio.stdout.readline()
            assert line, said
            said += line
        os.killpg(pio.pid, signal.SIGINT)
        return said + pio.communicate(timeout=60)[0]
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pio.pid, signal.SIGKILL)
        pio.communicate()


@pytest.mark.skipif(os.name == "nt", reason="sends SIGINT to a process group")
def test_the_target_opens_the_port_that_the_monitor_would(project_copy: Path) -> None:
    port = f"socket://localhost:{free_port()}"
    settings = f"monitor_port = {port}\n"
    said = served_by_target(project_copy, settings, f"Nothing listens at {port}")
    assert "between boards and localhost:1;" in said


@pytest.mark.skipif(os.name == "nt", reason="sends SIGINT to a process group")
def test_the_target_alone_is_for_boards_on_usb_and_not_for_the_virtual_one(
    project_copy: Path,
) -> None:
    said = served_by_target(project_copy, "", " on USB", PIOW_ENVIRONMENT="added")
    assert "localhost:7001" not in said


def test_it_waits_for_a_board_that_is_not_there_yet(
    gateway: Callable[..., Program],
) -> None:
    port = f"socket://localhost:{free_port()}"
    program = gateway(
        "--port", port, "--port", "/dev/tty*nothing", "--broker", "mqtt://localhost:1"
    )
    program.said.wait_for(f"Nothing listens at {port}; is the board running there? Trying again.")
    program.said.wait_for("No port fits /dev/tty*nothing.")
    program.process.terminate()
    if os.name != "nt":
        assert program.wait() == 0
    assert program.said.text.count("Nothing listens") == 1


@needs_mosquitto
def test_the_server_of_this_computer_gives_a_new_board_its_certificate(
    tmp_path: Path, gateway: Callable[..., Program]
) -> None:
    authority = pytest.importorskip("server.authority")
    data = tmp_path / "data"
    authority.prepare(data)
    broker = Broker(tmp_path / "broker", Servers(data))
    file = data / "broker.json"
    try:
        with fake_board() as board:
            program = gateway("--port", board.port, "--server", data)
            program.said.wait_for(f"No server has run with its data in {data}: start it (")
            file.write_text("[]")
            program.said.wait_for("broker.json is damaged: start the server again.")
            place = {"broker": broker.url, "ca": str(data / "ca" / "ca.pem")}
            file.write_text(json.dumps(place))
            program.said.wait_for(f"connected to localhost:{broker.port}")
            board.wait_for("link on .*")
            assert (data / "boards" / f"{ONE}.pem").is_file()
    finally:
        broker.kill()


class Servers(Authority):
    """The authority in a server's data folder."""

    def __init__(self, data: Path) -> None:
        self.folder, self.ca = data / "boards", data / "ca" / "ca.pem"

    def broker(self, *hosts: str) -> Credentials:
        return Credentials(self.folder.parent / "broker.pem", self.folder.parent / "broker.key")
