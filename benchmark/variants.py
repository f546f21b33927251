"""What a detector's profile becomes when one thing about it is changed, and how large it is."""

import dataclasses
from typing import Any

from project import profile as profiles
from project.errors import UserError
from project.profile import Profile
from training.manifest import Manifest


def named(profile: Profile) -> dict[str, Profile]:
    """Detectors that run as the firmware: the tutorial's, the profile itself and its variants.

    The profile with the other number type is called `<profile>-float32` or `<profile>-int8`.
    """
    result = {}
    if profile.name != "lesson":
        result["lesson"] = profiles.load(profiles.find("lesson"))
    result[profile.name] = profile
    if profile.has_network:
        other = "float32" if profile.network.quantize else "int8"
        network = dataclasses.replace(profile.network, quantize=not profile.network.quantize)
        result[f"{profile.name}-{other}"] = dataclasses.replace(profile, network=network)
    if is_tail_calibrated(profile):
        kind = dataclasses.replace(profile.detector, kind="mahalanobis")
        result["mahalanobis"] = dataclasses.replace(profile, detector=kind)
    return result


def is_tail_calibrated(profile: Profile) -> bool:
    """Whether baselines can be calibrated as this profile is: a tail on stretched data."""
    rule = profile.detector.calibration
    return rule is not None and rule.kind == "tail" and profile.data.stretch is not None


def chosen(known: list[str], asked: list[str] | None, profile: Profile) -> list[str]:
    """The detectors asked for, in the order of `known`; all without a wish.

    `<profile>-int8` is another name of an int8 profile, so is `<profile>-float32` of the other.

    Raises:
      UserError: one of them is unknown.
    """
    if not asked:
        return known
    kind = "int8" if profile.network.quantize else "float32"
    alias = {f"{profile.name}-{kind}": profile.name}
    wanted = {alias.get(name, name) for name in asked}
    for name in asked:
        if alias.get(name, name) not in known:
            raise UserError(f"--detector {name}: is none of {', '.join(known)}")
    return [name for name in known if name in wanted]


def size(found: Manifest) -> int:
    """Bytes of constants: the .tflite and four for each number between sample and state."""
    return int(found["model"]["bytes"]) + 4 * _numbers(found["pipeline"])


def _numbers(record: Any) -> int:
    if isinstance(record, dict):
        return sum(_numbers(value) for value in record.values())
    if isinstance(record, list):
        return sum(_numbers(value) for value in record)
    return 1 if isinstance(record, int | float) else 0
