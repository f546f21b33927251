"""Inject a value in place of the sensor's, and watch the board find it.

    python -m monitor.inject [--port PORT] VALUE [COUNT]

Exit code 0 when the board reported the anomaly and returned to NORMAL, 1 when it did not;
otherwise those of monitor.collect.
"""

from __future__ import annotations

import argparse
import contextlib
import math
import sys
from dataclasses import dataclass

from monitor.collect import identify, run
from monitor.port import Link, add_options, find_port
from monitor.profile import unit_of, units_of
from monitor.telemetry import AnomalyMarker, Answer, Fault, Item, Reading, State
from monitor.view import View, detect_screen
from project.errors import UserError

PATIENCE = 20  # readings after the last injected one in which the anomaly must have shown


@dataclass(slots=True)
class Watch:
    """Follows the states after the injection and says when it is over."""

    count: int
    readings: int = 0
    seen: bool = False
    faulty: bool = False
    done: bool = False

    def note(self, item: Item) -> None:
        if isinstance(item, AnomalyMarker):
            self.seen = True
        elif isinstance(item, Fault):
            self.faulty = True
            self.readings += 1
            self.done = self.readings >= self.count + PATIENCE
        elif isinstance(item, Reading) and item.state is not State.WARMUP:
            self.readings += 1
            if item.state is State.ANOMALY:
                self.seen = True
            elif self.seen:
                self.done = item.state in (State.NORMAL, None)
            else:
                self.done = self.readings >= self.count + PATIENCE


def inject(link: Link, value: str, count: int, timeout: float) -> int:
    try:
        profile = identify(link).get("profile", "")
        view = View(
            detect_screen(sys.stdout),
            unit_of(profile) or "",
            unit_of=unit_of,
            units=units_of(profile),
            units_of=units_of,
        )
        link.ask("raw off", lambda answer: answer.ok)
        _wait_for_calm(link, view, timeout)
        command = f"inject {value} {count}"
        answer = _send(link, command)
        _show(view, f"{'OK' if answer.ok else 'ERR'} {answer.text}")
        if not answer.ok:
            raise UserError(f"The board refused `{command}`: {answer.text}.", 1)
        return _watch(link, view, Watch(count), timeout)
    finally:
        link.close()


def _send(link: Link, command: str) -> Answer:
    """Send the command once only, as a second one would lengthen the injection; its own answer.

    What was asked before may be answered late, so that not every answer is to this command.
    """
    link.send(command)
    refusal = None
    for item, _ in link.items(5.0):
        if isinstance(item, Answer):
            if answers(item, command):
                return item
            if not item.ok:
                refusal = item  # of an earlier command, or of this one in a damaged state
    if refusal is None:
        raise link.silence()
    return refusal


def answers(answer: Answer, command: str) -> bool:
    """Whether this is the answer to `inject VALUE COUNT`."""
    if not answer.ok:
        return answer.text.startswith(("inject ", "VALUE ", "COUNT "))
    _, value, count = command.split()
    match answer.text.split():
        case ["inject", said, of, *_]:
            with contextlib.suppress(ValueError):  # the board rounds the value
                return of == count and math.isclose(float(said), float(value), abs_tol=0.006)
    return False


def _watch(link: Link, view: View, watch: Watch, timeout: float) -> int:
    for item, text in link.items(timeout):
        _show(view, text)
        watch.note(item)
        if watch.done:
            break
    if watch.seen and watch.done:
        print("The anomaly was seen, and the state has returned to NORMAL.")
        return 0
    if watch.seen:
        reason = f"The anomaly was seen, but its state has not returned to NORMAL in {timeout:g} s."
    elif watch.faulty:
        reason = "The board calls this value a FAULT of the sensor, not an anomaly."
    elif watch.readings:
        reason = f"No anomaly was seen in {watch.readings} readings."
    else:
        raise link.silence()
    print(reason, file=sys.stderr)
    return 1


def _wait_for_calm(link: Link, view: View, timeout: float) -> None:
    """Show readings until one is neither an anomaly nor a fault."""
    for item, text in link.items(timeout):
        _show(view, text)
        if isinstance(item, Reading) and item.state in (State.NORMAL, State.WARMUP, None):
            return
    if not link.understood:
        raise link.silence()
    raise UserError(f"The board was not in state NORMAL within {timeout:g} s; try later.", 1)


def _show(view: View, text: str) -> None:
    sys.stdout.write(view.feed(text + "\n"))
    sys.stdout.flush()


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m monitor.inject",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_options(parser)
    parser.add_argument("--timeout", type=float, default=180.0, help="seconds (default 180)")
    parser.add_argument("value", metavar="VALUE", help="in the unit of the sensor")
    parser.add_argument("count", metavar="COUNT", type=int, nargs="?", default=1)
    options = parser.parse_args(arguments)
    try:
        if not math.isfinite(float(options.value)):
            raise ValueError
    except ValueError:
        parser.error(f"VALUE must be a number, not {options.value!r}")
    if options.count < 1:
        parser.error("COUNT must be 1 or more")

    def work() -> int:
        link = Link(find_port(options.port), options.baud, options.dtr, options.rts)
        return inject(link, options.value, options.count, options.timeout)

    return run(work)


if __name__ == "__main__":
    sys.exit(main())
