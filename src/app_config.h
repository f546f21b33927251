// The generated constants as the app wants them; the same for the chip and the host.
#pragma once

#include "App.h"
#include "DenseAutoencoder.h"
#include "FeatureExtractor.h"
#include "MeanAutoencoder.h"
#include "model_config.h"

constexpr bool UsesWindows() {
  for (const FeatureSpec& spec : model_config::kFeatureSpecs) {
    if (spec.kind == FeatureKind::kMean || spec.kind == FeatureKind::kSlope ||
        spec.kind == FeatureKind::kVariance) {
      return true;
    }
  }
  return false;
}

using ModelFeatureStorage =
    FeatureStorage<model_config::kChannels, model_config::kFeatureCount, UsesWindows()>;

// What an app of this model works in.
class ModelMemory {
 public:
  AppMemory memory() { return {features_.memory(), nullptr}; }

 private:
  ModelFeatureStorage features_;
};

// A healthy int8 engine may be one quantum off (optimised kernels round differently), a float32 one
// 1e-4.
constexpr float kGoldenTolerance =
    model_config::kQuantized ? 1.001f * model_config::kDenseModel.output.scale : 1e-4f;

// What a line of the protocol has room for.
static_assert(LongestReading(model_config::kChannelNames, model_config::kChannels) <=
                  LineBuffer::kCapacity,
              "the names of the channels are too long for one line of the protocol");
static_assert(sizeof(model_config::kProfile) <= 65, "the name of the profile is too long");

inline constexpr AppConfig kAppConfig = {
    .profile = model_config::kProfile,
    .fingerprint = model_config::kFingerprint,
    .value_names = model_config::kChannelNames,
    .value_units = model_config::kChannelUnits,
    .channels = model_config::kChannels,
    .sample_period_us = model_config::kSamplePeriodUs,
    .frame = nullptr,
    .model_bytes = model_config::kModelBytes,
    .sensor = model_config::kSensor,
    .features = model_config::kFeatures,
    .detector = model_config::kDetector,
    .golden_count = model_config::kGoldenCount,
    .golden_inputs = &model_config::kGoldenInputs[0][0],
    .golden_outputs = &model_config::kGoldenOutputs[0][0],
    .golden_tolerance = kGoldenTolerance,
};
