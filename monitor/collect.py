"""Record normal data from the board into data/<profile>/<UTC time>.csv, sound into .wav.

    ./piow python -m monitor.collect [--port PORT] [--seconds 60]

Exit codes: 0 recorded, 1 the profile or the disk does not do, 2 bad usage, 3 no such port,
4 port busy, 5 no answer, 6 connection broke, 7 data refused, 130 interrupted. What was recorded
before a failure stays in a file that ends in `.partial.csv` or `.partial.wav`, which training does
not use.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import math
import os
import re
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from monitor import plausible, speed
from monitor import port as serial_port
from monitor.blocks import BlockRecorder, Packing
from monitor.port import Link, add_options, describe_port, find_port
from monitor.profile import NAME, sensor_in
from monitor.recorder import MIN_SAMPLES, Recorder, find_objections, find_outliers, partial_of
from monitor.telemetry import Answer, Fault, Item, Raw, RawBlock, Startup
from project import terminal
from project.errors import UserError
from project.paths import PROFILES, home_of, profile_file

if TYPE_CHECKING:
    from rich.console import Console

    from project.profile import Sensor

DEFAULT_SECONDS = 60.0
DEFAULT_SAMPLES = 120  # a slow sensor takes longer than that for as many as a minute at 2 Hz has
SLOWEST_BLOCKS_MS = 10.0  # from sample to sample: shorter, and they come in blocks
SILENT_SECONDS = 6.0  # no good sample for so long, and ten periods: the board has stopped


@dataclass(frozen=True, slots=True)
class Options:
    port: str | None
    baud: int
    dtr: int | None
    rts: int | None
    profile: str | None  # name or file
    seconds: float | None
    out: Path | None
    force: bool
    live: bool


def collect(options: Options) -> Path:
    """Record; returns the file. Raises UserError for everything a user can mend."""
    port = find_port(options.port)
    link = Link(port, options.baud, options.dtr, options.rts)
    try:
        model = identify(link)
        file = _profile_file(model, options)
        period = _period_ms(model)
        seconds = _length(options, period)
        sensor = sensor_in(file)
        recording: Recorder | BlockRecorder | None = None
        channels = _texts(model, "channel_names")
        try:
            if period and period < SLOWEST_BLOCKS_MS:
                needed = speed.bytes_per_second(1000 / period, len(channels) or 1)
                speed.speed_up(link, needed, options.force)
            recording = _begin(link, port, file, model, sensor, options, period)
            record(link, recording, seconds, options.live, period)
        except BaseException:
            if recording is not None:
                with contextlib.suppress(OSError):  # the disk may be what is full
                    recording.close()
                say_partial(link, recording)
            raise
        finally:
            stop_raw(link)
    finally:
        link.close()

    for line in report(link, recording):
        print(line)
    objections = (
        plausible.find_objections(recording, sensor)
        if isinstance(recording, BlockRecorder)
        else find_objections(recording, sensor)
    )
    if objections and not options.force:
        recording.close()
        kept = f" They are kept in {recording.partial}." if len(recording) else ""
        raise UserError(
            f"These data were refused: {'; '.join(objections)}.{kept} Look at the sensor, or "
            "record with custom_collect_force = yes (--force).",
            serial_port.EXIT_REFUSED,
        )
    for objection in objections:
        print(f"Kept because of --force, although {objection}.")
    return recording.finish()


def _begin(
    link: Link,
    port: str,
    file: Path,
    model: dict[str, str],
    sensor: Sensor | None,
    options: Options,
    period: float | None,
) -> Recorder | BlockRecorder:
    """Switch the board to raw samples; the recording that takes them."""
    with_crc, packing = start_raw(link)
    now = datetime.datetime.now(datetime.UTC)
    interval = 1 / packing.rate_hz if packing else period / 1000 if period else None
    head = (
        f"board: {describe_port(port)}",
        f"profile: {model.get('profile', file.stem)}",
        f"fingerprint: {model.get('fingerprint', 'unknown')}",
        f"recorded: {now:%Y-%m-%dT%H:%M:%SZ}",
        *((f"interval: {interval:.9g}",) if interval else ()),
    )
    names = _texts(model, "channel_names") or (sensor.channels if sensor else ())
    units = _texts(model, "channel_units") or (sensor.units if sensor else ())
    waves = packing is not None and sensor is not None and sensor.input.is_sound
    folder, stamp = options.out or home_of(file), now.strftime("%Y%m%dT%H%M%SZ")
    path = unused_path(folder, stamp, ".wav" if waves else ".csv")
    if packing is None:
        return Recorder(path, head, names, period, units, with_crc)
    if len(packing.scales) == 1:
        packing = Packing(packing.rate_hz, packing.scales * max(len(names), 1))
    if len(packing.scales) != len(names):
        raise UserError("The board's channels are not those of the profile.", 7)
    hum = sensor is not None and (sensor.input.is_sound or sensor.input.analog != "nullptr")
    return BlockRecorder(path, head, names, packing, units, hum)


def _profile_file(model: dict[str, str], options: Options) -> Path:
    """The file of the profile that is recorded for."""
    says = model.get("profile", "")
    if not options.profile and not NAME.fullmatch(says):  # it becomes the name of a folder
        named = f"names its profile {says!r}, which is no name" if says else "names no profile"
        raise UserError(f"The board {named}; give --profile.", serial_port.EXIT_REFUSED)
    file = profile_file(options.profile) if options.profile else PROFILES / f"{says}.toml"
    if says not in ("", file.stem) and not options.force:
        raise UserError(
            f"The board runs profile {says}, the project is set to {file.stem}: "
            "upload first, or choose the other profile.",
            serial_port.EXIT_REFUSED,
        )
    return file


def _length(options: Options, period_ms: float | None) -> float:
    """How many seconds to record; a slow sensor needs longer than a minute."""
    seconds = options.seconds
    period = (period_ms or 0.0) / 1000
    if seconds is None:
        return max(DEFAULT_SECONDS, DEFAULT_SAMPLES * period)
    samples = int(seconds / period) + 1 if period else MIN_SAMPLES
    if samples < MIN_SAMPLES and not options.force:
        least = math.ceil(MIN_SAMPLES * period)
        raise UserError(
            f"{seconds:g} s are too short: the board measures every {period:g} s, which gives "
            f"{samples} samples, and at least {MIN_SAMPLES} are needed; set custom_collect_seconds "
            f"= {least} (--seconds {least}) or more.",
            serial_port.EXIT_REFUSED,
        )
    return seconds


def identify(link: Link) -> dict[str, str]:
    """What the board says about its model."""
    link.send("")  # ends whatever half line the board may hold
    answer = link.ask(
        "model", lambda answer: "profile" in answer.pairs(), serial_port.BOOT_ATTEMPTS
    )
    if answer is None:
        raise link.silence()
    return answer.pairs()


def _texts(model: dict[str, str], key: str) -> list[str]:
    """What the board says of each channel; empty where it does not, or not of all."""
    texts = model.get(key, "").split(",")
    return texts if model.get("channels") == str(len(texts)) and key in model else []


def _period_ms(model: dict[str, str]) -> float | None:
    """From sample to sample, which a board says in microseconds where it is no whole number."""
    for key, divisor in (("period_ms", 1), ("period_us", 1000)):
        text = model.get(key, "")
        if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", text):
            return float(text) / divisor
    return None


def record(
    link: Link,
    recording: Recorder | BlockRecorder,
    seconds: float,
    live: bool,
    period_ms: float | None = None,
) -> None:
    """Take raw samples until the board's own clock has advanced by `seconds`."""
    fault = ""
    began = last_good = last_flush = time.monotonic()
    with progress(seconds, live) as show:
        while recording.seconds < seconds:
            got = link.next_item(0.2)
            now = time.monotonic()
            if got is not None:
                item, _ = got
                if isinstance(item, Startup) and item.phase == "begin":
                    recording.restarted = True
                if isinstance(item, Fault):
                    fault = f"; its last word was FAULT: {item.reason}"
                if _taken(recording, item):
                    last_good = now
                    show(recording)
            if recording.restarted:
                raise UserError(
                    f"The board restarted after {len(recording)} samples; is its supply good?",
                    serial_port.EXIT_UNPLUGGED,
                )
            period = (now - began) / len(recording) if recording else (period_ms or 0.0) / 1000
            if now - last_good > max(SILENT_SECONDS, 10 * period):
                raise UserError(
                    f"The board on {link.port} sent no good sample for {now - last_good:.0f} s, "
                    f"after {len(recording)} good ones{fault}.",
                    serial_port.EXIT_SILENT,
                )
            if now - last_flush > 1:
                recording.flush()
                last_flush = now


def _taken(recording: Recorder | BlockRecorder, item: Item) -> bool:
    """Whether a line is samples of this recording, and was good."""
    if isinstance(recording, BlockRecorder):
        return isinstance(item, RawBlock) and recording.add(item)
    return isinstance(item, Raw) and recording.add(item)


def start_raw(link: Link) -> tuple[bool, Packing | None]:
    """Switch the board to raw samples: whether each carries a CRC, and how they come in blocks."""
    for command, crc in (("raw on crc", True), ("raw on", False)):
        answer = link.ask(command, lambda answer: answer.ok and answer.text.startswith("raw on"))
        if answer is not None and answer.ok:
            return crc, _packing(answer)
    if answer is None:
        raise link.silence()
    raise UserError(f"The board refused to send raw samples: {answer.text}.", 5)


def _packing(answer: Answer) -> Packing | None:
    """What the board says of its blocks; None where it sends a line a sample."""
    said = answer.pairs()
    if "scale" not in said:
        return None
    try:
        packing = Packing(float(said["rate_hz"]), tuple(map(float, said["scale"].split(","))))
        if not all(0 < number < 1e9 for number in (packing.rate_hz, *packing.scales)):
            raise ValueError
    except (KeyError, ValueError) as error:
        raise UserError(f"What the board says of its samples is damaged: {answer.text}.", 5) from (
            error
        )
    return packing


def stop_raw(link: Link) -> None:
    """Always leave the board as it was; a second Ctrl+C must not prevent it."""

    def is_off(answer: Answer) -> bool:
        return answer.ok and "=" not in answer.text

    with contextlib.suppress(UserError), _deaf_to_interrupts():
        if link.baud != link.first_baud:
            if link.ask("raw off", is_off, 2, 1.0) is not None:
                return
            link.set_baud(link.first_baud)  # the answer may be what was lost
            link.send("")
        link.ask("raw off", is_off, 4, 1.0)


@contextlib.contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    try:
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    except ValueError:  # not the main thread
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def unused_path(folder: Path, name: str, suffix: str) -> Path:
    path = folder / f"{name}{suffix}"
    number = 2
    while path.exists() or partial_of(path).exists():
        path = folder / f"{name}-{number}{suffix}"
        number += 1
    return path


# -- what the user sees -------------------------------------------------------------------


def report(link: Link, recording: Recorder | BlockRecorder) -> list[str]:
    """What was recorded, in a few lines."""
    count, seconds = len(recording), recording.seconds
    rate = f", {(count - 1) / seconds:.2f} a second" if count > 1 and seconds > 0 else ""
    lines = [f"{count} samples in {seconds:.1f} s{rate}"]
    if count:
        for channel, label in enumerate(recording.labels):
            low, mean, high = recording.range_of(channel)
            lines.append(f"  {label}: min {low:g}, mean {mean:.6g}, max {high:g}")
    lines.append(f"  gaps: {recording.gaps} ({recording.missing} samples missing)")
    damaged = link.not_understood + recording.left_out
    if damaged:
        lines.append(f"  left out: {damaged} damaged or implausible lines")
    if isinstance(recording, BlockRecorder):  # what is fast has its peaks
        if recording.files > 1:
            lines.append(f"  files: {recording.files}, each a stretch without a gap")
        return lines
    outliers = find_outliers(recording)
    for outlier in outliers:
        lines.append(
            f"  outliers in {outlier.channel}: {outlier.count}, the farthest "
            f"{outlier.farthest:g} at {outlier.at:.1f} s; was the machine really normal then?"
        )
    if not outliers:
        lines.append("  outliers: none")
    return lines


def say_partial(link: Link, recording: Recorder | BlockRecorder) -> None:
    if len(recording):
        print("\n".join(report(link, recording)))
        print(f"Kept as partial, not used for training: {recording.partial}")


@contextlib.contextmanager
def progress(seconds: float, live: bool) -> Iterator[Callable[[Recorder | BlockRecorder], None]]:
    """A bar with live figures on a terminal; every ten seconds a line elsewhere."""
    with contextlib.ExitStack() as stack:
        console = _terminal(live, stack)
        if console is None:
            shown = 0.0

            def print_line(recording: Recorder | BlockRecorder) -> None:
                nonlocal shown
                text = _figures(recording)
                if recording.seconds >= shown + 10:
                    shown = recording.seconds
                    print(f"{recording.seconds:.0f}/{seconds:g} s  {text}", flush=True)

            yield print_line
            return

        from rich.progress import BarColumn, Progress, TextColumn

        bar = stack.enter_context(
            Progress(
                TextColumn("recording"),
                BarColumn(bar_width=20),
                TextColumn("{task.completed:.0f}/{task.total:g} s"),
                TextColumn("{task.fields[figures]}"),
                console=console,
            )
        )
        task = bar.add_task("", total=seconds, figures="waiting for the first sample")

        def draw(recording: Recorder | BlockRecorder) -> None:
            completed = min(recording.seconds, seconds)
            bar.update(task, completed=completed, figures=_figures(recording))

        yield draw


def _terminal(live: bool, stack: contextlib.ExitStack) -> Console | None:
    """Where a bar can be drawn: standard output, else with `live` the terminal itself.

    Under `pio run` standard output is a pipe that takes each "\r" for the end of a line. Whether
    it is one is asked of the system: FORCE_COLOR makes `rich` take it for a terminal.
    """
    try:
        from rich.console import Console
    except ImportError:
        return None
    stream: TextIO = sys.stdout
    if not stream.isatty():
        if not live:
            return None
        try:
            stream = stack.enter_context(Path("/dev/tty").open("w", errors="replace"))  # noqa: SIM115
        except OSError:
            return None
    try:
        columns = os.get_terminal_size(stream.fileno()).columns or None
    except OSError:  # Windows takes NUL for a terminal
        return None
    console = Console(file=stream, width=columns, force_terminal=True)
    return None if console.is_dumb_terminal else console


def _figures(recording: Recorder | BlockRecorder) -> str:
    """Rate, count, min, mean and max of the first channel."""
    low, mean, high = recording.range_of(0)
    count, seconds = len(recording), recording.seconds
    rate = (count - 1) / seconds if seconds > 0 else 0.0
    return f"{rate:.1f}/s  n {count}  min {low:g}  mean {mean:.5g}  max {high:g}"


# -- command line ---------------------------------------------------------------------------


def parse_options(arguments: list[str] | None) -> Options:
    parser = argparse.ArgumentParser(
        prog="python -m monitor.collect",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_options(parser)
    parser.add_argument("--profile", help="refuse a board that runs another profile; name or file")
    parser.add_argument(
        "--seconds",
        type=_seconds,
        help=f"by the board's clock (default {DEFAULT_SECONDS:g}, for a slow sensor as long as "
        f"{DEFAULT_SAMPLES} samples take)",
    )
    parser.add_argument("--out", type=Path, help="folder (default data/<profile>)")
    parser.add_argument("--force", action="store_true", help="keep data that look wrong")
    parser.add_argument(
        "--live", action="store_true", help="draw the bar though output goes through a pipe"
    )
    return Options(**vars(parser.parse_args(arguments)))


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 < value < 1e7:
        raise ValueError
    return value


def run(work: Callable[[], int]) -> int:
    """Run a program of this package: its errors as one sentence, signals as an interruption."""
    terminal.make_lenient()

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            with contextlib.suppress(ValueError):
                signal.signal(getattr(signal, name), interrupt)
    try:
        return work()
    except UserError as error:
        print(f"Error: {error}", file=sys.stderr)
        return error.exit_code
    except OSError as error:
        print(f"Error: {error.filename or 'output'}: {error.strerror or error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return serial_port.EXIT_INTERRUPTED


def main(arguments: list[str] | None = None) -> int:
    options = parse_options(arguments)

    def work() -> int:
        path = collect(options)
        shown = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
        print(f"Recorded {shown}. The next build trains on it.")
        return 0

    return run(work)


if __name__ == "__main__":
    sys.exit(main())
