"""What a detector's profile becomes when one thing about it is changed, and how large it is."""

import dataclasses
from collections.abc import Sequence
from typing import Any, Final

from project import profile as profiles
from project.errors import UserError
from project.profile import Profile
from training import folders, manifest, train
from training.data import Dataset
from training.manifest import Manifest

GENERIC: Final = "any"  # the profile that is told nothing


def named(profile: Profile) -> dict[str, Profile]:
    """Detectors that run as the firmware: the tutorial's, the profile itself and its variants.

    The profile with the other number type is called `<profile>-float32` or `<profile>-int8`.
    """
    result = {}
    if profile.name != "lesson":
        result["lesson"] = profiles.load(profiles.find("lesson"))
    result[profile.name] = profile
    if profile.is_generic:
        return result
    if profile.has_network:
        other = "float32" if profile.network.quantize else "int8"
        result[f"{profile.name}-{other}"] = quantized(profile, not profile.network.quantize)
    if is_tail_calibrated(profile):
        result["mahalanobis"] = mahalanobis(profile)
        result[GENERIC] = profiles.load(profiles.find(GENERIC))
    return result


def model(profile: Profile, data: Dataset) -> Manifest:
    """A model of the profile, trained on these data; of a generic profile the one that it has,
    which is not trained on what it is to judge."""
    if profile.is_generic:
        return manifest.load(folders.chosen(profile, None))
    return train.train(profile, data, lambda *_: None, False).manifest


def quantized(profile: Profile, quantize: bool) -> Profile:
    """The profile with a network in int8, or in float32."""
    network = dataclasses.replace(profile.network, quantize=quantize)
    return dataclasses.replace(profile, network=network)


def layered(profile: Profile, layers: Sequence[int], activation: str) -> Profile:
    """The profile with other hidden layers."""
    network = dataclasses.replace(
        profile.network, layers=tuple(layers), activations=(activation,) * len(layers)
    )
    return dataclasses.replace(profile, network=network)


def mahalanobis(profile: Profile) -> Profile:
    """The profile without its network."""
    detector = dataclasses.replace(profile.detector, kind="mahalanobis")
    return dataclasses.replace(profile, detector=detector)


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
    return among(known, [alias.get(name, name) for name in asked], "--detector")


def among(known: Sequence[str], asked: Sequence[str] | None, option: str) -> list[str]:
    """The names asked for, in the order of `known`; all without a wish.

    Raises:
      UserError: one of them is unknown.
    """
    for name in asked or ():
        if name not in known:
            raise UserError(f"{option} {name}: is none of {', '.join(known)}")
    return [name for name in known if not asked or name in asked]


def size(found: Manifest) -> int:
    """Bytes of constants: the .tflite and four for each number between sample and state."""
    return int(found["model"]["bytes"]) + 4 * _numbers(found["pipeline"])


def _numbers(record: Any) -> int:
    if isinstance(record, dict):
        return sum(_numbers(value) for value in record.values())
    if isinstance(record, list):
        return sum(_numbers(value) for value in record)
    return 1 if isinstance(record, int | float) else 0
