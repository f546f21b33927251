"""The command line of the server; `./piow server --help` shows it."""

import argparse
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from project.errors import UserError
from server import place
from server.connection import Broker, Part, parse_broker

COMMANDS: Final = ("run", "worker", "ca", "enroll", "export", "delete", "password", "pull")


@dataclass(frozen=True)
class Options:
    """Where data, broker and database are; what one command alone takes is in `words`."""

    command: str
    data: Path
    listen: str
    port: int
    mqtt_port: int
    broker: Broker | None  # None: the embedded one
    database: str
    workers: int
    words: argparse.Namespace

    @property
    def reach(self) -> Broker:
        """The broker as this computer reaches it."""
        host = "localhost" if self.listen in ("127.0.0.1", "0.0.0.0", "::", "::1") else self.listen
        return self.broker or Broker(host, self.mqtt_port)

    @property
    def is_local(self) -> bool:
        """Whether nobody else can reach it."""
        return self.listen in ("127.0.0.1", "::1", "localhost")


def parse(arguments: list[str]) -> Options:
    words = list(arguments)
    if not words or (words[0].startswith("-") and words[0] not in ("-h", "--help")):
        words.insert(0, "run")
    found = _parser().parse_args(words)
    data = Path(found.data).resolve()
    database = found.database or f"sqlite:///{place.Place(data).database.as_posix()}"
    broker = parse_broker(found.broker) if found.broker else None
    workers = getattr(found, "workers", 1)
    if workers != 1 and broker is None:
        raise UserError("more workers than one need a broker that shares messages: --broker.")
    return Options(
        command=found.command,
        data=data,
        listen=getattr(found, "listen", "127.0.0.1"),
        port=getattr(found, "port", 8080),
        mqtt_port=getattr(found, "mqtt_port", 8883),
        broker=broker,
        database=database,
        workers=workers,
        words=found,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m server", description="The server of boards: broker, store and pages."
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--data", default=place.DEFAULT, metavar="DIR", help="the data folder")
    common.add_argument(
        "--database", metavar="URL", help="sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME"
    )
    common.add_argument("--broker", metavar="URL", help="mqtts://HOST:8883 instead of our own")

    run = commands.add_parser("run", parents=[common], help="the server (also without a command)")
    run.add_argument("--listen", default="127.0.0.1", metavar="ADDRESS", help="0.0.0.0: everybody")
    run.add_argument("--port", type=_port, default=8080, help="of the pages (8080)")
    run.add_argument("--mqtt-port", type=_port, default=8883, help="of the broker (8883)")
    run.add_argument("--workers", type=_count, default=1, metavar="N", help="processes that store")

    worker = commands.add_parser("worker", parents=[common], help="stores; any number may run")
    worker.add_argument(
        "--part",
        type=_part,
        metavar="K/N",
        help="only the K-th of N parts of all boards: for a broker without shared subscriptions",
    )
    ca = commands.add_parser("ca", parents=[common], help="certificates of server and broker")
    ca.add_argument("--host", action="append", default=[], help="another name of the broker")

    enroll = commands.add_parser("enroll", parents=[common], help="certificate and key of a board")
    enroll.add_argument("id", nargs="?", help="12 hex digits; or homeassistant")
    enroll.add_argument("--out", metavar="DIR", help="where to put the files as well")
    enroll.add_argument("--port", metavar="SERIAL", help="a board on this line makes its own key")

    export = commands.add_parser("export", parents=[common], help="events, to standard output")
    form = export.add_mutually_exclusive_group()
    form.add_argument("--csv", action="store_true", help="as CSV (the default)")
    form.add_argument("--json", action="store_true", help="one JSON object a line, with windows")
    export.add_argument("--board", metavar="ID", help="of one board")
    export.add_argument("--since", metavar="DATE", help="from that day on, as 2026-11-28")

    delete = commands.add_parser("delete", parents=[common], help="everything of a board")
    delete.add_argument("id")
    password = commands.add_parser("password", parents=[common], help="a new password")
    password.add_argument("name", help="of the login")

    pull = commands.add_parser("pull", parents=[common], help="what was labelled normal")
    pull.add_argument("--profile", metavar="NAME", help="only for this one")
    return parser


def _port(text: str) -> int:
    value = int(text)
    if not 0 < value < 65536:
        raise ValueError
    return value


def _part(text: str) -> Part:
    found = re.fullmatch(r"(\d{1,2})/(\d{1,2})", text)
    if not found or not 1 <= int(found[1]) <= int(found[2]):
        raise argparse.ArgumentTypeError(f"is K/N, as 1/2 and 2/2 of two workers, not {text}")
    return Part(int(found[1]), int(found[2]))


def _count(text: str) -> int:
    value = int(text)
    if not 0 <= value <= 64:
        raise ValueError
    return value
