"""What the command lines of several benchmarks share."""

import argparse
import json
from collections.abc import Callable
from typing import Any

from benchmark import tables

Table = Callable[[dict[str, Any], tables.Style], str]


def count(text: str) -> int:
    """A whole number from 1 on."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return value


def add_form(parser: argparse.ArgumentParser, markdown: str) -> None:
    """`--json` or `--markdown`; without one, a table for a person."""
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="for machines, on standard output")
    form.add_argument("--markdown", action="store_true", help=markdown)


def show(options: argparse.Namespace, result: dict[str, Any], table: Table, part: str = "") -> None:
    """The whole as JSON, or the table of it, or of one part."""
    if options.json:
        print(json.dumps(result, indent=1))
    else:
        style = tables.markdown if options.markdown else tables.text
        print(table(result[part] if part else result, style))
