"""One run: certificates, broker, database, workers, boards; then what came of it."""

import bisect
import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmark.fleet import brokers, certificates, databases, generator, processor, stored
from benchmark.fleet.board import Tally
from project.errors import UserError
from project.paths import PROJECT

DOWN_S: Final = 1.0  # how long a restarted broker is away
WORKERS_S: Final = 60.0  # for the ingest to connect
CONNECTED: Final = "connected to the broker"  # how it says so
Say = Callable[[str], None]


@dataclass(frozen=True)
class Settings:
    """What is run."""

    boards: int = 1000
    seconds: int = 60
    broker: str = "mosquitto"
    database: str = "sqlite"
    workers: int = 2
    restart_broker: bool = False
    seed: int = 1
    jobs: int = max(1, os.cpu_count() or 1)


@dataclass(frozen=True)
class Parts:
    """What runs during a measurement."""

    broker: brokers.Broker
    workers: Sequence[int]
    generators: Sequence[generator.Worker]

    def processor_s(self) -> dict[str, float | None]:
        """So far."""
        return {
            "broker": processor.seconds([self.broker.pid]),
            "workers": processor.seconds(self.workers),
            "boards": processor.seconds(worker.pid for worker in self.generators),
        }


def run(settings: Settings, say: Say) -> dict[str, Any]:
    """Measures once; see `summary`.

    Raises:
      UserError: a program is missing or ended by itself.
    """
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fleet-")))
        data, names = folder / "data", _names(settings.boards)
        say(f"making {settings.boards} certificates")
        _certificates(data, names)
        broker = _broker(settings, data, folder / "broker", names)
        broker.start()
        stack.callback(broker.kill)
        database = databases.start(settings.database, data)
        stack.callback(database.stop)
        ingest = stack.enter_context(_workers(settings, data, broker.port, database.url))
        generators = generator.start(_tasks(settings, names, data, broker.port))
        for worker in generators:
            stack.callback(worker.kill)
        say("connecting")
        first, whole, costs = _measure(settings, Parts(broker, ingest, generators), say)
        found = summary(settings, first, whole, stored.count(database.url))
        return found | costs | stored.sizes(database.url)


def _measure(settings: Settings, parts: Parts, say: Say) -> tuple[Tally, Tally, dict[str, Any]]:
    """What boards did until all were connected, and until the end; what it cost."""
    start, memory = parts.processor_s(), processor.kilobytes(parts.broker.pid)
    first = _sum(worker.wait() for worker in parts.generators)
    say(f"an event a board each second, for {settings.seconds} s")
    connected = parts.processor_s()
    memory = _less(processor.kilobytes(parts.broker.pid), memory)
    for worker in parts.generators:
        worker.go()
    if settings.restart_broker:
        time.sleep(settings.seconds / 2)
        parts.broker.kill()
        time.sleep(DOWN_S)
        parts.broker.start()
        say("the broker was killed and is back")
    whole = _sum(worker.wait() for worker in parts.generators)
    end = parts.processor_s()
    connects = {name: _less(connected[name], start[name]) for name in ("broker", "boards")}
    events = {name: _less(end[name], connected[name]) for name in end}
    if settings.restart_broker:
        del events["broker"]  # it is another process now
    return (
        first,
        whole,
        {
            "processor_ms_per_connect": _each(connects, settings.boards),
            "processor_ms_per_event": _each(events, whole.made),
            "broker_kb_per_board": None if memory is None else round(memory / settings.boards, 1),
        },
    )


def _less(after: float | None, before: float | None) -> float | None:
    return None if after is None or before is None else after - before


def _each(seconds: dict[str, float | None], count: int) -> dict[str, float | None]:
    """Milliseconds for one of `count`."""
    return {
        name: None if value is None else round(1000 * value / max(1, count), 3)
        for name, value in seconds.items()
    }


@contextlib.contextmanager
def _workers(settings: Settings, data: Path, port: int, database: str) -> Iterator[list[int]]:
    """The ingest of the server, as processes of its own that all listen to the broker: their ids.

    Raises:
      UserError: one ended, or did not connect in time.
    """
    command = [sys.executable, "-m", "server", "worker", "--data", str(data)]
    command += ["--broker", f"mqtts://localhost:{port}", "--database", database]
    parts = [f"{number}/{settings.workers}" for number in range(1, settings.workers + 1)]
    # NATS knows no shared subscriptions: there each worker takes its own part of the boards.
    shares = [["--part", part] if settings.broker == "nats" else [] for part in parts]
    log, environment = data / "workers.log", {**os.environ, "PYTHONUNBUFFERED": "1"}
    with log.open("ab") as said:
        running = [
            subprocess.Popen(
                command + share,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                env=environment,
                cwd=PROJECT,
            )
            for share in shares
        ]
    try:
        _wait_until_connected(running, log)
        yield [process.pid for process in running]
    finally:
        for process in running:
            process.kill()
            process.wait()


def _wait_until_connected(running: Sequence[subprocess.Popen[bytes]], log: Path) -> None:
    """A broker drops what nobody has subscribed to."""
    deadline = time.monotonic() + WORKERS_S
    while log.read_text(encoding="utf-8", errors="replace").count(CONNECTED) < len(running):
        if any(one.poll() is not None for one in running) or time.monotonic() > deadline:
            said = log.read_text(encoding="utf-8", errors="replace")[-500:].strip()
            raise UserError(f"the ingest of the server does not connect to the broker: {said}")
        time.sleep(0.05)


def summary(
    settings: Settings, first: Tally, whole: Tally, counts: stored.Counts
) -> dict[str, Any]:
    """The figures of a run, as --json prints them.

    sent: events made; stored: rows of them; duplicates: rows beyond one an event; lost: events
    without a row; resent: transmissions beyond one an event; times in seconds.
    """
    expected = {
        (board, boot, seq)
        for board, (boot, last) in whole.made_by.items()
        for seq in range(1, last + 1)
    }
    found: dict[str, Any] = {
        "boards": settings.boards,
        "sent": whole.made,
        "stored": counts.rows,
        "duplicates": counts.rows - len(counts.keys),
        "lost": len(expected - counts.keys),
        "p99_commit_s": _quantile(whole.commits, 0.99),
        "p50_commit_s": _quantile(whole.commits, 0.5),
        "max_commit_s": _quantile(whole.commits, 1.0),
        "resent": whole.sent - whole.made,
        "connects_per_s": _mean_rate(first.connects),
        "broker": settings.broker,
        "database": settings.database,
        "workers": settings.workers,
        "seconds": settings.seconds,
    }
    if settings.restart_broker:
        found["restart"] = _restart(first, whole)
    return found


def _restart(first: Tally, whole: Tally) -> dict[str, Any]:
    """What the boards did after the broker was gone."""
    gone = min(whole.losses, default=0.0)
    attempts = [t for t in whole.attempts if t >= gone]
    back = [t for t in whole.connects if t >= gone]
    return {
        "back": len(back),
        "all_back_s": round(max(back, default=gone) - gone, 3),
        "attempts": len(attempts),
        "attempts_per_s_max": _most_in_a_second(attempts),
        "connects_per_s_max": _most_in_a_second(back),
    }


def _tasks(settings: Settings, names: Sequence[str], data: Path, port: int) -> list[generator.Task]:
    """The boards dealt out to processes."""
    jobs = min(settings.jobs, settings.boards)
    return [
        generator.Task(names[job::jobs], data, port, settings.seed + job, settings.seconds)
        for job in range(jobs)
    ]


def _names(count: int) -> list[str]:
    return [f"02{number:010x}" for number in range(1, count + 1)]


def _certificates(data: Path, names: Sequence[str]) -> None:
    authority = certificates.create(data)
    authority.broker()
    authority.server()
    for name in names:
        authority.board(name)


def _broker(settings: Settings, data: Path, folder: Path, names: Sequence[str]) -> brokers.Broker:
    if settings.broker == "nats":
        return brokers.nats(data, folder, names)
    return brokers.mosquitto(data, folder)


def _sum(tallies: Iterator[Tally]) -> Tally:
    whole = Tally()
    for tally in tallies:
        whole.made += tally.made
        whole.sent += tally.sent
        whole.commits += tally.commits
        whole.attempts += tally.attempts
        whole.connects += tally.connects
        whole.losses += tally.losses
        whole.made_by |= tally.made_by
    return whole


def _quantile(values: Sequence[float], share: float) -> float | None:
    if not values:
        return None
    ordered = sorted(values)
    return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 4)


def _mean_rate(times: Sequence[float]) -> float | None:
    """Of the middle four fifths: the ends are thin."""
    ordered = sorted(times)
    tenth = len(ordered) // 10
    middle = ordered[tenth : len(ordered) - tenth]
    if len(middle) < 2:
        return None
    return round((len(middle) - 1) / (middle[-1] - middle[0]), 1)


def _most_in_a_second(times: Sequence[float]) -> int:
    ordered = sorted(times)
    return max((bisect.bisect_left(ordered, t + 1) - i for i, t in enumerate(ordered)), default=0)
