"""The members of a message in JSON, each as the type that it must have."""

import json
import math
from typing import Any, Final

MAX_PIECE: Final = 40  # values in one piece of a window
LARGEST: Final = 2**32 - 1
LARGEST_MS: Final = 2**53
LARGEST_FLOAT: Final = 3.5e38  # of 32 bits, as the boards have them


class Refused(Exception):
    """Why a message was not understood, in a few words without anything from the message."""


def json_object(payload: bytes) -> dict[str, Any]:
    try:
        found = json.loads(payload.decode("utf-8"), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:  # UnicodeDecodeError is a ValueError
        raise Refused("not JSON") from error
    if not isinstance(found, dict):
        raise Refused("not a JSON object")
    if found.get("v") != 1 or isinstance(found["v"], bool):
        raise Refused("of another version")
    return found


def _no_constant(name: str) -> None:
    raise ValueError(name)


class Fields:
    """The members of a message, each as the type that it must have."""

    def __init__(self, found: dict[str, Any]) -> None:
        self.found = found

    def integer(self, key: str, low: int = 0, high: int = LARGEST) -> int:
        value = self.found.get(key)
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise Refused(f"{key} is not an integer in its range")
        return value

    def integer_or_none(self, key: str, low: int = 0, high: int = LARGEST) -> int | None:
        return None if self.found.get(key) is None else self.integer(key, low, high)

    def number(self, key: str) -> float | None:
        return _number(self.found.get(key), key)

    def text(self, key: str, longest: int) -> str:
        return _text(self.found.get(key), key, longest)

    def text_or_none(self, key: str, longest: int) -> str | None:
        return None if self.found.get(key) is None else self.text(key, longest)

    def one_of(self, key: str, choices: tuple[str, ...]) -> str:
        value = self.found.get(key)
        if not isinstance(value, str) or value not in choices:
            raise Refused(f"{key} is none of its choices")
        return value

    def items(self, key: str) -> list[Any]:
        value = self.found.get(key)
        if not isinstance(value, list):
            raise Refused(f"{key} is not a list")
        return value

    def texts(self, key: str, longest: int) -> list[str]:
        return [_text(item, key, longest) for item in self.items(key)]

    def numbers(self, key: str) -> list[float | None]:
        found = [_number(item, key) for item in self.items(key)]
        if not 1 <= len(found) <= MAX_PIECE:
            raise Refused(f"{key} has not 1 to {MAX_PIECE} numbers")
        return found


def _number(value: Any, key: str) -> float | None:
    if value is None:
        return None
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise Refused(f"{key} is not a number")
    if not -LARGEST_FLOAT <= value <= LARGEST_FLOAT or not math.isfinite(value):
        raise Refused(f"{key} is out of range")
    return float(value)


def _text(value: Any, key: str, longest: int) -> str:
    """Printable text only: no control characters, nothing that a database cannot store."""
    if not isinstance(value, str) or len(value) > longest or not value.isprintable():
        raise Refused(f"{key} is not a short printable text")
    return value
