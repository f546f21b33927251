"""Writes include/model_config.h and include/model_data.h from a profile and a manifest.

Standard library only: this runs in every build, in whatever Python PlatformIO brings.
"""

import contextlib
import zlib
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from project import cpp
from project.errors import UserError
from project.paths import PROJECT
from project.profile import PACKED_ABOVE_HZ, Profile, limits
from training import files
from training.codegen import detector, facade, frame, learning, network, refit, slow, twin
from training.manifest import MODEL, Manifest

# The operators of a .tflite that the firmware's resolver knows, and the call that registers each.
OPERATORS: Final = {
    "FULLY_CONNECTED": "AddFullyConnected",
    "LOGISTIC": "AddLogistic",
    "TANH": "AddTanh",
    "RELU": "AddRelu",
}

# What Python and C++ both have: names in lib/ and project/profile/limits.py.
_AGREED: Final = {
    "kMaxChannels": "MAX_CHANNELS",
    "kMaxChannelName": "MAX_CHANNEL_NAME",
    "kMaxUnit": "MAX_UNIT",
    "kMaxValues": "MAX_VALUES",
    "kMaxFeatures": "MAX_FEATURES",
    "kMaxLayers": "MAX_LAYERS",
    "kMaxLayerWidth": "MAX_LAYER_WIDTH",
    "kMaxAlarmFrames": "MAX_ALARM_FRAMES",
}

_INCLUDES: Final = (
    "BlockRing.h",
    "DenseAutoencoder.h",
    "DenseModel.h",
    "DetectorConfig.h",
    "FastKernels.h",
    "FeatureCatalogue.h",
    "FeatureSpec.h",
    "FrameSpec.h",
    "LearningConfig.h",
    "MeanAutoencoder.h",
    "ModelConfig.h",
    "NormalSignal.h",
    "RefitConfig.h",
    "SensorConfig.h",
    "SlowConfig.h",
    "TwinConfig.h",
)


# Of what only the firmware and its virtual board have.
_FIRMWARE_ONLY: Final = ("BlockRing.h", "FastKernels.h", "NormalSignal.h", "TwinConfig.h")

# The engine of a package that has TensorFlow Lite for Microcontrollers; it owns its arena.
_TFLM: Final = """\
inline constexpr TflmModel kTflmModel = {
    autoencoder_model_data, autoencoder_model_data_len, autoencoder_model_data_crc32,
    kSchemaVersion,         kFeatureCount,              kQuantized,
    kDenseModel.input,      kDenseModel.output,         kArenaNeed,
};

class Tflm final : public TflmAutoencoder {
 public:
  explicit Tflm(const DenseModel&)
      : TflmAutoencoder(kTflmModel, operators_, arena_, sizeof(arena_)) {
    AddOperators(operators_);
  }

 private:
  tflite::MicroMutableOpResolver<kOperatorCount> operators_;
  alignas(16) uint8_t arena_[kArenaSize];
};
"""


def write_headers(profile: Profile, manifest: Manifest, folder: Path, include: Path) -> list[Path]:
    """Brings both headers up to date; returns those whose bytes changed. Hold `lock(include)`.

    `folder` is the model folder that `manifest` was read from, `include` the folder of the headers.
    """
    model = (folder / MODEL).read_bytes()
    return files.write_if_changed(
        {
            include / "model_config.h": config_header(profile, manifest).encode(),
            include / "model_data.h": data_header(profile, manifest, model).encode(),
        }
    )


def lock(include: Path, wait: bool = True) -> contextlib.AbstractContextManager[None]:
    """Keeps the headers, and what is compiled from them, to one process at a time.

    Raises:
      UserError: the folder cannot be written; another process has them, and `wait` is false.
    """
    return files.lock(include / ".lock", "another build of this project is running", wait)


def config_header(profile: Profile, manifest: Manifest) -> str:
    """The constants and tables of `namespace model_config`."""
    what = "Everything that the firmware has to know about its detector."
    parts = [
        _head(profile, manifest, what)
        + _includes(_INCLUDES)
        + f"namespace anomaly {{\n\nclass {profile.sensor.input.driver};\n\n"
        + "namespace model_config {\n",
        _agreed(),
        _identity(profile, manifest),
        _sensor(profile),
        _driver(profile),
        _packing(profile),
        frame.tables(profile, manifest),
        detector.features(profile, manifest),
        detector.normal(manifest),
        twin.table(profile),
        _network(manifest),
        learning.tables(profile, manifest),
        slow.tables(profile, manifest),
        refit.tables(profile, manifest),
        detector.detector(profile, manifest),
        _model_size(manifest),
        _interpreter(manifest),
        _golden(manifest),
        facade.tables(profile, manifest),
        "}  // namespace model_config\n}  // namespace anomaly\n",
    ]
    return "\n".join(parts)


def package_includes(engine: str) -> list[str]:
    """The headers of lib/ that a model in a package includes."""
    own = [name for name in _INCLUDES if name not in _FIRMWARE_ONLY]
    return own + (["TflmAutoencoder.h"] if engine == "tflm" else [])


def package_header(
    profile: Profile, manifest: Manifest, name: str, engine: str, tflite: bytes
) -> str:
    """The model of a profile in a package, in `namespace anomaly::name`: what the firmware has
    beside it, drivers and packing, is not in it. `engine` is dense or tflm."""
    what = "A trained detector: use it as anomaly::Detector<" + name + "::Model>."
    parts = [
        _head(profile, manifest, what)
        + _includes(package_includes(engine))
        + f"namespace anomaly {{\nnamespace {name} {{\n",
        _agreed(),
        _identity(profile, manifest),
        _sensor(profile, with_pins=False),
        frame.tables(profile, manifest),
        detector.features(profile, manifest),
        _network(manifest, unrolled=False),
        learning.tables(profile, manifest),
        slow.tables(profile, manifest),
        refit.tables(profile, manifest),
        detector.detector(profile, manifest),
        _model_size(manifest),
        *([_interpreter(manifest), _tflite(tflite), _TFLM] if engine == "tflm" else []),
        _golden(manifest),
        facade.tables(profile, manifest, name, "Tflm" if engine == "tflm" else ""),
        f"}}  // namespace {name}\n}}  // namespace anomaly\n",
        f"namespace {name} = anomaly::{name};\n",
    ]
    return "\n".join(parts)


def parts_header(profiles: Sequence[Profile]) -> str:
    """Parts.h of a package: what its models need."""
    text = (PROJECT / "lib" / "Signal" / "src" / "Parts.h").read_text(encoding="utf-8")
    needs = {
        "kWithFrames": any(profile.frame for profile in profiles),
        "kWithRefit": any(profile.can_refit for profile in profiles),
        "kWithChannels": any(len(profile.value_names) > 1 for profile in profiles),
    }
    for name, needed in needs.items():
        if not needed:
            text = text.replace(f"{name} = true", f"{name} = false")
    return text


def data_header(profile: Profile, manifest: Manifest, model: bytes) -> str:
    """The .tflite itself, under the names that every TFLM tutorial uses, and its CRC-32."""
    what = f"{MODEL}, read by TensorFlow Lite for Microcontrollers."
    return _head(profile, manifest, what) + "#pragma once\n\n" + _tflite(model)


def _tflite(model: bytes) -> str:
    name = "autoencoder_model_data"
    rows = [", ".join(f"0x{b:02x}" for b in model[i : i + 16]) for i in range(0, len(model), 16)]
    return (
        f"alignas(16) inline constexpr unsigned char {name}[{len(model)}] = {{\n"
        + "".join(f"    {row},\n" for row in rows)
        + "};\n"
        + f"inline constexpr unsigned int {name}_len = {len(model)};\n"
        + "// Of its bytes, which the firmware checks before the interpreter sees them.\n"
        + f"inline constexpr unsigned int {name}_crc32 = {zlib.crc32(model):#010x};\n"
    )


def _includes(names: Sequence[str]) -> str:
    lines = "".join(f'#include "{name}"\n' for name in sorted(names))
    return f"#pragma once\n\n#include <cstdint>\n\n{lines}\n"


def _head(profile: Profile, manifest: Manifest, what: str) -> str:
    data = manifest["data"]
    versions = ", ".join(f"{name} {version}" for name, version in manifest["versions"].items())
    return (
        f"// Generated by the model step of the build (training/codegen). Do not edit.\n"
        f"// {what}\n//\n"
        f"// Profile:     {profile.name}\n"
        f"// Fingerprint: {manifest['fingerprint']}\n"
        f"// Data:        {data['description']}\n"
        f"// Data date:   {data['date'] or 'none'}\n"
        f"// Tools:       {versions}\n\n"
    )


def _agreed() -> str:
    """A limit that was changed on one side alone does not compile."""
    text = "// A change of one side alone must not compile.\n"
    for name, other in _AGREED.items():
        said = cpp.string(f"{name} of lib/ and {other} of project/profile/limits.py differ")
        text += f"static_assert({name} == {getattr(limits, other)},\n              {said});\n"
    return text


def _identity(profile: Profile, manifest: Manifest) -> str:
    period = round(1e6 / profile.sampling.rate_hz)
    names, units = profile.sensor.channels, profile.sensor.units
    return (
        f"inline constexpr char kProfile[] = {cpp.string(profile.name)};\n"
        f"inline constexpr char kFingerprint[] =\n    {cpp.string(manifest['fingerprint'])};\n"
        + cpp.constant("int", "kChannels", len(names))
        + cpp.array("const char*", "kChannelNames", map(cpp.string, names), "kChannels")
        + cpp.array("const char*", "kChannelUnits", map(cpp.string, units), "kChannels")
        + cpp.constant("uint32_t", "kSamplePeriodUs", period)
        + cpp.constant("float", "kSampleRateHz", cpp.number(profile.sampling.rate_hz))
    )


def _sensor(profile: Profile, with_pins: bool = True) -> str:
    """What a reading is checked against and, with pins, how it comes from an ADC."""
    sensor, count = profile.sensor, len(profile.sensor.channels)
    each = [sensor.channel_members(channel) for channel in range(count)]
    members = sensor.members(profile.sampling.rate_hz)
    if not with_pins:
        members["analog"] = "nullptr"
    return (
        cpp.aggregates("ChannelConfig", "kChannelConfigs", each)
        + (sensor.input.tables(count) if with_pins else "")
        + cpp.aggregate("SensorConfig", "kSensor", members)
    )


def _driver(profile: Profile) -> str:
    sensor = profile.sensor
    return (
        "// What reads it on a chip, and how that is set; a template, for hosts know no Config.\n"
        + f"using Driver = {sensor.input.driver};\n"
        + "template <typename Config>\n"
        + cpp.constant("Config", "kDriverConfig", sensor.input.config())
    )


def _packing(profile: Profile) -> str:
    """How raw samples are sent, where they come so fast that they go in blocks."""
    packs = profile.sampling.rate_hz > PACKED_ABOVE_HZ
    counts = profile.sensor.counts
    shown = [f"{Decimal(count):f}" for count in counts]
    scale = ",".join(shown if len(set(shown)) > 1 else shown[:1])
    members: dict[str, cpp.Value] = {
        "rate_hz": "kSampleRateHz",
        "channels": "kChannels",
        "scales": "kPackedScales",
        "answer": cpp.string(f"scale={scale} rate_hz={profile.sampling.rate_hz:.9g}"),
    }
    return (
        cpp.constant("bool", "kPacks", cpp.boolean(packs))
        + cpp.constant("bool", "kIsSound", cpp.boolean(profile.sensor.input.is_sound))
        + cpp.floats("kPackedScales", counts)
        + cpp.aggregate("PackingConfig", "kPacking", members)
    )


def _network(manifest: Manifest, unrolled: bool = True) -> str:
    layers = manifest["layers"]
    quantized = manifest["model"]["type"] == "int8" if layers else False
    text = cpp.constant("bool", "kHasNetwork", cpp.boolean(bool(layers)))
    text += cpp.constant("bool", "kQuantized", cpp.boolean(quantized))
    text += network.tables(layers, manifest["quantization"], quantized, unrolled)
    return text


def _model_size(manifest: Manifest) -> str:
    return cpp.constant("int", "kModelBytes", manifest["model"]["bytes"])


def _interpreter(manifest: Manifest) -> str:
    model = manifest["model"]
    arena = model["arena"]
    unknown = [name for name in model["operators"] if name not in OPERATORS]
    if unknown:
        raise UserError(f"the model needs the operator {unknown[0]}, which no engine here has")
    calls = [f"resolver.{OPERATORS[name]}() == 0" for name in model["operators"]]
    return (
        f"// Bytes. {arena['method']}.\n"
        + cpp.constant("int", "kArenaNeed", _by_pointer(arena, "need"))
        + f"// The need and {arena['margin_bytes']} bytes of margin.\n"
        + cpp.constant("int", "kArenaSize", _by_pointer(arena, "size"))
        + cpp.constant("int", "kSchemaVersion", model["schema_version"])
        + cpp.constant("int", "kOperatorCount", len(model["operators"]))
        + "\n// Registers the operators that the model uses, and no others.\n"
        + "template <typename Resolver>\n"
        + "bool AddOperators(Resolver& resolver) {\n"
        + f"  return {' && '.join(calls) or 'true'};\n}}\n"
    )


def _by_pointer(arena: dict[str, Any], what: str) -> str:
    """Half of an arena is pointers, so the host needs more than the chip."""
    return f"sizeof(void*) == 4 ? {arena[f'chip_{what}_bytes']} : {arena[f'host_{what}_bytes']}"


def _golden(manifest: Manifest) -> str:
    golden = manifest["golden"]
    text = "// Network input and what TensorFlow Lite for Microcontrollers makes of it.\n"
    text += cpp.constant("int", "kGoldenCount", len(golden["inputs"]))
    for name, key in (("kGoldenInputs", "inputs"), ("kGoldenOutputs", "outputs")):
        rows = "".join(
            "    {\n" + cpp.wrapped(list(map(cpp.number, r)), " " * 8) + "    },\n"
            if len(r) > 6
            else f"    {{{', '.join(map(cpp.number, r))}}},\n"
            for r in golden[key]
        )
        text += f"inline constexpr float {name}[kGoldenCount][kFeatureCount] = {{\n{rows}}};\n"
    return text
