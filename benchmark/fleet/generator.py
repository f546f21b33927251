"""Processes full of virtual boards, one a core; the parent says when to make events."""

import asyncio
import multiprocessing
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

from benchmark.fleet.board import STATE_S, Board, Tally, repeat
from benchmark.fleet.mqtt import Address
from project.errors import UserError

DRAIN_S: Final = 45.0  # after the last event: two rounds of sending again, and a reconnect
ARRIVE_S: Final = 5.0  # boards are switched on over this time
CONNECTED_S: Final = 300.0


@dataclass(frozen=True)
class Task:
    """What one process does."""

    boards: Sequence[str]
    data: Path
    port: int
    seed: int
    seconds: int  # one event a board each second


def start(tasks: Sequence[Task]) -> "list[Worker]":
    return [Worker(task) for task in tasks]


class Worker:
    """A process of boards."""

    def __init__(self, task: Task) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, other = context.Pipe()
        self._process = context.Process(target=_run, args=(task, other), daemon=True)
        self._process.start()
        self.pid = self._process.pid
        other.close()

    def wait(self) -> Tally:
        """What it did so far, when its current part is done: connected first, then all.

        Raises:
          UserError: it ended by itself.
        """
        try:
            found = self._pipe.recv()
        except EOFError as error:
            raise UserError("a process of virtual boards ended by itself") from error
        if isinstance(found, str):
            raise UserError(found)
        assert isinstance(found, Tally)
        return found

    def go(self) -> None:
        """Lets its boards make events."""
        self._pipe.send("go")

    def kill(self) -> None:
        self._process.kill()
        self._process.join()


def _run(task: Task, pipe: Connection) -> None:
    asyncio.run(_boards(task, pipe))


async def _boards(task: Task, pipe: Connection) -> None:
    chance, tally, loop = random.Random(task.seed), Tally(), asyncio.get_running_loop()
    boards = [Board(name, _address(task, name), tally, chance) for name in task.boards]
    running = [asyncio.create_task(board.run(chance.uniform(0, ARRIVE_S))) for board in boards]
    if not await _until(lambda: all(board.online for board in boards), CONNECTED_S):
        pipe.send(f"{sum(not b.online for b in boards)} boards could not connect")
        return
    pipe.send(tally)
    await loop.run_in_executor(None, pipe.recv)
    others = [
        asyncio.create_task(repeat(boards, STATE_S, Board.send_state)),
        asyncio.create_task(repeat(boards, 1.0, _be_patient)),
    ]
    await repeat(boards, 1.0, Board.make_event, task.seconds)
    await _until(lambda: not any(b.waiting for b in boards), DRAIN_S)
    await _until(lambda: all(b.online for b in boards), DRAIN_S)
    tally.made_by = {board.name: board.made for board in boards}
    pipe.send(tally)
    for task_ in (*running, *others):
        task_.cancel()
    await asyncio.gather(*running, *others, return_exceptions=True)


def _be_patient(board: Board) -> None:
    board.be_patient(time.monotonic())


def _address(task: Task, name: str) -> Address:
    place = task.data / "boards" / name
    ca = task.data / "ca" / "ca.pem"
    return Address(task.port, ca, place.with_suffix(".pem"), place.with_suffix(".key"))


async def _until(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(0.05)
    return True
