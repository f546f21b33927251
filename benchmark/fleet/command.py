"""The verb `fleet`: virtual boards by the thousand against a real broker and the real ingest."""

import argparse
import sys
from typing import Any

from benchmark import arguments, tables

_DESCRIPTION = """\
Starts a broker with mutual TLS, access rules and one certificate a board, the ingest of the server
as several processes, and a load generator: each board makes one event a second. The time of an
event is that from made to acknowledged, which the server does after the commit. Everything runs on
this computer, in a folder that vanishes.
"""
_BROKERS = ("mosquitto", "nats")
DATABASES = ("sqlite", "postgresql", "partitioned")  # the last: PostgreSQL, by time


def add_parser(verbs: Any) -> None:
    parser = verbs.add_parser(
        "fleet",
        help="boards by the thousand over TLS: from event to commit, reconnects",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--boards", type=arguments.count, default=1000)
    parser.add_argument(
        "--seconds", type=arguments.count, default=60, help="an event a board each second"
    )
    parser.add_argument("--broker", choices=_BROKERS, default="mosquitto")
    parser.add_argument("--database", choices=DATABASES, default="sqlite")
    parser.add_argument(
        "--workers", type=arguments.count, default=2, help="processes of the ingest"
    )
    parser.add_argument(
        "--restart-broker", action="store_true", help="kill it halfway, and see all come back"
    )
    arguments.add_form(parser, "for docs/scale.md")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> None:
    from benchmark.fleet import run

    settings = run.Settings(
        boards=options.boards,
        seconds=options.seconds,
        broker=options.broker,
        database=options.database,
        workers=options.workers,
        restart_broker=options.restart_broker,
    )
    found = run.run(settings, lambda text: print(f"fleet: {text}", file=sys.stderr, flush=True))
    arguments.show(options, found, tables.fleet)
