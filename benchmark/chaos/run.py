"""One run of the chaos: what is made, killed and spoiled, and what is stored at the end."""

import asyncio
import contextlib
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from benchmark.chaos import ring, verdict
from benchmark.chaos.parts import Board, Part, gateway, worker
from benchmark.chaos.wires import Cable, Wire
from benchmark.fleet import brokers, databases, stored
from project.errors import UserError
from server import authority

PARTS: Final = ("broker", "server", "gateway", "board")
FAULTS: Final = ("cut", "delay", "truncate")
WORKERS: Final = 2
LOOK_S: Final = 1.0  # between two looks at whether everything arrived
INJECTED: Final = "inject 50 4"
Say = Callable[[str], None]


@dataclass(frozen=True)
class Settings:
    """What is run."""

    boards: int = 50
    events: int = 10_000
    seed: int = 1
    kills: int = 20  # of each part, at least
    pause_s: float = 1.5  # between two kills, on average
    speed: float = 4.0  # of the boards
    database: str = "sqlite"
    settle_s: float = 300.0  # for the rest to arrive, when nothing is killed any more


@dataclass
class Scene:
    """Everything that runs."""

    boards: list[Board]
    broker: brokers.Broker
    workers: list[Part]
    gateway: Part
    wires: tuple[Wire, Wire]  # to the broker, from the gateway and from the server
    database: str
    chance: random.Random
    kills: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    typed: dict[str, int] = field(default_factory=dict)  # commands of a board so far


def run(program: Path, settings: Settings, say: Say) -> dict[str, Any]:
    """Runs it once; see `verdict.compare` for what it returns.

    Raises:
      UserError: a program is missing, or ended by itself.
    """
    return asyncio.run(_run(program, settings, say))


async def _run(program: Path, settings: Settings, say: Say) -> dict[str, Any]:
    async with contextlib.AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="chaos-")))
        scene = await _set_up(program, settings, folder, stack)
        start = time.monotonic()
        say(f"{settings.boards} boards make {settings.events} events while all is killed")
        await _chaos(scene, settings, say)
        made_s = time.monotonic() - start
        say("waiting for the rest to arrive")
        settled_s = await _settle(scene, settings)
        for board in scene.boards:
            await board.kill()
        rings = {board.name: ring.read(board.ring) for board in scene.boards}
        answers = {board.name: board.cable.answers for board in scene.boards}
        found = verdict.compare(rings, answers, stored.count(scene.database))
        return {
            "boards": settings.boards,
            **found,
            "kills": dict(scene.kills),
            "faults": dict(scene.faults),
            "seconds": round(made_s, 1),
            "settled_s": None if settled_s is None else round(settled_s, 1),
        }


async def _set_up(
    program: Path, settings: Settings, folder: Path, stack: contextlib.AsyncExitStack
) -> Scene:
    data, names = folder / "data", [f"02{i:010x}" for i in range(1, settings.boards + 1)]
    authority.prepare(data)
    for name in names:
        authority.enroll(data, name)
    broker = brokers.mosquitto(data, folder / "broker")
    stack.callback(broker.kill)
    broker.start()
    database = databases.start(settings.database, data)
    stack.callback(database.stop)
    boards = [Board(program, name, folder, settings.speed) for name in names]
    wires = Wire(broker.port), Wire(broker.port)
    for wire in wires:
        await wire.start()
        stack.callback(wire.stop)
    for board in boards:
        await board.cable.start()
        stack.callback(board.cable.stop)
        stack.push_async_callback(board.kill)
        await board.start()
    workers = [
        worker(data, wires[1].port, database.url, folder / f"worker{i}.log") for i in range(WORKERS)
    ]
    line = gateway(data, wires[0].port, boards, folder / "gateway.log")
    for part in (*workers, line):
        stack.push_async_callback(part.kill)
        await part.start()
    chance = random.Random(settings.seed)
    return Scene(boards, broker, workers, line, wires, database.url, chance)


# --- what happens -------------------------------------------------------------------------------


async def _chaos(scene: Scene, settings: Settings, say: Say) -> None:
    """Until enough is made and each part was killed often enough."""
    makers = [asyncio.create_task(_make_events(scene, b, settings)) for b in scene.boards]
    spoiler = asyncio.create_task(_spoil(scene, settings))
    try:
        while not (await _made(scene) >= settings.events and _killed_enough(scene, settings)):
            for part in scene.chance.sample(PARTS, len(PARTS)):
                await asyncio.sleep(scene.chance.uniform(0.2, 2 * settings.pause_s - 0.2))
                await _kill(scene, part)
            for task in (*makers, spoiler):
                if task.done():
                    task.result()
            for program in (*scene.workers, scene.gateway):
                if said := program.ended():
                    raise UserError(f"a part ended by itself: {said}")
            say(f"{await _made(scene)} events, kills: {_listed(scene.kills)}")
    finally:
        for task in (*makers, spoiler):
            task.cancel()
        await asyncio.gather(*makers, spoiler, return_exceptions=True)
    await _kill(scene, "gateway")  # both begin with a short back-off again
    for one in scene.workers:
        await one.kill()
        await one.start()


def _killed_enough(scene: Scene, settings: Settings) -> bool:
    return all(scene.kills[part] >= settings.kills for part in PARTS)


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {counts[name]}" for name in sorted(counts))


async def _kill(scene: Scene, part: str) -> None:
    """Kills one, and starts it again after a moment."""
    scene.kills[part] += 1
    away_s = scene.chance.uniform(0.0, 1.0)
    if part == "broker":
        await asyncio.to_thread(scene.broker.kill)
        await asyncio.sleep(away_s)
        await asyncio.to_thread(scene.broker.start)
        return
    victims: dict[str, Sequence[Part | Board]] = {
        "server": scene.workers,
        "gateway": [scene.gateway],
        "board": scene.boards,
    }
    victim = scene.chance.choice(victims[part])
    await victim.kill()
    await asyncio.sleep(away_s)
    await victim.start()


async def _spoil(scene: Scene, settings: Settings) -> None:
    """Cuts, delays and truncates lines, one after another."""
    while True:
        await asyncio.sleep(scene.chance.uniform(0.1, settings.pause_s))
        fault = scene.chance.choice(FAULTS)
        wires: list[Wire | Cable] = [*scene.wires, *(board.cable for board in scene.boards)]
        # As often a line to the broker as one of a board.
        line = scene.chance.choice(wires[: scene.chance.choice((2, len(wires)))])
        scene.faults[fault] += 1
        if fault == "cut":
            line.cut()
        elif fault == "delay":
            line.faults.hold(scene.chance.uniform(0.2, 3.0))
        else:
            line.faults.truncate(scene.chance.randint(1, 200))


async def _make_events(scene: Scene, board: Board, settings: Settings) -> None:
    """Each `threshold` is an event with its own number, from 2.000 on; others by anomalies."""
    share = settings.events / settings.boards
    period = len(PARTS) * settings.kills * settings.pause_s / share
    number = 0
    while True:
        await asyncio.sleep(scene.chance.uniform(0.0, 2 * period))
        if scene.chance.random() < 0.1:
            await board.cable.type(INJECTED)
        elif await board.cable.type(f"threshold {2 + number / 1000:.3f}"):
            number += 1


async def _made(scene: Scene) -> int:
    def count() -> int:
        return sum(len(ring.read(board.ring).events) for board in scene.boards)

    return await asyncio.to_thread(count)


async def _settle(scene: Scene, settings: Settings) -> float | None:
    """Seconds until everything that the rings hold is stored; None: it did not come."""
    start = time.monotonic()

    def missing() -> int:
        keys = stored.count(scene.database).keys
        rings = {board.name: ring.read(board.ring) for board in scene.boards}
        return sum((name, *key) not in keys for name in rings for key in rings[name].events)

    while await asyncio.to_thread(missing):
        if time.monotonic() - start > settings.settle_s:
            return None
        await asyncio.sleep(LOOK_S)
    return time.monotonic() - start
