"""[frame]: how samples are gathered, and what a stretch of them comes to."""

import itertools
import math
from dataclasses import dataclass
from typing import Annotated, Any, Final

from project.profile import limits
from project.profile.catalogue import FRAME_CATALOGUE
from project.profile.keys import (
    ALL,
    Choice,
    Integer,
    Interval,
    Key,
    Kinds,
    Rising,
    kind_of_channels,
    read,
)
from project.profile.reader import Table

VECTOR: Final = "vector"  # instead of a channel

# The scale of mel (M. Slaney, "Auditory Toolbox", 1998): a line up to 1000 Hz, a logarithm above.
_LINE_HZ: Final = 200 / 3
_BREAK_HZ: Final = 1000.0
_STEP: Final = math.log(6.4) / 27


@dataclass(frozen=True)
class FrameValue:
    """What a frame says of one channel, or of all of them as one vector (`ALL`)."""

    kind: str
    channel: int
    take: str = ""  # of windows: mean, max or sd; "": of the whole frame
    hz: tuple[float, float] | None = None  # of a band
    index: int = 0  # of a mel band, from 1 on; of a cepstral coefficient, from 0 on

    def name(self, channels: tuple[str, ...]) -> str:
        """What it is called: `x.rms`, `vector.band_8_16.max`."""
        kind = self.kind
        if self.hz is not None:
            kind += f"_{self.hz[0]:g}_{self.hz[1]:g}"
        elif kind in ("mel", "mfcc"):
            kind += f"_{self.index}"
        channel = VECTOR if self.channel == ALL else channels[self.channel]
        take = f".{self.take}" if self.take and self.kind != "mfcc" else ""
        return f"{channel}.{kind}{take}"

    def cause(self, channels: tuple[str, ...], windows: "Windows | None") -> str:
        """What an anomaly that comes from it is called: `level`, `band 40-63 Hz`, `impulses of x`;
        the level of one channel among several is that channel: `axis z`, `flow`."""
        if self.take == "sd":
            text = "fluctuation"
        elif self.hz is not None:
            text = _band(self.hz)
        elif self.kind == "mel" and windows is not None:
            edges = windows.mel_edges()
            text = _band((edges[self.index - 1], edges[self.index + 1]))
        else:
            text = FRAME_CATALOGUE[self.kind].cause
        if self.channel == ALL or len(channels) == 1:
            return text
        name = channels[self.channel]
        if text != "level":
            return f"{text} of {name}"
        return f"axis {name}" if name in ("x", "y", "z") else name


def _band(hz: tuple[float, float]) -> str:
    low, high = (f"{x:.3g}" if x < 1000 else f"{x:.0f}" for x in hz)
    return f"band {low}-{high} Hz"


def _to_mel(hz: float) -> float:
    if hz < _BREAK_HZ:
        return hz / _LINE_HZ
    return _BREAK_HZ / _LINE_HZ + math.log(hz / _BREAK_HZ) / _STEP


def _to_hz(mel: float) -> float:
    if mel < _BREAK_HZ / _LINE_HZ:
        return mel * _LINE_HZ
    return _BREAK_HZ * math.exp((mel - _BREAK_HZ / _LINE_HZ) * _STEP)


VALUES: Final = Kinds(
    "what a frame comes to: a kind, or a table of [frame.values]",
    noun="value",
    most=limits.MAX_VALUES,
)
VALUES_KIND: Final = Choice("what is computed", among=tuple(FRAME_CATALOGUE))
VALUES_CHANNEL: Final = Key(
    'of which channel, by its name; "*": of each; "vector": of all of them as one, that is the '
    "length of the vector, or the sum of the powers"
)
VALUES_TAKE: Final = Choice(
    "of the windows of the frame; a spectrum needs it, without it a value is of the whole frame",
    among=("mean", "max", "sd"),
)
VALUES_HZ: Final = Rising("for `band`: the edges of bands, a value for each of these", "Hz")
VALUES_COUNT: Final = Integer(
    "for `mfcc`: so many coefficients, from 0 on", low=1, high=limits.MAX_VALUES
)
VALUES_KEYS: Final = {
    "kind": VALUES_KIND,
    "channel": VALUES_CHANNEL,
    "take": VALUES_TAKE,
    "hz": VALUES_HZ,
    "count": VALUES_COUNT,
}


@dataclass(frozen=True)
class Windows:
    """Shorter stretches of a frame, each with a spectrum; without them a frame is one stretch."""

    size: Annotated[
        int,
        Integer("length of a window and of its FFT, a power of two", "samples", low=16, high=1024),
    ]
    hop: Annotated[int, Integer("from one window to the next", "samples", low=1, high=1024)]
    mel_bands: Annotated[
        int, Integer("for `mel` and `mfcc`: triangles of equal width in mel", low=1, high=40)
    ] = 8
    mel_hz: Annotated[
        tuple[float, float], Interval("where the first begins and the last ends", "Hz")
    ] = (60.0, 8000.0)

    def mel_edges(self) -> list[float]:
        """Where the triangles begin, have their tops and end: [mel_bands + 2], Hz."""
        low, high = map(_to_mel, self.mel_hz)
        steps = self.mel_bands + 1
        return [_to_hz(low + (high - low) * i / steps) for i in range(steps + 1)]

    def lines(self, rate_hz: float, hz: tuple[float, float]) -> list[int]:
        """The bins of a spectrum in a band, low <= frequency < high, without the constant."""
        apart = rate_hz / self.size
        return [k for k in range(1, self.size // 2 + 1) if hz[0] <= k * apart < hz[1]]


@dataclass(frozen=True)
class Frame:
    """Without this table a frame is a sample, and its values are the channels."""

    samples: Annotated[
        int, Integer("length of a frame", "samples", low=2, high=limits.MAX_FRAME_SAMPLES)
    ]
    hop: Annotated[
        int,
        Integer("from one frame to the next", "samples", low=1, high=limits.MAX_FRAME_SAMPLES),
    ]
    values: Annotated[tuple[FrameValue, ...], VALUES]
    windows: Windows | None = None

    def names(self, channels: tuple[str, ...]) -> tuple[str, ...]:
        """What its values are called."""
        return tuple(value.name(channels) for value in self.values)

    def causes(self, channels: tuple[str, ...]) -> tuple[str, ...]:
        """What an anomaly that comes from each of them is called."""
        return tuple(value.cause(channels, self.windows) for value in self.values)

    def units(self, units: tuple[str, ...]) -> tuple[str, ...]:
        """Their units, from those of the channels."""
        return tuple(
            FRAME_CATALOGUE[value.kind].unit_of(units[max(value.channel, 0)])
            for value in self.values
        )


def read_frame(table: Table, channels: tuple[str, ...], rate_hz: float) -> Frame:
    """Raises UserError where the table does not say frames of these channels."""
    windows = None
    if table.has("windows"):
        inner = table.table("windows")
        windows = read(Windows, inner)
        _check_windows(inner, windows)
        inner.finish()
    of_windows = _Values(channels, windows, rate_hz)
    values = tuple(v for entry in table.array("values") for v in of_windows.of(table, entry))
    VALUES.check(table, "values", values)
    frame = read(Frame, table, values=values, windows=windows)
    table.finish()
    if frame.hop > frame.samples:
        raise table.error("hop", f"{frame.hop} leaves samples out, {frame.samples} at most")
    if windows is not None:
        _check_together(table, frame, windows)
    for name in frame.names(channels):
        if len(name) > limits.MAX_CHANNEL_NAME:
            most = limits.MAX_CHANNEL_NAME
            raise table.error(
                "values", f'"{name}" is longer than {most} letters: a shorter channel'
            )
    return frame


def _check_windows(table: Table, windows: Windows) -> None:
    if windows.size & (windows.size - 1):
        raise table.error("size", f"{windows.size} is not a power of two")
    if windows.hop > windows.size:
        raise table.error("hop", f"{windows.hop} leaves samples out, {windows.size} at most")
    if windows.mel_hz[0] < 0:
        raise table.error("mel_hz", "begins below 0")


def _check_together(table: Table, frame: Frame, windows: Windows) -> None:
    """Windows have to lie on one grid in all frames."""
    if windows.size > frame.samples:
        raise table.error(
            "windows", f"of {windows.size} samples do not fit into a frame of {frame.samples}"
        )
    rest = (frame.samples - windows.size) % windows.hop
    if rest:
        raise table.error(
            "samples",
            f"{frame.samples} are not filled by windows of {windows.size}, one each {windows.hop}: "
            f"take {frame.samples - rest} or {frame.samples - rest + windows.hop}",
        )
    if frame.hop % windows.hop:
        near = frame.hop - frame.hop % windows.hop or windows.hop
        raise table.error(
            "hop", f"{frame.hop} is no multiple of the windows' hop {windows.hop}: take {near}"
        )


@dataclass(frozen=True)
class _Values:
    """What entries of `values` mean."""

    channels: tuple[str, ...]
    windows: Windows | None
    rate_hz: float

    def of(self, table: Table, entry: Any) -> list[FrameValue]:
        """One entry."""
        beside = (VECTOR,) if len(self.channels) > 1 and VECTOR not in self.channels else ()
        inner, kind, chosen = kind_of_channels(
            table, "values", entry, VALUES_KIND, self.channels, beside
        )
        about = FRAME_CATALOGUE[kind]
        if about.of_vector and chosen != [ALL]:
            raise inner.error("channel", f'{kind} is of all channels: "{VECTOR}"')
        take = ""
        if inner.has("take") or (about.spectral and kind != "mfcc"):
            take = VALUES_TAKE.read(inner, "take", None)
        if kind == "mfcc":
            take = "mean"
        if take and self.windows is None:
            raise inner.error("kind", f"{kind} needs windows: [frame.windows] size and hop")
        if take and about.of_vector:
            raise inner.error("take", f"{kind} is of the whole frame")
        parts = self._parts(inner, kind)
        inner.finish()
        return [FrameValue(kind, channel, take, *part) for channel in chosen for part in parts]

    def _parts(self, table: Table, kind: str) -> list[tuple[Any, ...]]:
        """`hz` and `index` of each value that one entry gives a channel."""
        if kind == "band":
            return [(edges,) for edges in self._bands(table)]
        if kind not in ("mel", "mfcc"):
            return [()]
        assert self.windows is not None
        bands, most_hz = self.windows.mel_bands, self.windows.mel_hz[1]
        if most_hz > self.rate_hz / 2:
            reason = f"mel_hz ends at {most_hz:g}, above half of rate_hz, {self.rate_hz / 2:g}"
            raise table.error("kind", f"{kind}: [frame.windows] {reason}")
        if kind == "mel":
            return [(None, band + 1) for band in range(bands)]
        count = VALUES_COUNT.read(table, "count", None)
        if count > bands:
            raise table.error("count", f"{count} of {bands} mel bands: {bands} at most")
        return [(None, index) for index in range(count)]

    def _bands(self, table: Table) -> list[tuple[float, float]]:
        """Each has a line of the spectrum or more."""
        assert self.windows is not None
        edges = VALUES_HZ.read(table, "hz", None)
        if edges[-1] > self.rate_hz / 2:
            raise table.error("hz", f"{edges[-1]:g} is above half of rate_hz, {self.rate_hz / 2:g}")
        bands = list(itertools.pairwise(edges))
        for low, high in bands:
            if not self.windows.lines(self.rate_hz, (low, high)):
                apart = self.rate_hz / self.windows.size
                raise table.error(
                    "hz", f"{low:g} to {high:g} has no line of a spectrum with one in {apart:g} Hz"
                )
        return bands
