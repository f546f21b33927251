"""A recording of fast samples while it grows: blocks of 16-bit numbers into CSV or WAV.

As with slow ones, files are called partial until the recording is finished. Where blocks are lost
on the way a CSV file goes on with the right times, and training sees the hole. A WAV file has no
times, so the next block begins another file: nothing is lost, and nothing is joined that was not.
"""

from __future__ import annotations

import contextlib
import math
import os
import sys
from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from monitor.hum import HumMeter
from monitor.port import EXIT_REFUSED
from monitor.recorder import Range, named, partial_of
from monitor.telemetry import RawBlock
from monitor.waves import LARGEST, WaveWriter
from project.errors import UserError
from project.units import with_unit

MOST_FILES = 100  # of one recording: a line that loses more is no line
_WRAP = 1 << 32
_JITTER_US = 500_000  # what a board waits until it tells the time of its sensor's clock anew


@dataclass(frozen=True)
class Packing:
    """What the board says of its blocks: channels, samples a second, what a count means."""

    rate_hz: float
    scales: tuple[float, ...]  # one a channel


class BlockRecorder:
    """Takes blocks in order and keeps what can be trusted."""

    def __init__(
        self,
        path: Path,
        head: Sequence[str],
        channels: Sequence[str],
        packing: Packing,
        units: Sequence[str] = (),
        hum: bool = False,
    ) -> None:
        self.path = path
        self.packing = packing
        self.names = list(channels)
        self.units = list(units) or [""] * len(channels)
        self.counts: list[Counter[int]] = [Counter() for _ in channels]  # how often each number
        self.hum = HumMeter(packing.rate_hz) if hum else None
        self.gaps = self.missing = self.left_out = 0
        self.restarted = False
        self._lows, self._highs = [1 << 15] * len(channels), [-1 << 15] * len(channels)
        self._sums = [0] * len(channels)
        self._samples = 0
        self._span = 0  # samples since the first, those that are missing too
        self._first_us = 0
        self._last_begin = 0, 0  # samples before the last block, and its time
        self._last: tuple[int, int] | None = None  # sequence and time that should come next
        self._suspect: tuple[int, int] | None = None
        self._period_us = 1e6 / packing.rate_hz
        sink: type[_Csv] | type[_Waves] = _Waves if path.suffix == ".wav" else _Csv
        self._sink = sink(path, head, self.names, packing)

    def __len__(self) -> int:
        return self._samples

    @property
    def seconds(self) -> float:
        """By the board's clock, to the end of the last block."""
        return 0.0 if self._last is None else (self._last[1] - self._first_us) / 1e6

    @property
    def measured_hz(self) -> float:
        """Samples a second by the board's clock, those that are missing counted too."""
        samples, micros = self._last_begin
        elapsed = micros - self._first_us
        return samples * 1e6 / elapsed if elapsed > 0 else math.nan

    @property
    def labels(self) -> list[str]:
        return [with_unit(name, unit) for name, unit in zip(self.names, self.units, strict=True)]

    @property
    def partial(self) -> Path:
        return self._sink.partials[0]

    @property
    def files(self) -> int:
        return len(self._sink.partials)

    def range_of(self, channel: int) -> Range:
        scale, mean = self.packing.scales[channel], self._sums[channel] / max(self._samples, 1)
        return Range(self._lows[channel] * scale, mean * scale, self._highs[channel] * scale)

    def add(self, block: RawBlock) -> bool:
        """Write one block; False where it was left out."""
        channels = len(self.names)
        numbers = array("h", block.data)
        if sys.byteorder == "big":
            numbers.byteswap()
        count = len(numbers) // channels
        here = block.sequence, block.micros
        if len(numbers) % channels or not self._follows(here):
            self.left_out += 1
            return False
        if self._last is None:
            self._last = here
            self._first_us = block.micros
        skipped = (block.sequence - self._last[0]) % _WRAP
        if skipped:
            self.gaps += 1
            self.missing += skipped
            self._span += skipped
            self._sink.skip()
        self._suspect = None
        self._last_begin = self._span, block.micros
        self._last = (
            (block.sequence + count) % _WRAP,
            block.micros + round(count * self._period_us),
        )
        for channel in range(channels):
            column = numbers[channel::channels]
            self.counts[channel].update(column)
            self._lows[channel] = min(self._lows[channel], min(column))
            self._highs[channel] = max(self._highs[channel], max(column))
            self._sums[channel] += sum(column)
        if self.hum is not None:
            self.hum.add(numbers[::channels], gap=skipped > 0)
        self._sink.write(numbers, block.data, self._span)
        self._samples += count
        self._span += count
        return True

    def _follows(self, here: tuple[int, int]) -> bool:
        """Whether a block may come next; two in a row that agree are believed."""
        if self._last is None or self._plausible(self._last, here):
            return True
        if self._suspect is not None and self._plausible(self._suspect, here):
            if 0 < (self._last[0] - here[0]) % _WRAP < _WRAP // 2:
                self.restarted = True
                return False
            return True
        self._suspect = here
        return False

    def _plausible(self, before: tuple[int, int], here: tuple[int, int]) -> bool:
        steps = (here[0] - before[0]) % _WRAP
        if steps >= _WRAP // 2:
            return False
        expected = steps * self._period_us
        return abs(here[1] - before[1] - expected) <= 0.5 * expected + _JITTER_US

    def flush(self) -> None:
        self._sink.flush()

    def finish(self) -> Path:
        """Make the recording one that training uses; its first file."""
        self.close()
        for partial, path in zip(self._sink.partials, self._sink.paths, strict=True):
            partial.replace(path)
        return self.path

    def close(self) -> None:
        """Stop writing; the files stay, marked as partial. An empty one goes."""
        self._sink.close()
        if not self._samples:
            self.partial.unlink(missing_ok=True)


class _Csv:
    """Rows with the time by their number, which is even, where the board's own clock is not."""

    def __init__(self, path: Path, head: Sequence[str], names: Sequence[str], packing: Packing):
        self.paths, self.partials = [path], [partial_of(path)]
        self._names, self._scales = names, packing.scales
        self._period_us = 1e6 / packing.rate_hz
        self._digits = 3 if self._period_us % 1000 == 0 else 6
        self._texts: list[dict[int, str]] = [{} for _ in names]
        self._file: TextIO = _opened(self.partials[0])
        self._file.writelines(f"# {line}\n" for line in head)
        self._file.write(",".join(["time", *names]) + "\n")

    def write(self, numbers: array[int], data: bytes, first: int) -> None:
        channels = len(self._names)
        columns = [self._shown(channel, numbers[channel::channels]) for channel in range(channels)]
        digits, micros = self._digits, self._period_us
        with named(self.partials[0]):
            self._file.writelines(
                f"{(first + row) * micros / 1e6:.{digits}f},{','.join(cells)}\n"
                for row, cells in enumerate(zip(*columns, strict=True))
            )

    def _shown(self, channel: int, numbers: array[int]) -> list[str]:
        """Numbers in the unit, with the digits that a float of the chip has."""
        texts, scale = self._texts[channel], self._scales[channel]
        for number in set(numbers) - texts.keys():
            texts[number] = f"{number * scale:.9g}"
        return [texts[number] for number in numbers]

    def skip(self) -> None:
        """The times say it."""

    def flush(self) -> None:
        with named(self.partials[0]):
            self._file.flush()

    def close(self) -> None:
        if self._file.closed:
            return
        try:
            with named(self.partials[0]):
                self._file.flush()
                os.fsync(self._file.fileno())
        finally:
            with contextlib.suppress(OSError):  # told above
                self._file.close()


class _Waves:
    """WAV files, one for each stretch without a hole."""

    def __init__(self, path: Path, head: Sequence[str], names: Sequence[str], packing: Packing):
        self.paths, self.partials = [path], [partial_of(path)]
        self._channels, self._rate_hz = len(names), round(packing.rate_hz)
        self._about = "; ".join(head)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._begin()

    def _begin(self) -> None:
        partial = self.partials[-1]
        with named(partial):
            self._file = WaveWriter(partial, self._rate_hz, self._channels, self._about)

    def write(self, numbers: array[int], data: bytes, first: int) -> None:
        if self._file.bytes + len(data) > LARGEST:
            self.skip()
        with named(self.partials[-1]):
            self._file.write(data)

    def skip(self) -> None:
        """What follows goes into another file."""
        self.close()
        number = len(self.paths) + 1
        if number > MOST_FILES:
            raise UserError(
                f"The line has lost blocks {MOST_FILES} times: take a shorter cable or another "
                "USB port, and close what else is busy.",
                EXIT_REFUSED,
            )
        first = self.paths[0]
        path = first.with_name(f"{first.stem}-part{number}{first.suffix}")
        self.paths.append(path)
        self.partials.append(partial_of(path))
        self._begin()

    def flush(self) -> None:
        with named(self.partials[-1]):
            self._file.flush()

    def close(self) -> None:
        if self._file.closed:
            return
        try:
            with named(self.partials[-1]):
                self._file.close()
        finally:
            self._file.abandon()


def _opened(path: Path) -> TextIO:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.open("x", encoding="utf-8", newline="\n")
