"""Profiles: one TOML file says everything about a detector. Reads and checks them.

This module is the reference for the keys of a profile. Every field of the records below is a key of
the table of the same name; a field without a default has to be given.
"""

import dataclasses
import difflib
import json
import math
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from project.paths import PROJECT as PROJECT
from project.paths import home_of, profile_file
from project.units import with_unit
from training.errors import UserError

# Upper bounds of the C++ side (FeatureSpec.h, DenseModel.h, DetectorConfig.h).
MAX_CHANNELS: Final = 8
MAX_FEATURES: Final = 16
MAX_WINDOW: Final = 64
MAX_LAYER_WIDTH: Final = 64
MAX_LAYERS: Final = 8
MAX_ALARM_WINDOW: Final = 32

# A conversion of the ESP32's ADC, generously: others measured 37 us for adc1_get_raw on an ESP32 at
# 240 MHz (27.2 kHz). adc_oneshot_read is that, a lock, and interrupts off; then counts become
# millivolts. Half of a sample's period may go into conversions.
CONVERSION_S: Final = 50e-6

_FLOAT32_MAX: Final = 3.4028234e38
_FLOAT32_MIN: Final = 2.0**-126

# What the fields of a reading are called (docs/protocol.md): no names for a channel.
READING_FIELDS: Final = ("Real", "Recon", "Score", "Threshold", "State", "Cause", "Channels")

ACTIVATIONS: Final = ("linear", "relu", "sigmoid", "tanh")


@dataclass(frozen=True)
class FeatureKind:
    """A catalogue entry: its parameters in the order a, b, c; can a value be read back from it."""

    parameters: tuple[str, ...] = ()
    invertible: bool = False
    windowed: bool = False
    one_sided: bool = False  # tells of an anomaly only when it is large


# What each kind computes is said where it is computed: training/features.py.
CATALOGUE: Final[dict[str, FeatureKind]] = {
    "value": FeatureKind(invertible=True),
    "difference": FeatureKind(),
    "mean": FeatureKind(windowed=True),
    "slope": FeatureKind(windowed=True),
    "variance": FeatureKind(windowed=True),
    "level": FeatureKind(("tau",), invertible=True),
    "jump": FeatureKind(),
    "trend": FeatureKind(("fast_tau", "slow_tau")),
    "jump_energy": FeatureKind(("tau",), one_sided=True),
    "level_energy": FeatureKind(("level_tau", "tau"), one_sided=True),
    "trend_energy": FeatureKind(("fast_tau", "slow_tau", "tau"), one_sided=True),
    "zscore": FeatureKind(("tau",), invertible=True),
    "smooth": FeatureKind(("tau",), invertible=True),
}


@dataclass(frozen=True)
class Sensor:
    """What is wired to the ADC, and which readings are believable."""

    kind: str  # "linear": unit = volts * gain + offset; "thermistor": beta equation
    channels: tuple[str, ...]
    units: tuple[str, ...]  # of each channel; the key `unit` says one for all
    valid: tuple[float, float]  # outside of it a reading is a FAULT, in `unit`
    gain: float = 1.0  # unit per volt
    offset: float = 0.0  # unit at 0 V
    beta: float = 0.0  # kelvin
    r0_ohm: float = 0.0  # resistance at t0_celsius
    t0_celsius: float = 25.0
    series_ohm: float = 0.0
    to: str = "ground"  # where the thermistor's far end is: "ground" or "supply"
    adc_bits: int = 12
    full_scale_volts: float = 3.3
    oversampling: int = 16  # conversions averaged for one sample
    stuck_seconds: float = 0.0  # so long exactly equal: FAULT; 0: never

    @property
    def unit(self) -> str:
        """Of the first channel, which is what `Real` and `Recon` show."""
        return self.units[0]

    def label(self, channel: int) -> str:
        """A channel's name and unit, for an axis or a table."""
        return with_unit(self.channels[channel], self.units[channel])


@dataclass(frozen=True)
class Sampling:
    rate_hz: float


@dataclass(frozen=True)
class Feature:
    """One feature of one channel; `parameters` fill a, b, c of the C++ FeatureSpec."""

    kind: str
    channel: int
    parameters: tuple[float, ...] = ()


@dataclass(frozen=True)
class Adaptation:
    """How far the noise that is believed follows the sensor's, in blocks of 20 samples.

    The believed noise never leaves the measured one by more than a factor of `limit`, so that a
    fault that grows slowly is not learnt away.
    """

    limit: float  # 1: the measured noise is believed for ever
    memory_blocks: float = 360.0  # time constant
    measured_blocks: float = 24.0  # what the measurement counts for at the start


@dataclass(frozen=True)
class Features:
    use: tuple[Feature, ...]
    window: int = 1  # samples, for the kinds that look at a rolling window
    adaptation: Adaptation = Adaptation(limit=1.0)


@dataclass(frozen=True)
class Scaling:
    """Features to network input. `range`: (f - low) / (high - low); `standard`: fitted."""

    kind: str
    low: float = 0.0
    high: float = 1.0
    clip: tuple[float, float] = (-16.0, 16.0)
    squash: float = 0.0  # z = squash * asinh(z / squash); 0: off
    sd_floor: float = 1e-6  # least standard deviation that is believed
    drift_rows: float = 0.0  # the scale allows for a random walk of so many rows
    whiten: bool = False
    whiten_clip: float = 16.0
    whiten_shrink: float = 0.05  # share of the covariance replaced by its diagonal
    whiten_floor: float = 0.03  # added to the diagonal


@dataclass(frozen=True)
class Network:
    """A dense autoencoder: the hidden layers between input and output."""

    layers: tuple[int, ...]
    activations: tuple[str, ...]
    output_activation: str
    output_bias: bool = True  # a score that subtracts the mean residual can do without
    quantize: bool = False  # int8 instead of float32
    steps: int = 1000  # updates of the weights
    batch: int = 32
    learning_rate: float = 1e-3
    decay: str = "none"  # "none" or "cosine": learning rate down to zero at the last step
    noise: float = 0.0  # standard deviation of the Gaussian noise put on the input
    replace: float = 0.0  # share of input entries replaced by a uniform value ...
    replace_range: float = 8.0  # ... within +- this
    seed: int = 1


@dataclass(frozen=True)
class Calibration:
    """How the threshold comes from normal data.

    `quantile`: that quantile of the scores of held-out rows, times `margin`. `tail`: what a
    generalised Pareto tail exceeds `false_alarms_per_day` times a day.
    """

    kind: str
    quantile: float = 0.999
    margin: float = 1.5
    holdout: float = 0.2  # share of the rows kept from training, in blocks
    false_alarms_per_day: float = 0.2
    episode_seconds: float = 450.0  # exceedances within so long are one alarm


@dataclass(frozen=True)
class Detector:
    kind: str  # "autoencoder", "mahalanobis" or "sigma"; the last two have no network
    score: str = "absolute"  # mean |r|; "rms" or "quartic": that mean of the whitened residual
    threshold: float = 0.0  # fixed; 0: from `calibration`
    calibration: Calibration | None = None
    clip_output: bool = False  # clip the output to the range it takes on normal data
    residual_shrink: float = 0.05
    residual_floor: float = 1e-4
    chart_tau: float = 0.0  # time constant of the second chart, samples; 0: there is none
    alarm_count: int = 1  # over the threshold in alarm_count ...
    alarm_window: int = 1  # ... of the last alarm_window samples: alarm
    clear_samples: int = 1  # so many in a row under clear_ratio * threshold: cleared
    clear_ratio: float = 1.0
    warmup_samples: int = 0


@dataclass(frozen=True)
class Synthetic:
    """Normal data that is generated where there is no recording. Units are the sensor's.

    `draws`: independent draws of N(mean, sd), clipped. `sensor`: a level that moves as a room does
    (daily wave, thermostat ripple, random walk) with noise and the ADC's quantisation on it.
    """

    kind: str
    rows: int
    mean: float
    sd: float  # of the draws, or of the sensor's noise
    low: float = -math.inf
    high: float = math.inf
    daily: float = 0.0  # amplitude of a wave of 24 hours
    ripple: float = 0.0  # amplitude of a wave of ripple_seconds
    ripple_seconds: float = 600.0
    walk: float = 0.0  # standard deviation of a random walk after one hour
    seed: int = 1


@dataclass(frozen=True)
class Stretch:
    """A long virtual recording, drawn from what a short one shows of its noise.

    `slope` is a prior that a user has to judge: the fastest change of the level that is normal.
    """

    slope: float  # in the sensor's unit, a minute
    gain_spread: float = 0.04  # the noise's size varies by so much, relative, from stream to stream
    streams: int = 288
    stream_seconds: float = 3600.0
    run_in_seconds: float = 600.0  # before each stream, not trained on
    seed: int = 0


@dataclass(frozen=True)
class Data:
    """Recordings in data/<profile>/ if there are any, `synthetic` otherwise."""

    synthetic: Synthetic | None = None
    stretch: Stretch | None = None


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
    home: Path = field(default=Path(), compare=False)  # of its recordings: data/<name>

    @property
    def feature_count(self) -> int:
        return len(self.features.use)

    @property
    def feature_names(self) -> tuple[str, ...]:
        """`channel.kind`, with the parameters where a kind has them: `temperature.level(16)`."""
        return tuple(
            f"{self.sensor.channels[f.channel]}.{f.kind}"
            + (f"({', '.join(f'{p:g}' for p in f.parameters)})" if f.parameters else "")
            for f in self.features.use
        )

    @property
    def has_network(self) -> bool:
        return self.detector.kind == "autoencoder"

    def canonical(self) -> bytes:
        """The same bytes for the same meaning: comments, layout and description do not count."""
        record = dataclasses.asdict(self)
        del record["description"], record["home"]
        units = record["sensor"].pop("units")
        # One unit for all is written as the key `unit` has it: what is said is the same.
        one = len(set(units)) == 1
        record["sensor"] |= {"unit": units[0]} if one else {"units": units}
        return json.dumps(record, sort_keys=True, separators=(",", ":")).encode()


def find(name: str) -> Path:
    """The file of a profile: its name in profiles/, or a path that ends in .toml.

    Raises:
      UserError: there is no such file.
    """
    path = profile_file(name)
    if path.is_file():
        return path
    known = sorted(p.stem for p in (PROJECT / "profiles").glob("*.toml"))
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
    top = _Table(shown(path), "", document)
    description = top.text("description", "")
    sensor = _sensor(top.table("sensor"))
    profile = Profile(
        name=path.stem,
        description=description,
        sensor=sensor,
        sampling=_sampling(top.table("sampling")),
        features=_features(top.table("features"), sensor.channels),
        scaling=_scaling(top.table("scaling")),
        network=_network(top.table("network")),
        detector=_detector(top.table("detector")),
        data=_data(top.table("data", optional=True)),
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


class _Table:
    """A TOML table that is emptied key by key; what is left over at the end is unknown."""

    def __init__(self, file: str, name: str, content: dict[str, Any]) -> None:
        self._file = file
        self._name = name
        self._content = dict(content)
        self._asked: list[str] = []

    def error(self, key: str, reason: str) -> UserError:
        table = f"[{self._name}] " if self._name else ""
        return UserError(f"{self._file}: {table}{key}: {reason}")

    def take(self, key: str, default: Any) -> Any:
        self._asked.append(key)
        if key in self._content:
            return self._content.pop(key)
        if default is None:
            close = difflib.get_close_matches(key, self._content, 1)
            raise self.error(key, f"is missing{f' (is {close[0]} meant?)' if close else ''}")
        return default

    def has(self, key: str) -> bool:
        return key in self._content

    def table(self, key: str, optional: bool = False) -> "_Table":
        value = self.take(key, {} if optional else None)
        if not isinstance(value, dict):
            raise self.error(key, f"must be a table, not {_type(value)}")
        name = f"{self._name}.{key}" if self._name else key
        return _Table(self._file, name, value)

    def text(self, key: str, default: str | None = None, among: Sequence[str] = ()) -> str:
        value = self.take(key, default)
        if not isinstance(value, str):
            raise self.error(key, f"must be a string, not {_type(value)}")
        if among and value not in among:
            raise self.error(key, f'"{value}" is not one of {", ".join(among)}')
        return value

    def flag(self, key: str, default: bool | None = None) -> bool:
        value = self.take(key, default)
        if not isinstance(value, bool):
            raise self.error(key, f"must be true or false, not {_type(value)}")
        return value

    def integer(self, key: str, default: int | None, low: int, high: int) -> int:
        value = self.take(key, default)
        if not isinstance(value, int) or isinstance(value, bool):
            raise self.error(key, f"must be a whole number, not {_type(value)}")
        if not low <= value <= high:
            raise self.error(key, f"{value} is not within {low} to {high}")
        return value

    def number(
        self,
        key: str,
        default: float | None = None,
        low: float = -math.inf,
        high: float = math.inf,
        above: float = -math.inf,
    ) -> float:
        if key not in self._content and default is not None:
            self._asked.append(key)
            return float(default)
        return self._number(key, self.take(key, default), low, high, above)

    def _number(self, key: str, value: Any, low: float, high: float, above: float) -> float:
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise self.error(key, f"must be a number, not {_type(value)}")
        if _FLOAT32_MAX < abs(value) < math.inf or 0 < abs(value) < _FLOAT32_MIN:
            raise self.error(key, "is too large or too small for the firmware's numbers")
        if not math.isfinite(value):
            raise self.error(key, f"must be a finite number, not {value}")
        if value < low or value > high:
            raise self.error(key, f"{value} is not within {low:g} to {high:g}")
        if value <= above:
            raise self.error(key, f"{value} is not above {above:g}")
        return float(value)

    def interval(self, key: str, default: tuple[float, float] | None = None) -> tuple[float, float]:
        value = self.take(key, default)
        if not isinstance(value, list | tuple) or len(value) != 2:
            raise self.error(key, "must be [low, high]")
        low, high = (self._number(key, v, -math.inf, math.inf, -math.inf) for v in value)
        if low >= high:
            raise self.error(key, f"low {low:g} is not below high {high:g}")
        return low, high

    def array(self, key: str, default: list[Any] | None = None) -> list[Any]:
        value = self.take(key, default)
        if not isinstance(value, list):
            raise self.error(key, f"must be an array, not {_type(value)}")
        return value

    def finish(self) -> None:
        for key in self._content:
            close = difflib.get_close_matches(key, self._asked, 1)
            hint = f"did you mean {close[0]}?" if close else f"known: {', '.join(self._asked)}"
            raise self.error(key, f"unknown key ({hint})")


def _type(value: Any) -> str:
    names = {str: "a string", bool: "true or false", int: "a whole number", float: "a number"}
    names |= {list: "an array", dict: "a table"}
    return names.get(type(value), type(value).__name__)


def _sensor(table: _Table) -> Sensor:
    kind = table.text("kind", among=("linear", "thermistor"))
    channels = table.array("channels")
    for channel in channels:
        if not isinstance(channel, str) or not channel.isascii() or not channel.isprintable():
            raise table.error("channels", "must be names of printable ASCII letters")
        if not channel or len(channel) > 32 or any(c in channel for c in '|,"\\'):
            raise table.error("channels", f'"{channel}" is empty, too long or holds | , " or \\')
        if channel != channel.strip():
            raise table.error("channels", f'"{channel}" begins or ends with a space')
        if channel in READING_FIELDS:
            raise table.error("channels", f'"{channel}" is the name of a field of a reading')
    if not 1 <= len(channels) <= MAX_CHANNELS or len(set(channels)) != len(channels):
        raise table.error("channels", f"must be 1 to {MAX_CHANNELS} different names")
    common: dict[str, Any] = {
        "kind": kind,
        "channels": tuple(channels),
        "units": _units(table, len(channels)),
        "valid": table.interval("valid"),
        "adc_bits": table.integer("adc_bits", 12, 8, 16),
        "full_scale_volts": table.number("full_scale_volts", 3.3, above=0),
        "oversampling": table.integer("oversampling", 16, 1, 4096),
        "stuck_seconds": table.number("stuck_seconds", 0.0, low=0, high=86400),
    }
    if kind == "linear":
        sensor = Sensor(**common, gain=table.number("gain"), offset=table.number("offset", 0.0))
        if sensor.gain == 0:
            raise table.error("gain", "must not be 0")
    else:
        sensor = Sensor(
            **common,
            beta=table.number("beta", above=0),
            r0_ohm=table.number("r0_ohm", above=0),
            t0_celsius=table.number("t0_celsius", 25.0, above=-273.15),
            series_ohm=table.number("series_ohm", above=0),
            to=table.text("to", "ground", among=("ground", "supply")),
        )
    table.finish()
    return sensor


def _units(table: _Table, channels: int) -> tuple[str, ...]:
    """`unit` for all channels, or `units` with one for each."""
    if table.has("units"):
        if table.has("unit"):
            raise table.error("units", "says it for each channel, so there must be no unit")
        key, units = "units", table.array("units")
    else:
        key, units = "unit", channels * [table.text("unit")]
    for unit in units:
        if not isinstance(unit, str) or not unit.isascii() or not unit.isprintable():
            raise table.error(key, "must be at most 8 printable ASCII letters")
        if len(unit) > 8 or any(c in unit for c in ',"\\'):
            raise table.error(key, f'"{unit}" is longer than 8 letters or holds , " or \\')
    if len(units) != channels:
        raise table.error(key, f"are {len(units)} for {channels} channels")
    return tuple(units)


def _sampling(table: _Table) -> Sampling:
    sampling = Sampling(rate_hz=table.number("rate_hz", low=1e-3, high=1000))
    table.finish()
    return sampling


def _features(table: _Table, channels: tuple[str, ...]) -> Features:
    window = table.integer("window", 1, 1, MAX_WINDOW)
    use: list[Feature] = []
    for entry in table.array("use"):
        use += _feature(table, entry, channels)
    if not 1 <= len(use) <= MAX_FEATURES:
        raise table.error("use", f"gives {len(use)} features, must be 1 to {MAX_FEATURES}")
    if len(set(use)) != len(use):
        raise table.error("use", "names the same feature twice")
    if use[0].channel != 0 or not CATALOGUE[use[0].kind].invertible:
        kinds = " or ".join(k for k, v in CATALOGUE.items() if v.invertible)
        raise table.error("use", f"the first feature must be {kinds} of the first channel")
    if window < 2 and any(CATALOGUE[f.kind].windowed for f in use):
        raise table.error("window", "must be at least 2 for mean, slope and variance")
    adaptation = Features.adaptation
    if table.has("adaptation"):
        inner = table.table("adaptation")
        adaptation = Adaptation(
            limit=inner.number("limit", low=1, high=4),
            memory_blocks=inner.number("memory_blocks", Adaptation.memory_blocks, low=1),
            measured_blocks=inner.number("measured_blocks", Adaptation.measured_blocks, low=1),
        )
        if adaptation.measured_blocks > adaptation.memory_blocks:
            raise inner.error("measured_blocks", "must not be more than memory_blocks")
        inner.finish()
    table.finish()
    return Features(use=tuple(use), window=window, adaptation=adaptation)


def _feature(table: _Table, entry: Any, channels: tuple[str, ...]) -> list[Feature]:
    """One entry of `use`; without a channel it means every channel."""
    if isinstance(entry, str):
        entry = {"kind": entry}
    if not isinstance(entry, dict):
        raise table.error("use", f"must hold strings and tables, not {_type(entry)}")
    inner = _Table(table._file, f"{table._name}.use", entry)
    kind = inner.text("kind", among=tuple(CATALOGUE))
    channel = inner.text("channel", "*", among=("*", *channels))
    names = CATALOGUE[kind].parameters
    parameters = tuple(inner.number(name, low=1) for name in names)
    if names[:2] == ("fast_tau", "slow_tau") and parameters[0] >= parameters[1]:
        raise inner.error("fast_tau", "must be less than slow_tau")
    inner.finish()
    chosen = range(len(channels)) if channel == "*" else [channels.index(channel)]
    return [Feature(kind, c, parameters) for c in chosen]


def _scaling(table: _Table) -> Scaling:
    kind = table.text("kind", among=("range", "standard"))
    if kind == "range":
        low, high = table.number("low"), table.number("high")
        if low >= high:
            raise table.error("low", f"{low:g} is not below high {high:g}")
        scaling = Scaling(kind=kind, low=low, high=high, clip=table.interval("clip", (0.0, 1.0)))
    else:
        scaling = Scaling(
            kind=kind,
            clip=table.interval("clip", Scaling.clip),
            squash=table.number("squash", 0.0, low=0),
            sd_floor=table.number("sd_floor", Scaling.sd_floor, above=0),
            drift_rows=table.number("drift_rows", 0.0, low=0),
            whiten=table.flag("whiten", False),
            whiten_clip=table.number("whiten_clip", Scaling.whiten_clip, above=0),
            whiten_shrink=table.number("whiten_shrink", Scaling.whiten_shrink, low=0, high=1),
            whiten_floor=table.number("whiten_floor", Scaling.whiten_floor, low=0),
        )
    table.finish()
    return scaling


def _network(table: _Table) -> Network:
    layers = table.array("layers")
    for width in layers:
        if not isinstance(width, int) or isinstance(width, bool) or width < 1:
            raise table.error("layers", "must be whole numbers of units, at least 1")
        if width > MAX_LAYER_WIDTH:
            raise table.error("layers", f"{width} units are more than {MAX_LAYER_WIDTH}")
    if len(layers) >= MAX_LAYERS:
        raise table.error("layers", f"are {len(layers)}, must be fewer than {MAX_LAYERS}")
    activations = table.array("activations")
    for name in activations:
        if name not in ACTIVATIONS:
            raise table.error("activations", f'"{name}" is not one of {", ".join(ACTIVATIONS)}')
    if len(activations) != len(layers):
        raise table.error("activations", f"are {len(activations)} for {len(layers)} hidden layers")
    network = Network(
        layers=tuple(layers),
        activations=tuple(activations),
        output_activation=table.text("output_activation", among=ACTIVATIONS),
        output_bias=table.flag("output_bias", True),
        quantize=table.flag("quantize", False),
        steps=table.integer("steps", Network.steps, 1, 1_000_000),
        batch=table.integer("batch", Network.batch, 1, 65536),
        learning_rate=table.number("learning_rate", Network.learning_rate, above=0, high=1),
        decay=table.text("decay", "none", among=("none", "cosine")),
        noise=table.number("noise", 0.0, low=0),
        replace=table.number("replace", 0.0, low=0, high=1),
        replace_range=table.number("replace_range", Network.replace_range, above=0),
        seed=table.integer("seed", Network.seed, 0, 2**31 - 1),
    )
    table.finish()
    return network


def _detector(table: _Table) -> Detector:
    kind = table.text("kind", "autoencoder", among=("autoencoder", "mahalanobis", "sigma"))
    fixed = table.has("threshold")
    if fixed and table.has("calibration"):
        raise table.error("threshold", "is fixed, so there must be no [detector.calibration]")
    if not fixed and not table.has("calibration"):
        raise table.error("threshold", "is missing (or a table [detector.calibration])")
    threshold = table.number("threshold", 0.0, low=0)
    if fixed and threshold == 0:
        raise table.error("threshold", "must be above 0")
    calibration = None if fixed else _calibration(table.table("calibration"))
    alarm_window = table.integer("alarm_window", 1, 1, MAX_ALARM_WINDOW)
    detector = Detector(
        kind=kind,
        score=table.text("score", "absolute", among=("absolute", "rms", "quartic")),
        threshold=threshold,
        calibration=calibration,
        clip_output=table.flag("clip_output", False),
        residual_shrink=table.number("residual_shrink", Detector.residual_shrink, low=0, high=1),
        residual_floor=table.number("residual_floor", Detector.residual_floor, low=0),
        chart_tau=table.number("chart_tau", 0.0, low=0),
        alarm_count=table.integer("alarm_count", 1, 1, alarm_window),
        alarm_window=alarm_window,
        clear_samples=table.integer("clear_samples", 1, 1, 65535),
        clear_ratio=table.number("clear_ratio", 1.0, above=0, high=1),
        warmup_samples=table.integer("warmup_samples", 0, 0, 65535),
    )
    table.finish()
    return detector


def _calibration(table: _Table) -> Calibration:
    kind = table.text("kind", among=("quantile", "tail"))
    if kind == "quantile":
        calibration = Calibration(
            kind=kind,
            quantile=table.number("quantile", Calibration.quantile, above=0, high=1),
            margin=table.number("margin", Calibration.margin, above=0),
            holdout=table.number("holdout", Calibration.holdout, low=0.01, high=0.9),
        )
    else:
        calibration = Calibration(
            kind=kind,
            false_alarms_per_day=table.number("false_alarms_per_day", above=0, high=1000),
            episode_seconds=table.number("episode_seconds", Calibration.episode_seconds, above=0),
        )
    table.finish()
    return calibration


def _data(table: _Table) -> Data:
    synthetic = stretch = None
    if table.has("synthetic"):
        inner = table.table("synthetic")
        synthetic = Synthetic(
            kind=inner.text("kind", among=("draws", "sensor")),
            rows=inner.integer("rows", None, 10, 10_000_000),
            mean=inner.number("mean"),
            sd=inner.number("sd", above=0),
            low=inner.number("low", -math.inf),
            high=inner.number("high", math.inf),
            daily=inner.number("daily", 0.0, low=0),
            ripple=inner.number("ripple", 0.0, low=0),
            ripple_seconds=inner.number("ripple_seconds", 600.0, above=0),
            walk=inner.number("walk", 0.0, low=0),
            seed=inner.integer("seed", 1, 0, 2**31 - 1),
        )
        if synthetic.low >= synthetic.high:
            raise inner.error("low", f"{synthetic.low:g} is not below high {synthetic.high:g}")
        inner.finish()
    if table.has("stretch"):
        inner = table.table("stretch")
        stretch = Stretch(
            slope=inner.number("slope", low=0),
            gain_spread=inner.number("gain_spread", Stretch.gain_spread, low=0, high=1),
            streams=inner.integer("streams", Stretch.streams, 1, 10000),
            stream_seconds=inner.number("stream_seconds", Stretch.stream_seconds, above=0),
            run_in_seconds=inner.number("run_in_seconds", Stretch.run_in_seconds, low=0),
            seed=inner.integer("seed", Stretch.seed, 0, 2**31 - 1),
        )
        inner.finish()
    table.finish()
    return Data(synthetic=synthetic, stretch=stretch)


def _check_together(top: _Table, profile: Profile) -> None:
    """What only two tables together can get wrong."""
    if profile.detector.chart_tau and profile.detector.threshold:
        raise top.error("[detector] chart_tau", "a second chart needs [detector.calibration]")
    if profile.data.stretch and len(profile.sensor.channels) > 1:
        raise top.error("[data] stretch", "a virtual recording has one channel only")
    if profile.scaling.kind == "range" and profile.feature_count > len(profile.sensor.channels):
        raise top.error("[scaling] kind", "range suits plain values only, use standard")
    if profile.scaling.drift_rows and any(
        feature.kind not in ("value", "smooth") for feature in profile.features.use
    ):
        raise top.error("[scaling] drift_rows", "suits features value and smooth only")
    if profile.feature_count > MAX_LAYER_WIDTH:
        raise top.error("[features] use", f"more than {MAX_LAYER_WIDTH} network inputs")
    channels, oversampling = len(profile.sensor.channels), profile.sensor.oversampling
    busy = channels * oversampling * CONVERSION_S * profile.sampling.rate_hz
    if busy > 0.5:
        reason = (
            f"{oversampling} conversions of {channels} channel{'s' * (channels > 1)} take "
            f"{100 * busy:.0f} % of the time between two samples, 50 % can be spared: "
            f"take {int(oversampling * 0.5 / busy)} or less, or a lower rate_hz"
        )
        raise top.error("[sensor] oversampling", reason)
    samples = profile.sensor.stuck_seconds * profile.sampling.rate_hz
    if 0 < samples < 2:
        raise top.error("[sensor] stuck_seconds", "is less than two samples")
