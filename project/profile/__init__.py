"""Profiles: one TOML file says everything about a detector. The one reader of them.

Each table has a module with its record: a field is a key, and beside it stand what it may be, its
default and what it does. docs/writing-a-profile.md has them all.
"""

import difflib
import json
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from project.errors import UserError
from project.paths import PROFILES, PROJECT, home_of, profile_file
from project.profile import limits
from project.profile.catalogue import CATALOGUE
from project.profile.data import MACHINE, Data, Stretch, Synthetic, read_data
from project.profile.detector import (
    NONE,
    Calibration,
    Detector,
    Learning,
    read_detector,
)
from project.profile.features import Adaptation, Feature, Features, read_features
from project.profile.frame import Frame, read_frame
from project.profile.keys import read, said
from project.profile.network import NO_NETWORK, Network, read_network
from project.profile.reader import Table
from project.profile.scaling import Scaling, read_scaling
from project.profile.sensor import (
    PACKED_ABOVE_HZ,
    READING_FIELDS,
    Sampling,
    Sensor,
    read_sensor,
)
from project.profile.slow import Slow, read_slow
from project.units import with_unit

__all__ = (
    "CATALOGUE",
    "FORMAT",
    "MACHINE",
    "NONE",
    "PACKED_ABOVE_HZ",
    "READING_FIELDS",
    "Adaptation",
    "Calibration",
    "Data",
    "Detector",
    "Feature",
    "Features",
    "Frame",
    "Learning",
    "Network",
    "Profile",
    "Sampling",
    "Scaling",
    "Sensor",
    "Slow",
    "Stretch",
    "Synthetic",
    "find",
    "load",
    "shown",
)

FORMAT: Final = 1
"""Of what profiles mean. It is hashed into every fingerprint: a default that changes is a change of
all profiles that leave its key out, and then the number goes up by one."""


@dataclass(frozen=True)
class Profile:
    name: str
    description: str
    sensor: Sensor
    sampling: Sampling
    features: Features
    scaling: Scaling
    network: Network
    detector: Detector
    data: Data
    frame: Frame | None = None  # None: a frame is a sample
    slow: Slow | None = None  # None: no slow charts
    home: Path = field(default=Path(), compare=False)  # of its recordings: data/<name>

    @property
    def feature_count(self) -> int:
        return len(self.features.use)

    @property
    def feature_names(self) -> tuple[str, ...]:
        """`channel.kind`, with the parameters where a kind has them: `temperature.level(16)`.

        A value of a frame as it is has the value's own name: `x.rms`.
        """
        return tuple(
            self.value_names[f.channel]
            if self.frame and f.kind == "value"
            else f"{self.value_names[f.channel]}.{f.kind}"
            + (f"({', '.join(f'{p:g}' for p in f.parameters)})" if f.parameters else "")
            for f in self.features.use
        )

    @property
    def has_network(self) -> bool:
        return self.detector.kind == "autoencoder"

    @property
    def twin(self) -> Synthetic | None:
        """What the machine is like that can be simulated in Python and in C++ alike."""
        settings = self.data.synthetic
        return settings if settings is not None and settings.kind == MACHINE else None

    @property
    def has_score(self) -> bool:
        """Without one the slow charts judge alone."""
        return self.detector.kind != NONE

    @property
    def is_generic(self) -> bool:
        """Told neither noise nor unit: each device measures its own."""
        return self.features.is_generic

    @property
    def can_refit(self) -> bool:
        """A generic one has nothing to be fitted again but its noise."""
        return self.has_score and not self.is_generic

    @property
    def value_names(self) -> tuple[str, ...]:
        """What the values of a frame are called; without frames they are the channels."""
        channels = self.sensor.channels
        return channels if self.frame is None else self.frame.names(channels)

    @property
    def value_units(self) -> tuple[str, ...]:
        units = self.sensor.units
        return units if self.frame is None else self.frame.units(units)

    @property
    def value_causes(self) -> tuple[str, ...]:
        """What an anomaly that comes from each value of a frame is called."""
        channels = self.sensor.channels
        return channels if self.frame is None else self.frame.causes(channels)

    @property
    def value_labels(self) -> tuple[str, ...]:
        """Names with their units, for an axis or a table."""
        return tuple(map(with_unit, self.value_names, self.value_units))

    @property
    def frame_rate_hz(self) -> float:
        """How often the detector judges; time constants count in its frames."""
        return self.sampling.rate_hz / (1 if self.frame is None else self.frame.hop)

    def frames(self, seconds: float) -> int:
        """The frames of so many seconds."""
        return round(seconds * self.frame_rate_hz)

    @property
    def warmup_frames(self) -> int:
        return self.frames(self.detector.warmup_seconds)

    @property
    def clear_frames(self) -> int:
        return max(1, self.frames(self.detector.clear_seconds))

    @property
    def alarm_frames(self) -> int:
        return max(1, self.frames(self.detector.alarm_seconds))

    def canonical(self) -> bytes:
        """The same bytes for the same meaning: comments, layout and description do not count.

        What has its default value is left out, so that a key that is added later changes nothing
        for the profiles that do not have it; `FORMAT` stands for the defaults themselves. What the
        project says of the kinds that are used counts too: which features tell of an anomaly only
        when they are large, how large a step of the sensor is.
        """
        record = said(self)
        del record["description"]
        record.pop("home", None)
        record["format"] = FORMAT
        steps = [self.sensor.input.step(channel) for channel in range(len(self.sensor.channels))]
        one = steps[0] if len(set(steps)) == 1 else steps
        record["sensor"] |= {"kind": self.sensor.input.kind, "step": one}
        for used, feature in zip(record["features"]["use"], self.features.use, strict=True):
            if CATALOGUE[feature.kind].one_sided:
                used["one_sided"] = True
        return json.dumps(record, sort_keys=True, separators=(",", ":")).encode()


def find(name: str) -> Path:
    """The file of a profile: its name in profiles/, or a path that ends in .toml.

    Raises:
      UserError: there is no such file.
    """
    path = profile_file(name)
    if path.is_file():
        return path
    known = sorted(p.stem for p in PROFILES.glob("*.toml"))
    close = difflib.get_close_matches(name, known, 1)
    hint = f"did you mean {close[0]}?" if close else f"there are: {', '.join(known) or 'none'}"
    raise UserError(f"{shown(path)}: no such profile ({hint})")


def load(path: Path) -> Profile:
    """Reads and checks a profile.

    Raises:
      UserError: not TOML, unknown key, wrong type or impossible value; names file, table and key.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"{shown(path)}: cannot be read ({error.strerror or error})") from error
    except ValueError as error:  # of TOML, of its encoding, of a number without end
        raise UserError(f"{shown(path)}: not valid TOML: {error}") from error
    top = Table(shown(path), "", document)
    description = top.text("description", "")
    timing = top.table("sampling")
    sampling = read(Sampling, timing)
    timing.finish()
    sensor = read_sensor(top.table("sensor"), sampling.rate_hz)
    frame = None
    if top.has("frame"):
        frame = read_frame(top.table("frame"), sensor.channels, sampling.rate_hz)
    values = frame.names(sensor.channels) if frame else sensor.channels
    detector = read_detector(top.table("detector"))
    network = detector.kind == "autoencoder" or top.has("network")
    profile = Profile(
        name=path.stem,
        description=description,
        sensor=sensor,
        sampling=sampling,
        features=read_features(top.table("features"), values),
        frame=frame,
        slow=read_slow(top.table("slow"), len(values)) if top.has("slow") else None,
        scaling=read_scaling(top.table("scaling")),
        network=read_network(top.table("network")) if network else NO_NETWORK,
        detector=detector,
        data=read_data(top.table("data", optional=True), len(sensor.channels), sampling.rate_hz),
        home=home_of(path),
    )
    top.finish()
    _check_together(top, profile)
    return profile


def shown(path: Path) -> str:
    """A path as a user would type it: relative to the project where it lies inside."""
    try:
        return path.resolve().relative_to(PROJECT).as_posix()
    except ValueError:
        return str(path)


def _check_together(top: Table, profile: Profile) -> None:
    """What only two tables together can get wrong."""
    if not profile.has_score and profile.slow is None:
        raise top.error("[detector] kind", f'"{NONE}" needs slow charts: [slow]')
    if profile.detector.chart_tau and profile.detector.threshold:
        raise top.error("[detector] chart_tau", "a second chart needs [detector.calibration]")
    if profile.is_generic:
        several = profile.frame is not None or len(profile.sensor.channels) > 1
        if several or any(CATALOGUE[f.kind].absolute for f in profile.features.use):
            reason = "suits one channel without frames, and features in the unit of the noise"
            raise top.error('[features] noise = "device"', reason)
        if profile.slow and (profile.slow.span or profile.slow.limits):
            raise top.error("[slow] span", 'has no unit where [features] noise = "device"')
    if profile.data.stretch and (profile.frame or len(profile.sensor.channels) > 1):
        raise top.error("[data] stretch", "a virtual recording has one channel and no frames")
    if profile.scaling.kind == "range" and profile.feature_count > len(profile.value_names):
        raise top.error("[scaling] kind", "range suits plain values only, use standard")
    if profile.scaling.drift_rows and any(
        feature.kind not in ("value", "smooth") for feature in profile.features.use
    ):
        raise top.error("[scaling] drift_rows", "suits features value and smooth only")
    window, most = profile.alarm_frames, limits.MAX_ALARM_FRAMES
    if window > most:
        reason = f"{window} frames are more than {most}"
        raise top.error("[detector] alarm_seconds", reason)
    if profile.detector.alarm_count > window:
        reason = f"{profile.detector.alarm_count} scores do not fit into alarm_seconds, {window} do"
        raise top.error("[detector] alarm_count", reason)
    for key in ("warmup_seconds", "clear_seconds"):
        if profile.frames(getattr(profile.detector, key)) > limits.MAX_WAIT_FRAMES:
            reason = f"is longer than {limits.MAX_WAIT_FRAMES} frames"
            raise top.error(f"[detector] {key}", reason)
    samples = profile.sensor.stuck_seconds * profile.sampling.rate_hz
    if 0 < samples < 2:
        raise top.error("[sensor] stuck_seconds", "is less than two samples")
