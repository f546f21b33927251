"""Progress of a training: a bar on a terminal, a few plain lines on a pipe."""

import contextlib
import sys
from collections.abc import Iterator

from training.network import Progress


@contextlib.contextmanager
def shown(title: str) -> Iterator[Progress]:
    """Yields a function that is told (steps done, steps in all, loss)."""
    try:
        import rich.progress
    except ImportError:
        yield _plain(title)
        return
    if not sys.stderr.isatty():
        yield _plain(title)
        return
    columns = (
        rich.progress.TextColumn("{task.description}"),
        rich.progress.BarColumn(),
        rich.progress.MofNCompleteColumn(),
        rich.progress.TextColumn("loss {task.fields[loss]:.5f}"),
        rich.progress.TimeRemainingColumn(),
    )
    console = rich.console.Console(stderr=True)
    with rich.progress.Progress(*columns, console=console) as bar:
        task = bar.add_task(title, total=None, loss=float("nan"))

        def update(done: int, total: int, loss: float) -> None:
            bar.update(task, completed=done, total=total, loss=loss)

        yield update


def _plain(title: str) -> Progress:
    printed = 0

    def update(done: int, total: int, loss: float) -> None:
        nonlocal printed
        if done * 5 // total > printed * 5 // total:
            print(f"{title}: step {done} of {total}, loss {loss:.5f}", file=sys.stderr, flush=True)
        printed = done

    return update
