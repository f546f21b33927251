"""A real Mosquitto for tests: TLS with client certificates of a CA of its own, and access rules.

`needs_mosquitto` skips where it is not installed. A broker keeps its port over `kill` and `start`.
"""

import contextlib
import getpass
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from server.certificates import begun, general_name, key_pem, key_usage, named

SERVER = "server"  # the one user who may read and write the topics of all boards

# A board (user name = name in its certificate = id) has its own topics and no others.
ACCESS = f"""
user {SERVER}
topic readwrite anomaly/v1/#
topic readwrite homeassistant/#
topic read $SYS/#
pattern write anomaly/v1/%u/status
pattern write anomaly/v1/%u/info
pattern write anomaly/v1/%u/state
pattern write anomaly/v1/%u/event
pattern write anomaly/v1/%u/res
pattern read anomaly/v1/%u/ack
pattern read anomaly/v1/%u/cmd
pattern write homeassistant/device/%u/config
pattern read homeassistant/status
"""


def mosquitto() -> str | None:
    """The program; where an ordinary user's PATH lacks it, from where systems put it."""
    places = ("/usr/sbin", "/usr/local/sbin", "/opt/homebrew/sbin", r"C:\Program Files\mosquitto")
    return shutil.which("mosquitto", path=os.pathsep.join([os.environ.get("PATH", ""), *places]))


needs_mosquitto = pytest.mark.skipif(mosquitto() is None, reason="needs mosquitto (apt install)")


@dataclass(frozen=True)
class Credentials:
    """Files in PEM of a certificate with its key."""

    certificate: Path
    key: Path


class Authority:
    """A CA that signs certificates of brokers and boards, in a folder."""

    def __init__(self, folder: Path, name: str = "Test CA") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.ca = folder / "ca.pem"
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = named(name)
        certificate = (
            begun(self._name, self._name, self._key.public_key(), 1)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(key_usage(signs=True), critical=True)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), critical=False
            )
            .sign(self._key, hashes.SHA256())
        )
        self.ca.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def client(self, name: str) -> Credentials:
        """Files `<name>.pem` and `<name>.key`, as a board or the server has them."""
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
        return self._issue(name, usage, None)

    def broker(self, *hosts: str) -> Credentials:
        """`broker.pem` for these names and addresses; by default those of this computer."""
        names = filter(None, map(general_name, hosts or ("localhost", "127.0.0.1", "::1")))
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
        return self._issue("broker", usage, x509.SubjectAlternativeName(names))

    def _issue(
        self, name: str, usage: x509.ExtendedKeyUsage, names: x509.SubjectAlternativeName | None
    ) -> Credentials:
        key = ec.generate_private_key(ec.SECP256R1())
        authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        builder = (
            begun(named(name), self._name, key.public_key(), 1)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(usage, critical=False)
            .add_extension(authority, critical=False)
        )
        if names is not None:
            builder = builder.add_extension(names, critical=False)
        files = Credentials(self.folder / f"{name}.pem", self.folder / f"{name}.key")
        certificate = builder.sign(self._key, hashes.SHA256())
        files.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        files.key.write_bytes(key_pem(key))
        return files


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Broker:
    """Mosquitto in `folder`, on a free port of 127.0.0.1; started, and to be closed.

    With an authority: TLS, and nobody without a certificate of it. Without: plain, and open where
    no `password_file FILE` is among the settings.
    """

    def __init__(self, folder: Path, authority: Authority | None, *settings: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.authority = folder, authority
        self.port = free_port()
        self.scheme = "mqtts" if authority else "mqtt"
        self._process: subprocess.Popen[bytes] | None = None
        self._settings = settings
        self.start()

    @property
    def url(self) -> str:
        return f"{self.scheme}://localhost:{self.port}"

    @property
    def log(self) -> str:
        return (self.folder / "mosquitto.log").read_text(errors="replace")

    def start(self) -> None:
        """Start it (again), and wait until it listens; it has the port that it had."""
        for _ in range(5):
            self._configure()
            if self._run():
                return
            self.port = free_port()  # taken by another program meanwhile
        raise AssertionError(f"mosquitto does not start:\n{self.log}")

    def kill(self) -> None:
        """SIGKILL: what it had in memory is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def stop(self) -> None:
        """As the system stops it: what is to be kept is written."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=30)
            self._process = None

    def signal(self, number: int) -> None:
        """SIGSTOP, say: a broker that has the connection and says nothing."""
        assert self._process is not None
        self._process.send_signal(number)

    def _configure(self) -> None:
        lines = [f"listener {self.port} 127.0.0.1", "log_type all", *self._settings]
        if os.name == "posix" and os.geteuid() == 0:
            lines.append(f"user {getpass.getuser()}")  # or it would not read what root has written
        if self.authority is None:
            has_passwords = any(line.startswith("password_file ") for line in self._settings)
            lines.append(f"allow_anonymous {str(not has_passwords).lower()}")
        else:
            files = self.authority.broker()
            access = self.folder / "access.acl"
            access.write_text(ACCESS)
            lines += [
                f"cafile {self.authority.ca}",
                f"certfile {files.certificate}",
                f"keyfile {files.key}",
                "require_certificate true",
                "use_identity_as_username true",
                "tls_version tlsv1.2",
                f"acl_file {access}",
            ]
        (self.folder / "mosquitto.conf").write_text("\n".join([*lines, ""]))

    def _run(self) -> bool:
        program = mosquitto()
        assert program, "mosquitto is not installed"
        with (self.folder / "mosquitto.log").open("ab") as log:
            self._process = subprocess.Popen(
                [program, "-c", str(self.folder / "mosquitto.conf")],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + 20
        while self._process.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
                return True
            time.sleep(0.01)
        self.kill()
        return False


class Reachable(Protocol):
    """A broker on a port of this computer."""

    port: int

    @property
    def authority(self) -> Authority | None: ...


class Listener:
    """A client that keeps what it gets; the server's own by default."""

    def __init__(self, broker: Reachable, *topics: str, name: str = SERVER) -> None:
        self.messages: list[MQTTMessage] = []
        self._topics = topics
        self._changed = threading.Condition()
        self._subscribed = 0
        self.client = Client(CallbackAPIVersion.VERSION2, client_id=name)
        if broker.authority is not None:
            files = broker.authority.client(name)
            self.client.tls_set(str(broker.authority.ca), str(files.certificate), str(files.key))
        self.client.reconnect_delay_set(1, 1)
        self.client.on_connect = self._subscribe
        self.client.on_subscribe = self._note_subscription
        self.client.on_message = self._note
        self.client.connect("localhost", broker.port)
        self.client.loop_start()
        self.wait_for(lambda _: self._subscribed == len(topics))

    def texts(self, topic: str) -> list[str]:
        """What came on this topic."""
        with self._changed:
            return [m.payload.decode() for m in self.messages if m.topic == topic]

    def wait_for(
        self, condition: Callable[[list[MQTTMessage]], object], seconds: float = 20
    ) -> None:
        """Until it holds of the messages that came; asked with each of them."""
        with self._changed:
            held = self._changed.wait_for(lambda: condition(self.messages), seconds)
            assert held, [(m.topic, m.payload) for m in self.messages]

    def wait_for_text(self, topic: str, text: str, seconds: float = 20) -> None:
        """Until the newest on this topic is that."""
        self.wait_for(lambda _: self.texts(topic)[-1:] == [text], seconds)

    def publish(self, topic: str, text: str, qos: int = 1, retain: bool = False) -> None:
        """Publish it, and wait until the broker has it."""
        self.client.publish(topic, text, qos, retain).wait_for_publish(20)

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    def _subscribe(self, client: Client, *_: object) -> None:
        for topic in self._topics:
            client.subscribe(topic, 1)

    def _note(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        with self._changed:
            self.messages.append(message)
            self._changed.notify_all()

    def _note_subscription(self, *_: object) -> None:
        with self._changed:
            self._subscribed += 1
            self._changed.notify_all()


@contextlib.contextmanager
def broker_with_tls(folder: Path, *settings: str) -> Iterator[Broker]:
    """One with its own authority in `folder/ca`; more lines of mosquitto.conf may be given."""
    broker = Broker(folder / "broker", Authority(folder / "ca"), *settings)
    try:
        yield broker
    finally:
        broker.kill()


@contextlib.contextmanager
def listening(broker: Reachable, *topics: str, name: str = SERVER) -> Iterator[Listener]:
    listener = Listener(broker, *topics, name=name)
    try:
        yield listener
    finally:
        listener.close()
