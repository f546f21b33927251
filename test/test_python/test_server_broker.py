"""Who may speak to the broker, and about what: ours, and Mosquitto by the same rules."""

import socket
import ssl
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
from board_messages import BOARD, OTHER
from brokers import Authority, listening
from server_parts import (
    AnyBroker,
    Embedded,
    TestBoard,
    boards,
    broker,
    context,
    data,
    embedded,
    wait_for,
)

from server import access, authority

__all__ = ["broker", "data", "embedded"]  # fixtures

STATUS, OTHERS = f"anomaly/v1/{BOARD}/status", f"anomaly/v1/{OTHER}/status"


def test_a_board_writes_and_reads_its_own_topics(broker: AnyBroker) -> None:
    with boards(broker, BOARD) as (board,), listening(broker, "anomaly/v1/#") as server:
        assert board.subscribe(f"anomaly/v1/{BOARD}/ack", "homeassistant/status") == [1, 1]
        board.say("status", "online", retain=True)
        server.wait_for_text(STATUS, "online")
        server.publish(f"anomaly/v1/{BOARD}/ack", "{}", retain=True)
        server.publish("homeassistant/status", "online")
        wait_for(lambda: len(board.messages) == 2)


def test_another_boards_topics_are_out_of_reach(broker: AnyBroker) -> None:
    with boards(broker, BOARD, OTHER) as (board, other), listening(broker, "#") as server:
        other.say("status", "online", retain=True)
        server.wait_for_text(OTHERS, "online")
        # It may ask; what counts is that nothing comes.
        board.subscribe(OTHERS, "anomaly/v1/+/status", "anomaly/v1/#", "#")
        board.subscribe(f"anomaly/v1/{BOARD}/cmd")
        board.publish(OTHERS, "offline", retain=True)
        board.publish(f"anomaly/v1/{OTHER}/event", "{}")
        board.publish(f"homeassistant/device/{OTHER}/config", "{}", retain=True)
        board.publish("anything", "else")
        other.say("info", "{}", retain=True)
        server.publish(f"anomaly/v1/{BOARD}/cmd", "last")  # behind all of it
        wait_for(lambda: board.texts(f"anomaly/v1/{BOARD}/cmd"))
        server.wait_for_text(f"anomaly/v1/{OTHER}/info", "{}")
        assert {m.topic for m in board.messages} == {f"anomaly/v1/{BOARD}/cmd"}
        assert server.texts(OTHERS) == ["online"]
        seen = {m.topic for m in server.messages}
        assert seen <= {OTHERS, f"anomaly/v1/{OTHER}/info", f"anomaly/v1/{BOARD}/cmd", STATUS}
    if isinstance(broker, Embedded):
        assert broker.noted("refused topic", f"publish {OTHERS}")
        assert broker.noted("refused topic", "subscribe #")


def test_nobody_without_a_certificate_of_ours_comes_in(broker: AnyBroker, tmp_path: Path) -> None:
    assert broker.authority is not None
    stranger = Authority(tmp_path / "stranger").client(BOARD)
    for certificate in (None, stranger):
        asked = ssl.create_default_context(cafile=str(broker.authority.ca))
        if certificate is not None:
            asked.load_cert_chain(certificate.certificate, certificate.key)
        assert greet(broker, asked) == b""
    with socket.create_connection(("localhost", broker.port), 20) as plain:
        plain.sendall(connect_packet(BOARD))
        assert received(plain) == b""
    if isinstance(broker, Embedded):
        wait_for(lambda: broker.noted("failed connection", "did not return a certificate"))
        wait_for(lambda: broker.noted("failed connection", "certificate verify failed"))
        wait_for(lambda: sum(n[0] == "failed connection" for n in broker.notes) == 3)


def greet(broker: AnyBroker, asked: ssl.SSLContext) -> bytes:
    """What the broker answers to a CONNECT; b"" if it hangs up."""
    try:
        with (
            socket.create_connection(("localhost", broker.port), 20) as plain,
            asked.wrap_socket(plain, server_hostname="localhost") as line,
        ):
            line.sendall(connect_packet(BOARD))
            return received(line)
    except (ssl.SSLError, OSError):
        return b""


def received(line: socket.socket) -> bytes:
    try:
        return line.recv(100)
    except OSError:
        return b""


def connect_packet(client_id: str, flags: int = 2, keep_alive: int = 60) -> bytes:
    body = b"\x00\x04MQTT\x04" + struct.pack("!BH", flags, keep_alive)
    body += struct.pack("!H", len(client_id)) + client_id.encode()
    if flags & 4:
        for text in (f"anomaly/v1/{client_id}/status".encode(), b"offline"):
            body += struct.pack("!H", len(text)) + text
    return bytes([0x10, len(body)]) + body


@pytest.fixture
def line(embedded: Embedded) -> Iterator[ssl.SSLSocket]:
    """A connection of the board to the embedded broker that was welcomed, byte by byte."""
    with (
        socket.create_connection(("localhost", embedded.port), 20) as plain,
        context(embedded, BOARD).wrap_socket(plain, server_hostname="localhost") as line,
    ):
        # With a last will that is retained, and a keep-alive of a second.
        line.sendall(connect_packet(BOARD, 0x2E, 1))
        assert line.recv(4) == b"\x20\x02\x00\x00"
        yield line


def test_a_client_is_who_its_certificate_says(embedded: Embedded) -> None:
    with boards(embedded, BOARD) as (board,):
        thief = TestBoard(embedded, OTHER, client_id=BOARD)
        assert thief.reasons == ["Not authorized"]
        thief.close()
        assert embedded.noted("refused connection", f"{OTHER}: its client id is not the name")
        board.say("status", "online")
        assert board.lost == 0


def test_a_last_will_is_for_a_boards_own_topic(embedded: Embedded) -> None:
    will = b"\x00\x18anomaly/v1/" + OTHER.encode() + b"/x\x00\x01x"
    body = b"\x00\x04MQTT\x04\x06\x00\x3c\x00\x0c" + BOARD.encode() + will.replace(b"\x18", b"\x19")
    with (
        socket.create_connection(("localhost", embedded.port), 20) as plain,
        context(embedded, BOARD).wrap_socket(plain, server_hostname="localhost") as line,
    ):
        line.sendall(bytes([0x10, len(body)]) + body)
        assert line.recv(4) == b"\x20\x02\x00\x05"
    wait_for(lambda: embedded.noted("refused connection", "last will"))


def test_a_revoked_certificate_is_refused_at_once(embedded: Embedded) -> None:
    asked = context(embedded, BOARD)
    with boards(embedded, BOARD) as (board,):
        board.client.reconnect_delay_set(60, 60)
        assert authority.revoke(embedded.data, BOARD) == 1
        wait_for(lambda: board.lost)
    assert greet(embedded, asked) == b""
    wait_for(lambda: embedded.noted("refused connection", "revoked"))
    assert greet(embedded, context(embedded, BOARD)) == b"\x20\x02\x00\x00"  # enrolled again


@pytest.mark.parametrize(
    ("packet", "reason"),
    [
        (b"\x32\xff\xff\xff\x7f", "a packet of 268435460 bytes"),
        (b"\x32\xff\xff\xff\xff\xff", "a packet without a length"),
        (b"\x34\x05\x00\x01a\x00\x01", "a message with QoS 2"),
        (b"\x32\x05\x00\xff/\x00\x01", "a packet that contradicts itself"),
        (b"\x30\x08\x00\x05$SYS/x", "a topic that is none"),
    ],
)
def test_a_packet_that_is_not_acceptable_ends_the_connection(
    embedded: Embedded, line: ssl.SSLSocket, packet: bytes, reason: str
) -> None:
    line.sendall(packet)
    assert received(line) == b""
    wait_for(lambda: embedded.noted("closed connection", reason))
    with boards(embedded, OTHER) as (board,):  # and others are served
        board.say("status", "online")


def test_silence_is_death(embedded: Embedded, line: ssl.SSLSocket) -> None:
    with listening(embedded, STATUS) as server:
        server.wait_for_text(STATUS, "offline")
    assert embedded.noted("closed connection", "silent for longer than it said")


def test_who_comes_again_replaces_itself_last_will_first(embedded: Embedded) -> None:
    with listening(embedded, STATUS) as server:
        first = TestBoard(embedded)
        first.client.reconnect_delay_set(60, 60)
        first.say("status", "online", retain=True)
        second = TestBoard(embedded)
        second.say("status", "online", retain=True)
        server.wait_for(lambda _: len(server.texts(STATUS)) == 3)
        assert server.texts(STATUS) == ["online", "offline", "online"]
        first.client.loop_stop()
        second.close()


def test_what_is_retained_outlives_a_restart_but_no_life_sign_does(embedded: Embedded) -> None:
    topic = f"homeassistant/device/{BOARD}/config"
    with boards(embedded, BOARD) as (board,):
        board.publish(topic, "{}", retain=True)
        board.publish(f"homeassistant/device/{BOARD}/config", "{ }", retain=True)
        board.say("info", "{}", retain=True)
        board.say("info", "", retain=True)
        board.say("status", "online", retain=True)
        embedded.stop()
    embedded.start()
    with listening(embedded, "#") as server:
        server.wait_for(lambda _: len(server.messages) == 2)
        assert server.texts(topic) == ["{ }"]
        assert server.texts(STATUS) == ["offline"]


def test_home_assistant_sees_boards_and_commands_them_only() -> None:
    name = access.HOME_ASSISTANT
    assert access.may_subscribe(name, "homeassistant/#")
    assert access.may_subscribe(name, f"anomaly/v1/{BOARD}/state")
    assert access.may_publish(name, f"anomaly/v1/{BOARD}/cmd")
    assert access.may_publish(name, "homeassistant/status")
    assert not access.may_publish(name, f"anomaly/v1/{BOARD}/ack")
    assert not access.may_publish(name, f"homeassistant/device/{BOARD}/config")
    assert not access.may_receive(name, f"anomaly/v1/{BOARD}/cmd")


def test_home_assistant_may_ask_for_as_much_as_it_does(embedded: Embedded) -> None:
    topic = f"homeassistant/device/{BOARD}/config"
    asked = [f"homeassistant/{number}/+/config" for number in range(70)]
    with boards(embedded, BOARD) as (board,):
        board.publish(topic, "{}", retain=True)
        asked.append("homeassistant/device/+/config")
        with listening(embedded, *asked, name=access.HOME_ASSISTANT) as home:
            home.wait_for_text(topic, "{}")
