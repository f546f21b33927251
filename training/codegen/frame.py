"""The tables of frames: FrameSpec.h."""

import math

from project import cpp
from project.profile import Frame, Profile
from project.profile.frame import FrameValue, Windows
from project.profile.keys import ALL
from training import spectrum
from training.manifest import Manifest
from training.spectrum import Column

_TAKES = {"mean": "kMean", "max": "kMax", "sd": "kDeviation"}


def tables(profile: Profile, found: Manifest) -> str:
    """`FrameConfig kFrame`, and what its values are called: the channels, without frames."""
    return _frame(profile) + cpp.array(
        "uint8_t", "kValueDecimals", map(str, _decimals(profile, found))
    )


def _decimals(profile: Profile, found: Manifest) -> list[int]:
    """Of each value of a frame: so many that the first digit of its normal spread is shown, two at
    least, six at most."""
    spread = list(found["pipeline"]["sigma"])
    scale = found["pipeline"]["scaling"]["scale"]
    for feature, factor in zip(profile.features.use, scale, strict=True):
        if feature.kind == "value" and profile.frame is not None:
            spread[feature.channel] = 1 / factor
    return [min(max(math.ceil(-math.log10(one)), 2), 6) for one in spread]


def _frame(profile: Profile) -> str:
    frame = profile.frame
    if frame is None:
        return (
            "inline constexpr bool kHasFrames = false;\n"
            + cpp.constant("FrameConfig", "kFrame", "{}")
            + cpp.constant("int", "kValues", "kChannels")
            + "inline constexpr const char* const* kValueNames = kChannelNames;\n"
            + "inline constexpr const char* const* kValueUnits = kChannelUnits;\n"
            + "inline constexpr const char* const* kValueCauses = kChannelNames;\n"
        )
    return (
        "inline constexpr bool kHasFrames = true;\n"
        + config(frame, profile.sampling.rate_hz)
        + cpp.constant("int", "kValues", len(frame.values))
        + cpp.array("const char*", "kValueNames", map(cpp.string, profile.value_names))
        + cpp.array("const char*", "kValueUnits", map(cpp.string, profile.value_units))
        + cpp.array("const char*", "kValueCauses", map(cpp.string, profile.value_causes))
    )


def config(frame: Frame, rate_hz: float) -> str:
    """`FrameConfig kFrame` with what it points to."""
    found = _Windows(frame.windows, rate_hz)
    specs = [found.spec(value) for value in frame.values]
    members: dict[str, cpp.Value] = {
        "samples": str(frame.samples),
        "hop": str(frame.hop),
        "channels": "kChannels",
        "count": str(len(frame.values)),
        "sample_rate_hz": cpp.number(rate_hz),
        "specs": "kFrameValues",
        "windows": "nullptr" if frame.windows is None else "&kWindows",
        "keeps_frame": cpp.boolean(any(not value.take for value in frame.values)),
    }
    return (
        found.tables(frame)
        + cpp.aggregates("FrameValueSpec", "kFrameValues", specs)
        + cpp.aggregate("FrameConfig", "kFrame", members)
    )


def _channel(channel: int) -> str:
    return "kVector" if channel == ALL else str(channel)


def _moment(kind: str) -> str:
    return f"&Moments::{kind}"


class _Windows:
    """What values make of the windows: the columns and filters that they share."""

    def __init__(self, windows: Windows | None, rate_hz: float) -> None:
        self._windows, self._rate_hz = windows, rate_hz
        self._columns: list[Column] = []
        self._weights: dict[str, list[float]] = {}  # of cepstral coefficients, by table

    def spec(self, value: FrameValue) -> dict[str, str]:
        """The C++ FrameValueSpec of a value."""
        spec = {
            "moment": "nullptr",
            "channel": _channel(value.channel),
            "take": "Take::kWhole",
            "column": "0",
            "columns": "0",
            "weights": "nullptr",
        }
        if value.kind == "tilt":
            return spec | {"take": "Take::kTilt"}
        if not value.take or self._windows is None:
            return spec | {"moment": _moment(value.kind)}
        columns = spectrum.columns(self._windows, self._rate_hz, value)
        first = self._place(columns)
        spec |= {"column": str(first), "columns": str(len(columns))}
        if value.kind != "mfcc":
            return spec | {"take": f"Take::{_TAKES[value.take]}"}
        table = f"kCosines{value.index}"
        self._weights[table] = spectrum.cosines(self._windows.mel_bands, value.index)
        return spec | {"take": "Take::kWeighted", "weights": table}

    def _place(self, columns: list[Column]) -> int:
        """Where columns stand that follow each other; they are added where they are not yet."""
        for first in range(len(self._columns) - len(columns) + 1):
            if self._columns[first : first + len(columns)] == columns:
                return first
        self._columns += columns
        return len(self._columns) - len(columns)

    def tables(self, frame: Frame) -> str:
        """`WindowsConfig kWindows` with what it points to; nothing without windows."""
        windows = self._windows
        if windows is None:
            return ""
        text = ""
        filters: list[dict[str, str]] = []
        columns: list[dict[str, str]] = []
        for column in self._columns:
            spec = {"moment": "nullptr", "filter": "-1", "channel": _channel(column.channel)}
            if column.filter is not None:
                spec["filter"] = str(len(filters))
                weights = "nullptr"
                if column.filter.weights:
                    weights = f"kBinWeights{len(filters)}"
                    text += cpp.floats(weights, column.filter.weights)
                filters.append(
                    {
                        "first": str(column.filter.first),
                        "count": str(column.filter.count),
                        "weights": weights,
                        "scale": cpp.number(column.filter.scale),
                    }
                )
            elif column.kind != "centroid":
                spec["moment"] = _moment(column.kind)
            columns.append(spec)
        for table, cosines in self._weights.items():
            text += cpp.floats(table, cosines)
        if filters:
            text += cpp.aggregates("BinFilter", "kBinFilters", filters)
        turns = [
            part(2 * math.pi * k / windows.size)
            for k in range(windows.size // 2)
            for part in (math.cos, math.sin)
        ]
        members: dict[str, cpp.Value] = {
            "size": str(windows.size),
            "hop": str(windows.hop),
            "per_frame": str((frame.samples - windows.size) // windows.hop + 1),
            "count": str(len(columns)),
            "columns": "kWindowColumns" if columns else "nullptr",
            "filters": "kBinFilters" if filters else "nullptr",
            "shape": "kWindowShape",
            "turns": "kTurns",
        }
        return (
            text
            + (cpp.aggregates("WindowColumn", "kWindowColumns", columns) if columns else "")
            + cpp.floats("kWindowShape", spectrum.shape(windows.size))
            + cpp.floats("kTurns", turns)
            + cpp.aggregate("WindowsConfig", "kWindows", members)
        )
