"""A connection to the broker, the embedded one or another, as the server."""

import contextlib
import os
import ssl
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from monitor.gateway_address import PORTS, read_address
from project.errors import UserError
from server.authority import SERVER
from server.messages import board_of
from server.place import Place

_KEEP_ALIVE_S: Final = 30


@dataclass(frozen=True)
class Broker:
    """Where a broker is; always over TLS, with the server's certificate."""

    host: str
    port: int

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"mqtts://{host}:{self.port}"


@dataclass(frozen=True)
class Part:
    """One of `count` parts of all boards, for brokers that know no shared subscriptions."""

    number: int  # from 1
    count: int

    def has(self, topic_name: str) -> bool:
        return zlib.crc32(board_of(topic_name).encode()) % self.count == self.number - 1


def parse_broker(url: str) -> Broker:
    """Raises UserError if it is not mqtts://HOST or mqtts://HOST:PORT."""
    with contextlib.suppress(UserError):
        found = read_address(url)
        if found.tls and found.user is None:
            return Broker(found.host, found.port)
    raise UserError(
        f"--broker is an address as mqtts://HOST:{PORTS['mqtts']} (always TLS, with the server's "
        f"certificate), not {url.rpartition('@')[2]}"
    )


def new_client(data: Path) -> Client:
    """Not connected yet; its certificate is read now."""
    client = Client(CallbackAPIVersion.VERSION2, client_id=f"{SERVER}-{os.urandom(6).hex()}")
    place = Place(data)
    context = ssl.create_default_context(cafile=str(place.ca))
    try:
        context.load_cert_chain(*place.pair(SERVER))
    except OSError as error:
        raise UserError(
            f"the server's certificate in {data} cannot be read ({error.strerror}): run "
            "python -m server ca"
        ) from error
    client.tls_set_context(context)
    client.reconnect_delay_set(1, 30)
    client.max_queued_messages_set(0)
    client.max_inflight_messages_set(200)
    return client


def begin(client: Client, broker: Broker) -> None:
    """Connects in a thread of its own, again and again where it must."""
    client.connect_async(broker.host, broker.port, _KEEP_ALIVE_S)
    client.loop_start()


def end(client: Client) -> None:
    client.disconnect()
    client.loop_stop()
