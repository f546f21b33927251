"""A board makes its own key, sends its request over USB, and gets its certificate.

Its side is lib/App/src/ProvisioningConsole.cpp; docs/protocol.md has the commands.
"""

import base64
import binascii
import time
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from monitor.gateway_address import is_loopback
from monitor.port import BOOT_ATTEMPTS, Link, find_port
from monitor.telemetry import Answer
from project.errors import UserError
from server import authority
from server.connection import Broker, parse_broker
from server.options import Options
from server.place import Place, read_address

_PART: Final = 240  # bytes of a line
_BAUD: Final = 115200


def run(options: Options) -> int:
    """Enrols the board on the serial line `--port`, for the broker that boards reach."""
    broker = _broker(options)
    link = Link(find_port(options.words.port), _BAUD)
    try:
        board = enroll(link, options.data, broker)
    finally:
        link.close()
    print(f"Board {board} has its certificate and connects to {broker.url}.")
    return 0


def enroll(link: Link, data: Path, broker: Broker) -> str:
    """Signs what the board asks for and gives it back; the board's id."""
    asked = _ask(link, "enroll", attempts=BOOT_ATTEMPTS).pairs()
    try:
        board, request = asked["id"], base64.b64decode(asked["csr"], validate=True)
    except (KeyError, binascii.Error) as error:
        raise UserError("the board's answer to `enroll` came damaged: try again.") from error
    certificate = authority.sign(data, request, board)
    for what, pem in (("ca", Place(data).ca.read_bytes()), ("cert", certificate)):
        der = x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)
        for offset in range(0, len(der), _PART):
            part = base64.b64encode(der[offset : offset + _PART]).decode()
            _ask(link, f"enroll {what} {offset} {part}")
    _ask(link, f"enroll done {time.time_ns() // 1_000_000} {broker.url}")
    return board


def _broker(options: Options) -> Broker:
    """The broker as a board reaches it, which is on another machine than the server."""
    if options.broker is not None:
        return options.broker
    address = read_address(options.data)
    if address is None:
        raise UserError("no server has run in this data folder yet: start it with --listen 0.0.0.0")
    broker = parse_broker(address)
    if is_loopback(broker.host):
        raise UserError(
            "the server's broker is for this computer only: start the server with --listen "
            "0.0.0.0, and say with --broker mqtts://ADDRESS:8883 how boards reach it."
        )
    return broker


def _ask(link: Link, command: str, attempts: int = 3) -> Answer:
    answer = link.ask(command, lambda found: found.ok, attempts)
    if answer is None:
        raise link.silence()
    if not answer.ok:
        raise UserError(f"the board refused to be enrolled: {answer.text}")
    return answer
