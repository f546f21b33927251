"""Turns serial lines into lines for a person: aligned, coloured, with sparkline and score bar.

`python -m monitor.view` does it for text on standard input, so that what a program prints can
be looked at as in the monitor: `program --simulate mixed | python -m monitor.view --clock board`.
Works without `rich`, plainer.
"""

from __future__ import annotations

import argparse
import codecs
import contextlib
import os
import re
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple, TextIO

from monitor import telemetry
from monitor.frame_view import FrameView
from monitor.session import Episode, Session, format_seconds
from monitor.telemetry import (
    AnomalyMarker,
    Answer,
    Fault,
    Item,
    LinkMessage,
    Raw,
    Reading,
    Selftest,
    Startup,
    State,
    Unknown,
)

#: Only the 16 colours that every terminal theme defines for its own background.
STYLES = {
    "time": "dim",
    "value": "bold",
    "spark": "cyan",
    "ok": "green",
    "over": "bold red",
    "track": "dim",
    "warmup": "cyan",
    "anomaly": "bold bright_white on red",
    "fault": "bold black on yellow",
    "good": "bold green",
    "bad": "bold bright_white on red",
    "start": "bold blue",
    "answer": "cyan",
    "refusal": "bold magenta",
    "sent": "bold cyan",
    "hint": "dim",
    "lit": "bold red",
    "raw": "dim",
}

UNITS = {"C": "°C", "F": "°F"}
_TIME_PREFIX = re.compile(r"([0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}) > ")
_PREFIXES = frozenset(head[:n] for head in telemetry.HEADS for n in range(len(head)))
_BAR_THRESHOLD = 2 / 3  # where on the bar the threshold stands


class Glyphs(NamedTuple):
    spark: str
    fill: str
    over: str
    track: str
    mark: str
    answer: str
    sent: str
    rule: str
    led: str  # off and on


FANCY = Glyphs("▁▂▃▄▅▆▇█", "━", "━", "─", "┃", "←", "→", "─", "○●")
ASCII = Glyphs("_.-=+*%#", "=", "#", ".", "|", "<-", "->", "-", "o*")


class Layout(NamedTuple):
    """Widths of the columns, 0 where there is no room for one."""

    time: int
    spark: int
    bar: int
    score: int
    recon: bool
    width: int  # columns that may be used


def layout_for(columns: int, clock: bool = True) -> Layout:
    """The columns that fit a terminal; the last column stays free, some consoles wrap there."""
    width = max(columns - 1, 1)
    time_width = 12 if clock else 0
    for layout in (
        Layout(time_width, 14, 16, 8, True, width),
        Layout(time_width, 12, 16, 8, False, width),
        Layout(min(time_width, 8), 8, 12, 8, False, width),
        Layout(0, 8, 9, 8, False, width),
        Layout(0, 0, 0, 8, False, width),
        Layout(0, 0, 0, 0, False, width),
    ):
        if _used(layout) <= width:
            break
    return layout


def _used(layout: Layout) -> int:
    columns = [layout.time, 13, layout.spark, layout.bar, layout.score, 7]
    return sum(column + 2 for column in columns if column) - 2 + (18 if layout.recon else 0)


@dataclass(slots=True)
class Screen:
    """What the output can show."""

    columns: Callable[[], int]
    styles: Mapping[str, tuple[str, str]]  # name -> what goes before and after
    glyphs: Glyphs = FANCY
    degrees: bool = True

    def paint(self, style: str, text: str) -> str:
        before, after = self.styles.get(style, ("", ""))
        return f"{before}{text}{after}" if text else ""


def plain_screen(columns: int = 100) -> Screen:
    return Screen(lambda: columns, {}, FANCY)


def detect_screen(stream: TextIO) -> Screen:
    """Ask `rich` what the terminal behind `stream` can do; without it only bold and reverse."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    try:
        ("".join(FANCY) + "°").encode(encoding)
        glyphs = FANCY
    except (UnicodeError, LookupError):
        glyphs = ASCII
    styles = _detect_styles(stream)
    return Screen(lambda: _columns(bool(styles)), styles, glyphs, glyphs is FANCY)


def _columns(coloured: bool) -> int:
    """Of the terminal, also where only one of the three standard streams is left on it.

    Output that is coloured although all three are pipes is on its way to the terminal that this
    process belongs to: `pio run` puts pipes between.
    """
    if os.environ.get("COLUMNS", "").isdecimal():
        return int(os.environ["COLUMNS"])
    for descriptor in (1, 2, 0):
        with contextlib.suppress(OSError):
            if columns := os.get_terminal_size(descriptor).columns:
                return columns
    if coloured and os.name == "posix":
        with contextlib.suppress(OSError):
            terminal = os.open(os.ctermid(), os.O_RDONLY | os.O_NOCTTY)
            try:
                return os.get_terminal_size(terminal).columns or 100
            finally:
                os.close(terminal)
    return 100


def is_terminal(stream: TextIO) -> bool:
    try:
        return stream.isatty()
    except (AttributeError, ValueError):
        return False


def _detect_styles(stream: TextIO) -> dict[str, tuple[str, str]]:
    try:
        from rich.color import ColorSystem
        from rich.console import Console
        from rich.style import Style
    except ImportError:
        ansi = is_terminal(stream) and os.name != "nt" and os.environ.get("TERM", "dumb") != "dumb"
        reverse = ("\x1b[7m", "\x1b[0m")
        return {"anomaly": reverse, "fault": reverse, "bad": reverse} if ansi else {}
    console = Console(file=stream)
    if not console.is_terminal or console.color_system in (None, "windows"):
        return {}
    names = {"standard": ColorSystem.STANDARD, "256": ColorSystem.EIGHT_BIT}
    system = names.get(console.color_system or "", ColorSystem.TRUECOLOR)
    styles = {}
    for name, definition in STYLES.items():
        style = Style.parse(definition)
        if console.no_color:
            # NO_COLOR asks for no colour; an alarm may still be reversed.
            style = Style(bold=style.bold, dim=style.dim, reverse=bool(style.bgcolor))
        before, _, after = style.render("\0", color_system=system).partition("\0")
        styles[name] = (before, after)
    return styles


def fill(text: str, width: int, lead: str = "") -> list[str]:
    """Break a text into lines between its words; what stands in quotes or between bars is one.

    The first line begins with `lead`, further ones under the first word. A word that is wider
    than a line is left whole.
    """
    pattern = r".+?(?: \| |$)" if " | " in text else r'(?:[^\s"]|"[^"]*"|")+\s*'
    indent = " " * (len(lead) or 2)
    lines, fresh = [lead], True
    for word in re.findall(pattern, text):
        if not fresh and len(lines[-1]) + len(word.rstrip()) > width:
            lines.append(indent)
        lines[-1] += word
        fresh = False
    return [line.rstrip() for line in lines]


class View:
    """Feed it text as it comes, in any pieces; it returns what to show.

    Memory is bounded: of a line that cannot be one of the protocol's nothing is held back.
    `now` gives seconds; with `board_period` set, time is counted in samples instead.
    """

    def __init__(
        self,
        screen: Screen,
        unit: str = "",
        *,
        now: Callable[[], float] = time.monotonic,
        show_time: bool = True,
        board_period: float | None = None,
        unit_of: Callable[[str], str | None] = lambda profile: None,
        units: Mapping[str, str] | None = None,
        units_of: Callable[[str], Mapping[str, str]] = lambda profile: {},
    ) -> None:
        self.screen = screen
        self.session = Session()
        self.show_time = show_time
        self.board_period = board_period
        self._unit_of = unit_of
        self._frame = FrameView()
        self._set_units(units or {})  # of each channel
        self._units_of = units_of
        self._now = now
        self._began: float | None = None
        self._samples = 0
        self._held = ""  # the line so far, while it may be one of the protocol's
        self._shown = False  # what is held was shown already, because nothing more came
        self._passing = False  # the rest of this line is shown as it comes
        self._history: deque[float] = deque(maxlen=32)
        self._banner = False
        self._cause = ""  # of the anomaly, as the last reading named it
        self.led: bool | None = None  # of the board, which follows the state; None: not known
        self._columns = 0
        self._columns_read = -1.0
        self._clock = ""
        self._clock_second = -1
        self.set_unit(unit)
        self._measure(0.0)

    # -- text in, text out ---------------------------------------------------------------

    def feed(self, text: str) -> str:
        if "\n" not in text:
            return self._hold(text)
        lines = text.split("\n")
        rest = lines.pop()
        now = self._now()
        if self._began is None:
            self._began = now
        elapsed = now - self._began
        if elapsed - self._columns_read > 0.5 or self._columns_read < 0:
            self._measure(elapsed)
        out = []
        if self._passing:
            out.append(lines[0] + "\n")
            self._passing = False
            self.session.note(Unknown("?"), self._elapsed(elapsed))
            del lines[0]
        elif self._held:
            held, self._held = self._held, ""
            if self._shown:
                self._shown = False
                self._line(held + lines[0], elapsed)  # counted, not shown again
                out.append(lines[0] + "\n")
                del lines[0]
            else:
                lines[0] = held + lines[0]
        for line in lines:
            out.append(self._line(line, elapsed))
        if rest:
            out.append(self._hold(rest))
        return "".join(out)

    def _hold(self, text: str) -> str:
        """Keep the beginning of a line while it may become one of the protocol's."""
        if self._passing or not text:
            return text
        held = self._held + text
        body = held
        if held[2:3] == ":" and (match := _TIME_PREFIX.match(held)):
            body = held[match.end() :]
        if len(held) <= telemetry.MAX_LINE and (
            body in _PREFIXES or body.startswith(telemetry.HEADS)
        ):
            self._held = held
            return text if self._shown else ""
        self._passing = True
        shown, self._shown, self._held = self._shown, False, ""
        return text if shown else held

    @property
    def waiting(self) -> str:
        """What is held back and was not shown yet."""
        return "" if self._shown else self._held

    def show_waiting(self) -> str:
        """Give out what is held back: the line stopped in the middle."""
        waiting = self.waiting
        self._shown = bool(self._held)
        return waiting

    # -- one line --------------------------------------------------------------------------

    def _line(self, line: str, elapsed: float) -> str:
        stamp = None
        body = line
        if line[2:3] == ":" and (match := _TIME_PREFIX.match(line)):
            stamp = match[1]
            body = line[match.end() :]
        item = telemetry.parse(body)
        if isinstance(item, Reading | Fault | Raw):
            self._samples += 1
            self.led = None if isinstance(item, Raw) else False
        elapsed = self._elapsed(elapsed)
        clock = self._time(elapsed, stamp)
        ended = self.session.note(item, elapsed, clock)
        if isinstance(item, Reading | AnomalyMarker):
            self.led = self.session.open_anomaly is not None
        elif isinstance(item, Startup):
            self.led = None
        shown = self._render(item, clock)
        if shown is None:
            return line + "\n"
        if ended is not None:
            self._banner = False
            shown = self._over(ended) + shown
        return shown

    def _elapsed(self, elapsed: float) -> float:
        if self.board_period is None:
            return elapsed
        return max(self._samples - 1, 0) * self.board_period

    def _time(self, elapsed: float, stamp: str | None) -> str:
        width = self._layout.time
        if stamp is not None:
            return stamp[:width]
        if self.board_period is not None:
            return f"{elapsed:.1f} s".rjust(width) if width else f"{elapsed:.1f} s"
        wall = time.time()
        second = int(wall)
        if second != self._clock_second:
            self._clock_second = second
            self._clock = time.strftime("%H:%M:%S", time.localtime(second))
        return self._clock if width == 8 else f"{self._clock}.{int((wall - second) * 1000):03d}"

    def _render(self, item: Item, clock: str) -> str | None:
        if isinstance(item, Reading):
            return self._render_reading(item, clock)
        if isinstance(item, AnomalyMarker):
            if self._banner:
                return ""
            self._banner = True
            text = "  ".join(filter(None, (telemetry.MARKER, self._cause, "LED on")))
            return self._full("anomaly", text.center(self._layout.width).rstrip())
        if isinstance(item, Fault):
            self._history.clear()
            more = "".join(f", {name} {value}" for name, value in item.fields.items())
            return self._full("fault", f"FAULT  {item.reason}{more}", self._lead(clock))
        if isinstance(item, Raw):
            return self._render_raw(item, clock)
        if isinstance(item, Answer):
            arrow = self.screen.glyphs.answer
            if item.text.startswith("SELFTEST FAILED"):
                return self._full("bad", item.text, f"{arrow} ")
            style, word = ("answer", "OK") if item.ok else ("refusal", "ERR")
            return self._filled(style, f"{word} {item.text}".rstrip(), f"{arrow} ")
        if isinstance(item, Selftest):
            return self._filled("good", item.text) if item.ok else self._full("bad", item.text)
        if isinstance(item, Startup):
            return self._render_startup(item)
        if isinstance(item, LinkMessage):  # for a broker; a gateway that is gone had asked for it
            return ""
        return "" if self.session.is_injection(item) else None  # the summary has a table of them

    def _render_reading(self, item: Reading, clock: str) -> str:
        layout = self._layout
        paint = self.screen.paint
        state = item.state
        frame = self._frame.show(item, self.screen.glyphs.spark, layout.spark)
        value = f"{frame.text if frame else item.real_text:>9} {self._unit:<3}"
        spark = self._spark(frame.value if frame else item.real)
        if frame and frame.spectrum and layout.spark:
            spark = frame.spectrum.rjust(layout.spark)
        bar, plain_bar = self._bar(item.score, item.threshold)
        score = f"{item.score:8.4f}" if layout.score else ""
        self._cause = self._cause_of(item)
        extra = self._extra(item, frame.expected if frame else f"{item.recon:.2f}")
        if state is State.ANOMALY or state is State.FAULT:
            parts = (clock if layout.time else "", value, spark, plain_bar, score, state.value)
            text = "  ".join(part for part in parts if part)
            text += extra
            return self._full("anomaly" if state is State.ANOMALY else "fault", text)
        styles = self._pieces
        name = state.value if state is not None else ""
        return (
            (styles["time"] % clock if layout.time else "")
            + styles["value"] % value
            + (styles["spark"] % spark if layout.spark else "")
            + bar
            + score
            + ("  " if score else "")
            + paint("ok" if state is State.NORMAL else "warmup", f"{name:<7}")
            + (styles["extra"] % extra if extra else "")
        ).rstrip() + "\n"

    def _cause_of(self, item: Reading) -> str:
        """Why it is an anomaly; of a channel that the board tells about, its value as well."""
        cause = item.fields.get("Cause", "")
        channel = item.channels.get(cause)
        if channel is None:
            return cause
        unit = self._unit_text(self._units.get(cause, ""))
        text = f"{cause} {channel.value_text} {unit}".rstrip()
        return text if channel.expected is None else f"{text}, expected {channel.expected:.2f}"

    def _extra(self, item: Reading, expected: str) -> str:
        """What else the line says, as much as there is room for."""
        cause = item.fields.get("Cause")
        of_first = self._layout.recon and cause not in item.channels
        room = self._layout.width - self._core_width
        parts = [f"expected {expected}"] if of_first else []
        if self._cause and sum(len(part) + 2 for part in (*parts, self._cause)) > room:
            parts.clear()  # the cause says more
        parts.append(self._cause)
        left_out = ("Cause", "Channels") if item.channels else ("Cause",)
        parts += [f"{k} {v}" for k, v in item.fields.items() if k not in left_out]
        text = ""
        for part in filter(None, parts):
            if len(text) + 2 + len(part) > room:
                break
            text += f"  {part}"
        return text

    def _render_raw(self, item: Raw, clock: str) -> str:
        first = item.values[0]
        spark = self._spark(float(first)) if "n" not in first else ""
        values = " ".join(f"{value:>9}" for value in item.values)
        text = f"{self._lead(clock)}{values} {self._unit:<3}  {spark}  raw {item.sequence}"
        return self.screen.paint("raw", text[: self._layout.width]) + "\n"

    def _render_startup(self, item: Startup) -> str:
        if item.phase == "profile":
            unit = self._unit_of(item.fields["Profile"])
            if unit is not None:
                self.set_unit(unit)
            self._set_units(self._units_of(item.fields["Profile"]) or self._units)
            period = item.fields.get("Period", "")
            if self.board_period is not None and re.fullmatch(r"[1-9][0-9]* [mu]s", period):
                self.board_period = int(period[:-3]) / (1000 if period.endswith("ms") else 1e6)
                hop = re.fullmatch(r"[0-9]+ samples, hop ([0-9]+)", item.fields.get("Frame", ""))
                self.board_period *= int(hop[1]) if hop else 1
        text = item.text
        if item.phase == "begin":
            self._history.clear()
            rule = self.screen.glyphs.rule
            room = self._layout.width - len(text) - 6
            text = f"{rule * 3} {text} {rule * max(room, 0)}"
            return self.screen.paint("start", text) + "\n"
        return self._filled("start", text)

    def _over(self, episode: Episode) -> str:
        length = format_seconds(episode.length)
        text = f"anomaly over after {length}, peak score {episode.peak:.4f}, LED off"
        return self._filled("good", text, self._lead(" " * self._layout.time))

    # -- pieces of a line --------------------------------------------------------------------

    def _lead(self, clock: str) -> str:
        return f"{clock}  " if self._layout.time else ""

    def _filled(self, style: str, text: str, lead: str = "") -> str:
        """A text that may be long: further lines begin under its first word."""
        lines = fill(text, self._layout.width, lead)
        return "".join(self.screen.paint(style, line) + "\n" for line in lines)

    def _full(self, style: str, text: str, lead: str = "") -> str:
        """Whole lines in one style, to be seen from across the room."""
        width = self._layout.width
        before, after = self.screen.styles.get(style, ("", ""))
        lines = [lead + text] if len(lead + text) <= width else fill(text, width, lead)
        if before:
            lines = [f"{before}{line:<{width}}{after}" for line in lines]
        return "\n".join([*lines, ""])

    def _spark(self, value: float) -> str:
        """The recent values, on the scale of those shown."""
        history = self._history
        history.append(value)
        width = self._layout.spark
        if not width:
            return ""
        shown = list(history)[-width:]
        low = min(shown)
        span = max(shown) - low
        glyphs = self.screen.glyphs.spark
        if span <= 0:
            return (glyphs[3] * len(shown)).rjust(width)
        scale = 7.999 / span
        return "".join([glyphs[int((x - low) * scale)] for x in shown]).rjust(width)

    def _bar(self, score: float, threshold: float | None) -> tuple[str, str]:
        """The score as a bar, painted and plain."""
        layout = self._layout
        if not layout.bar:
            return "", ""
        if threshold is None or threshold <= 0:
            return " " * layout.bar + "  ", " " * layout.bar
        ratio = score / threshold
        filled = int(min(max(ratio, 0.0), 9.0) * self._mark + 0.5)
        if ratio > 1 and filled <= self._mark:
            filled = self._mark + 1
        return self._bars[min(filled, layout.bar)]

    def _make_bars(self) -> list[tuple[str, str]]:
        glyphs, paint = self.screen.glyphs, self.screen.paint
        width, mark = self._layout.bar, self._mark
        bars = []
        for filled in range(width + 1):
            below = min(filled, mark)
            over = max(filled - mark - 1, 0)
            left = glyphs.fill * below, glyphs.track * (mark - below)
            right = glyphs.over * over, glyphs.track * (width - mark - 1 - over)
            hot = filled > mark
            painted = (
                paint("over" if hot else "ok", left[0])
                + paint("track", left[1])
                + paint("over" if hot else "value", glyphs.mark)
                + paint("over", right[0])
                + paint("track", right[1])
            )
            bars.append((painted + "  ", left[0] + left[1] + glyphs.mark + right[0] + right[1]))
        return bars

    # -- what changes seldom --------------------------------------------------------------

    def set_unit(self, unit: str) -> None:
        self._unit = self._unit_text(unit)

    def _set_units(self, units: Mapping[str, str]) -> None:
        """Of the values of a reading, by their names, in their order."""
        self._units = units
        self._frame.first = next(iter(units), "")

    def _unit_text(self, unit: str) -> str:
        return UNITS.get(unit, unit) if self.screen.degrees else unit

    def _measure(self, elapsed: float) -> None:
        """Look how wide the terminal is, and prepare what depends on it."""
        self._columns_read = elapsed
        columns = self.screen.columns()
        if columns == self._columns:
            return
        self._columns = columns
        self._layout = layout_for(columns, self.show_time)
        self._core_width = _used(self._layout._replace(recon=False))
        self._mark = round(self._layout.bar * _BAR_THRESHOLD)
        self._bars = self._make_bars() if self._layout.bar else []
        paint = self.screen.paint
        self._pieces = {
            "time": paint("time", "%s") + "  ",
            "value": paint("value", "%s") + "  ",
            "spark": paint("spark", "%s") + "  ",
            "extra": paint("time", "%s"),
        }


def main() -> int:
    from monitor.profile import unit_of, units_of
    from monitor.summary import summarize
    from project.terminal import make_lenient

    make_lenient()
    parser = argparse.ArgumentParser(
        prog="python -m monitor.view", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--profile", default=os.environ.get("ANOMALY_PROFILE", ""))
    parser.add_argument(
        "--clock",
        choices=["wall", "board"],
        default="wall",
        help="show the time of day, or the board's own time",
    )
    options = parser.parse_args()
    view = View(
        detect_screen(sys.stdout),
        unit_of(options.profile) or "",
        board_period=0.5 if options.clock == "board" else None,
        unit_of=unit_of,
        units=units_of(options.profile),
        units_of=units_of,
    )
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    try:
        while data := os.read(sys.stdin.fileno(), 65536):
            sys.stdout.write(view.feed(decoder.decode(data)))
            sys.stdout.flush()
    except KeyboardInterrupt:
        pass
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    sys.stdout.write(view.show_waiting())
    summarize(view.session, sys.stdout, view.screen.columns())
    return 0


if __name__ == "__main__":
    sys.exit(main())
