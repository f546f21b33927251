"""The embedded broker: amqtt behind TLS with client certificates, for up to some hundred boards.

What amqtt leaves open is closed here: who a client is is checked before its session exists, sizes
and rates are bounded, a client that comes twice replaces its old connection together with its last
will, retained messages go to who asked for them and outlive a restart. There are no sessions beyond
a connection: boards keep their events themselves until the server has them.
"""

import asyncio
import contextlib
import logging
import os
import ssl
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from amqtt.adapters import BufferReader, ReaderAdapter, WriterAdapter
from amqtt.broker import Broker
from amqtt.contexts import Action, BrokerConfig, ListenerConfig, ListenerType
from amqtt.errors import AMQTTError, MQTTError, NoDataError
from amqtt.mqtt.connect import ConnectPacket
from amqtt.mqtt.protocol.broker_handler import BrokerProtocolHandler
from amqtt.session import Session
from cryptography import x509

from project.errors import UserError
from server import access
from server.auditor import Note
from server.authority import BROKER, SERVER, revoked_serials
from server.certificates import common_name
from server.messages import MAX_PAYLOAD
from server.packets import CLEAN_SESSION, BadPacket, BoundedWriter, PacketReader
from server.place import Place
from server.retained import Retained

STOP_S: Final = 5.0
HANDSHAKE_S: Final = 10.0  # for TLS, and again for CONNECT
WATCH_S: Final = 1.0
MOST_CONNECTIONS: Final = 2000
MOST_FILTERS: Final = 20  # that one board may subscribe to
MOST_HOME_FILTERS: Final = 1000  # and Home Assistant: 70, and three of each board
_REFUSED: Final = b"\x20\x02\x00\x05"  # CONNACK: not authorized
_NOT_SUBSCRIBED: Final = 0x80


@dataclass(frozen=True)
class _Connection:
    reader: PacketReader
    task: asyncio.Task[Any]
    serial: int  # of the client's certificate


class EmbeddedBroker(Broker):
    """Listens on `address` and `port` after `start`, until `shutdown`."""

    def __init__(self, data: Path, address: str, port: int, note: Note) -> None:
        logging.getLogger("amqtt").setLevel(logging.CRITICAL)  # what matters is noted
        listener = ListenerConfig(type=ListenerType.TCP, bind=f"{address}:{port}")
        super().__init__(BrokerConfig(listeners={"default": listener}, plugins={}))
        self._place, self._address, self._port, self._note = Place(data), address, port, note
        self._tls = _tls(self._place)
        self._retained = Retained(self._place.retained)
        self._connections: dict[str, _Connection] = {}
        self._count = 0
        self._revoked: frozenset[int] = frozenset()
        self._revoked_at = 0.0
        self._watching: asyncio.Task[None] | None = None

    async def start(self) -> None:
        try:
            await super().start()
        except Exception as error:
            cause: BaseException | None = error
            while cause is not None and not isinstance(cause, OSError):
                cause = cause.__cause__ or cause.__context__
            if cause is None:
                raise
            reason = os.strerror(cause.errno) if cause.errno else str(cause)
            raise UserError(
                f"port {self._port} of {self._address} cannot be had for MQTT ({reason}): take "
                "another with --mqtt-port."
            ) from error
        self._watching = asyncio.create_task(self._watch())
        for topic, payload, qos in self._retained.load():
            await super().retain_message(None, topic, payload, qos)

    async def shutdown(self) -> None:
        """Nobody new first: amqtt would let clients in again while it ends their sessions."""
        for server in self._servers.values():
            server.instance.close()
        if self._watching is not None:
            self._watching.cancel()
        for connection in self._connections.values():
            connection.reader.close()
        if self._connections:
            await asyncio.wait({c.task for c in self._connections.values()}, timeout=STOP_S)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STOP_S):
                await super().shutdown()
        self._retained.close()

    def renew_certificates(self) -> None:
        """New connections see the certificate that is in the data folder now."""
        self._tls.load_cert_chain(*self._place.pair(BROKER))

    # --- a connection ---

    async def _create_server_instance(
        self, listener_name: str, _type: Any, address: str | None, port: int, _tls: Any
    ) -> asyncio.Server:
        """Plain at first: a failed handshake of asyncio's own server would go unseen."""
        return await asyncio.start_server(
            partial(self._encrypt, listener_name), address, port, reuse_address=True
        )

    async def _encrypt(
        self, listener_name: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        who = str((writer.get_extra_info("peername") or ["?"])[0])
        if self._count >= MOST_CONNECTIONS:
            self._note("refused connection", who, f"more than {MOST_CONNECTIONS} at once")
            writer.transport.abort()
            return
        self._count += 1
        try:
            await writer.start_tls(self._tls, ssl_handshake_timeout=HANDSHAKE_S)
            await self._admit(listener_name, who, reader, writer)
        except (ssl.SSLError, OSError, TimeoutError) as error:
            self._note("failed connection", who, _why(error))
        except BadPacket as error:
            self._note("refused connection", who, str(error))
        finally:
            self._count -= 1
            writer.transport.abort()

    async def _admit(
        self,
        listener_name: str,
        who: str,
        stream: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        name, serial = self._certified(writer)
        reader = PacketReader(stream, trusted=name == SERVER)
        reader.patience_s = HANDSHAKE_S
        connect = await _read_connect(reader)
        client_id = connect.client_id or ""
        try:
            _check(connect, name)
        except BadPacket as error:
            writer.write(_REFUSED)
            with contextlib.suppress(OSError):
                await writer.drain()
            raise BadPacket(f"{name}: {error}") from error
        reader.patience_s = 1.5 * connect.keep_alive
        await self._replace(client_id, reader, serial)
        try:
            bounded = BoundedWriter(writer, trusted=name == SERVER)
            await super()._client_connected(listener_name, reader, bounded)
        finally:
            newest = self._connections.get(client_id)
            if newest is not None and newest.reader is reader:
                del self._connections[client_id]
            if reader.reason is not None:
                self._note("closed connection", name, reader.reason)

    def _certified(self, writer: asyncio.StreamWriter) -> tuple[str, int]:
        """Name and serial number in the client's certificate, which TLS has checked."""
        found = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        certificate = x509.load_der_x509_certificate(found)
        name = common_name(certificate.subject)
        if certificate.serial_number in self._revocations():
            raise BadPacket(f"{name}: its certificate was revoked")
        return name, certificate.serial_number

    def _revocations(self) -> frozenset[int]:
        with contextlib.suppress(OSError):
            changed = self._place.issued.stat().st_mtime_ns
            if changed != self._revoked_at:
                self._revoked = revoked_serials(self._place.folder)
                self._revoked_at = changed
        return self._revoked

    async def _watch(self) -> None:
        """Ends the connections of certificates that are revoked."""
        while True:
            await asyncio.sleep(WATCH_S)
            revoked = self._revocations()
            for connection in self._connections.values():
                if connection.serial in revoked:
                    connection.reader.refuse("its certificate was revoked")

    async def _replace(self, client_id: str, reader: PacketReader, serial: int) -> None:
        """Ends an older connection of the client, last will included, before this one begins."""
        task = asyncio.current_task()
        assert task is not None
        old = self._connections.get(client_id)
        self._connections[client_id] = _Connection(reader, task, serial)
        if old is not None:
            old.reader.close()
            await asyncio.wait({old.task}, timeout=HANDSHAKE_S)

    async def _authenticate(self, session: Session, _: ListenerConfig) -> bool:
        return session.client_id in self._connections  # `_check` has

    async def _initialize_client_session(
        self, reader: ReaderAdapter, writer: WriterAdapter, address: str, port: int
    ) -> tuple[BrokerProtocolHandler, Session]:
        handler, session = await super()._initialize_client_session(reader, writer, address, port)
        session.attributes["name"] = access.name_of(session.client_id or "")
        return handler, session

    # --- topics ---

    async def _topic_filtering(self, session: Session, topic: str, action: Action) -> bool:
        """Never waits: amqtt goes through its tables around this."""
        name = session.attributes["name"]
        if action == Action.RECEIVE:
            return access.may_receive(name, topic)
        if action == Action.PUBLISH:
            allowed = access.may_publish(name, topic)
        else:
            allowed = access.may_subscribe(name, topic) and self._has_room(session)
        if not allowed:
            self._note("refused topic", name, f"{action} {topic}")
        return allowed

    def _has_room(self, session: Session) -> bool:
        if session.attributes["name"] == SERVER:
            return True
        own = sum(session in [s for s, _ in held] for held in self._subscriptions.values())
        name = session.attributes["name"]
        return own < (MOST_HOME_FILTERS if name == access.HOME_ASSISTANT else MOST_FILTERS)

    async def _handle_message_delivery(
        self, session: Session, handler: BrokerProtocolHandler, waiter: asyncio.Future[Any]
    ) -> bool:
        message = waiter.result()
        topic = "" if message is None else message.topic
        if message is not None and (not topic or topic.startswith("$") or set("+#") & set(topic)):
            self._note("closed connection", session.attributes["name"], "a topic that is none")
            await handler.handle_connection_closed()  # amqtt would leave it open and deaf
            return True
        return await super()._handle_message_delivery(session, handler, waiter)

    async def _publish_retained_messages_for_subscription(
        self, subscription: tuple[str, int], session: Session
    ) -> None:
        """amqtt gives a newcomer what others have subscribed to."""
        held = self._subscriptions.get(subscription[0], [])
        if any(holder is session for holder, _ in held):
            await super()._publish_retained_messages_for_subscription(subscription, session)

    async def retain_message(
        self,
        source_session: Session | None,
        topic_name: str | None,
        data: bytes | bytearray | None,
        qos: int | None = None,
    ) -> None:
        await super().retain_message(source_session, topic_name, data, qos)
        if topic_name is not None:
            self._retained.keep(topic_name, bytes(data or b""), qos or 0)


def _tls(place: Place) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(place.ca)
    context.load_cert_chain(*place.pair(BROKER))
    return context


async def _read_connect(reader: PacketReader) -> ConnectPacket:
    """The CONNECT, which amqtt then reads again: with a clean session, whatever it asked for."""
    packet = await reader.first_packet()
    try:
        connect = await ConnectPacket.from_stream(BufferReader(packet))
        assert connect.variable_header is not None
        connect.variable_header.flags |= CLEAN_SESSION
        reader.replace(connect.to_bytes())
    except (AMQTTError, MQTTError, NoDataError, ValueError, AssertionError) as error:
        raise BadPacket("a CONNECT that is none") from error
    return connect


def _check(connect: ConnectPacket, name: str) -> None:
    """Whether the holder of this certificate may connect so; raises BadPacket."""
    if not access.may_connect(name, connect.client_id or ""):
        raise BadPacket("its client id is not the name in its certificate")
    if connect.username_flag and connect.username != name:
        raise BadPacket("its user name is not the name in its certificate")
    if connect.will_flag:
        if not access.may_publish(name, connect.will_topic or ""):
            raise BadPacket("its last will is for a topic that is not its own")
        if len(connect.will_message or b"") > MAX_PAYLOAD or connect.will_qos > 1:
            raise BadPacket("its last will is too long, or of QoS 2")


def _why(error: BaseException) -> str:
    if isinstance(error, ssl.SSLError):
        reason = (error.reason or "TLS").replace("_", " ").lower()
        return f"TLS: {reason}"
    if isinstance(error, TimeoutError):
        return "TLS: no handshake within 10 s"
    return f"{error.strerror or error}" if isinstance(error, OSError) else str(error)
