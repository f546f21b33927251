"""The server's broker in a thread, boards that connect to a broker, and conditions to wait for."""

import asyncio
import contextlib
import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from board_messages import BOARD
from brokers import Authority, Broker, Credentials, Reachable, free_port, mosquitto
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from server import access, authority
from server.broker import EmbeddedBroker
from server.place import Place

PATIENCE_S = 30.0


def wait_for(condition: Callable[[], object], what: str = "") -> None:
    """Until it holds; fails after half a minute."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, what or "it never came true"
        time.sleep(0.01)


class ServersAuthority(Authority):
    """That of a server's data folder, as the tests' brokers take one."""

    def __init__(self, data: Path) -> None:
        authority.prepare(data)
        self.data, self.folder, self.ca = data, data, Place(data).ca

    def client(self, name: str) -> Credentials:
        if name == authority.SERVER:
            return Credentials(*Place(self.data).pair(name))
        is_home = name == access.HOME_ASSISTANT
        found = (authority.enroll_service if is_home else authority.enroll)(self.data, name)
        return Credentials(found.certificate, found.key)

    def broker(self, *hosts: str) -> Credentials:
        return Credentials(*Place(self.data).pair(authority.BROKER))


class Embedded:
    """The server's own broker, in a thread; it can be stopped and started again."""

    def __init__(self, data: Path) -> None:
        self.authority: Authority | None = ServersAuthority(data)
        self.data, self.port = data, free_port()
        self.notes: list[tuple[str, str, str]] = []
        self.start()

    @property
    def url(self) -> str:
        return f"mqtts://localhost:{self.port}"

    def start(self) -> None:
        started, failed = threading.Event(), []
        self._stopping = asyncio.Event()

        async def serve() -> None:
            broker = EmbeddedBroker(
                self.data, "127.0.0.1", self.port, lambda *note: self.notes.append(note)
            )
            self._loop = asyncio.get_running_loop()
            try:
                await broker.start()
            except BaseException as error:
                failed.append(error)
                raise
            finally:
                started.set()
            await self._stopping.wait()
            await broker.shutdown()

        self._thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
        self._thread.start()
        started.wait(PATIENCE_S)
        assert not failed, failed

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()

    kill = stop

    def noted(self, kind: str, what: str) -> bool:
        return any(found[0] == kind and what in found[2] for found in list(self.notes))


AnyBroker = Embedded | Broker


@contextlib.contextmanager
def running(kind: str, data: Path) -> Iterator[AnyBroker]:
    """`embedded` or `mosquitto`, with certificates of the authority in the data folder."""
    if kind == "mosquitto" and mosquitto() is None:
        pytest.skip("needs mosquitto (apt install mosquitto)")
    broker: AnyBroker
    broker = (
        Embedded(data)
        if kind == "embedded"
        else Broker(data.parent / "mosquitto", ServersAuthority(data))
    )
    try:
        yield broker
    finally:
        broker.stop()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A server's data folder."""
    return tmp_path / "data"


@pytest.fixture(params=["embedded", "mosquitto"])
def broker(request: pytest.FixtureRequest, data: Path) -> Iterator[AnyBroker]:
    with running(request.param, data) as found:
        yield found


@pytest.fixture
def embedded(data: Path) -> Iterator[Embedded]:
    with running("embedded", data) as found:
        assert isinstance(found, Embedded)
        yield found


class TestBoard:
    """A board as the broker sees one: it says that it is online and keeps what it gets."""

    __test__ = False

    def __init__(
        self, broker: Reachable, board: str = BOARD, client_id: str = "", keep_alive: int = 60
    ) -> None:
        self.id = board
        self.messages: list[MQTTMessage] = []
        self.reasons: list[str] = []
        self.granted: list[list[int]] = []
        self.lost = 0
        self.client = Client(CallbackAPIVersion.VERSION2, client_id=client_id or board)
        self.client.tls_set_context(context(broker, board))
        self.client.will_set(f"anomaly/v1/{board}/status", "offline", 1, True)
        self.client.on_connect = self._connected
        self.client.on_disconnect = self._disconnected
        self.client.on_subscribe = self._subscribed
        self.client.on_message = lambda _c, _d, found: self.messages.append(found)
        self.client.connect("localhost", broker.port, keep_alive)
        self.client.loop_start()
        wait_for(lambda: self.reasons, "no answer to CONNECT")

    def subscribe(self, *filters: str) -> list[int]:
        """The broker's answer to each: a QoS, or 128."""
        before = len(self.granted)
        self.client.subscribe([(name, 1) for name in filters])
        wait_for(lambda: len(self.granted) > before, "no answer to SUBSCRIBE")
        return self.granted[-1]

    def say(self, name: str, content: Any, retain: bool = False, qos: int = 1) -> None:
        """Publishes on a topic of its own, and waits until the broker has it."""
        text = content if isinstance(content, str | bytes) else json.dumps(content)
        self.publish(f"anomaly/v1/{self.id}/{name}", text, retain, qos)

    def publish(self, topic: str, text: str | bytes, retain: bool = False, qos: int = 1) -> None:
        self.client.publish(topic, text, qos, retain).wait_for_publish(PATIENCE_S)

    def texts(self, topic: str) -> list[str]:
        return [m.payload.decode() for m in list(self.messages) if m.topic == topic]

    @property
    def acks(self) -> list[tuple[int, int]]:
        found = [json.loads(text) for text in self.texts(f"anomaly/v1/{self.id}/ack")]
        return [(ack["boot"], ack["seq"]) for ack in found]

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    def _connected(self, _c: Client, _d: Any, _f: Any, reason: Any, _p: Any) -> None:
        self.reasons.append(str(reason))

    def _disconnected(self, *_: Any) -> None:
        self.lost += 1

    def _subscribed(self, _c: Client, _d: Any, _m: int, reasons: Any, _p: Any) -> None:
        self.granted.append([reason.value for reason in reasons])


def context(broker: Reachable, board: str | None) -> ssl.SSLContext:
    """With that board's certificate, or with none."""
    assert broker.authority is not None
    found = ssl.create_default_context(cafile=str(broker.authority.ca))
    if board is not None:
        files = broker.authority.client(board)
        found.load_cert_chain(files.certificate, files.key)
    return found


@contextlib.contextmanager
def boards(broker: Reachable, *ids: str, **options: Any) -> Iterator[list[TestBoard]]:
    with contextlib.ExitStack() as stack:
        found = []
        for board in ids:
            found.append(TestBoard(broker, board, **options))
            stack.callback(found[-1].close)
        yield found
