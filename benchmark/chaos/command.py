"""The verb `chaos`: exactly once, whatever is killed."""

import argparse
import sys
from pathlib import Path
from typing import Any

from benchmark import arguments, tables
from benchmark.fleet.command import DATABASES
from project import commands
from project.errors import UserError
from project.paths import PROJECT

_DESCRIPTION = """\
Virtual boards make numbered events: real programs, gateway, Mosquitto with TLS, server and
database. Each of them is killed again and again, without a word, while their lines are cut, delayed
and truncated. At the end every event that is in the ring of a board must be stored once. Exit code
1: one is missing, or there twice.
"""
PROGRAM = PROJECT / ".pio" / "build" / "native" / "program"


def add_parser(verbs: Any) -> None:
    parser = verbs.add_parser(
        "chaos",
        help="exactly once, while everything is killed and every line is cut",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--boards", type=arguments.count, default=50)
    parser.add_argument("--events", type=arguments.count, default=10_000, help="at least")
    parser.add_argument("--kills", type=arguments.count, default=20, help="of each part, at least")
    parser.add_argument("--seed", type=int, default=1, help="of what is killed and when")
    parser.add_argument("--database", choices=DATABASES, default="sqlite")
    parser.add_argument("--program", type=Path, default=PROGRAM, help="of the virtual board")
    arguments.add_form(parser, "for docs/scale.md")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> None:
    from benchmark.chaos import run, verdict

    if not options.program.is_file():
        built = commands.pio("run", "-e", "native")
        raise UserError(f"{options.program} is missing: build it with `{built}`")
    settings = run.Settings(
        boards=options.boards,
        events=options.events,
        kills=options.kills,
        seed=options.seed,
        database=options.database,
    )
    found = run.run(
        options.program, settings, lambda text: print(f"chaos: {text}", file=sys.stderr, flush=True)
    )
    arguments.show(options, found, tables.chaos)
    if not verdict.is_exactly_once(found):
        raise UserError("not every event was stored once; the figures above say what is wrong")
