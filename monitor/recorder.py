"""A recording while it grows, and whether it can be right.

Rows go to `<name>.partial.csv` as they come; only a finished recording is renamed to
`<name>.csv`, so that training never sees half of one.
"""

from __future__ import annotations

import contextlib
import itertools
import math
import os
import statistics
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from monitor.telemetry import Raw
from project.units import with_unit

if TYPE_CHECKING:
    from project.profile import Sensor

MIN_SAMPLES = 30  # what training wants at least
MAX_MISSING = 0.05  # share of samples
MAX_AT_RAIL = 0.05
OUTLIER_SIGMAS = 6.0
_WRAP = 1 << 32  # the sequence number has 32 bits


class Range(NamedTuple):
    """What the samples of a channel were."""

    low: float
    mean: float
    high: float


def partial_of(path: Path) -> Path:
    return path.with_name(f"{path.stem}.partial{path.suffix}")


@contextlib.contextmanager
def named(path: Path) -> Iterator[None]:
    """An error of writing says which file it is about."""
    try:
        yield
    except OSError as error:
        error.filename = str(path)
        raise


class Recorder:
    """Takes RAW lines in order and keeps what can be trusted."""

    def __init__(
        self,
        path: Path,
        head: Sequence[str],
        channels: Sequence[str] = (),
        period_ms: float | None = None,  # what the board says, to check numbers against times
        units: Sequence[str] = (),
        with_crc: bool = False,  # a line without one has then lost it on the way
    ) -> None:
        self.path = path
        self._with_crc = with_crc
        self.partial = partial_of(path)
        self.columns: list[array[float]] = []
        self.times: array[int] = array("q")  # milliseconds since the first sample
        self.gaps = 0
        self.missing = 0
        self.left_out = 0  # RAW lines that were understood but contradict the others
        self.restarted = False
        self._head = head
        self._channels = list(channels)
        self._units = list(units)
        self._period_ms = period_ms
        self._last: tuple[int, int] | None = None
        self._suspect: tuple[int, int] | None = None
        self._lows: list[float] = []
        self._highs: list[float] = []
        self._sums: list[float] = []
        self.partial.parent.mkdir(parents=True, exist_ok=True)
        self._file = self.partial.open("x", encoding="utf-8", newline="\n")

    def __len__(self) -> int:
        return len(self.times)

    @property
    def seconds(self) -> float:
        return self.times[-1] / 1000 if self.times else 0.0

    @property
    def names(self) -> list[str]:
        return self._channels

    @property
    def labels(self) -> list[str]:
        """The names with their units, where those are known."""
        units = self._units if len(self._units) == len(self.names) else [""] * len(self.names)
        return [with_unit(name, unit) for name, unit in zip(self.names, units, strict=True)]

    def range_of(self, channel: int) -> Range:
        return Range(self._lows[channel], self._sums[channel] / len(self), self._highs[channel])

    def add(self, raw: Raw) -> bool:
        """Write one sample; False where it was left out."""
        if raw.checked < self._with_crc:
            return False
        values = [float(value) for value in raw.values]
        if not self.times:
            self._begin(len(values))
        if len(values) != len(self.columns) or not all(map(math.isfinite, values)):
            self.left_out += 1
            return False
        here = raw.sequence, raw.milliseconds
        if self._last is not None and not self._follows(here, raw.checked):
            return False
        now = 0
        if self._last is not None and self.times:
            now = self.times[-1] + raw.milliseconds - self._last[1]
            skipped = (raw.sequence - self._last[0]) % _WRAP
            if skipped > 1:
                self.gaps += 1
                self.missing += skipped - 1
        self._suspect = None
        self._last = here
        self.times.append(now)
        for channel, value in enumerate(values):
            self.columns[channel].append(value)
            self._lows[channel] = min(self._lows[channel], value)
            self._highs[channel] = max(self._highs[channel], value)
            self._sums[channel] += value
        with named(self.partial):
            self._file.write(f"{now // 1000}.{now % 1000:03d},{','.join(raw.values)}\n")
        return True

    def flush(self) -> None:
        with named(self.partial):
            self._file.flush()

    def finish(self) -> Path:
        """Make the recording one that training uses."""
        self.close()
        self.partial.replace(self.path)
        return self.path

    def close(self) -> None:
        """Stop writing; the file stays, marked as partial. An empty one goes."""
        if not self._file.closed:
            try:
                with named(self.partial):
                    self._file.flush()
                    os.fsync(self._file.fileno())
            finally:
                with contextlib.suppress(OSError):  # told above
                    self._file.close()
        if not self.times:
            self.partial.unlink(missing_ok=True)

    def _begin(self, channels: int) -> None:
        if len(self._channels) != channels:
            self._channels = (
                ["value"] if channels == 1 else [f"channel{n}" for n in range(channels)]
            )
        self.columns = [array("d") for _ in range(channels)]
        self._lows, self._highs = [math.inf] * channels, [-math.inf] * channels
        self._sums = [0.0] * channels
        for line in self._head:
            self._file.write(f"# {line}\n")
        self._file.write(",".join(["time", *self._channels]) + "\n")

    def _follows(self, here: tuple[int, int], checked: bool) -> bool:
        """Whether a line may come next; two in a row that agree are believed."""
        assert self._last is not None
        if self._plausible(self._last, here, checked):
            return True
        self.left_out += 1
        if self._suspect is not None and self._plausible(self._suspect, here, checked):
            if here[0] < self._last[0] and len(self.times) == 1 and not checked:
                self._begin_anew()
                return True
            if here[0] < self._last[0]:
                self.restarted = True
                return False
            self.left_out -= 1
            return True
        self._suspect = here
        return False

    def _begin_anew(self) -> None:
        """Forget the first sample: nothing has followed it, so it was the damaged one."""
        self.times = array("q")
        with named(self.partial):
            self._file.seek(0)
            self._file.truncate()
        self._begin(len(self.columns))

    def _plausible(self, before: tuple[int, int], here: tuple[int, int], checked: bool) -> bool:
        steps = (here[0] - before[0]) % _WRAP
        elapsed = here[1] - before[1]
        if not 0 < steps < _WRAP // 2 or elapsed < 0:
            return False
        if checked or not self._period_ms:
            return True
        # Without a CRC a damaged digit shows only where number and time do not fit together.
        expected = steps * self._period_ms
        return abs(elapsed - expected) <= 0.5 * expected + 20


@dataclass(frozen=True, slots=True)
class Outliers:
    channel: str
    count: int
    farthest: float  # the value
    at: float  # seconds


def find_outliers(recording: Recorder) -> list[Outliers]:
    """Samples farther than six robust sigmas (1.4826 * MAD) from the median, a line a channel."""
    found = []
    for name, column in zip(recording.names, recording.columns, strict=True):
        middle = statistics.median(column)
        sigma = 1.4826 * statistics.median(abs(value - middle) for value in column)
        limit = OUTLIER_SIGMAS * max(sigma, _resolution(column))
        distances = [abs(value - middle) for value in column]
        count = sum(distance > limit for distance in distances)
        if count:
            index = max(range(len(column)), key=distances.__getitem__)
            found.append(Outliers(name, count, column[index], recording.times[index] / 1000))
    return found


def find_objections(recording: Recorder, sensor: Sensor | None) -> list[str]:
    """Why this recording cannot be normal data; empty where nothing speaks against it."""
    count = len(recording)
    if count < MIN_SAMPLES:
        return [f"only {count} samples, at least {MIN_SAMPLES} are needed"]
    objections = []
    share = recording.missing / (count + recording.missing)
    if share > MAX_MISSING:
        objections.append(f"{share:.0%} of the samples are missing ({recording.gaps} gaps)")
    for index, (name, column) in enumerate(zip(recording.names, recording.columns, strict=True)):
        low, high = min(column), max(column)
        if low == high:
            objections.append(f"every sample of {name} is {low:g}")
        elif sensor is not None:
            channel = index if index < len(sensor.channels) else 0
            bottom, top = sensor.visible(channel)
            unit = sensor.units[channel]
            edge = (top - bottom) * 0.002
            for end, at_end in (
                (bottom, sum(value <= bottom + edge for value in column)),
                (top, sum(value >= top - edge for value in column)),
            ):
                if at_end > MAX_AT_RAIL * count:
                    objections.append(
                        f"{at_end / count:.0%} of {name} is at or beyond {end:g} {unit}, "
                        "the end of what the sensor can show"
                    )
    return objections


def _resolution(column: Sequence[float]) -> float:
    """The smallest step between different values."""
    values = sorted(set(column))
    return min((b - a for a, b in itertools.pairwise(values)), default=0.0)
