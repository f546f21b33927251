"""docs/topics.schema.json: what it says of each topic, how to check a payload, examples of one."""

import functools
import json
from pathlib import Path
from typing import Any, Final

import jsonschema
from hypothesis import strategies as st

FILE: Final = Path(__file__).resolve().parents[2] / "docs" / "topics.schema.json"
SCHEMA: Final[dict[str, Any]] = json.loads(FILE.read_text(encoding="utf-8"))
# The definitions that are of a topic; the others are parts of them.
TOPICS: Final[dict[str, dict[str, Any]]] = {
    name: part for name, part in SCHEMA["$defs"].items() if "x-topic" in part
}
TEXTS: Final = ("status", "home_assistant")  # their payloads are no JSON

LETTERS: Final = st.characters(min_codepoint=32, max_codepoint=126) | st.sampled_from("°µΩäé²")


@functools.cache
def validator(name: str) -> jsonschema.Draft202012Validator:
    whole = {"$ref": f"#/$defs/{name}", "$defs": SCHEMA["$defs"]}
    return jsonschema.Draft202012Validator(whole)


def topic(name: str, board: str) -> str:
    return str(TOPICS[name]["x-topic"]).replace("<id>", board)


def name_of(topic_name: str, board: str, payload: str) -> str:
    """Which definition a message is to fit."""
    candidates = [name for name in TOPICS if topic(name, board) == topic_name]
    if "window" in candidates:
        is_window = json.loads(payload).get("k") == "window"
        return "window" if is_window else "event"
    assert len(candidates) == 1, f"{topic_name}: is no topic of the schema"
    return candidates[0]


def problems(name: str, payload: str) -> list[str]:
    """What is wrong with a payload; unknown keys are, since nobody should write them."""
    if len(payload.encode()) > TOPICS[name]["x-max-bytes"]:
        return [f"{len(payload.encode())} bytes"]
    value: Any = payload
    if name not in TEXTS:
        value = json.loads(payload, parse_constant=_no_constant)
    found = [f"{error.json_path}: {error.message}" for error in validator(name).iter_errors(value)]
    known = TOPICS[name].get("properties", {})
    if known and name != "discovery":  # Home Assistant's keys are its own
        found += [f"{key}: is not in the schema" for key in value if key not in known]
    if name == "window":
        lengths = {len(value.get(key, [])) for key in ("values", "recon", "scores")}
        found += ["its arrays are not equally long"] if len(lengths) > 1 else []
    return found


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


# --- examples


def valid(name: str) -> st.SearchStrategy[dict[str, Any]]:
    """JSON objects that fit a definition, with a key now and then that nobody knows."""
    known = TOPICS[name]["properties"]
    others = st.dictionaries(
        st.text(LETTERS, max_size=8).filter(lambda key: key not in known), _ANYTHING, max_size=1
    )
    made = st.tuples(others, _values(TOPICS[name])).map(lambda pair: {**pair[0], **pair[1]})
    if name == "window":
        made = st.builds(_equally_long, made, st.integers(1, 30))
    if name == "event":
        made = made.filter(_follows)
    return made.filter(
        lambda value: (
            validator(name).is_valid(value)
            and len(json.dumps(value).encode()) <= TOPICS[name]["x-max-bytes"]
        )
    )


def _equally_long(window: dict[str, Any], length: int) -> dict[str, Any]:
    series = {key: (window[key] * length)[:length] for key in ("values", "recon", "scores")}
    return {**window, **series}


def _follows(event: dict[str, Any]) -> bool:
    """Its `prev` is older than itself."""
    return event["prev"] is None or event["prev"] < [event["boot"], event["seq"]]


_ANYTHING: Final = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(LETTERS, max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)


def _values(part: dict[str, Any]) -> st.SearchStrategy[Any]:
    """As much of JSON schema as the file uses; the rest is left to the filter of `valid`."""
    if "const" in part:
        return st.just(part["const"])
    if "enum" in part:
        return st.sampled_from(part["enum"])
    if "oneOf" in part:
        return st.one_of(*map(_values, part["oneOf"]))
    if "$ref" in part and "properties" not in part:
        return _values(SCHEMA["$defs"][part["$ref"].rpartition("/")[2]])
    types = part["type"] if isinstance(part["type"], list) else [part["type"]]
    return st.one_of(*(_of_type(kind, part) for kind in types))


def _of_type(kind: str, part: dict[str, Any]) -> st.SearchStrategy[Any]:
    if kind == "object":
        required = {key: _values(part["properties"][key]) for key in part["required"]}
        optional = {k: _values(v) for k, v in part["properties"].items() if k not in required}
        return st.fixed_dictionaries(required, optional=optional)
    if kind == "array":
        longest = min(part["maxItems"], 6)
        return st.lists(_values(part["items"]), min_size=part.get("minItems", 0), max_size=longest)
    if kind == "integer":
        return st.integers(part["minimum"], part["maximum"])
    if kind == "number":
        numbers = st.floats(part["minimum"], part["maximum"])
        return st.integers(-1000, 1000) | numbers.map(lambda x: float(f"{x:.6g}"))
    if kind == "string" and "pattern" in part:
        return st.from_regex(part["pattern"].rstrip("$") + r"\Z")
    if kind == "string":
        lengths = part.get("minLength", 0), part["maxLength"]
        longest = st.just("Ω" * lengths[1])
        return st.text(LETTERS, min_size=lengths[0], max_size=lengths[1]) | longest
    return {"boolean": st.booleans(), "null": st.none()}[kind]
