"""The parser of the serial protocol: understood completely, or not at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.speed.lines import sample_lines
from monitor.telemetry import (
    MAX_LINE,
    AnomalyMarker,
    Answer,
    Channel,
    Fault,
    Item,
    LinkMessage,
    Notice,
    Raw,
    Reading,
    Selftest,
    Startup,
    State,
    Unknown,
    crc16,
    parse,
)

LINES: list[tuple[str, Item]] = [
    (
        "Real: 25.13 | Recon: 25.02 | Score: 0.0123",
        Reading(25.13, 25.02, 0.0123, None, None, {}, "25.13"),
    ),
    (
        "Real: -5.10 | Recon: 25.02 | Score: 0.0123 | Threshold: 0.1500 | State: NORMAL",
        Reading(-5.1, 25.02, 0.0123, 0.15, State.NORMAL, {}, "-5.10"),
    ),
    (
        "Real: 50.00 | Recon: 25.02 | Score: 1e18 | Threshold: 0.15 | State: ANOMALY"
        " | Cause: level over 8 s | Channels: 3",
        Reading(
            50.0,
            25.02,
            1e18,
            0.15,
            State.ANOMALY,
            {"Cause": "level over 8 s", "Channels": "3"},
            "50.00",
        ),
    ),
    (
        "Real: 1 | Recon: 2 | Score: 3 | State: WARMUP | New: thing | Threshold: 4",
        Reading(1, 2, 3, 4, State.WARMUP, {"New": "thing"}, "1"),
    ),
    (
        "Real: 2.50 | Recon: 2.40 | Score: 9.0 | Threshold: 4.0 | State: ANOMALY | Cause: oil: in"
        " | Channels: 3 | flow rate: 32.00 (32.25) | oil: in: -1.00",
        Reading(
            2.5,
            2.4,
            9.0,
            4.0,
            State.ANOMALY,
            {"Cause": "oil: in", "Channels": "3"},
            "2.50",
            {"flow rate": Channel("32.00", 32.25), "oil: in": Channel("-1.00", None)},
        ),
    ),
    ("Fault: stuck for 45 s | State: FAULT", Fault("stuck for 45 s", {})),
    (
        "Fault: at the low rail (short to ground or open) | State: FAULT",
        Fault("at the low rail (short to ground or open)", {}),
    ),
    (
        "Fault: the part does not answer (MPU6050 at 0x68, SDA GPIO21, SCL GPIO22) | State: FAULT",
        Fault("the part does not answer (MPU6050 at 0x68, SDA GPIO21, SCL GPIO22)", {}),
    ),
    (">>> ANOMALY DETECTED! <<<", AnomalyMarker()),
    ("RAW,0,0,25.130000", Raw(0, 0, ("25.130000",), False)),
    ("RAW,7,3500,0.10,-9.81,nan", Raw(7, 3500, ("0.10", "-9.81", "nan"), False)),
    ("RAW,1,500,25.13*e76c", Raw(1, 500, ("25.13",), True)),
    (
        "LINK,anomaly/v1/020000000001/status,1,1,online*5885",
        LinkMessage("anomaly/v1/020000000001/status", 1, True, "online"),
    ),
    (
        'LINK,anomaly/v1/020000000001/res,1,0,{"v":1,"id":"grün","ok":true,"text":"OK 2*3"}*ce78',
        LinkMessage(
            "anomaly/v1/020000000001/res",
            1,
            False,
            '{"v":1,"id":"grün","ok":true,"text":"OK 2*3"}',
        ),
    ),
    (
        "LINK,homeassistant/device/020000000001/config,1,1,*f9cb",
        LinkMessage("homeassistant/device/020000000001/config", 1, True, ""),
    ),
    ("OK", Answer(True, "")),
    ("OK raw on crc", Answer(True, "raw on crc")),
    ("ERR unknown command, try help", Answer(False, "unknown command, try help")),
    (
        "SELFTEST OK (max error 0.000012, 16 vectors)",
        Selftest(True, "SELFTEST OK (max error 0.000012, 16 vectors)", 0.000012, 16),
    ),
    (
        "SELFTEST FAILED (max error inf, 16 vectors)",
        Selftest(False, "SELFTEST FAILED (max error inf, 16 vectors)", float("inf"), 16),
    ),
    ("Initializing Anomaly Detector...", Startup("begin", "Initializing Anomaly Detector...")),
    ("System Ready. Monitoring Sensor...", Startup("ready", "System Ready. Monitoring Sensor...")),
    ("Reset: power-on", Startup("reset", "Reset: power-on", {"Reset": "power-on"})),
    (
        "Threshold: 0.2000 (set by the user)",
        Startup("threshold", "Threshold: 0.2000 (set by the user)", {"Threshold": "0.2000"}),
    ),
    (
        "Profile: lesson | Engine: dense int8 | Fingerprint: 0123456789ab | Period: 500 ms",
        Startup(
            "profile",
            "Profile: lesson | Engine: dense int8 | Fingerprint: 0123456789ab | Period: 500 ms",
            {
                "Profile": "lesson",
                "Engine": "dense int8",
                "Fingerprint": "0123456789ab",
                "Period": "500 ms",
            },
        ),
    ),
]

NOT_OURS = [
    "",
    "rst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)",
    "Real: 25.13 | Recon: 25.02 | Score:",
    "Real: 25.13 | Recon: 25.02",
    "Real: 25.1.3 | Recon: 25.02 | Score: 0.01",
    "Real: nan | Recon: 25.02 | Score: 0.01",
    "Real: ٢٥ | Recon: 25.02 | Score: 0.01",
    "Real: 25.13 | Recon: 25.02 | Score: 0.01 | State: SLEEPY",
    "Real: 25.13 | Recon: 25.02 | Score: 0.01 | State: NORMA",
    "Real: 25.13 | Recon: 25.02 | Score: 0.01 | State: NORMAL | State: NORMAL",
    "Real: 25.13 | Recon: 25.02 | Score: 0.01 | Threshold: 1 | X: y | Threshold: 2",
    "Real: 25.13 | Recon: 25.02 | Score: 0.01 | Threshold: high",
    "Real: 25.13 | Recon: 25.02 | Score: 0.01 | Threshold: 0.15 | Sta",
    "Real: 25.13 | Recon: 25.02 | Score: 0.01 | Real: 26",
    "Real: 25.13 | Recon: 25.02 | Score: 0.01 ",
    "xReal: 25.13 | Recon: 25.02 | Score: 0.01",
    *(
        f"Real: 25.13 | Recon: 25.02 | Score: 0.01 | State: NORMAL | Channels: {channels}"
        for channels in (
            "3 | flow: 32.00 (32.25)",  # one is missing
            "2 | flow: 32.00 (32.25) | oil: 1.00",
            "3 | flow: 32.00 (32.25) | flow: 1.00",
            "2 | flow: 32.00 (32.2",
            "2 | flow: 32.0",
            "2 | flow: 32",
            "2 | flow: 32.00 (nan)",
            "2 | flow:",
            "2 | 32.00",
            "2 | State: NORMAL",
        )
    ),
    "Fault: | State: FAULT",
    "Fault: stuck | State: NORMAL",
    ">>> ANOMALY DETECTED! <<",
    "RAW,1,500",
    "RAW,1,500,",
    "RAW,1,500,25.13,",
    "RAW,1,500,25.13*e760",
    "RAW,1,500,25.14*e76c",
    "RAW,1,500,25.13*E76C",
    "RAW,1,500,25.13*e76",
    "RAW,-1,500,25.13",
    "RAW,4294967296,500,25.13",
    "RAW,1,500,25.13RAW,2,1000,25.14",
    "LINK,anomaly/v1/020000000001/status,1,1,online",
    "LINK,anomaly/v1/020000000001/status,1,1,online*5880",
    "LINK,anomaly/v1/020000000001/status,1,1,onlime*5885",
    "LINK,anomaly/v1/020000000001/status,2,1,online*e94a",
    "LINK,anomaly/v1/020000000001/status,1,yes,online*5778",
    "LINK,anomaly/v1/+/status,1,1,online*35d8",
    "LINK,anomaly/#,1,1,online*86be",
    "LINK,,1,1,online*06c5",
    "LINK,anomaly/v1/020000000001/status,1,1,on\tline*bd5a",
    "OKAY",
    "OK\x00",
    "ERR",
    "SELFTEST MAYBE (max error 0.1, 16 vectors)",
    "Initializing Anomaly Detector",
    "Profile: a | b",
    "Calibrating: 60 s of normal signal are",
    "the model is dama",
    "the model is damaged (CRC-32 01234567",
    "Settings of another model are forgott",
]

NOTICES = [
    ("calibrating", "Calibrating: 60 s of normal signal are wanted"),
    ("calibrating", "Calibrating: 40 s of normal signal are wanted, 80 samples at least"),
    ("settings", "Settings of another model are forgotten"),
    ("failure", "the model is damaged (CRC-32 01234567, expected 89abcdef)"),
    ("failure", "three starts in a row did not come to System Ready (panic)"),
    ("summary", "Summary: 120 samples, 60.0 s of signal"),
]


@pytest.mark.parametrize(("line", "item"), LINES)
@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_a_line_of_the_protocol_is_understood(line: str, item: Item, ending: str) -> None:
    assert parse(line + ending) == item
    assert parse((line + ending).encode()) == item


@pytest.mark.parametrize(("kind", "line"), NOTICES)
def test_what_is_said_beside_readings_is_understood(kind: str, line: str) -> None:
    assert parse(line + "\r\n") == Notice(kind, line)


@pytest.mark.parametrize("line", NOT_OURS)
def test_anything_else_is_unknown_and_kept(line: str) -> None:
    assert parse(line) == Unknown(line)


@pytest.mark.parametrize("line", [line for line, _ in LINES])
def test_a_torn_line_has_no_wrong_state_and_passes_no_check(line: str) -> None:
    whole = parse(line)
    for cut in range(len(line)):
        for torn in (line[:cut], line[cut + 1 :]):
            item = parse(torn)
            if isinstance(whole, Raw) and whole.checked:
                # The check may be cut off as a whole; a value changed under it never passes.
                assert not isinstance(item, Raw) or not item.checked
            assert not isinstance(item, LinkMessage)
            if isinstance(item, Reading) and isinstance(whole, Reading):
                assert item.state in (whole.state, None)


def test_the_crc_is_ccitt_false() -> None:
    assert crc16("123456789") == 0x29B1


def test_a_checked_line_with_one_or_two_wrong_bits_is_never_accepted() -> None:
    body = "RAW,123456,61728000,25.130000"
    line = f"{body}*{crc16(body):04x}".encode()
    bits = len(body) * 8
    for first in range(bits):
        for second in range(first, bits, 7):
            damaged = bytearray(line)
            damaged[first // 8] ^= 1 << first % 8
            if second != first:
                damaged[second // 8] ^= 1 << second % 8
            item = parse(bytes(damaged))
            assert not (isinstance(item, Raw) and item.checked)


def test_answers_are_split_into_pairs() -> None:
    item = parse('OK profile=lesson engine="dense int8" threshold=0.1500 note= plain')
    assert isinstance(item, Answer)
    assert item.pairs() == {
        "profile": "lesson",
        "engine": "dense int8",
        "threshold": "0.1500",
        "note": "",
    }


def test_an_overlong_line_is_unknown() -> None:
    assert isinstance(parse("OK " + "x" * MAX_LINE), Unknown)
    assert isinstance(parse("RAW,1,1" + ",1" * 500_000), Unknown)


@given(st.binary(max_size=200))
def test_any_bytes_are_parsed_without_an_exception(data: bytes) -> None:
    parse(data)


@given(st.sampled_from([line for line, _ in LINES]), st.data())
def test_a_damaged_line_gives_a_record_or_unknown_but_no_exception(
    line: str, data: st.DataObject
) -> None:
    damaged = list(line)
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(line) - 1))] = data.draw(st.characters())
    parse("".join(damaged))


@given(
    st.integers(0, 2**32 - 1),
    st.integers(0, 2**32 - 1),
    st.lists(st.floats(-1e6, 1e6).map(lambda x: f"{x:.6f}"), min_size=1, max_size=8),
    st.booleans(),
)
def test_raw_values_come_back_as_sent(
    sequence: int, milliseconds: int, values: list[str], crc: bool
) -> None:
    body = f"RAW,{sequence},{milliseconds},{','.join(values)}"
    line = f"{body}*{crc16(body):04x}" if crc else body
    assert parse(line) == Raw(sequence, milliseconds, tuple(values), crc)


def test_the_lines_of_the_benchmark_are_all_understood() -> None:
    assert not any(isinstance(parse(line), Unknown) for line in sample_lines(500))
