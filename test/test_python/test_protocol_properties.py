"""What holds for the Python parsers whatever they are given: telemetry and profiles."""

import copy
import dataclasses
import json
import math
import struct
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import PROJECT
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from monitor.telemetry import Raw, Reading, State, crc16, parse
from project import profile as profiles
from project.errors import UserError
from project.profile import limits

# ---- telemetry

FLOAT32 = st.floats(width=32, allow_nan=False, allow_infinity=False)


def fixed(value: float, decimals: int) -> str:
    """A number as LineBuffer::AddFixed writes it."""
    if abs(value) >= 1e18:
        return "-1e18" if value < 0 else "1e18"
    return f"{value:.{decimals}f}"


@given(FLOAT32, FLOAT32, FLOAT32, FLOAT32, st.sampled_from([State.WARMUP, State.NORMAL]))
def test_a_reading_of_any_numbers_is_understood(
    real: float, recon: float, score: float, threshold: float, state: State
) -> None:
    line = (
        f"Real: {fixed(real, 2)} | Recon: {fixed(recon, 2)} | Score: {fixed(score, 4)} | "
        f"Threshold: {fixed(threshold, 4)} | State: {state}\r\n"
    )
    item = parse(line)
    assert isinstance(item, Reading)
    assert item.state is state
    assert item.real_text == fixed(real, 2)
    assert item.score == float(fixed(score, 4))


NAMES = st.text(
    st.characters(min_codepoint=32, max_codepoint=126, exclude_characters='|,"\\'),
    min_size=1,
    max_size=32,
).filter(lambda name: name == name.strip() and name not in profiles.READING_FIELDS)


@given(
    st.dictionaries(NAMES, st.tuples(FLOAT32, FLOAT32 | st.none()), min_size=1, max_size=7),
    st.sampled_from([State.NORMAL, State.ANOMALY]),
)
@example({"state": (1.0, 2.0), "Flow (in): 3.00 (4": (1.0, None)}, State.ANOMALY)
def test_channels_of_any_names_are_understood(
    channels: dict[str, tuple[float, float | None]], state: State
) -> None:
    cause = next(iter(channels))
    line = "Real: 1.00 | Recon: 2.00 | Score: 3.0000 | Threshold: 4.0000 | State: " + state
    line += f" | Cause: {cause}" if state is State.ANOMALY else ""
    line += f" | Channels: {len(channels) + 1}"
    for name, (value, expected) in channels.items():
        line += f" | {name}: {fixed(value, 2)}"
        line += "" if expected is None else f" ({fixed(expected, 2)})"
    item = parse(line + "\r\n")
    assert isinstance(item, Reading)
    assert list(item.channels) == list(channels)
    for name, (value, expected) in channels.items():
        assert item.channels[name].value_text == fixed(value, 2)
        asked = None if expected is None else float(fixed(expected, 2))
        assert item.channels[name].expected == asked


@given(
    st.integers(0, 2**32 - 1),
    st.integers(0, 2**40),
    st.lists(FLOAT32, min_size=1, max_size=8),
    st.data(),
)
def test_a_raw_line_with_a_wrong_byte_is_never_a_checked_sample(
    sequence: int, milliseconds: int, values: list[float], draw: st.DataObject
) -> None:
    body = f"RAW,{sequence},{milliseconds},{','.join(fixed(v, 6) for v in values)}"
    line = f"{body}*{crc16(body):04x}"
    assert isinstance(parse(line), Raw)
    at = draw.draw(st.integers(0, len(line) - 1))
    wrong = draw.draw(st.characters(codec="ascii").filter(lambda c: c != line[at]))
    item = parse(line[:at] + wrong + line[at + 1 :])
    assert not (isinstance(item, Raw) and item.checked)


# ---- profiles

DOCUMENTS = {
    path.stem: tomllib.loads(path.read_text(encoding="utf-8"))
    for path in sorted((PROJECT / "profiles").glob("*.toml"))
}
VALUES = st.one_of(
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.booleans(),
    st.text(max_size=12),
    st.lists(st.integers(-2, 100) | st.floats() | st.text(max_size=4), max_size=18),
    st.sampled_from([{}, [], [[]], [{}], {"kind": "level"}, 0, -1, 1, 1e-40, 1e39, 65536, 2**31]),
)


def leaves(table: dict[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Where the values of a document are, tables included."""
    for key, value in table.items():
        yield (*path, key)
        if isinstance(value, dict):
            yield from leaves(value, (*path, key))


PLACES = [(name, place) for name, document in DOCUMENTS.items() for place in leaves(document)]


def to_toml(value: Any) -> str:
    """A value of a TOML document, in one line."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return f"{{{', '.join(f'{json.dumps(k)} = {to_toml(v)}' for k, v in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(to_toml, value))}]"
    return json.dumps(value) if isinstance(value, str) else repr(value)


def numbers(value: Any) -> Iterator[float]:
    """Every number in a record."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for part in value:
            yield from numbers(part)
    elif isinstance(value, int | float):
        yield float(value)


def is_float32(value: float) -> bool:
    """It is neither infinite nor zero by its type alone."""
    try:
        return bool(struct.unpack("f", struct.pack("f", value))[0]) == bool(value)
    except OverflowError:
        return False


@given(st.sampled_from(PLACES), VALUES)
@example(("temperature", ("sensor", "gain")), 1e-60)
@example(("temperature", ("sensor", "valid")), [-1e300, 1e300])
@example(("temperature", ("sensor", "gain")), 10**400)
@example(("temperature", ("features", "use")), ["value", {"kind": "jump_energy", "tau": 1e300}])
@settings(max_examples=500, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_profile_with_any_value_anywhere_is_sound_or_refused_by_name(
    tmp_path: Path, place: tuple[str, tuple[str, ...]], value: Any
) -> None:
    name, keys = place
    document = copy.deepcopy(DOCUMENTS[name])
    table = document
    for key in keys[:-1]:
        table = table[key]
    table[keys[-1]] = value
    path = tmp_path / f"{name}.toml"
    text = "".join(f"{key} = {to_toml(part)}\n" for key, part in document.items())
    path.write_text(text, encoding="utf-8")
    try:
        profile = profiles.load(path)
    except UserError as error:
        assert str(error).startswith(f"{path}: ")
        assert "\n" not in str(error)
        return
    assert 1 <= len(profile.sensor.channels) <= limits.MAX_CHANNELS
    assert 1 <= profile.feature_count <= limits.MAX_FEATURES
    record = dataclasses.asdict(profile)
    del record["data"], record["network"]  # neither is seen by the chip
    assert all(map(is_float32, filter(math.isfinite, numbers(record))))


@given(fast=st.floats(1, 1e4), slow=st.floats(1, 1e4) | st.none())
@example(fast=16.0, slow=16.0)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_an_accepted_trend_has_a_variance(tmp_path: Path, fast: float, slow: float | None) -> None:
    slow = fast if slow is None else slow
    document = copy.deepcopy(DOCUMENTS["temperature"])
    trend = {"kind": "trend_energy", "fast_tau": fast, "slow_tau": slow, "tau": 32.0}
    document["features"]["use"] = ["value", trend]
    path = tmp_path / "trend.toml"
    text = "".join(f"{key} = {to_toml(part)}\n" for key, part in document.items())
    path.write_text(text, encoding="utf-8")
    try:
        fast, slow, _ = profiles.load(path).features.use[1].parameters
    except UserError:
        return
    # As TrendVariance in lib/Features computes it.
    one, two, a, b = (np.float32(x) for x in (1, 2, fast, slow))
    variance = one / (two * a - one) + one / (two * b - one) - two / (a + b - one)
    assert variance > 0


@given(st.binary(max_size=200))
@example(b"a = " + 5000 * b"1")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_no_profile(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "any.toml"
    path.write_bytes(content)
    with pytest.raises(UserError):
        profiles.load(path)
