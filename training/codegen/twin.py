"""The simulated machine of a profile: TwinConfig.h."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from project import cpp
from project.profile import Profile, Synthetic
from project.profile.inputs import Each, of


def table(profile: Profile) -> str:
    """`kTwin`, which the virtual board simulates; null where the profile has none."""
    settings = profile.twin
    if settings is None:
        return "inline constexpr const TwinConfig* kTwin = nullptr;\n"
    return config(profile, settings) + "inline constexpr const TwinConfig* kTwin = &kTwinConfig;\n"


def config(profile: Profile, settings: Synthetic) -> str:
    """`TwinConfig kTwinConfig` with what it points to."""
    count = len(profile.sensor.channels)
    part = profile.sensor.input
    channels = []
    for c in range(count):
        low, high = part.rails(c)
        channels.append(
            {
                "mean": cpp.double(of(settings.mean, c)),
                "sd": cpp.double(of(settings.sd, c)),
                "step": cpp.double(part.step(c) / part.oversampling),
                "low": cpp.double(max(low, settings.low)),
                "high": cpp.double(min(high, settings.high)),
            }
        )
    bouts = {bout.name: i for i, bout in enumerate(settings.bouts)}
    shares = itertools.accumulate(bout.share for bout in settings.bouts)

    def common(part: Any) -> dict[str, str]:
        return {
            "amplitude": _each(part.amplitude, count),
            "wander": cpp.double(part.wander),
            "turns": cpp.boolean(part.turns),
            "during": str(bouts.get(part.during, -1)),
        }

    tones = [{"hz": cpp.double(t.hz), **common(t)} for t in settings.tones]
    resonators = [
        {"hz": cpp.double(r.hz), "width_hz": cpp.double(r.width_hz), **common(r)}
        for r in settings.resonators
    ]
    members = {
        "kind": f"TwinKind::k{settings.anomalies.title()}",
        "rate_hz": cpp.double(profile.sampling.rate_hz),
        "wander_s": cpp.double(settings.wander_seconds),
        "speed_wander": cpp.double(settings.speed_wander),
        "bout_s": cpp.double(settings.bout_seconds),
        "low_pass_hz": cpp.double(part.low_pass_hz),
        "channels": str(count),
        "tones": str(len(tones)),
        "resonators": str(len(resonators)),
        "bouts": str(len(bouts)),
        "channel": "kTwinChannels",
        "tone": "kTwinTones" if tones else "nullptr",
        "resonator": "kTwinResonators" if resonators else "nullptr",
        "bout_ends": "kTwinBoutEnds" if bouts else "nullptr",
    }
    text = cpp.aggregates("TwinChannel", "kTwinChannels", channels)
    text += _parts("TwinTone", "kTwinTones", tones)
    text += _parts("TwinResonator", "kTwinResonators", resonators)
    if bouts:
        text += cpp.array("double", "kTwinBoutEnds", map(cpp.double, shares))
    return text + cpp.aggregate("TwinConfig", "kTwinConfig", members)


def _parts(kind: str, name: str, parts: Sequence[Mapping[str, str]]) -> str:
    return cpp.aggregates(kind, name, parts) if parts else ""


def _each(value: Each, count: int) -> str:
    return "{" + ", ".join(cpp.double(of(value, c)) for c in range(count)) + "}"
