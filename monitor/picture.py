"""Make the pictures of docs/everyday.md: real sessions with the host program as the board.

python -m monitor.picture [--program FILE] [--out docs/images]

Needs pseudo-terminals (not Windows) and the host program: `pio run -e native` builds it.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import io
import os
import pty
import re
import select
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

from project.commands import pio
from project.paths import PROJECT
from project.terminal import make_lenient

COLUMNS = 100
PATIENCE = 120.0  # seconds for each expected text: a recording takes a minute


@contextlib.contextmanager
def virtual_board(program: Path) -> Iterator[str]:
    """The host program on a free TCP port, as fast as a real board; gives the port's URL."""
    command = [str(program), "--serial", "tcp:0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        match = re.search(r"socket://\S+", process.stderr.readline())
        if match is None:
            raise SystemExit(f"{program} did not start as a board")
        try:
            yield match[0]
        finally:
            process.terminate()
            process.communicate()


def film(command: Sequence[str], script: Sequence[tuple[str, str]]) -> str:
    """Run a command on a terminal of its own; where `script` sees a text, it types another."""
    terminal, child = pty.openpty()
    fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 40, COLUMNS, 0, 0))
    process = subprocess.Popen(
        list(command),
        cwd=PROJECT,
        stdin=child,
        stdout=child,
        stderr=child,
        start_new_session=True,
        env={**os.environ, "TERM": "xterm-256color", "COLUMNS": str(COLUMNS)},
    )
    os.close(child)
    shown, seen = "", 0
    steps = list(script)
    deadline = time.monotonic() + PATIENCE
    while True:
        if time.monotonic() > deadline:
            process.kill()
            raise SystemExit(f"nothing more came, waiting for {steps[:1]}:\n{shown}")
        if select.select([terminal], [], [], 0.1)[0]:
            try:
                data = os.read(terminal, 65536)
            except OSError:  # how Linux says that the other side is closed
                break
            if not data:
                break
            shown += data.decode("utf-8", "replace")
        if steps and (at := shown.find(steps[0][0], seen)) >= 0:
            seen = at + len(steps[0][0])
            os.write(terminal, steps.pop(0)[1].encode())
            deadline = time.monotonic() + PATIENCE
    process.wait()
    os.close(terminal)
    return shown


def final_lines(text: str) -> list[str]:
    """What stays on the screen: of a line that was drawn over, the last drawing."""
    lines = text.replace("\r\n", "\n").split("\n")
    return [line.rpartition("\x1b[2K")[2].rpartition("\r")[2] for line in lines]


def draw(lines: Sequence[str], title: str, path: Path) -> None:
    console = Console(
        record=True,
        width=COLUMNS,
        file=io.StringIO(),
        force_terminal=True,
        color_system="truecolor",
    )
    for line in lines:
        console.print(Text.from_ansi(line))
    svg = console.export_svg(title=title, unique_id=path.stem)
    # A picture in a page may not load fonts; the reader's own monospaced one does.
    svg = re.sub(r"\s*@font-face \{.*?\}", "", svg, flags=re.DOTALL)
    path.write_text("\n".join(line.rstrip() for line in svg.splitlines()) + "\n", "utf-8")
    print(path)


def monitor_pictures(program: Path, folder: Path) -> None:
    command = "pio device monitor"
    with virtual_board(program) as port:
        text = film(
            [
                sys.executable,
                "-m",
                "platformio",
                *command.split()[1:],
                *("-e", "native", "-p", port),
            ],
            [
                ("NORMAL", ""),
                ("NORMAL", "inject 50 4"),
                ("inject 50 4", "\n"),
                *[("ANOMALY ", "")] * 6,
                ("ANOMALY ", "stat"),
                ("stat", "us\n"),
                ("anomaly over", ""),
                ("NORMAL", ""),
                ("NORMAL", "\x03"),
            ],
        )
    lines = final_lines(text)
    if not any("--- Quit" in line for line in lines):
        sys.exit("the monitor did not start:\n" + "\n".join(lines))
    begin = next(n for n, line in enumerate(lines) if "--- Quit" in line) + 1
    alarm = next(n for n, line in enumerate(lines) if "ANOMALY DETECTED" in line)
    over = next(n for n, line in enumerate(lines) if "anomaly over" in line)
    # As it is while somebody types: the line of input is still the last one.
    typing = final_lines(text[: text.index("stat") + len("stat")])
    draw(typing[max(begin, alarm - 12) :], f"{command}: an anomaly", folder / "monitor.svg")
    draw(lines[over - 4 :], f"{command}: its end, and Ctrl+C", folder / "summary.svg")


def collect_picture(program: Path, folder: Path) -> None:
    with virtual_board(program) as port, tempfile.TemporaryDirectory() as data:
        module = [sys.executable, "-m", "monitor.collect", "--port", port, "--out", data]
        lines = final_lines(film(module, []).replace(f"{data}/", "data/temperature/"))
    draw(_stripped(lines), "pio run -t collect", folder / "collect.svg")


def inject_picture(program: Path, folder: Path) -> None:
    with virtual_board(program) as port:
        module = [sys.executable, "-m", "monitor.inject", "--port", port, "50", "4"]
        lines = _stripped(final_lines(film(module, [])))
    alarm = next(n for n, line in enumerate(lines) if "ANOMALY" in line)
    # Its begin and its end: the alarm may last for more than a minute.
    shown = [*lines[max(alarm - 6, 0) : alarm + 8], "", *lines[-6:]]
    draw(shown, "pio run -t inject", folder / "inject.svg")


def _stripped(lines: list[str]) -> list[str]:
    while lines and not lines[-1].strip():
        lines.pop()
    return lines


def main() -> int:
    make_lenient()
    parser = argparse.ArgumentParser(
        prog="python -m monitor.picture", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument(
        "--program", type=Path, default=PROJECT / ".pio" / "build" / "native" / "program"
    )
    parser.add_argument("--out", type=Path, default=PROJECT / "docs" / "images")
    options = parser.parse_args()
    if not options.program.is_file():
        build = pio("run", "-e", "native")
        parser.error(f"there is no {options.program}; build it with: {build}")
    options.out.mkdir(parents=True, exist_ok=True)
    monitor_pictures(options.program, options.out)
    collect_picture(options.program, options.out)
    inject_picture(options.program, options.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
