"""The kinds of features, and of what a frame comes to.

What each computes is said where it is computed: training/features.py and training/frames.py.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class FeatureKind:
    """A catalogue entry: its parameters in the order a, b, c of the C++ FeatureSpec."""

    text: str
    parameters: tuple[str, ...] = ()
    invertible: bool = False  # a value of the channel can be read back from it
    one_sided: bool = False  # tells of an anomaly only when it is large


CATALOGUE: Final[dict[str, FeatureKind]] = {
    "value": FeatureKind("the sample itself, in its unit", invertible=True),
    "smooth": FeatureKind("its exponential mean, in its unit", ("tau",), invertible=True),
    "level": FeatureKind(
        "deviation from the robust mean before the sample, in sigma", ("tau",), invertible=True
    ),
    "jump": FeatureKind("difference to the sample before, in sigma"),
    "trend": FeatureKind("fast robust mean minus slow one, in sigma", ("fast_tau", "slow_tau")),
    "jump_energy": FeatureKind("cube root of the mean square of `jump`", ("tau",), one_sided=True),
    "level_energy": FeatureKind(
        "cube root of the mean square of `level`", ("level_tau", "tau"), one_sided=True
    ),
    "trend_energy": FeatureKind(
        "cube root of the mean square of `trend`",
        ("fast_tau", "slow_tau", "tau"),
        one_sided=True,
    ),
}


@dataclass(frozen=True)
class FrameKind:
    """A catalogue entry; `{}` in the unit is that of the channel."""

    text: str
    unit: str = ""

    def unit_of(self, unit: str) -> str:
        """Its unit, from the channel's."""
        return self.unit.format(unit) if unit or "{" not in self.unit else ""


# All but the mean are of the signal without the frame's mean.
FRAME_CATALOGUE: Final[dict[str, FrameKind]] = {
    "mean": FrameKind("mean", "{}"),
    "variance": FrameKind("mean square", "{}2"),
    "rms": FrameKind("root mean square", "{}"),
    "peak_to_peak": FrameKind("largest minus smallest", "{}"),
    "crest": FrameKind("crest factor, largest distance from the mean over the RMS"),
    "kurtosis": FrameKind("fourth moment over the squared variance, 3 for Gaussian noise"),
    "zero_crossing_rate": FrameKind("crossings of the mean in a second", "Hz"),
}
