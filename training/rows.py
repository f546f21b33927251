"""The rows of a recording on their way to pieces: what is left out, their order, their pace."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from project.errors import UserError
from project.profile import Sensor
from training.clock import NO_TIME, Micros
from training.table import Malformed, Table, Undecided

MOST_REPEATED: Final = 0.05  # of the rows may have the time of the one before
HOLE: Final = 1.5  # intervals from row to row: more is a hole
EVEN: Final = 0.5  # a step within so much of the interval is an even one ...
EVEN_SHARE: Final = 0.8  # ... and so many have to be
EXACT_SHARE: Final = 0.98  # of the steps that are equal: the others are holes, and no coarse clock
LISTED: Final = 5  # rows that are shown with what stands in them


@dataclass(frozen=True)
class Pace:
    """Microseconds from row to row, and the longest step that is no hole."""

    step: float
    longest: float

    @staticmethod
    def of(interval_s: float) -> "Pace":
        step = max(1, round(interval_s * 1e6))
        return Pace(step, HOLE * step)

    @staticmethod
    def measured(micros: Micros) -> "Pace":
        """The pace of rows in order.

        Where the clock that wrote them counts in steps as long as the interval (a logger with a row
        every 1.05 s and whole seconds), a step may be one of its counts longer.

        Raises:
          UserError: the rows do not come evenly.
        """
        steps = np.diff(micros)
        steps = steps[steps > 0]
        if not len(steps):
            raise Undecided("one row tells no interval: say with --interval how long it is")
        usual, count = float(np.median(steps)), float(np.gcd.reduce(steps))
        even = np.mean(np.abs(steps - usual) <= EVEN * usual) >= EVEN_SHARE
        if np.mean(steps == usual) >= EXACT_SHARE or (even and count < 0.3 * usual):
            return Pace.of(usual / 1e6)
        mean = float(np.mean(steps[steps <= 2.5 * max(usual, count)]))
        if count >= 0.3 * usual and np.mean(np.abs(steps - mean) <= count) >= EVEN_SHARE:
            return Pace(round(mean), round(mean) + count)
        low, high = np.quantile(steps, [0.05, 0.95]) / 1e6
        raise UserError(
            f"its rows come unevenly, {low:.3g} to {high:.3g} s apart: --resample S makes one row "
            f"of all that lie within S seconds (--resample {_round_up(float(high)):g}, say)"
        )

    @property
    def interval_s(self) -> float:
        return self.step / 1e6


class Rows:
    """Values [rows, channels] and their times [rows]; those that are left out are counted."""

    def __init__(self, cells: Table, chosen: Sequence[int], micros: Micros) -> None:
        self.values = np.stack([cells.numbers(column) for column in chosen], axis=1)
        self.micros = micros.copy()
        self.left_out = Counter(cells.rejected)
        self.malformed = list(cells.malformed)  # the first rows that were left out
        self._cells, self._chosen = cells, chosen
        self._index = np.arange(len(cells))  # of each row in the table
        self._broken = np.zeros(len(cells), dtype=np.bool_)  # a row was left out before this one
        self._drop(self.micros == NO_TIME, "without a time")

    def put_in_order(self, repeats: bool) -> str:
        """Turns or sorts rows that are out of order in time; says what was done.

        Rows that repeat a time are left out unless `repeats`.

        Raises:
          UserError: the times go back and cannot be sorted.
        """
        steps = np.diff(self.micros)
        back, note = int(np.sum(steps < 0)), ""
        if back and back > 0.9 * len(steps):
            self._keep(slice(None, None, -1))
            note = "newest row first: turned round"
        elif back:
            order = np.argsort(self.micros, kind="stable")
            repeated = int(np.sum(np.diff(self.micros[order]) == 0))
            if repeated <= np.sum(steps == 0):
                self._keep(order)
                note = f"out of order in {back:,} place{'s' * (back > 1)}: sorted by time"
            elif back > MOST_REPEATED * len(steps):
                raise UserError(f"its times go back {back:,} times: sort it by time")
        if not repeats:
            again = np.concatenate([[False], np.diff(self.micros) == 0])[: len(self.micros)]
            self._drop(again, "with the time of the row before")
        return note

    def leave_out(self, sensor: Sensor) -> None:
        """What is no reading, and what the chip would call a fault (SampleCheck in lib/Inputs)."""
        missing = np.isnan(self.values)
        bad = missing.any(axis=1)
        shown = [
            self._cells.texts(self._chosen[int(np.argmax(missing[row]))], [int(self._index[row])])
            for row in np.flatnonzero(bad)[:LISTED]
        ]
        self._drop(bad, "not a number", [f'"{texts[0][:40]}"' for texts in shown], breaks=True)
        single = self.values.astype(np.float32)
        believed = [sensor.believed(channel) for channel in range(len(sensor.channels))]
        low, high = np.array(believed, dtype=np.float32).T
        bad = ((single < low) | (single > high)).any(axis=1)
        details = [f"{max(row, key=abs):g}" for row in self.values[bad][:LISTED]]
        self._drop(bad, "out of range", details, breaks=True)

    def leave_out_stuck(self, pace: Pace, longest: int) -> None:
        """Rows that the chip calls stuck: equal `longest` times in a row, in any channel."""
        count = len(self.values)
        if longest < 1 or not count:
            return
        begins = np.zeros(count, dtype=np.bool_)
        begins[list(self.starts(pace))] = True
        bad = is_stuck(self.values.astype(np.float32), begins, longest)
        self._drop(bad, "stuck at one value", breaks=True)

    def resample(self, pace: Pace, wanted_s: float) -> Pace:
        """Makes one row of all that lie within `wanted_s` seconds: their mean.

        Raises:
          UserError: the rows are farther apart than that.
        """
        if wanted_s < 0.9 * pace.interval_s:
            raise UserError(
                f"--resample {wanted_s:g}: rows come every {pace.interval_s:.6g} s, and there is "
                "nothing between"
            )
        new = Pace.of(wanted_s)
        bins = self.micros // int(new.step)
        begins = np.flatnonzero(np.concatenate([[True], np.diff(bins) != 0]))
        counts = np.diff(np.append(begins, len(bins)))
        self.values = np.add.reduceat(self.values, begins, axis=0) / counts[:, None]
        self.micros, self._index = bins[begins] * int(new.step), self._index[begins]
        self._broken = np.zeros(len(begins), dtype=np.bool_)
        return new

    def starts(self, pace: Pace) -> tuple[int, ...]:
        """Rows at which a piece begins: the first, and those behind a hole or a row left out."""
        steps = np.diff(self.micros)
        broken = self._broken[1:] | (steps > pace.longest) | (steps <= 0)
        return (0, *(np.flatnonzero(broken) + 1).tolist())

    def even_out(self, pace: Pace, starts: Sequence[int]) -> None:
        """Changes times only where they do not tell the pieces by themselves.

        That is: a step of more than 1.5 intervals, or one back, begins a piece.
        """
        steps, step = np.diff(self.micros), int(pace.step)
        told = (0, *(np.flatnonzero((steps > HOLE * step) | (steps <= 0)) + 1).tolist())
        if told == tuple(starts) and not np.any(steps <= 0):
            return
        result, free = self.micros.copy(), self.micros[0]
        for begin, end in zip(starts, [*starts[1:], len(result)], strict=True):
            result[begin:end] = max(free, self.micros[begin]) + step * np.arange(end - begin)
            free = result[end - 1] + 2 * step
        self.micros = result

    def _drop(
        self, bad: Any, reason: str, detail: Sequence[str] = (), breaks: bool = False
    ) -> None:
        """Leaves rows out; `detail` is what stands in the first; with `breaks` the piece ends."""
        if not bad.any():
            return
        self.left_out[reason] += int(bad.sum())
        lines = self._cells.lines[self._index[bad]][:100].tolist()
        for line, text in zip(lines, [*detail, *[""] * 100], strict=False):
            self.malformed.append(Malformed(line, reason, text))
        if breaks:
            # A row inherits the break of those that went just before it.
            passed = np.cumsum(bad | self._broken)
            kept = passed[~bad]
            self._broken = self._broken.copy()
            self._broken[~bad] |= np.diff(kept, prepend=0) > 0
        self._keep(~bad)

    def _keep(self, rows: Any) -> None:
        self.values, self.micros = self.values[rows], self.micros[rows]
        self._index, self._broken = self._index[rows], self._broken[rows]


def is_stuck(values: npt.NDArray[Any], begins: Any, longest: int) -> npt.NDArray[np.bool_]:
    """Rows of values [rows, channels] that end a run of `longest` equal ones, in any channel.

    `begins` [rows]: a piece begins. With `longest` 0 there are none.
    """
    bad = np.zeros(len(values), dtype=np.bool_)
    if longest < 1:
        return bad
    positions = np.arange(len(values))
    for channel in values.T:
        new = begins.copy()
        new[1:] |= channel[1:] != channel[:-1]
        run = positions - np.maximum.accumulate(np.where(new, positions, 0)) + 1
        bad |= run >= longest
    return bad


def refuse_coarse(micros: Micros) -> None:
    """Raises Undecided where so many rows share a time that it cannot tell the interval."""
    repeated = int(np.sum(np.diff(micros) == 0))
    if repeated > MOST_REPEATED * max(len(micros), 1):
        raise Undecided(
            f"{repeated:,} rows have the time of the row before, its clock is too coarse: say with "
            "--interval how many seconds lie between two rows"
        )


def _round_up(seconds: float) -> float:
    steps = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600, 86400)
    return next((step for step in steps if step >= seconds), float(np.ceil(seconds)))
