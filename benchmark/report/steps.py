"""What the report is at: a line that moves on a terminal, a plain line a step on a pipe."""

import contextlib
import sys
import time
from collections.abc import Callable, Iterator

Told = Callable[[str, int, int], None]  # what is done, steps done of it, steps in all


@contextlib.contextmanager
def shown() -> Iterator[Told]:
    """Yields a function that is told of each step; both forms go to standard error."""
    if sys.stderr.isatty():
        import rich.console
        import rich.progress

        columns = (
            rich.progress.SpinnerColumn(),
            rich.progress.TextColumn("{task.description}"),
            rich.progress.BarColumn(),
            rich.progress.MofNCompleteColumn(),
            rich.progress.TimeElapsedColumn(),
        )
        console = rich.console.Console(stderr=True)
        with rich.progress.Progress(*columns, console=console) as bar:
            task = bar.add_task("report", total=None)
            yield lambda what, done, total: bar.update(
                task, description=what, completed=done, total=total
            )
        return
    start = time.monotonic()

    def plain(what: str, done: int, total: int) -> None:
        seconds = time.monotonic() - start
        text = f"report, {seconds:3.0f} s: {what}, {done} of {total}"
        print(text, file=sys.stderr, flush=True)

    yield plain
