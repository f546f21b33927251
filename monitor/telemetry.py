"""The serial protocol (docs/protocol.md), parsed in one place.

`parse` turns one line into one typed record. It is strict: a line is either understood
completely or it is `Unknown`; a field is never guessed and a torn line never half used.
Standard library only, so that it runs in whatever interpreter PlatformIO brings.
"""

from __future__ import annotations

import re
from binascii import a2b_base64, b2a_base64, crc_hqx
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

MAX_LINE = 4096  # characters; the firmware's longest line is far shorter

_NUMBER = r"-?[0-9]{1,39}(?:\.[0-9]{1,20})?(?:e[0-9]{1,2})?"
_SAMPLE = rf"(?:{_NUMBER}|nan|-?inf)"  # a recorded sample is what the sensor gave, whatever it is
_DIGITS = r"-?(?:[0-9]{1,18}\.[0-9]{2,6}|1e18)"  # a value, or what was expected, of a channel
_UINT32_MAX = 0xFFFF_FFFF


class State(StrEnum):
    WARMUP = "WARMUP"
    NORMAL = "NORMAL"
    ANOMALY = "ANOMALY"
    FAULT = "FAULT"


@dataclass(slots=True)
class Channel:
    """What a reading says of a further channel."""

    value_text: str  # with the digits that the board sent
    expected: float | None  # None where the board cannot tell

    @property
    def value(self) -> float:
        return float(self.value_text)


@dataclass(slots=True)
class Reading:
    """One sample: what was measured, what the model expected, how far apart they are."""

    real: float
    recon: float
    score: float
    threshold: float | None
    state: State | None
    fields: dict[str, str]  # further `Name: value` fields, as sent
    real_text: str  # the value with the digits that the board sent
    channels: dict[str, Channel] = field(default_factory=dict)  # after the first, by their names


@dataclass(slots=True)
class Fault:
    """The sensor is not believable; no reading was made."""

    reason: str
    fields: dict[str, str]


@dataclass(slots=True)
class AnomalyMarker:
    """`>>> ANOMALY DETECTED! <<<`, after each reading whose state is ANOMALY."""


@dataclass(slots=True)
class Raw:
    """One recorded sample, a value a channel, exactly as sent."""

    sequence: int
    milliseconds: int
    values: tuple[str, ...]
    checked: bool  # carried a CRC, and it was right


@dataclass(slots=True)
class RawBlock:
    """Recorded samples in a row, from a sensor that is fast; it always carries a CRC."""

    sequence: int  # of the first
    micros: int  # its time
    data: bytes  # numbers of 16 bits, the lower byte first, sample after sample


@dataclass(slots=True)
class LinkMessage:
    """What the board has for an MQTT broker; it always carries a CRC. Not for a person's eye."""

    topic: str
    qos: int  # 0 or 1
    retain: bool
    payload: str


@dataclass(slots=True)
class Answer:
    """The answer to a command."""

    ok: bool
    text: str  # what follows OK or ERR

    def pairs(self) -> dict[str, str]:
        """The `key=value` words of the answer; a value with spaces stands in quotes."""
        return {key: value.strip('"') for key, value in _pairs(self.text)}


@dataclass(slots=True)
class Selftest:
    ok: bool
    text: str  # the whole line
    max_error: float | None
    vectors: int | None


@dataclass(slots=True)
class Startup:
    """A line of the board's start; `phase` is begin, profile, reset, threshold or ready."""

    phase: str
    text: str
    fields: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Notice:
    """What is said beside readings.

    `kind` is calibrating, learning, settings, learnt, failure or summary. A failure is why the
    board judges nothing at all; a summary is the host program's.
    """

    kind: str
    text: str


@dataclass(slots=True)
class Unknown:
    text: str


Item = (
    Reading
    | Fault
    | AnomalyMarker
    | Raw
    | RawBlock
    | LinkMessage
    | Answer
    | Selftest
    | Startup
    | Notice
    | Unknown
)

MARKER = ">>> ANOMALY DETECTED! <<<"
BEGIN = "Initializing Anomaly Detector..."
READY = "System Ready. Monitoring Sensor..."

#: Why a board judges nothing; the numbers behind it may follow in brackets.
FAILURES = (
    "the model is not loaded",
    "Model schema mismatch!",
    "AllocateTensors() failed! Increase arena size.",
    "the model is not the one that model_config.h describes",
    "the model is damaged",
    "an operator of the model could not be registered",
    "the network's width is not the number of features",
    "Invoke() failed",
    "three starts in a row did not come to System Ready",
)

#: How every line of the protocol begins; a torn line that begins otherwise is none.
HEADS = (
    "Real: ", "Fault: ", MARKER, "RAW,", "RAWB,", "LINK,", "OK ", "OK\r", "ERR ", "SELFTEST ",
    BEGIN, "Profile: ", "Reset: ", "Threshold: ", READY,
    "Calibrating: ", "Learning: ", "Settings of another model ", "Learnt", "Summary: ", *FAILURES,
)  # fmt: skip

_FIELD = r" \| [A-Z][A-Za-z0-9_ ]*: [ -{}~]+"
_reading = re.compile(
    rf"Real: ({_NUMBER}) \| Recon: ({_NUMBER}) \| Score: ({_NUMBER})"
    rf"(?: \| Threshold: ({_NUMBER}))?(?: \| State: ([A-Z]+))?((?:{_FIELD})*)"
).fullmatch
_channels = re.compile(
    r"(Real: [ -~]+? \| Channels: ([2-9]|1[0-9]|20))((?: \| [ -{}~]+)*)"
).fullmatch
_fault = re.compile(rf"Fault: ([ -{{}}~]+?)((?:{_FIELD})*)").fullmatch
_raw = re.compile(
    rf"RAW,([0-9]{{1,10}}),([0-9]{{1,15}}),({_SAMPLE}(?:,{_SAMPLE})*)(?:\*([0-9a-f]{{4}}))?"
).fullmatch
_raw_block = re.compile(
    r"RAWB,([0-9]{1,10}),([0-9]{1,15}),"
    r"((?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==|[A-Za-z0-9+/]=))?)\*([0-9a-f]{4})"
).fullmatch
_link = re.compile(
    r"LINK,([^\x00-\x20\x7f,+#]{1,128}),([01]),([01]),([^\x00-\x1f\x7f]*)\*([0-9a-f]{4})"
).fullmatch
_answer = re.compile(r"(?:OK(?: ([\x20-\x7e]*))?|ERR ([\x20-\x7e]+))").fullmatch
_selftest = re.compile(
    rf"SELFTEST (?:(OK)|FAILED) \("
    rf"(?:max error ({_NUMBER}|nan|inf), ([0-9]+) vectors|[\x20-\x7e]+)\)"
).fullmatch
_profile = re.compile(rf"Profile: ([ -{{}}~]+?)((?:{_FIELD})*)").fullmatch
_reset = re.compile(r"Reset: ([\x20-\x7e]+)").fullmatch
_threshold = re.compile(rf"Threshold: ({_NUMBER}) \([ -~]+\)").fullmatch
_notices = {
    "calibrating": re.compile(
        r"Calibrating: [0-9]+ s of normal signal are wanted(?:, [0-9]+ samples at least)?"
    ).fullmatch,
    "learning": re.compile(
        r"Learning: [0-9]+ s of normal signal are wanted(?:, [0-9]+ frames at least)?"
    ).fullmatch,
    "settings": re.compile(
        r"(?:Settings|Learnt limits) "
        r"(?:of another model|of another version|that were damaged) are forgotten"
    ).fullmatch,
    "learnt": re.compile(rf"Learnt: [ -{{}}~]+(?:{_FIELD})+").fullmatch,
    "summary": re.compile(r"Summary: [^\x00-\x1f]+").fullmatch,
    "failure": re.compile(
        rf"(?:{'|'.join(map(re.escape, FAILURES))})(?: \([\x20-\x7e]+\))?"
    ).fullmatch,
}
_pairs = re.compile(r'([A-Za-z_][A-Za-z0-9_]*)=("[^"]*"|[^ "]*)').findall
_number = re.compile(_NUMBER).fullmatch
_channel = re.compile(rf"([ -{{}}~]{{1,32}}): ({_DIGITS})(?: \(({_DIGITS})\))?").fullmatch


def crc16(text: str) -> int:
    """CRC-16/CCITT-FALSE (polynomial 0x1021, start 0xFFFF) over the text in UTF-8."""
    return crc_hqx(text.encode("utf-8", "surrogatepass"), 0xFFFF)


def parse(line: str | bytes) -> Item:
    """Parse one line; its line ending, if any, is ignored. Never raises."""
    if not isinstance(line, str):
        line = line.decode("utf-8", "replace")
    line = line.rstrip("\r\n")
    if len(line) <= MAX_LINE:
        parser = _PARSERS.get(line[:2])
        if parser is not None:
            item = parser(line)
            if item is not None:
                return item
    return Unknown(line)


def _fields(tail: str) -> dict[str, str] | None:
    """Split ` | Name: value | Name: value`; None where a name comes twice."""
    result: dict[str, str] = {}
    for part in tail.split(" | ")[1:]:
        name, _, value = part.partition(": ")
        if name in result:
            return None
        result[name] = value.strip()
    return result


def _split_channels(line: str) -> tuple[str, dict[str, Channel] | None]:
    """The line up to its field `Channels`, and what follows; None where that is no list of the
    further channels."""
    match = _channels(line) if " | Channels: " in line else None
    if match is None or not match[3]:
        return line, {}
    result: dict[str, Channel] = {}
    for part in match[3].split(" | ")[1:]:
        one = _channel(part)
        if one is None or one[1] in result:
            return line, None
        result[one[1]] = Channel(one[2], None if one[3] is None else float(one[3]))
    return match[1], result if len(result) == int(match[2]) - 1 else None


def _parse_reading(line: str) -> Reading | None:
    line, channels = _split_channels(line)
    match = _reading(line) if channels is not None else None
    if match is None:
        return None
    real, recon, score, threshold, state, tail = match.groups()
    fields: dict[str, str] = {}
    if tail:
        more = _fields(tail)
        if more is None or more.keys() & {"Real", "Recon", "Score"}:
            return None
        if "Threshold" in more:  # the order of the further fields is free
            if threshold is not None or not _number(more["Threshold"]):
                return None
            threshold = more.pop("Threshold")
        if "State" in more:
            if state is not None:
                return None
            state = more.pop("State")
        fields = more
    if state is not None and state not in _STATES:
        return None
    return Reading(
        float(real),
        float(recon),
        float(score),
        None if threshold is None else float(threshold),
        None if state is None else _STATES[state],
        fields,
        real,
        channels or {},
    )


def _parse_fault(line: str) -> Fault | None:
    match = _fault(line)
    fields = match and _fields(match[2])
    if match is None or fields is None or fields.pop("State", "FAULT") != "FAULT":
        return None
    return Fault(match[1], fields)


def _parse_block(line: str) -> RawBlock | None:
    match = _raw_block(line)
    if match is None:
        return None
    sequence, micros, text, crc = match.groups()
    if crc16(line[:-5]) != int(crc, 16):
        return None
    data = a2b_base64(text)
    whole = (
        len(data) > 0 and len(data) % 2 == 0 and b2a_base64(data, newline=False) == text.encode()
    )
    item = RawBlock(int(sequence), int(micros), data)
    return item if whole and item.sequence <= _UINT32_MAX else None


def _parse_raw(line: str) -> Raw | RawBlock | None:
    if line.startswith("RAWB"):
        return _parse_block(line)
    match = _raw(line)
    if match is None:
        return None
    sequence, milliseconds, values, crc = match.groups()
    if crc is not None and crc16(line[:-5]) != int(crc, 16):
        return None
    item = Raw(int(sequence), int(milliseconds), tuple(values.split(",")), crc is not None)
    return item if item.sequence <= _UINT32_MAX else None


def _parse_link(line: str) -> LinkMessage | None:
    match = _link(line)
    if match is None or crc16(line[:-5]) != int(match[5], 16):
        return None
    return LinkMessage(match[1], int(match[2]), match[3] == "1", match[4])


def _parse_answer(line: str) -> Answer | None:
    match = _answer(line)
    if match is None:
        return None
    return Answer(match[2] is None, match[2] or match[1] or "")


def _parse_selftest(line: str) -> Startup | Selftest | None:
    if line == READY:
        return Startup("ready", line)
    match = _selftest(line)
    if match is None:
        return None
    return Selftest(
        match[1] is not None,
        line,
        float(match[2]) if match[2] else None,
        int(match[3]) if match[3] else None,
    )


def _parse_start(line: str) -> Startup | None:
    if line == BEGIN:
        return Startup("begin", line)
    if (match := _profile(line)) is not None:
        fields = _fields(match[2])
        return None if fields is None else Startup("profile", line, {"Profile": match[1], **fields})
    if (match := _reset(line)) is not None:
        return Startup("reset", line, {"Reset": match[1]})
    if (match := _threshold(line)) is not None:
        return Startup("threshold", line, {"Threshold": match[1]})
    return None


def _parse_notice(line: str) -> Notice | None:
    return next((Notice(kind, line) for kind, match in _notices.items() if match(line)), None)


def _parse_in(line: str) -> Startup | Notice | None:
    return _parse_start(line) or _parse_notice(line)


def _parse_marker(line: str) -> AnomalyMarker | None:
    return AnomalyMarker() if line == MARKER else None


def _parse_r(line: str) -> Reading | Startup | None:
    return _parse_reading(line) if line.startswith("Rea") else _parse_start(line)


_STATES = {state.value: state for state in State}
_PARSERS: dict[str, Callable[[str], Item | None]] = {
    "Re": _parse_r,
    "Fa": _parse_fault,
    ">>": _parse_marker,
    "RA": _parse_raw,
    "LI": _parse_link,
    "OK": _parse_answer,
    "ER": _parse_answer,
    "SE": _parse_selftest,
    "Sy": _parse_selftest,
    "In": _parse_in,
    "Pr": _parse_start,
    "Th": _parse_start,
    **dict.fromkeys(("Ca", "Le", "Se", "Su", "th", "Mo", "Al", "an"), _parse_notice),
}
