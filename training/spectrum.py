"""The constants of a frame's spectra. Plain Python: a build writes them into the header."""

import functools
import math
from dataclasses import dataclass
from typing import Final

from project.profile.frame import FrameValue, Windows

DECIBELS: Final = 10.0  # of a decimal logarithm of a power


@dataclass(frozen=True)
class Filter:
    """A part of a spectrum: the bins from `first` on, each times its weight. Without weights it is
    `count` bins, each times `scale`."""

    first: int
    count: int
    weights: tuple[float, ...] = ()
    scale: float = 1.0


@dataclass(frozen=True)
class Column:
    """One number of a window of one channel (`ALL`: of all together)."""

    kind: str
    channel: int
    filter: Filter | None = None


@functools.cache
def shape(size: int) -> tuple[float, ...]:
    """A Hann window [size], periodic: what samples are multiplied with before the FFT."""
    return tuple(0.5 - 0.5 * math.cos(2 * math.pi * i / size) for i in range(size))


def band(windows: Windows, rate_hz: float, hz: tuple[float, float]) -> Filter:
    """The mean square of the signal that lies in a band, low <= frequency < high."""
    size, bins = windows.size, windows.lines(rate_hz, hz)
    return Filter(bins[0], len(bins), scale=2 / (size * sum(w * w for w in shape(size))))


@functools.cache
def mel(windows: Windows, rate_hz: float) -> tuple[Filter, ...]:
    """A triangle for each mel band [mel_bands], of equal area (Slaney's norm)."""
    edges = windows.mel_edges()
    return tuple(
        _triangle(windows.size, rate_hz, *edges[i : i + 3]) for i in range(windows.mel_bands)
    )


def _triangle(size: int, rate_hz: float, begin: float, top: float, end: float) -> Filter:
    weights = []
    for k in range(size // 2 + 1):
        hz = k * rate_hz / size
        weights.append(max(0.0, min((hz - begin) / (top - begin), (end - hz) / (end - top))))
    inside = [k for k, weight in enumerate(weights) if weight > 0] or [round(top * size / rate_hz)]
    first, last = inside[0], inside[-1] + 1
    norm = 2 / (end - begin)
    return Filter(first, last - first, tuple(norm * w for w in weights[first:last]))


def cosines(bands: int, index: int) -> list[float]:
    """Weights of the logarithms of mel bands [bands] in a cepstral coefficient, in decibels: a
    discrete cosine transform, type II, orthonormal."""
    norm = math.sqrt((1 if index == 0 else 2) / bands)
    return [
        DECIBELS * norm * math.cos(math.pi * index * (2 * i + 1) / (2 * bands))
        for i in range(bands)
    ]


def columns(windows: Windows, rate_hz: float, value: FrameValue) -> list[Column]:
    """What of its windows a value of a frame is made of: one column, or that of each mel band."""
    if value.kind == "band" and value.hz is not None:
        return [Column("band", value.channel, band(windows, rate_hz, value.hz))]
    if value.kind == "mel":
        return [Column("mel", value.channel, mel(windows, rate_hz)[value.index - 1])]
    if value.kind == "mfcc":
        return [Column("mel", value.channel, part) for part in mel(windows, rate_hz)]
    return [Column(value.kind, value.channel)]
