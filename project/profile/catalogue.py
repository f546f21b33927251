"""The kinds of features. What each computes is said where it is computed: training/features.py."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class FeatureKind:
    """A catalogue entry: its parameters in the order a, b, c of the C++ FeatureSpec."""

    text: str
    parameters: tuple[str, ...] = ()
    invertible: bool = False  # a value of the channel can be read back from it
    one_sided: bool = False  # tells of an anomaly only when it is large
    windowed: bool = False


CATALOGUE: Final[dict[str, FeatureKind]] = {
    "value": FeatureKind("the sample itself, in its unit", invertible=True),
    "difference": FeatureKind("the sample minus the one before it, in its unit"),
    "mean": FeatureKind("mean over the window, in its unit", windowed=True),
    "slope": FeatureKind("slope over the window, in its unit a second", windowed=True),
    "variance": FeatureKind("variance over the window", windowed=True),
    "level": FeatureKind(
        "deviation from the robust mean before this sample", ("tau",), invertible=True
    ),
    "jump": FeatureKind("difference to the sample before"),
    "trend": FeatureKind("fast robust mean minus slow one", ("fast_tau", "slow_tau")),
    "jump_energy": FeatureKind("mean square of `jump`, its cube root", ("tau",), one_sided=True),
    "level_energy": FeatureKind(
        "mean square of `level`, its cube root", ("level_tau", "tau"), one_sided=True
    ),
    "trend_energy": FeatureKind(
        "mean square of `trend`, its cube root", ("fast_tau", "slow_tau", "tau"), one_sided=True
    ),
    "zscore": FeatureKind("deviation over the running one", ("tau",), invertible=True),
    "smooth": FeatureKind("exponential mean, in its unit", ("tau",), invertible=True),
}
