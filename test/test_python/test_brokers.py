"""The broker that other tests rely on: nobody without a certificate, nothing of another board."""

import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from brokers import Authority, Broker, broker_with_tls, listening, needs_mosquitto

pytestmark = needs_mosquitto

MINE, OTHER = "020000000001", "020000000002"


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with broker_with_tls(tmp_path_factory.mktemp("broker")) as broker:
        yield broker


def connected(broker: Broker, context: ssl.SSLContext) -> bool:
    """Whether a TLS client gets so far that the broker answers to a CONNECT."""
    try:
        with (
            socket.create_connection(("127.0.0.1", broker.port)) as plain,
            context.wrap_socket(plain, server_hostname="localhost") as line,
        ):
            line.sendall(b"\x10\x0d\x00\x04MQTT\x04\x02\x00\x3c\x00\x01x")
            return line.recv(4) == b"\x20\x02\x00\x00"
    except (ssl.SSLError, ConnectionError):
        return False


def test_only_a_certificate_of_the_authority_opens_the_door(broker: Broker, tmp_path: Path) -> None:
    assert broker.authority
    context = ssl.create_default_context(cafile=str(broker.authority.ca))
    assert not connected(broker, context)
    for authority, welcome in ((Authority(tmp_path), False), (broker.authority, True)):
        files = authority.client(MINE)
        context.load_cert_chain(files.certificate, files.key)
        assert connected(broker, context) is welcome


def test_a_client_that_trusts_another_authority_goes_away(broker: Broker, tmp_path: Path) -> None:
    assert broker.authority
    files = broker.authority.client(MINE)
    context = ssl.create_default_context(cafile=str(Authority(tmp_path).ca))
    context.load_cert_chain(files.certificate, files.key)
    assert not connected(broker, context)


def test_a_board_has_its_own_topics_only(broker: Broker) -> None:
    with (
        listening(broker, "anomaly/v1/#") as server,
        listening(broker, "anomaly/v1/#", "homeassistant/#", name=MINE) as board,
    ):
        board.publish(f"anomaly/v1/{OTHER}/event", "foreign")
        board.publish(f"anomaly/v1/{MINE}/ack", "of itself")
        board.publish("homeassistant/status", "online")
        board.publish(f"anomaly/v1/{MINE}/event", "own")
        server.publish(f"anomaly/v1/{OTHER}/cmd", "foreign")
        server.publish(f"anomaly/v1/{MINE}/cmd", "own")
        board.wait_for(len)
        server.wait_for(lambda messages: len(messages) == 3)  # its own two are among them
        assert [(m.topic, m.payload) for m in board.messages] == [
            (f"anomaly/v1/{MINE}/cmd", b"own")
        ]
        assert server.texts(f"anomaly/v1/{OTHER}/event") == []
        assert server.texts(f"anomaly/v1/{MINE}/ack") == []
        assert server.texts(f"anomaly/v1/{MINE}/event") == ["own"]


def test_it_comes_back_on_the_same_port(broker: Broker) -> None:
    port = broker.port
    with listening(broker, f"anomaly/v1/{MINE}/status") as server:
        broker.kill()
        broker.start()
        assert broker.port == port
        with listening(broker, name=MINE) as board:
            board.publish(f"anomaly/v1/{MINE}/status", "online", retain=True)
        server.wait_for_text(f"anomaly/v1/{MINE}/status", "online")
