"""What a key of a profile may be: said once, beside the field of the record that holds it.

    rate_hz: Annotated[float, Number("how often the sensor is read", "Hz", low=1e-3, high=1000)]

From this the key is read and checked, and docs/writing-a-profile.md has its table. The default is
that of the field; without one the key has to be given.
"""

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import MISSING, Field, dataclass, fields
from typing import Any, Final, TypeVar

from project.profile.reader import Table, kind_of

Record = TypeVar("Record")

ALL: Final = -1  # instead of a channel: all of them together


@dataclass(frozen=True)
class Key:
    """What every key has. `kind`: it belongs to one kind of its table only."""

    text: str
    unit: str = ""
    kind: str = ""
    required: bool = False  # although the field has a default: a table of the kind must give it

    form = "string"

    def read(self, table: Table, name: str, default: Any) -> Any:
        """Takes the key out of its table; `default` is None where it has to be given.

        Raises:
          UserError: it is missing, or is not what it may be.
        """
        return table.text(name, default)

    def range(self) -> str:
        """Which values it may have, for the docs."""
        return ""


@dataclass(frozen=True)
class Choice(Key):
    """One of several words."""

    among: tuple[str, ...] = ()

    def read(self, table: Table, name: str, default: Any) -> str:
        return table.text(name, default, self.among)

    def range(self) -> str:
        return ", ".join(f"`{word}`" for word in self.among)


@dataclass(frozen=True)
class Flag(Key):
    form = "true or false"

    def read(self, table: Table, name: str, default: Any) -> bool:
        return table.flag(name, default)


@dataclass(frozen=True)
class Integer(Key):
    low: int = 0
    high: int = 2**31 - 1

    form = "whole number"

    def read(self, table: Table, name: str, default: Any) -> int:
        return table.integer(name, default, self.low, self.high)

    def range(self) -> str:
        return f"{self.low} to {self.high}"


@dataclass(frozen=True)
class Number(Key):
    """`low` <= number <= `high`, and > `above`."""

    low: float = -math.inf
    high: float = math.inf
    above: float = -math.inf

    form = "number"

    def read(self, table: Table, name: str, default: Any) -> float:
        return table.number(name, default, self.low, self.high, self.above)

    def range(self) -> str:
        above, most = math.isfinite(self.above), math.isfinite(self.high)
        if above:
            return f"above {self.above:g}" + (f", at most {self.high:g}" if most else "")
        if math.isfinite(self.low):
            return f"{self.low:g} to {self.high:g}" if most else f"{self.low:g} or more"
        return ""


@dataclass(frozen=True)
class Interval(Key):
    form = "[low, high]"

    def read(self, table: Table, name: str, default: Any) -> tuple[float, float]:
        return table.interval(name, default)

    def range(self) -> str:
        return "low below high"


@dataclass(frozen=True)
class Rising(Key):
    """Numbers of 0 or more, each above the one before it."""

    form = "array of numbers"

    def read(self, table: Table, name: str, default: Any) -> tuple[float, ...]:
        parts = table.split(name, deep=False)
        if parts is None:
            raise table.error(name, "must be an array of numbers")
        found = tuple(part.number(name, low=0) for part in parts)
        if len(found) < 2 or any(a >= b for a, b in itertools.pairwise(found)):
            raise table.error(name, "must be two numbers or more, each above the one before it")
        return found

    def range(self) -> str:
        return "rising"


@dataclass(frozen=True)
class EachChannel(Key):
    """What `one` may be, for all channels; or an array with that for each channel."""

    one: Key = Key("")

    @property
    def form(self) -> str:  # type: ignore[override]
        return f"{self.one.form}, or an array of them"

    def read(self, table: Table, name: str, default: Any) -> Any:
        parts = table.split(name, deep=isinstance(self.one, Interval))
        if parts is None:
            return self.one.read(table, name, default)
        return tuple(self.one.read(part, name, None) for part in parts)

    def range(self) -> str:
        of_one = self.one.range()
        return f"{of_one}; an array has one for each channel" if of_one else "one for each channel"


@dataclass(frozen=True)
class Tables(Key):
    """An array of tables, each a record `of` that type."""

    of: type[Any] = Key

    form = "array of tables"

    def read(self, table: Table, name: str, default: Any) -> tuple[Any, ...]:
        found = []
        for entry in table.array(name) if table.has(name) else table.take(name, default):
            inner = table.inner(name, entry)
            found.append(read(self.of, inner))
            inner.finish()
        return tuple(found)


@dataclass(frozen=True)
class Kinds(Key):
    """An array of kinds, each of every channel or of one; at most so many come of it."""

    noun: str = ""
    most: int = 1

    form = "array of strings and tables"

    def range(self) -> str:
        return f"1 to {self.most} {self.noun}s"

    def check(self, table: Table, name: str, found: Sequence[Any]) -> None:
        """Raises UserError where it gives none, too many, or one twice."""
        if not 1 <= len(found) <= self.most:
            reason = f"gives {len(found)} {self.noun}s, must be 1 to {self.most}"
            raise table.error(name, reason)
        if len(set(found)) != len(found):
            raise table.error(name, f"names the same {self.noun} twice")


def kind_of_channels(
    table: Table,
    name: str,
    entry: Any,
    kinds: Choice,
    channels: tuple[str, ...],
    beside: tuple[str, ...] = (),
) -> tuple[Table, str, list[int]]:
    """An entry of the array `name`: its table, its kind, and the channels that it means.

    A string is its kind alone; without the key `channel` it means every one. A word of `beside`
    means `ALL`.
    """
    if isinstance(entry, str):
        entry = {"kind": entry}
    if not isinstance(entry, dict):
        raise table.error(name, f"must hold strings and tables, not {kind_of(entry)}")
    inner = table.inner(name, entry)
    kind = kinds.read(inner, "kind", None)
    channel = inner.text("channel", "*", among=("*", *channels, *beside))
    every = list(range(len(channels)))
    if channel in beside:
        return inner, kind, [ALL]
    return inner, kind, every if channel == "*" else [channels.index(channel)]


def keys(record: type[Any]) -> Iterator[tuple[Field[Any], Key]]:
    """The fields of a record that are keys of its table."""
    for field in fields(record):
        for key in getattr(field.type, "__metadata__", ()):
            if isinstance(key, Key):
                yield field, key


def read(record: type[Record], table: Table, **known: Any) -> Record:
    """The record that a table says; `known` are the fields that have been found out already.

    A `kind` among the keys comes first, and keys of the other kinds are unknown ones.

    Raises:
      UserError: a key is missing, or is not what it may be.
    """
    values = dict(known)
    for field, key in keys(record):
        if field.name not in values and key.kind in ("", values.get("kind")):
            default = None if field.default is MISSING or key.required else field.default
            values[field.name] = key.read(table, field.name, default)
    return record(**values)


def one_for_each(table: Table, record: Any, channels: int) -> None:
    """Raises UserError where an array of a record has not one entry for each channel."""
    for field, key in keys(type(record)):
        value = getattr(record, field.name)
        if not isinstance(key, EachChannel) or not isinstance(value, tuple):
            continue
        for_all = isinstance(key.one, Interval) and not isinstance(value[0], tuple)
        if not for_all and len(value) != channels:
            raise table.error(field.name, f"are {len(value)} for {channels} channels")


def said(record: Any) -> dict[str, Any]:
    """What a record says beyond its defaults, as JSON has it."""
    found = {}
    for field in fields(record):
        value = getattr(record, field.name)
        if field.default is MISSING or value != field.default:
            found[field.name] = _plain(value)
    return found


def _plain(value: Any) -> Any:
    if hasattr(value, "__dataclass_fields__"):
        return said(value)
    return [_plain(item) for item in value] if isinstance(value, tuple) else value
