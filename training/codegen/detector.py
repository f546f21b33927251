"""The tables between a sample and a state: FeatureSpec.h, DetectorConfig.h, NormalSignal.h."""

from collections.abc import Sequence
from typing import Any, Final

from project import cpp
from project.profile import Profile
from training import adaptation
from training.manifest import Manifest, as_trained

_SCORES: Final = {
    "absolute": "ScoreKind::kAbsolute",
    "rms": "ScoreKind::kRms",
    "quartic": "ScoreKind::kQuartic",
}


def feature_tables(profile: Profile, sigma: Sequence[float]) -> str:
    """`FeatureConfig kFeatures` with what it points to; `sigma` is the noise of each channel."""
    specs = []
    for feature in profile.features.use:
        a, b, c = (*feature.parameters, 0.0, 0.0, 0.0)[:3]
        kind = feature.kind.title().replace("_", "")
        specs.append(
            {
                "kind": f"FeatureKind::k{kind}",
                "channel": str(feature.channel),
                "a": cpp.number(a),
                "b": cpp.number(b),
                "c": cpp.number(c),
            }
        )
    members: dict[str, cpp.Value] = {
        "channels": str(len(profile.value_names)),
        "count": str(profile.feature_count),
        "specs": "kFeatureSpecs",
        "sigma": "kNoiseSigma",
        "adaptation": {
            "limit": cpp.number(profile.features.adaptation.limit),
            "memory": cpp.number(adaptation.MEMORY_BLOCKS),
            "measured": cpp.number(adaptation.MEASURED_BLOCKS),
        },
    }
    return (
        cpp.aggregates("FeatureSpec", "kFeatureSpecs", specs)
        + cpp.floats("kNoiseSigma", sigma)
        + cpp.aggregate("FeatureConfig", "kFeatures", members)
    )


def features(profile: Profile, found: Manifest) -> str:
    """The features of a profile with the noise that its model was trained with."""
    sigma = found["pipeline"]["sigma"]
    if profile.is_generic:
        sigma = [0.0] * len(sigma)
    tables = feature_tables(as_trained(profile, found), sigma)
    return cpp.constant("int", "kFeatureCount", profile.feature_count) + tables


def normal(found: Manifest) -> str:
    """`NormalSignal kNormalSignal`, which the virtual board simulates."""
    members = {"channels": "kChannels"}
    text = ""
    for key in ("level", "noise", "colour", "mixing"):
        members[key] = f"kNormal{key.title()}"
        text += cpp.floats(members[key], found["normal"][key])
    return text + cpp.aggregate("NormalSignal", "kNormalSignal", members)


def detector(profile: Profile, found: Manifest) -> str:
    """`DetectorConfig kDetector` with what it points to."""
    pipeline = found["pipeline"]
    tables = _Tables()
    members: dict[str, cpp.Value] = {
        "scaling": _scaling(pipeline["scaling"], tables),
        "score": _score(pipeline["score"], tables),
        "decision": _decision(profile, pipeline["decision"]),
        "cause": _cause(profile, pipeline, tables),
        "learning": "&kLearning" if profile.detector.learning else "nullptr",
        "slow": "&kSlow" if profile.slow else "nullptr",
        "refit": "&kRefit" if profile.can_refit else "nullptr",
    }
    return tables.text + cpp.aggregate("DetectorConfig", "kDetector", members)


class _Tables:
    """The arrays that are pointed to, in the order of their use."""

    def __init__(self) -> None:
        self.text = ""

    def add(self, name: str, values: Sequence[float] | None) -> str:
        """Writes an array; returns what points to it."""
        if not values:
            return "nullptr"
        self.text += cpp.floats(name, values)
        return name


def _scaling(scaling: dict[str, Any], tables: _Tables) -> dict[str, str]:
    return {
        "offset": tables.add("kFeatureOffset", scaling["offset"]),
        "scale": tables.add("kFeatureScale", scaling["scale"]),
        "squash": cpp.number(scaling["squash"]),
        "clip_low": tables.add("kClipLow", scaling["clip_low"]),
        "clip_high": tables.add("kClipHigh", scaling["clip_high"]),
        "mean": tables.add("kWhiteningMean", scaling["mean"]),
        "whitening": tables.add("kWhitening", scaling["whitening"]),
        "whitening_clip": cpp.number(scaling["whitening_clip"]),
    }


def _score(score: dict[str, Any], tables: _Tables) -> dict[str, str]:
    return {
        "kind": _SCORES[score["kind"]],
        "output_low": tables.add("kOutputLow", score["output_low"]),
        "output_high": tables.add("kOutputHigh", score["output_high"]),
        "residual_mean": tables.add("kResidualMean", score["residual_mean"]),
        "residual_whitening": tables.add("kResidualWhitening", score["residual_whitening"]),
    }


def _decision(profile: Profile, decision: dict[str, Any]) -> dict[str, str]:
    return {
        "threshold": cpp.number(decision["threshold"]) if profile.has_score else "kNoThreshold",
        "chart_tau": cpp.number(decision["chart_tau"]),
        "chart_threshold": cpp.number(decision["chart_threshold"]),
        "chart_cap": cpp.number(decision["chart_cap"]),
        "normal_score": cpp.number(decision["normal_score"]),
        "alarm_count": str(profile.detector.alarm_count),
        "alarm_frames": str(profile.alarm_frames),
        "clear_frames": str(profile.clear_frames),
        "clear_ratio": cpp.number(profile.detector.clear_ratio),
        "warmup_frames": str(profile.warmup_frames),
    }


def _cause(profile: Profile, pipeline: dict[str, Any], tables: _Tables) -> dict[str, str]:
    """How normal features spread, where there are several channels: often as the scaling has it."""
    if len(profile.value_names) == 1:
        return {"mean": "nullptr", "whitening": "nullptr"}
    found = pipeline["cause"]
    if profile.frame is not None:
        return {"mean": tables.add("kCauseMean", found["mean"]), "whitening": "nullptr"}
    if found["whitening"] == pipeline["scaling"]["whitening"]:
        return {"mean": "kWhiteningMean", "whitening": "kWhitening"}
    return {
        "mean": tables.add("kCauseMean", found["mean"]),
        "whitening": tables.add("kCauseWhitening", found["whitening"]),
    }
