"""Work that is spread over several processes."""

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import TypeVar

from project.errors import UserError

Task = TypeVar("Task")
Result = TypeVar("Result")


def spread(work: Callable[[Task], Result], tasks: Sequence[Task], jobs: int) -> Iterator[Result]:
    """What `work` makes of tasks, as each is done; with one job in this process and in order.

    Raises:
      UserError: a process ended by itself.
    """
    if jobs == 1:
        yield from map(work, tasks)
        return
    # Each process has a core to itself: threads of NumPy's would only wait for each other.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    with ProcessPoolExecutor(min(jobs, len(tasks)), mp_context=get_context("spawn")) as pool:
        running = [pool.submit(work, task) for task in tasks]
        with contextlib.ExitStack() as stack:
            stack.callback(pool.shutdown, cancel_futures=True)
            for future in as_completed(running):
                try:
                    yield future.result()
                except BrokenProcessPool as error:
                    raise UserError(
                        "a process that measured ended by itself; there may be too little memory, "
                        "try --jobs 1"
                    ) from error
