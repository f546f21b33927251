"""Passes on between boards on serial ports and an MQTT broker, until Ctrl+C.

    python -m monitor.gateway [--port PORT ...] [--broker mqtts://HOST]

Without --port: every USB serial port where a board answers. Without --broker: the server of this
computer, which also gives each board its certificate. What is typed goes to the board; with several
boards, begin with the end of its id: `0001 status`.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from monitor.collect import run
from monitor.port import add_options
from project import commands
from project.errors import UserError
from project.paths import PROJECT


def parse_options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m monitor.gateway",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_options(parser, several=True)
    parser.add_argument(
        "--broker",
        metavar="URL",
        help="mqtts://[USER:PASSWORD@]HOST[:PORT]; mqtt:// for one on this computer only",
    )
    parser.add_argument(
        "--ca",
        type=Path,
        metavar="FILE",
        help="authority of the broker's certificate, in PEM "
        "(default: those that the system trusts)",
    )
    parser.add_argument(
        "--certs", type=Path, metavar="DIR", help="with ID.pem and ID.key of each board"
    )
    parser.add_argument(
        "--server",
        type=Path,
        metavar="DIR",
        default=PROJECT / "data" / "server",
        help="data folder of the server, where no broker is named (default data/server)",
    )
    parser.add_argument(
        "--live", action="store_true", help="show readings though output goes through a pipe"
    )
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    options = parse_options(arguments)

    def work() -> int:
        try:
            from monitor.gateway_run import serve
        except ModuleNotFoundError as error:
            if not (error.name or "").startswith("paho"):
                raise
            cure = commands.piow("--install", "server")
            raise UserError(f"The gateway needs the package paho-mqtt: run {cure}.") from error
        return serve(options)

    return run(work)


if __name__ == "__main__":
    sys.exit(main())
