"""Constants as C++ writes them: literals, arrays, aggregates. Lines have at most 100 columns."""

import math
import struct
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

_WIDTH: Final = 100


def number(value: float) -> str:
    """A float32 literal: the shortest that reads back to the same float32."""
    single = _float32(value)
    if abs(value) < 1e6 and single == round(value):
        return f"{round(value)}.0f"
    for digits in range(1, 10):
        text = f"{value:.{digits}g}"
        if _float32(float(text)) == single:
            break
    return (text if any(c in text for c in ".e") else text + ".0") + "f"


def double(value: float) -> str:
    """A literal that reads back to the same float64; the largest one for infinity."""
    return repr(min(max(float(value), -sys.float_info.max), sys.float_info.max))


def string(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def boolean(value: bool) -> str:
    return "true" if value else "false"


def constant(kind: str, name: str, value: object) -> str:
    return f"inline constexpr {kind} {name} = {value};\n"


def floats(name: str, values: Sequence[float]) -> str:
    return array("float", name, map(number, values))


def array(kind: str, name: str, values: Iterable[str], size: str = "") -> str:
    """`inline constexpr kind name[size] = {...};`, wrapped."""
    items = list(values)
    start = f"inline constexpr {kind} {name}[{size or len(items)}] = {{"
    if len(start) + len(", ".join(items)) + 2 <= _WIDTH:
        return f"{start}{', '.join(items)}}};\n"
    return f"{start}\n{wrapped(items)}}};\n"


def wrapped(items: Sequence[str], indent: str = "    ") -> str:
    """Values with commas, as many a line as there is room for."""
    lines: list[str] = []
    line = indent
    for item in items:
        if len(line) + len(item) + 1 > _WIDTH:
            lines.append(line.rstrip())
            line = indent
        line += item + ", "
    return "\n".join([*lines, line.rstrip()]) + "\n"


# Of a member: its text, or the members of an aggregate inside.
Value = str | Mapping[str, str]


def aggregate(kind: str, name: str, members: Mapping[str, Value]) -> str:
    """`inline constexpr kind name = {...};` with designated initialisers, a member a line.

    They are all members, in the order of their declaration: the compiler takes no other.
    """
    return f"inline constexpr {kind} {name} = {_braces(members, '')};\n"


def aggregates(kind: str, name: str, items: Sequence[Mapping[str, str]]) -> str:
    """An array of aggregates; one that fits is on one line."""
    text = ""
    for item in items:
        one_line = ", ".join(_member(*member) for member in item.items())
        short = len(one_line) + 7 <= _WIDTH
        text += f"    {f'{{{one_line}}}' if short else _braces(item, '    ')},\n"
    return f"inline constexpr {kind} {name}[{len(items)}] = {{\n{text}}};\n"


def braces(members: Mapping[str, Value]) -> str:
    """The initialiser of an aggregate alone, a member a line."""
    return _braces(members, "")


def _braces(members: Mapping[str, Value], indent: str) -> str:
    inner = indent + "    "
    text = ""
    for name, value in members.items():
        text += (
            f"{inner}{_member(name, value if isinstance(value, str) else _braces(value, inner))},\n"
        )
    return f"{{\n{text}{indent}}}"


def _member(name: str, value: str) -> str:
    return f".{name} = {value}"


def _float32(value: float) -> float:
    """The nearest float32; infinity where there is none."""
    try:
        return float(struct.unpack("<f", struct.pack("<f", value))[0])
    except OverflowError:
        return math.copysign(math.inf, value)
