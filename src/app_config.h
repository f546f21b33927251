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

// A healthy int8 engine may be one quantum off (optimised kernels round differently), a float32 one
// 1e-4.
constexpr float kGoldenTolerance =
    model_config::kQuantized ? 1.001f * model_config::kDenseModel.output.scale : 1e-4f;

// What a line of the protocol has room for.
constexpr bool FitsALine() {
  const auto length = [](const char* text) {
    int count = 0;
    while (text[count] != '\0') ++count;
    return count;
  };
  for (const char* name : model_config::kChannelNames) {
    if (length(name) > kMaxChannelName) return false;
  }
  for (const char* unit : model_config::kChannelUnits) {
    if (length(unit) > kMaxUnit) return false;
  }
  return sizeof(model_config::kProfile) <= 65;
}
static_assert(FitsALine(), "the name of the profile or of a channel, or a unit, is too long");

inline constexpr AppConfig kAppConfig = {
    model_config::kProfile,
    model_config::kFingerprint,
    model_config::kChannelNames,
    model_config::kChannelUnits,
    model_config::kSamplePeriodUs,
    model_config::kModelBytes,
    model_config::kSensor,
    model_config::kFeatures,
    model_config::kDetector,
    model_config::kGoldenCount,
    &model_config::kGoldenInputs[0][0],
    &model_config::kGoldenOutputs[0][0],
    kGoldenTolerance,
};
