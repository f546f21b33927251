"""How a board fits its detector again: RefitConfig.h."""

from typing import Any, Final

from project import cpp
from project.profile import CATALOGUE, Profile
from training.manifest import Manifest

TAIL_MARGIN: Final = 1.1  # over the largest score, where the calibration names no margin


def tables(profile: Profile, found: Manifest) -> str:
    """`RefitConfig kRefit` with what it points to, and whether there is one."""
    text = cpp.constant("bool", "kHasRefit", cpp.boolean(profile.can_refit))
    if not profile.can_refit:
        return text
    flags, spread = "nullptr", "nullptr"
    if profile.scaling.kind == "standard" and any(absolute(profile)):
        flags = "kAbsolute"
        text += cpp.array("bool", flags, map(cpp.boolean, absolute(profile)))
    record: dict[str, Any] = found["pipeline"]["score"]
    if record["residual_whitening"] is not None:
        spread = "kResidualSpread"
        text += cpp.floats(spread, record["residual_spread"])
    members: dict[str, cpp.Value] = {
        "absolute": flags,
        "relative": cpp.boolean(not all(absolute(profile))),
        "residual_spread": spread,
        "least_frames": str(least_frames(profile)),
        "sd_floor": cpp.number(profile.scaling.sd_floor),
        "whiten_shrink": cpp.number(profile.scaling.whiten_shrink),
        "margin": cpp.number(margin(profile)),
        "proportional": cpp.boolean(proportional(profile)),
    }
    return text + cpp.aggregate("RefitConfig", "kRefit", members)


def absolute(profile: Profile) -> list[bool]:
    """Of each feature, whether it is in the unit of a value; the others are in that of the noise,
    which is measured again."""
    return [CATALOGUE[feature.kind].absolute for feature in profile.features.use]


def least_frames(profile: Profile) -> int:
    """Four a feature, and four times what a feature in the unit of the noise remembers: that has to
    settle when the noise has been measured."""
    use = profile.features.use
    memory = max((max(f.parameters, default=0.0) for f in use), default=0.0)
    return max(4 * len(use), round(4 * memory))


def margin(profile: Profile) -> float:
    """Of the thresholds over the largest score."""
    rule = profile.detector.calibration
    return TAIL_MARGIN if proportional(profile) or rule is None else rule.margin


def proportional(profile: Profile) -> bool:
    """Whether the thresholds grow with the mean score: a quantile's only have a margin."""
    rule = profile.detector.calibration
    return rule is None or rule.kind != "quantile"
