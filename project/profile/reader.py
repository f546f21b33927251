"""A TOML table that is emptied key by key; what is left over at the end is unknown."""

import difflib
import json
import math
from collections.abc import Sequence
from typing import Any, Final

from project.errors import UserError

_FLOAT32_MAX: Final = 3.4028234e38
_FLOAT32_MIN: Final = 2.0**-126


class Table:
    """One table of a profile's file. Every method raises UserError with file, table and key."""

    def __init__(self, file: str, name: str, content: dict[str, Any]) -> None:
        self._file = file
        self.name = name
        self._content = dict(content)
        self._asked: list[str] = []

    def error(self, key: str, reason: str) -> UserError:
        """What is wrong with a key, to be raised."""
        table = f"[{self.name}] " if self.name else ""
        return UserError(f"{self._file}: {table}{key}: {reason}")

    def has(self, key: str) -> bool:
        return key in self._content

    def says(self, key: str, value: Any) -> bool:
        """Whether a key has this very value."""
        return key in self._content and self._content[key] == value

    def take(self, key: str, default: Any = None) -> Any:
        """The value of a key; without a default it has to be there."""
        self._asked.append(key)
        if key in self._content:
            return self._content.pop(key)
        if default is None:
            close = difflib.get_close_matches(key, self._content, 1)
            raise self.error(key, f"is missing{f' (is {close[0]} meant?)' if close else ''}")
        return default

    def table(self, key: str, optional: bool = False) -> "Table":
        """The table of a key; one that is not there is empty where it is optional."""
        return self.inner(key, self.take(key, {} if optional else None))

    def inner(self, key: str, value: Any) -> "Table":
        """A table that was found in an array, or under a key."""
        if not isinstance(value, dict):
            raise self.error(key, f"must be a table, not {kind_of(value)}")
        return Table(self._file, f"{self.name}.{key}" if self.name else key, value)

    def split(self, key: str, deep: bool) -> "list[Table] | None":
        """A table for each entry of an array (`deep`: of an array of arrays); None where the key
        is none."""
        value = self._content.get(key)
        if not isinstance(value, list) or (deep and not any(isinstance(v, list) for v in value)):
            return None
        return [Table(self._file, self.name, {key: entry}) for entry in self.take(key)]

    def text(self, key: str, default: str | None = None, among: Sequence[str] = ()) -> str:
        value = self.take(key, default)
        if not isinstance(value, str):
            raise self.error(key, f"must be a string, not {kind_of(value)}")
        if among and value not in among:
            said = json.dumps(value, ensure_ascii=False)  # on one line, whatever is in it
            raise self.error(key, f"{said} is not one of {', '.join(among)}")
        return value

    def flag(self, key: str, default: bool | None = None) -> bool:
        value = self.take(key, default)
        if not isinstance(value, bool):
            raise self.error(key, f"must be true or false, not {kind_of(value)}")
        return value

    def integer(self, key: str, default: int | None, low: int, high: int) -> int:
        value = self.take(key, default)
        if not isinstance(value, int) or isinstance(value, bool):
            raise self.error(key, f"must be a whole number, not {kind_of(value)}")
        if not low <= value <= high:
            raise self.error(key, f"{value} is not within {low} to {high}")
        return value

    def number(
        self,
        key: str,
        default: float | None = None,
        low: float = -math.inf,
        high: float = math.inf,
        above: float = -math.inf,
    ) -> float:
        """A number that the firmware's arithmetic can hold, `low` <= and <= `high`, > `above`."""
        given = self.has(key)
        value = self.take(key, default)
        return self._number(key, value, low, high, above) if given else float(value)

    def interval(self, key: str, default: tuple[float, float] | None = None) -> tuple[float, float]:
        value = self.take(key, default)
        if not isinstance(value, list | tuple) or len(value) != 2:
            raise self.error(key, "must be [low, high]")
        low, high = (self._number(key, v, -math.inf, math.inf, -math.inf) for v in value)
        if low >= high:
            raise self.error(key, f"low {low:g} is not below high {high:g}")
        return low, high

    def array(self, key: str) -> list[Any]:
        value = self.take(key)
        if not isinstance(value, list):
            raise self.error(key, f"must be an array, not {kind_of(value)}")
        return value

    def finish(self) -> None:
        """Raises UserError where a key is left that nobody asked for."""
        for key in self._content:
            close = difflib.get_close_matches(key, self._asked, 1)
            hint = f"did you mean {close[0]}?" if close else f"known: {', '.join(self._asked)}"
            raise self.error(key, f"unknown key ({hint})")

    def _number(self, key: str, value: Any, low: float, high: float, above: float) -> float:
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise self.error(key, f"must be a number, not {kind_of(value)}")
        if _FLOAT32_MAX < abs(value) < math.inf or 0 < abs(value) < _FLOAT32_MIN:
            raise self.error(key, "is too large or too small for the firmware's numbers")
        if not math.isfinite(value):
            raise self.error(key, f"must be a finite number, not {value}")
        if value < low or value > high:
            raise self.error(key, f"{value} is not within {low:g} to {high:g}")
        if value <= above:
            raise self.error(key, f"must be above {above:g}, not {value}")
        return float(value)


def kind_of(value: Any) -> str:
    """The kind of a TOML value, in words."""
    names = {str: "a string", bool: "true or false", int: "a whole number", float: "a number"}
    names |= {list: "an array", dict: "a table"}
    return names.get(type(value), type(value).__name__)
