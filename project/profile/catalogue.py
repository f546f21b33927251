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
    absolute: bool = False  # in the channel's unit: its mean is where the sensor is
    one_sided: bool = False  # tells of an anomaly only when it is large
    # What becomes of its limit on a device that learns its daily life (training/limits.py):
    stays_sharp: bool = False  # daily life hardly reaches it, so it grows slowly
    echoes: bool = True  # after an alarm it is wider for the rest of the day
    mirrors: bool = True  # and in the first days by what the other side has shown
    lively: float = 10.0  # where it begins on a device that is said to be lively
    lasts: bool = False  # how long it stays up is learnt too


CATALOGUE: Final[dict[str, FeatureKind]] = {
    "value": FeatureKind("the sample itself, in its unit", invertible=True, absolute=True),
    "smooth": FeatureKind(
        "its exponential mean, in its unit", ("tau",), invertible=True, absolute=True
    ),
    "level": FeatureKind(
        "deviation from the robust mean before the sample, in sigma",
        ("tau",),
        invertible=True,
        lively=8.0,
    ),
    "jump": FeatureKind(
        "difference to the sample before, in sigma",
        invertible=True,
        stays_sharp=True,
        echoes=False,
        mirrors=False,
        lively=1.0,
    ),
    "trend": FeatureKind("fast robust mean minus slow one, in sigma", ("fast_tau", "slow_tau")),
    "jump_energy": FeatureKind(
        "cube root of the mean square of `jump`",
        ("tau",),
        one_sided=True,
        stays_sharp=True,
        mirrors=False,
        lively=1.0,
    ),
    "level_energy": FeatureKind(
        "cube root of the mean square of `level`", ("level_tau", "tau"), one_sided=True, lively=2.8
    ),
    "trend_energy": FeatureKind(
        "cube root of the mean square of `trend`",
        ("fast_tau", "slow_tau", "tau"),
        one_sided=True,
    ),
    "level2": FeatureKind(
        "deviation from the line through two plain means before the sample, in sigma",
        ("fast_tau", "slow_tau"),
        invertible=True,
        stays_sharp=True,
        lively=2.2,
    ),
    "band": FeatureKind(
        "cube root of the mean square of what is left when ramps and parabolas are taken away",
        ("level_tau", "tau"),
        one_sided=True,
        stays_sharp=True,
        mirrors=False,
        lively=1.8,
        lasts=True,
    ),
}


@dataclass(frozen=True)
class FrameKind:
    """A catalogue entry; `{}` in the unit is that of the channel."""

    text: str
    unit: str = ""
    spectral: bool = False  # of the spectrum of a window
    of_vector: bool = False  # of all channels together and of nothing else
    cause: str = "level"  # what it is called where an anomaly comes from it; bands have their Hz

    def unit_of(self, unit: str) -> str:
        """Its unit, from the channel's."""
        return self.unit.format(unit) if unit or "{" not in self.unit else ""


# All but mean, minimum, maximum and log_jerk are of the signal without the frame's mean.
FRAME_CATALOGUE: Final[dict[str, FrameKind]] = {
    "mean": FrameKind("mean", "{}"),
    "minimum": FrameKind("smallest", "{}"),
    "maximum": FrameKind("largest", "{}"),
    "variance": FrameKind("mean square", "{}2"),
    "rms": FrameKind("root mean square", "{}"),
    "peak_to_peak": FrameKind("largest minus smallest", "{}", cause="impulses"),
    "crest": FrameKind(
        "crest factor, largest distance from the mean over the RMS", cause="impulses"
    ),
    "skewness": FrameKind(
        "third moment over the cubed RMS, 0 for what is symmetric", cause="asymmetry"
    ),
    "kurtosis": FrameKind(
        "fourth moment over the squared variance, 3 for Gaussian noise", cause="impulses"
    ),
    "zero_crossing_rate": FrameKind("crossings of the mean in a second", "Hz", cause="pitch"),
    "log_rms": FrameKind("decimal logarithm of `rms`"),
    "log_peak_to_peak": FrameKind("decimal logarithm of `peak_to_peak`", cause="impulses"),
    "log_jerk": FrameKind(
        "decimal logarithm of the largest distance of two neighbours", cause="impulses"
    ),
    "tilt": FrameKind(
        "angle between the means of the frame's two halves", "deg", of_vector=True, cause="tilt"
    ),
    "band": FrameKind("decimal logarithm of the mean square in a band", spectral=True),
    "mel": FrameKind("decimal logarithm of the energy in a mel band", spectral=True),
    "mfcc": FrameKind(
        "cepstral coefficient of the mel bands", "dB", spectral=True, cause="spectrum"
    ),
    "centroid": FrameKind(
        "mean frequency of the spectrum, weighed by power", "Hz", spectral=True, cause="spectrum"
    ),
}
