"""`python -m benchmark VERB`: see `--help`."""

import argparse
import sys

from benchmark import pages, suites
from benchmark.chaos import command as chaos
from benchmark.fleet import command as fleet
from benchmark.report import command as report
from benchmark.speed import command as speed
from project import commands
from project.terminal import make_lenient
from training import outcome

_DESCRIPTION = """\
How good the detectors are, how fast they run, and how many boards a server takes, measured.

  synthetic  simulated devices: recall by kind and size, false alarms a day
  slow       months of simulated lives: slow events, and the program from day to day
  sensors    accelerometers and microphones, on recordings of others
  skab       a pump with eight sensors: F1, false and missed alarms
  nab        months of temperatures: the score of NAB
  causes     correlated channels: is the one that moved named
  pages      how fast the server's pages open, with a million minutes of a board
  speed      speed and size on this computer, against other engines
  fleet      boards by the thousand against a broker and the server: from event to commit
  chaos      exactly once, while boards, gateway, broker and server are killed
  report     an HTML page about a model: its data, its score, what it finds, what int8 costs
"""

_EXAMPLES = (
    "synthetic --devices 2 --days 0.5 --detector temperature sigma",
    "speed --quick",
    "report --profile lesson",
)


def main(arguments: list[str]) -> int:
    """Runs one command line; returns the exit status: 0 done, 1 a stated reason, 2 bad usage."""
    make_lenient()
    options = _parser().parse_args(arguments)
    return outcome.of(lambda: options.run(options))


def _parser() -> argparse.ArgumentParser:
    examples = (commands.piow("benchmark", *example.split()) for example in _EXAMPLES)
    parser = argparse.ArgumentParser(
        prog=commands.piow("benchmark"),
        description=_DESCRIPTION,
        epilog="\n  ".join(["examples:", *examples]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    suites.add_parsers(verbs)
    speed.add_parser(verbs)
    fleet.add_parser(verbs)
    chaos.add_parser(verbs)
    pages.add_parser(verbs)
    report.add_parser(verbs)
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
