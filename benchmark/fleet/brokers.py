"""The brokers of the benchmark: Mosquitto and NATS, with mutual TLS and access rules for boards."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Protocol

from project.errors import UserError

START_S: Final = 20.0

# A board's own topics; %u is the name in its certificate.
WRITES: Final = ("status", "info", "state", "event", "res")
READS: Final = ("ack", "cmd")


class Broker(Protocol):
    """A broker that can be killed and started again on the same port."""

    port: int

    @property
    def pid(self) -> int | None: ...
    def start(self) -> None: ...
    def kill(self) -> None: ...


class Process:
    """One that listens on a port; what it says goes into a file."""

    def __init__(self, command: Sequence[str | Path], port: int, log: Path) -> None:
        self._command = [str(word) for word in command]
        self._log = log
        self._running: subprocess.Popen[bytes] | None = None
        self.port = port

    @property
    def pid(self) -> int | None:
        return self._running.pid if self._running else None

    def start(self) -> None:
        """Starts it; returns when it listens.

        Raises:
          UserError: it ended, or did not listen in time.
        """
        with self._log.open("ab") as log:
            self._running = subprocess.Popen(
                self._command, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        deadline = time.monotonic() + START_S
        while not listens(self.port):
            if self._running.poll() is not None or time.monotonic() > deadline:
                said = self._log.read_text(encoding="utf-8", errors="replace")[-500:].strip()
                raise UserError(f"{self._command[0]} does not listen on port {self.port}: {said}")
            time.sleep(0.02)

    def kill(self) -> None:
        """Ends it as a power cut does."""
        if self._running:
            self._running.send_signal(signal.SIGKILL if os.name != "nt" else signal.SIGTERM)
            self._running.wait()
            self._running = None


def mosquitto(data: Path, folder: Path) -> Process:
    """Mosquitto with the certificates of `data` (ca/ca.pem, broker.pem); `folder` is its own.

    Raises:
      UserError: it is not installed.
    """
    program = found("mosquitto", "/usr/sbin/mosquitto")
    folder.mkdir()
    port = free_port()
    rules = ["user server", "topic readwrite anomaly/v1/#", "topic readwrite homeassistant/#"]
    rules += [f"pattern write anomaly/v1/%u/{name}" for name in WRITES]
    rules += [f"pattern read anomaly/v1/%u/{name}" for name in READS]
    rules += ["pattern write homeassistant/device/%u/config", "pattern read homeassistant/status"]
    (folder / "rules").write_text("\n".join([*rules, ""]), encoding="utf-8")
    settings = [
        f"listener {port} 127.0.0.1",
        *_files(data, cafile="ca/ca.pem", certfile="broker.pem", keyfile="broker.key"),
        "require_certificate true",
        "use_identity_as_username true",
        "allow_anonymous false",
        f"acl_file {folder / 'rules'}",
        "persistence true",
        f"persistence_location {folder}{os.sep}",
        "set_tcp_nodelay true",
        "max_inflight_messages 1000",
        "max_queued_messages 10000",
        "log_type error",
        "log_type warning",
    ]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        settings.append("user root")  # else it drops to a user that cannot read the keys
    (folder / "settings").write_text("\n".join([*settings, ""]), encoding="utf-8")
    return Process([program, "-c", folder / "settings"], port, folder / "log")


def nats(data: Path, folder: Path, boards: Sequence[str]) -> Process:
    """NATS: MQTT over JetStream; each board is a user that its certificate names."""
    program = found("nats-server", "/usr/sbin/nats-server")
    folder.mkdir()
    port, own = free_port(), free_port()
    tls = "\n".join(
        [
            f"cert_file: {str(data / 'broker.pem')!r}",
            f"key_file: {str(data / 'broker.key')!r}",
            f"ca_file: {str(data / 'ca' / 'ca.pem')!r}",
            "verify_and_map: true",
        ]
    )
    users = "\n".join(['{ user: "CN=server" }', *map(_nats_user, boards)])
    text = (
        f"server_name: fleet\nlisten: 127.0.0.1:{own}\n"
        f"jetstream {{ store_dir: {str(folder / 'jetstream')!r} }}\n"
        f"mqtt {{\nlisten: 127.0.0.1:{port}\nmax_ack_pending: 1000\n"
        f"tls {{\n{tls}\ntimeout: 30\n}}\n}}\n"
        f"authorization {{ users: [\n{users}\n] }}\n"
    )
    (folder / "settings").write_text(text, encoding="utf-8")
    return Process([program, "-c", folder / "settings"], port, folder / "log")


def _nats_user(board: str) -> str:
    """Topics are subjects there, with dots; $MQTT.sub is where QoS 1 is delivered."""
    writes = [f'"anomaly.v1.{board}.{name}"' for name in WRITES]
    writes.append(f'"homeassistant.device.{board}.config"')
    reads = [f'"anomaly.v1.{board}.{name}"' for name in READS]
    reads += ['"homeassistant.status"', '"$MQTT.sub.>"']
    return (
        f'{{ user: "CN={board}", permissions: {{ publish: [{", ".join(writes)}], '
        f"subscribe: [{', '.join(reads)}] }} }}"
    )


def _files(data: Path, **names: str) -> list[str]:
    return [f"{key} {data / name}" for key, name in names.items()]


def found(name: str, *places: str) -> str:
    """Where a program is.

    Raises:
      UserError: it is nowhere.
    """
    for place in (name, *places):
        if path := shutil.which(place):
            return path
    package = {"nats-server": "nats-server"}.get(name, name)
    raise UserError(f"{name} is not installed (Debian, Ubuntu: sudo apt install {package})")


def listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
