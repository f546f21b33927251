"""Where a broker is, and with which certificates a board comes to it."""

from __future__ import annotations

import contextlib
import ipaddress
import re
import ssl
import urllib.parse
from dataclasses import dataclass, field
from pathlib import Path

from project.errors import UserError

PORTS = {"mqtts": 8883, "mqtt": 1883}


@dataclass(frozen=True)
class Address:
    """Where a broker is: `mqtts://[USER:PASSWORD@]HOST[:PORT]`."""

    host: str
    port: int
    tls: bool = True
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def read_address(text: str) -> Address:
    """Raises UserError; no sentence shows a password."""
    try:
        parts = urllib.parse.urlsplit(text)
        port = PORTS[parts.scheme] if parts.port is None else parts.port
    except (ValueError, KeyError):
        raise _no_address(text) from None
    too_much = parts.path.strip("/") or parts.query or parts.fragment
    if parts.scheme not in PORTS or not parts.hostname or not port or too_much:
        raise _no_address(text)
    if parts.scheme == "mqtt" and not is_loopback(parts.hostname):
        raise UserError(
            "mqtt:// is not encrypted, so it is only for a broker on this computer: "
            f"write mqtts://{parts.hostname}.",
            2,
        )
    user = None if parts.username is None else urllib.parse.unquote(parts.username)
    password = None if parts.password is None else urllib.parse.unquote(parts.password)
    return Address(parts.hostname, port, parts.scheme == "mqtts", user, password)


def _no_address(text: str) -> UserError:
    shown = re.sub(r".*@", "", text)
    return UserError(f"{shown!r} is no broker: write mqtts://HOST or mqtts://HOST:PORT.", 2)


def is_loopback(host: str) -> bool:
    """Whether only programs of this computer get there."""
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"


@dataclass(frozen=True)
class Credentials:
    """PEM files: the authority that the broker's certificate must be of (None: one of those that
    the system trusts), and a certificate with its key for a board (None: the broker wants none)."""

    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None

    def context(self) -> ssl.SSLContext:
        """Read for each connection, so that a renewed certificate is used. Raises UserError."""
        files = [file for file in (self.ca, self.certificate, self.key) if file is not None]
        for file in files:
            if not file.is_file():
                raise UserError(f"There is no file {file}.", 1)
        try:
            context = ssl.create_default_context(cafile=self.ca)
            if self.certificate is not None:
                context.load_cert_chain(self.certificate, self.key)
        except OSError as error:  # ssl.SSLError is one
            why = error.reason if isinstance(error, ssl.SSLError) else error.strerror
            why = (why or str(error)).lower().replace("_", " ")
            raise UserError(f"{' or '.join(map(str, files))} cannot be used: {why}.", 1) from error
        return context
