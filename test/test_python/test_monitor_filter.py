"""The monitor filter: what a person sees, whatever the line does, in the real monitor."""

import contextlib
import io
import itertools
import re
import socket
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from serial_line import MonitorSession, VirtualBoard

from benchmark.speed.lines import ansi_screen
from monitor.input_line import InputLine
from monitor.summary import summarize
from monitor.telemetry import MARKER, MAX_LINE
from monitor.view import ASCII, FANCY, STYLES, Screen, View, detect_screen, layout_for, plain_screen

READING = "Real: 25.13 | Recon: 25.02 | Score: 0.0123 | Threshold: 0.1500 | State: NORMAL\r\n"
ANOMALY = (
    "Real: 31.00 | Recon: 25.02 | Score: 0.4200 | Threshold: 0.1500 | State: ANOMALY"
    f" | Cause: level\r\n{MARKER}\r\n"
)
FAULT = "Fault: stuck for 45 s | State: FAULT\r\n"
ANSI = re.compile(r"\x1b\[[0-9;]*m")


def make_view(columns: int = 100, unit: str = "C") -> View:
    ticks = iter(range(10**9))
    return View(plain_screen(columns), unit, now=lambda: next(ticks) / 2)


def bare(text: str) -> str:
    """Without colours, and without the time of day."""
    return re.sub(r"[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{3})?", "TIME", ANSI.sub("", text))


# -- what is shown ------------------------------------------------------------------------


def test_a_reading_is_one_aligned_line_with_value_bar_score_and_state() -> None:
    view = make_view()
    view.feed(READING)
    assert bare(view.feed(READING.replace("25.13", "-5.1"))) == (
        "TIME       -5.1 °C               █▁  ━──────────┃────    0.0123  NORMAL   expected 25.02\n"
    )


def test_all_lines_of_readings_have_the_same_columns() -> None:
    view = make_view()
    shown = view.feed(
        READING + ANOMALY.split("\r\n")[0] + "\r\n" + READING.replace("NORMAL", "WARMUP")
    )
    lines = [line for line in bare(shown).splitlines() if "0." in line and "peak" not in line]
    assert len({line.index("┃") for line in lines}) == 1
    assert len({re.search("NORMAL|ANOMALY|WARMUP", line).start() for line in lines}) == 1  # type: ignore[union-attr]


def test_an_anomaly_fills_whole_lines_in_one_style_and_is_announced_once() -> None:
    view = View(ansi_screen(), "C")
    before, after = ansi_screen().styles["anomaly"]
    lines = view.feed(ANOMALY * 3).splitlines()
    assert len(lines) == 4
    assert sum(MARKER in line for line in lines) == 1
    for line in lines:
        assert line.startswith(before) and line.endswith(after)
        assert len(ANSI.sub("", line)) == 99


def test_the_end_of_an_anomaly_says_how_long_and_how_bad_it_was() -> None:
    view = make_view()
    for _ in range(4):
        view.feed(ANOMALY)
    assert "anomaly over after 2.0 s, peak score 0.4200, LED off" in view.feed(READING)
    assert MARKER in view.feed(ANOMALY)  # the next one is announced again


def test_the_led_follows_the_state_as_on_the_board() -> None:
    view = make_view()
    seen = [view.led]
    for text in (READING, ANOMALY, FAULT, READING, ANOMALY, READING, "RAW,1,500,25.13\n"):
        view.feed(text)
        seen.append(view.led)
    assert seen == [None, False, True, False, False, True, False, None]
    assert f"{MARKER}  level  LED on" in view.feed(ANOMALY)


def test_firmware_without_states_is_understood_by_its_marker() -> None:
    view = make_view()
    plain = "Real: 25.13 | Recon: 25.02 | Score: 0.0123\n"
    view.feed(plain)
    for _ in range(3):
        view.feed(plain.replace("0.0123", "0.3") + MARKER + "\n")
    view.feed(plain)
    assert "anomaly over" in view.feed(plain) or view.session.open_anomaly is None
    assert view.session.anomaly_count == 1
    assert view.session.anomalies[0].peak == 0.3


def test_a_fault_looks_different_from_an_anomaly_and_names_its_reason() -> None:
    styles = {name: (f"<{name}>", "") for name in STYLES}
    view = View(Screen(lambda: 80, styles), "C")
    assert view.feed(FAULT).startswith("<fault>")
    assert "FAULT  stuck for 45 s" in view.feed(FAULT)
    assert STYLES["fault"] != STYLES["anomaly"]


@pytest.mark.parametrize(
    ("line", "style"),
    [
        ("Initializing Anomaly Detector...", "start"),
        ("System Ready. Monitoring Sensor...", "start"),
        ("Reset: brownout", "start"),
        ("SELFTEST OK (max error 0.000012, 16 vectors)", "good"),
        ("SELFTEST FAILED (max error 0.5, 16 vectors)", "bad"),
        ("OK state=NORMAL uptime_s=12", "answer"),
        ("OK SELFTEST FAILED (max error 0.5, 16 vectors)", "bad"),
        ("ERR unknown command", "refusal"),
        ("RAW,1,500,25.13", "raw"),
    ],
)
def test_each_kind_of_line_has_its_own_style(line: str, style: str) -> None:
    styles = {name: (f"<{name}>", "") for name in STYLES}
    shown = View(Screen(lambda: 80, styles), "C").feed(line + "\r\n")
    assert shown.startswith(f"<{style}>")
    assert line.removeprefix("RAW,1,500,").removeprefix("OK SELFTEST") in shown


@pytest.mark.parametrize("columns", [40, 80, 120])
def test_long_answers_break_between_words_and_never_in_one(columns: int) -> None:
    answer = (
        'OK profile=temperature fingerprint=0123456789ab engine="dense int8" model_bytes=2072'
        " engine_bytes=24 channels=1 features=8 period_ms=500 threshold=0.6327"
    )
    lines = make_view(columns).feed(answer + "\r\n").splitlines()
    assert all(len(line) < columns for line in lines)
    assert lines[0].startswith("← OK profile=temperature")
    assert all(line.startswith("  ") for line in lines[1:])
    assert "".join(f" {line[2:]}" for line in lines).strip() == answer
    assert any('engine="dense int8"' in line for line in lines)


def test_a_list_breaks_between_its_entries() -> None:
    text = make_view(60).feed("OK help | raw on|off|on crc | inject VALUE [COUNT] | calibrate\n")
    assert text == "← OK help | raw on|off|on crc | inject VALUE [COUNT] |\n  calibrate\n"


@pytest.mark.parametrize("columns", [30, 80, 120])
def test_a_fault_of_any_length_is_read_to_its_end(columns: int) -> None:
    reason = "at the high rail (short to the supply or open)"
    for text in (reason, "engine failed"):
        shown = bare(make_view(columns).feed(f"Fault: {text} | State: FAULT | Channel: 2\r\n"))
        assert " ".join(shown.split()).endswith(f"FAULT {text}, Channel 2")
        assert all(len(line) < columns for line in shown.splitlines())


def test_the_unit_follows_the_profile_that_the_board_names() -> None:
    view = View(plain_screen(), "C", unit_of={"vibration": "g"}.get)
    view.feed("Profile: vibration | Engine: dense int8 | Fingerprint: 0 | Period: 1 ms\n")
    assert "25.13 g" in view.feed(READING)


def test_a_cause_that_is_not_the_first_channel_shows_its_own_value() -> None:
    units = {"current": "A", "flow": "l/min"}
    view = View(plain_screen(140), "A", units_of=lambda name: units)
    view.feed("Profile: pump | Engine: dense int8 | Fingerprint: 0 | Period: 500 ms\r\n")
    reading = (
        "Real: 2.50 | Recon: 2.40 | Score: 9.0 | Threshold: 4.0 | State: {} | Channels: 2"
        " | flow: 12.00 (32.25)\r\n"
    )
    assert "flow" not in view.feed(reading.format("NORMAL"))
    shown = view.feed(reading.format("ANOMALY | Cause: flow"))
    assert "ANOMALY  flow 12.00 l/min, expected 32.25" in shown
    assert f"{MARKER}  flow 12.00 l/min, expected 32.25  LED on" in view.feed(f"{MARKER}\r\n")
    assert "expected 2.40" in view.feed(reading.format("ANOMALY | Cause: current"))


@pytest.mark.parametrize("columns", [1, 10, 20, 30, 40, 50, 60, 79, 80, 120, 300])
def test_no_line_is_wider_than_the_terminal_where_it_can_be_helped(columns: int) -> None:
    view = make_view(columns)
    for text in (READING, ANOMALY, FAULT, READING, "RAW,1,500,25.13\n"):
        for line in view.feed(text).splitlines():
            assert len(line) <= max(columns - 1, 24)
    assert "25.13" in view.feed(READING) and "NORMAL" in view.feed(READING)


def test_columns_go_one_by_one_as_the_terminal_narrows() -> None:
    widths = [layout_for(columns)[:5] for columns in range(200, 1, -1)]
    for wide, narrow in itertools.pairwise(widths):
        assert all(a >= b for a, b in zip(wide, narrow, strict=True))


# -- text that comes as it likes ------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "hello\r\n",
        "\r\n\n",
        "ets Jul 29 2019 12:21:46\r\n\r\nrst:0x1 (POWERON_RESET)\r\n",
        "Guru Meditation Error: Core 0 panic'ed\r\nBacktrace: 0x400d1234:0x3ffb1234\r\n",
        "Real: not a reading\r\n",
        "\x1b[0;32mI (312) main: log of ESP-IDF\x1b[0m\r\n",
        "grüße ☃ 𝄞 \x00\x01\x7f\ufffd\r\n",
        "50 %\r51 %\r52 %\r\n",
    ],
)
def test_what_is_not_of_the_protocol_passes_unchanged(text: str) -> None:
    assert make_view().feed(text) == text
    view = make_view()
    assert "".join(map(view.feed, text)) + view.show_waiting() == text


@given(st.text(), st.data())
@settings(max_examples=300)
def test_text_that_is_not_of_the_protocol_passes_unchanged_in_any_pieces(
    text: str, data: st.DataObject
) -> None:
    text = "".join(f"~{line}\n" for line in text.split("\n"))
    view = make_view()
    shown = ""
    while len(shown) < len(text):
        shown += view.feed(text[len(shown) :][: data.draw(st.integers(1, 9))])
        assert view.waiting == ""
    assert shown == text


@given(st.data())
@settings(max_examples=100)
def test_the_same_is_shown_however_the_text_is_cut(data: st.DataObject) -> None:
    parts = [
        READING,
        ANOMALY,
        FAULT,
        "OK done\n",
        "noise \x01\xff\n",
        "Real: torn\n",
        "RAW,1,2,3\n",
    ]
    text = "".join(data.draw(st.lists(st.sampled_from(parts), max_size=12)))
    whole = make_view().feed(text)
    view = View(plain_screen(), "C", now=lambda: 0.0)
    pieces, left = [], text
    while left:
        cut = data.draw(st.integers(1, 40))
        pieces.append(view.feed(left[:cut]))
        left = left[cut:]
    clean = re.compile(r"after [0-9.]+ s")
    assert clean.sub("", bare("".join(pieces))) == clean.sub("", bare(whole))


@given(
    st.lists(st.text(alphabet=st.characters() | st.sampled_from("RealOK: |0.5\r\n>")), max_size=30)
)
@settings(max_examples=300)
def test_no_text_raises_or_is_kept_for_ever(pieces: list[str]) -> None:
    view = make_view()
    for piece in pieces:
        view.feed(piece)
        assert len(view.waiting) <= MAX_LINE
    view.feed("\n")
    assert view.waiting == ""


def test_a_line_of_a_megabyte_takes_no_memory_and_what_follows_is_understood() -> None:
    for start in ("x", "Real: ", "RAW,1,500,"):
        view = make_view()
        block = "1" * 1024
        shown = view.feed(start)
        for _ in range(1024):
            shown += view.feed(block)
            assert len(view.waiting) <= MAX_LINE
        shown += view.feed("\r\n")
        assert shown == start + block * 1024 + "\r\n"
        assert "NORMAL" in view.feed(READING)
        assert (view.session.unknown, view.session.readings) == (1, 1)


def test_a_prompt_without_a_line_end_is_shown_at_once() -> None:
    view = make_view()
    assert view.feed("login: ") == "login: "
    assert view.feed("root\r\n") == "root\r\n"


def test_a_reading_that_stops_in_the_middle_is_shown_when_asked_and_still_counted() -> None:
    view = make_view()
    assert view.feed(READING[:20]) == ""
    assert view.show_waiting() == READING[:20]
    assert view.show_waiting() == ""
    assert view.feed(READING[20:]) == READING[20:-2].rstrip("\r") + "\r\n"
    assert view.session.readings == 1
    assert "NORMAL" in view.feed(READING)


def test_the_stamp_of_the_time_filter_is_used_as_the_time() -> None:
    shown = make_view().feed(f"01:02:03.456 > {READING}")
    assert shown.startswith("01:02:03.456  ")
    assert shown.count("01:02:03") == 1
    assert make_view().feed("01:02:03.456 > hello\r\n") == "01:02:03.456 > hello\r\n"


# -- what the terminal can do ---------------------------------------------------------------


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("NO_COLOR", "FORCE_COLOR", "COLORTERM", "TTY_COMPATIBLE", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    return monkeypatch


def test_a_terminal_gets_colours(clean_environment: pytest.MonkeyPatch) -> None:
    assert detect_screen(Terminal()).styles["anomaly"][0] == "\x1b[1;97;41m"


def test_no_color_leaves_an_alarm_reversed(clean_environment: pytest.MonkeyPatch) -> None:
    clean_environment.setenv("NO_COLOR", "1")
    styles = detect_screen(Terminal()).styles
    assert styles["anomaly"][0] == "\x1b[1;7m"
    assert all("3" not in before.replace("[", "") for before, _ in styles.values())


def test_a_pipe_and_a_dumb_terminal_get_plain_text(clean_environment: pytest.MonkeyPatch) -> None:
    assert not detect_screen(io.StringIO()).styles
    clean_environment.setenv("TERM", "dumb")
    assert not detect_screen(Terminal()).styles


def test_a_stream_that_cannot_encode_the_glyphs_gets_ascii() -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="cp1252")
    screen = detect_screen(stream)
    assert screen.glyphs is ASCII
    shown = View(screen, "C").feed((READING + ANOMALY + FAULT) * 3)
    shown.encode("ascii")
    assert detect_screen(io.TextIOWrapper(io.BytesIO(), encoding="utf-8")).glyphs is FANCY


def test_only_colours_that_every_theme_defines_are_used() -> None:
    names = {"red", "green", "yellow", "blue", "magenta", "cyan", "black", "bright_white"}
    for style in STYLES.values():
        assert set(style.split()) <= names | {"bold", "dim", "on"}
        # White or black text only on a ground of our own.
        assert not {"black", "bright_white"} & set(style.split()) or "on" in style.split()


# -- the summary ------------------------------------------------------------------------------


def test_the_summary_lists_the_episodes() -> None:
    view = make_view()
    for text in (
        READING,
        READING,
        ANOMALY,
        ANOMALY,
        READING,
        FAULT,
        FAULT,
        "what?\n",
        "\n",
        READING,
    ):
        view.feed(text)
    stream = io.StringIO()
    summarize(view.session, stream)
    text = stream.getvalue()
    assert re.search(r"readings\W+6\b", text)
    assert re.search(r"lines not understood\W+1\b", text)
    assert re.search(r"ANOMALY .* 1\.0 s .* 0\.4200 .* level", text)
    assert re.search(r"FAULT .* 2\.0 s .* stuck for 45 s", text)


def test_the_summary_of_a_simulation_says_what_was_found_and_what_was_missed() -> None:
    view = make_view()
    for text in [READING] * 4 + [ANOMALY] * 2 + [READING] * 60:
        view.feed(text)
    shown = view.feed(
        "Summary: injected step of temperature, t=1.500..2.500 s: found after 0.5 s, ANOMALY\n"
    )
    shown += view.feed("Summary: injected noise of temperature, t=20.000..25.000 s: missed\n")
    shown += view.feed("Summary: alarms without an injection 3\n")
    assert shown == ""  # the table says it
    stream = io.StringIO()
    summarize(view.session, stream, 100)
    text = stream.getvalue()
    assert re.search(r"injected, found\W+1 of 2\b", text)
    assert re.search(r"false alarms\W+3\b", text)
    assert re.search(
        r"step of temperature .* 1\.5 s .* 2\.5 s .* found after 0\.5 s, ANOMALY", text
    )
    assert re.search(r"noise of temperature .* 20\.0 s .* 25\.0 s .* missed", text)


def test_a_silent_session_has_no_summary() -> None:
    stream = io.StringIO()
    summarize(make_view().session, stream)
    assert stream.getvalue() == ""


def test_a_million_episodes_take_bounded_memory() -> None:
    view = make_view()
    for _ in range(3000):
        view.feed(ANOMALY + READING)
    assert view.session.anomaly_count == 3000
    assert len(view.session.anomalies) == 1000


# -- the line of input ------------------------------------------------------------------------


def test_what_is_typed_is_sent_on_enter_and_can_be_mended_before() -> None:
    line = InputLine(plain_screen(80))
    assert line.type("stx\batus") == ("", [])
    assert line.text == "status"
    assert line.type("\r\n") == ("status\r\n", ["status"])
    assert line.type("nonsense\x15\r") == ("\r", [])
    assert line.type("\x04") == ("\x04", [])  # means nothing here: sent as it is


def test_ctrl_n_says_that_the_alarm_was_normal_and_leaves_what_is_being_typed() -> None:
    line = InputLine(plain_screen(80))
    line.type("thres")
    assert line.type("\x0e") == ("normal\n", ["normal"])
    assert line.text == "thres"


def test_arrow_keys_bring_back_what_was_sent_and_other_sequences_do_nothing() -> None:
    line = InputLine(plain_screen(80))
    line.type("help\nstatus\n")
    line.type("\x1b[A\x1b[A\x1b[A\x1b[15~\x1b[D\x1bOQ")
    assert line.text == "help"
    line.type("\x1b[B")
    assert line.text == "status"
    line.type("\x1bOB")
    assert line.text == ""


@given(st.text(), st.integers(1, 120), st.sampled_from([None, False, True]))
def test_the_line_of_input_stays_on_one_line(text: str, columns: int, led: bool | None) -> None:
    line = InputLine(plain_screen(columns))
    line.type(text)
    shown = re.sub(r"\x1b\[\??[0-9]+[hlD]", "", line.draw(led))
    assert len(shown) <= max(columns - 1, 4) and "\n" not in shown
    assert line.text.endswith(shown.partition("> ")[2]) or not line.text


# -- in the real monitor ------------------------------------------------------------------------

pytest.importorskip("pty", reason="pseudo-terminals are needed", exc_type=ImportError)


Monitor = Callable[..., MonitorSession]


@pytest.fixture
def monitor(project: Path, tmp_path: Path) -> Iterator[Monitor]:
    """Starts the monitor in a project of its own that has this project's filter."""
    (tmp_path / "platformio.ini").write_text("[env:native]\ncustom_profile = temperature\n")
    (tmp_path / "monitor").symlink_to(project / "monitor")
    with contextlib.ExitStack() as stack:

        def start(port: str, *arguments: str, **environment: str) -> MonitorSession:
            environment = {"PLATFORMIO_CORE_DIR": str(tmp_path / "core"), **environment}
            session = MonitorSession(port, tmp_path, *arguments, **environment)
            stack.callback(session.close)
            return session

        yield start


def test_the_monitor_shows_readings_an_anomaly_and_the_summary(
    board: Callable[..., VirtualBoard], monitor: Monitor
) -> None:
    session = monitor(board("--speed", "20").port, "-f", "anomaly")
    session.wait_for("NORMAL", "°C")
    session.type("inject 50 4\n")
    text = session.wait_for("OK inject 50.00 4", MARKER, "anomaly over after")
    red = [line for line in text.splitlines() if line.startswith("\x1b[1;97;41m")]
    assert any(MARKER in line for line in red) and any("ANOMALY" in line for line in red)
    text = bare(session.quit())
    assert session.process.returncode == 0
    assert re.search(r"anomalies +│ +1\b", text)
    assert re.search(r"lines not understood +│ +0\b", text)
    assert text.count("lines not understood") == 1


@pytest.mark.parametrize(
    "filters",
    [
        ("anomaly", "time", "log2file"),
        ("log2file", "time", "anomaly"),
        ("time", "anomaly", "log2file"),
        ("anomaly", "log2file", "default"),
    ],
)
def test_other_filters_see_what_the_board_sent_in_any_order(
    filters: tuple[str, ...], board: Callable[..., VirtualBoard], monitor: Monitor, tmp_path: Path
) -> None:
    session = monitor(board("--speed", "20").port, *(f"--filter={name}" for name in filters))
    session.wait_for("\x1b[32mNORMAL")
    session.type("inject 50 4\n")
    session.wait_for(MARKER, "anomaly over after")
    shown = session.quit()
    assert "Real:" not in bare(shown)
    (log,) = (tmp_path / "logs").iterdir()
    logged = log.read_text("utf-8")
    assert "\x1b" not in logged and MARKER in logged
    stamped = "time" in filters[: filters.index("log2file")]
    start = r"\d\d:\d\d:\d\d\.\d{3} > " if stamped else ""
    reading = re.compile(
        rf"{start}Real: .* \| State: (WARMUP|NORMAL|ANOMALY)( \| Cause: \w+)?"
        r" \| Slow: \d+\.\d\d"
    )
    lines = [line for line in logged.splitlines() if "Real:" in line]
    assert len(lines) > 5
    assert all(reading.fullmatch(line) for line in lines[1:-1])
    if "time" in filters:
        assert not re.search(r"\d\d:\d\d:\d\d\.\d{3} > ", ANSI.sub("", shown))


def test_no_color_in_the_monitor_leaves_no_colour(
    board: Callable[..., VirtualBoard], monitor: Monitor
) -> None:
    session = monitor(board("--speed", "20").port, "-f", "anomaly", NO_COLOR="1")
    session.wait_for("NORMAL")
    session.type("inject 50 4\n")
    session.wait_for(MARKER, "● LED on")
    assert not re.search(
        r"\x1b\[[0-9;]*(3[0-7]|4[0-7]|9[0-7]|10[0-7])m", session.quit().split("--- Quit")[1]
    )


READING_ROW = re.compile(r"TIME +-?\d+\.\d\d °C .*(WARMUP|NORMAL|ANOMALY)\b.*")


@pytest.mark.parametrize("size", ["80x24", "120x40"])
def test_what_is_typed_stays_below_the_readings_and_harms_none_of_them(
    size: str, board: Callable[..., VirtualBoard], monitor: Monitor
) -> None:
    session = monitor(board("--speed", "20").port, "-f", "anomaly", "--echo", size=size)
    session.wait_for("NORMAL", "○ LED off")
    session.type("stax\x7ftus")
    while session.rows[-1] != "○ LED off  > status":
        session.read()
    begin = len(session.rows)
    while len(session.rows) < begin + 10:  # readings go on above it
        session.read()
    session.type("\n")
    session.wait_for("OK state=")
    begin = next(n for n, row in enumerate(session.rows) if row.startswith("--- Quit"))
    rows = [bare(row) for row in session.rows[begin + 1 :]]
    session.quit()
    assert rows[-1].startswith("○ LED off  >") and "status" not in rows[-1]
    assert rows.count("→ status") == 1
    assert all(len(row) < int(size[:-3]) for row in rows)
    readings = [row for row in rows if "°C" in row]
    assert len(readings) > 20
    assert [row for row in readings if not READING_ROW.fullmatch(row)] == []
    assert not any("> " in row for row in rows[:-1] if row.startswith(("○", "●")))


def test_the_line_of_input_follows_the_size_of_the_terminal_and_makes_way_for_the_menu(
    board: Callable[..., VirtualBoard], monitor: Monitor
) -> None:
    session = monitor(board("--speed", "20").port, "-f", "anomaly", size="120x40")
    session.wait_for("NORMAL")
    session.type("x" * 90)
    session.wait_for("x" * 90)
    session.resize(60, 20)
    while session.rows[-1] != "○ LED off  > " + "x" * 46:
        session.read()
    session.type("\x14\x09")
    session.wait_for("--- filters: anomaly")
    session.type("\x15")
    while session.rows[-1] != "○ LED off  > type help, or Ctrl+N for: that was normal":
        session.read()
    text = "\n".join(session.rows)
    assert "\n--- Settings:" in text and "\n--- filters: anomaly\n" in text
    assert "x" * 90 not in text and "x" * 46 not in text


def test_a_terminal_that_knows_no_escapes_has_nothing_of_the_line_of_input(
    board: Callable[..., VirtualBoard], monitor: Monitor
) -> None:
    session = monitor(board("--speed", "20").port, "-f", "anomaly", TERM="dumb")
    session.wait_for("NORMAL")
    session.type("inject 50 4\n")
    session.wait_for(MARKER, "anomaly over after")
    text = session.quit().split("--- Quit")[1]
    assert "\x1b" not in text and "LED off  >" not in text and "→" not in text
    assert re.search(r"anomalies\W+1\b", text)


def test_behind_pipes_the_width_is_that_of_the_terminal_the_output_is_meant_for(
    project: Path,
) -> None:
    import fcntl
    import os
    import termios

    terminal, child = os.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    name = os.ttyname(child)
    environment = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "COLUMNS")}
    with subprocess.Popen(
        [sys.executable, "-m", "monitor.view"],
        cwd=project,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=lambda: os.close(os.open(name, os.O_RDWR)),  # the session's terminal from here
        env={**environment, "FORCE_COLOR": "1", "TERM": "xterm-256color"},
        text=True,
    ) as process:
        shown = process.communicate(READING + ANOMALY)[0]
    os.close(terminal)
    os.close(child)
    assert "expected" not in shown  # there is no room for it in 80 columns
    red = [row for row in shown.splitlines() if row.startswith("\x1b[1;97;41m")]
    assert [len(ANSI.sub("", row)) for row in red] == [79, 79]


def test_without_rich_the_monitor_is_plainer_and_says_once_how_to_get_it(
    board: Callable[..., VirtualBoard], monitor: Monitor, tmp_path: Path
) -> None:
    (tmp_path / "hidden").mkdir()
    (tmp_path / "hidden" / "rich.py").write_text("raise ImportError('not installed')\n")
    session = monitor(
        board("--speed", "20").port, "-f", "anomaly", PYTHONPATH=str(tmp_path / "hidden")
    )
    session.wait_for("NORMAL")
    session.type("inject 50 4\n")
    session.wait_for(MARKER, "anomaly over after")
    text = session.quit()
    assert text.count("-m pip install rich") == 1
    assert "\x1b[7m" in text
    assert re.search(r"anomalies +1\b", text)


def test_a_line_that_stops_in_the_middle_is_shown_in_time(monitor: Monitor) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        session = monitor(f"socket://127.0.0.1:{server.getsockname()[1]}", "-f", "anomaly")
        client, _ = server.accept()
        with client:
            session.wait_for("--- Quit")  # what came before is thrown away
            client.sendall(b"password: ")
            session.wait_for("password: ", seconds=10)
            client.sendall(b"\r\nReal: 25.1")
            session.wait_for("Real: 25.1", seconds=10)
            client.sendall(b"3 | Recon: 25.02 | Score: 0.0123\r\nFault: stuck | State: FAULT\r\n")
            session.wait_for("3 | Recon", "FAULT  stuck")
            text = bare(session.quit())
    assert re.search(r"readings +│ +1\b", text)


def test_the_summary_survives_a_board_that_is_unplugged(monitor: Monitor) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = f"socket://127.0.0.1:{server.getsockname()[1]}"
        session = monitor(port, "-f", "anomaly", "--no-reconnect")
        client, _ = server.accept()
        with client:
            session.wait_for("--- Quit")
            client.sendall(READING.encode() * 3)
            session.wait_for("NORMAL")
        session.type("x")
        session.wait_for("Disconnected")
        while session.process.poll() is None:
            session.read()
        assert re.search(r"readings +│ +3\b", bare(session.read()))
