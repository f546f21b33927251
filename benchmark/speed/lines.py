"""Measure how many serial lines a second are parsed, and rendered, on one core.

python -m benchmark.speed.lines [--lines N]
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable

from monitor.telemetry import crc16, parse
from monitor.view import FANCY, STYLES, Screen, View
from project.terminal import make_lenient


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


def rate(lines: list[str], work: Callable[[], None]) -> float:
    """Lines a second of processor time, the best of three runs."""
    best = 0.0
    for _ in range(3):
        begin = time.process_time()
        work()
        best = max(best, len(lines) / (time.process_time() - begin))
    return best


def measure(count: int) -> dict[str, float]:
    readings, raw = sample_lines(count), raw_lines(count)

    def parse_all(lines: list[str]) -> Callable[[], None]:
        def work() -> None:
            for line in lines:
                parse(line)

        return work

    def render(pieces: list[str]) -> Callable[[], None]:
        def work() -> None:
            view = View(ansi_screen(), "C")
            for piece in pieces:
                view.feed(piece)

        return work

    text = "".join(readings)
    blocks = [text[n : n + 4096] for n in range(0, len(text), 4096)]
    return {
        "parsed, readings": rate(readings, parse_all(readings)),
        "parsed, RAW with CRC": rate(raw, parse_all(raw)),
        "rendered, 4096 characters at a time": rate(readings, render(blocks)),
        "rendered, a line at a time": rate(readings, render(readings)),
        "rendered, a character at a time": rate(readings, render(list(text))),
    }


def main() -> int:
    make_lenient()
    parser = argparse.ArgumentParser(
        prog="python -m benchmark.speed.lines", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--lines", type=int, default=50_000)
    for name, value in measure(parser.parse_args().lines).items():
        print(f"{name:<38}{value:>10,.0f} lines/s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
