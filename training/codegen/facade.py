"""The model as one type, which a detector is made for: ModelConfig.h and anomaly_detector.h."""

from project import cpp
from project.profile import Profile
from training.manifest import Manifest


def tables(profile: Profile, found: Manifest, name: str = "model_config", engine: str = "") -> str:
    """`ModelConfig kConfig` and `struct Model`, of the constants that stand before them in the
    namespace `name`; in a package, which has another one, raw samples are not packed. `engine` is
    what runs the network, if not the dense one."""
    members: dict[str, cpp.Value] = {
        "profile": "kProfile",
        "fingerprint": "kFingerprint",
        "channel_names": "kChannelNames",
        "channel_units": "kChannelUnits",
        "channels": "kChannels",
        "value_names": "kValueNames",
        "value_units": "kValueUnits",
        "sample_period_us": "kSamplePeriodUs",
        "frame": "&kFrame" if profile.frame else "nullptr",
        "model_bytes": "kModelBytes",
        "sensor": "kSensor",
        "features": "kFeatures",
        "detector": "kDetector",
        "golden_count": "kGoldenCount",
        "golden_inputs": "&kGoldenInputs[0][0]",
        "golden_outputs": "&kGoldenOutputs[0][0]",
        "golden_tolerance": "kQuantized ? 1.001f * kDenseModel.output.scale : 1e-4f",
        "packing": "kPacks ? &kPacking : nullptr" if name == "model_config" else "nullptr",
        "value_causes": "kValueCauses",
        "value_decimals": "kValueDecimals",
    }
    engine, network = (
        (engine or "DenseAutoencoder", "const DenseModel& kNetwork = THIS::kDenseModel")
        if found["layers"]
        else ("MeanAutoencoder", "int kNetwork = THIS::kFeatureCount")
    )
    return (
        "// A healthy int8 engine may be one quantum off (optimised kernels round differently), a\n"
        "// float32 one 1e-4.\n"
        + cpp.aggregate("ModelConfig", "kConfig", members)
        + "\n// For anomaly::Detector<Model>.\n"
        "struct Model {\n"
        f"    using Engine = {engine};\n"
        f"    static constexpr {network};\n"
        "    static constexpr const ModelConfig& kConfig = THIS::kConfig;\n"
        "    static constexpr int kChannels = THIS::kChannels;\n"
        "    static constexpr int kValues = THIS::kValues;\n"
        "    static constexpr int kFeatureCount = THIS::kFeatureCount;\n"
        f"    static constexpr bool kIsGeneric = {cpp.boolean(profile.is_generic)};\n"
        "    static constexpr bool kHasFrames = THIS::kHasFrames;\n"
        "    static constexpr bool kHasLearning = THIS::kHasLearning;\n"
        "    static constexpr bool kHasRefit = THIS::kHasRefit;\n"
        "    static constexpr bool kHasSlow = THIS::kHasSlow;\n"
        "    static constexpr const FrameConfig& kFrame = THIS::kFrame;\n"
        "};\n"
    ).replace("THIS", name)
