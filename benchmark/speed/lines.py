"""How many serial lines a second the monitor understands and draws, on one core."""

import time
from collections.abc import Callable, Iterable
from typing import Final

from benchmark.speed.figures import Figure
from monitor.telemetry import crc16, parse
from monitor.view import FANCY, STYLES, Screen, View

_SECTION: Final = "Serial lines in the monitor, of processor time on one core"


def sample_lines(count: int) -> list[str]:
    """Lines as a board sends them: mostly readings, with an anomaly now and then."""
    lines = []
    for n in range(count):
        anomalous = n % 100 >= 97
        value, score = (31.0, 0.42) if anomalous else (25 + (n * 37 % 100) / 200, (n % 17) / 200)
        state = "ANOMALY" if anomalous else "NORMAL"
        lines.append(
            f"Real: {value:.2f} | Recon: 25.10 | Score: {score:.4f} | Threshold: 0.1500"
            f" | State: {state}\r\n"
        )
        if anomalous:
            lines.append(">>> ANOMALY DETECTED! <<<\r\n")
    return lines[:count]


def raw_lines(count: int) -> list[str]:
    bodies = (f"RAW,{n},{n * 500},{25 + (n * 37 % 100) / 200:.3f}" for n in range(count))
    return [f"{body}*{crc16(body):04x}\r\n" for body in bodies]


def ansi_screen() -> Screen:
    return Screen(lambda: 100, dict.fromkeys(STYLES, ("\x1b[1;31m", "\x1b[0m")), FANCY)


def measure(count: int, runs: int) -> list[Figure]:
    """Lines a second of processor time that are understood and drawn, from `count` lines a run."""
    readings, raw = sample_lines(count), raw_lines(count)
    text = "".join(readings)
    blocks = [text[n : n + 4096] for n in range(0, len(text), 4096)]

    def parse_all(lines: list[str]) -> None:
        for line in lines:
            parse(line)

    def render(pieces: Iterable[str]) -> None:
        view = View(ansi_screen(), "C")
        for piece in pieces:
            view.feed(piece)

    work: dict[str, tuple[str, Callable[[], None]]] = {
        "parse_readings": ("parsed, readings", lambda: parse_all(readings)),
        "parse_raw": ("parsed, RAW with CRC", lambda: parse_all(raw)),
        "render_blocks": ("drawn, 4096 characters at a time", lambda: render(blocks)),
        "render_lines": ("drawn, a line at a time", lambda: render(readings)),
        "render_characters": ("drawn, a character at a time", lambda: render(text)),
    }
    return [
        Figure(_SECTION, title, f"monitor_lines_per_s.{key}", "lines/s", _rates(count, runs, run))
        for key, (title, run) in work.items()
    ]


def _rates(count: int, runs: int, run: Callable[[], None]) -> list[float]:
    rates = []
    for _ in range(runs):
        begin = time.process_time()
        run()
        rates.append(count / (time.process_time() - begin))
    return rates
