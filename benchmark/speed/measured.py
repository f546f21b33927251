"""Runs the small programs of cpp/ and reads what they have measured."""

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from benchmark import compiler

SOURCES = Path(__file__).parent / "cpp"


@dataclass(frozen=True)
class Output:
    """What a program printed: nanoseconds a call, plain numbers, and values to compare."""

    times: dict[str, list[float]]
    numbers: dict[str, float]
    values: dict[str, list[float]]


def run(program: Path, batches: int) -> Output:
    """Runs a program that speaks the language of measure.h."""
    times: dict[str, list[float]] = defaultdict(list)
    numbers: dict[str, float] = {}
    values: dict[str, list[float]] = {}
    for line in compiler.output([str(program), str(batches)]).splitlines():
        kind, name, *words = line.split()
        if kind == "time":
            times[name].append(float(words[0]))
        elif kind == "number":
            numbers[name] = float(words[0])
        elif kind == "values":
            values[name] = [float(word) for word in words]
    return Output(dict(times), numbers, values)
