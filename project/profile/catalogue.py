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
