"""What a user says about a recording that the file itself does not tell. Standard library only."""

import argparse
import dataclasses
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Wishes:
    """Nothing is given by default: then the file alone decides, or the user is asked."""

    columns: tuple[str, ...] = ()  # one a channel
    interval_s: float | None = None
    decimal: str | None = None
    rows: str | None = None  # "A:B", data rows A to B - 1 counted from 0
    resample_s: float | None = None

    def record(self) -> dict[str, Any]:
        """Those that were given, as the manifest keeps them."""
        content = {**dataclasses.asdict(self), "columns": list(self.columns)}
        return {key: value for key, value in content.items() if value}


def of_record(record: dict[str, Any]) -> Wishes:
    """The inverse of `Wishes.record`."""
    return Wishes(**{**record, "columns": tuple(record.get("columns", ()))})


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options that state them."""
    parser.add_argument("--rows", metavar="A:B", help="only data rows A to B - 1, counted from 0")
    parser.add_argument(
        "--column", action="append", metavar="NAME", help="name or number; one for each channel"
    )
    parser.add_argument(
        "--interval", type=_seconds, metavar="S", help="seconds from row to row, if no column says"
    )
    parser.add_argument("--decimal", choices=(".", ","), help="the decimal sign of its numbers")
    parser.add_argument(
        "--resample", type=_seconds, metavar="S", help="one row for each S seconds: their mean"
    )


def of_options(options: argparse.Namespace) -> Wishes:
    columns = tuple(options.column or ())
    return Wishes(columns, options.interval, options.decimal, options.rows, options.resample)


def _seconds(text: str) -> float:
    value = float(text)
    if not 1e-6 <= value <= 1e8:
        raise ValueError
    return value
