// The generated constants as the app wants them; the same for the chip and the host.
#pragma once

#include "App.h"
#include "DenseAutoencoder.h"
#include "FeatureExtractor.h"
#include "MeanAutoencoder.h"
#include "model_config.h"

// What an app of this model works in.
class ModelMemory {
 public:
  AppMemory memory() {
    return {{states_, model_config::kHasSlow ? slow_ : nullptr,
             model_config::kHasLearning ? sides_ : nullptr},
            {model_config::kHasFrames ? frame_ : nullptr, &fft_},
            kLearns ? learnt_ : nullptr};
  }

 private:
  static constexpr bool kLearns = model_config::kHasSlow || model_config::kHasLearning;
  static constexpr size_t kLearntBytes =
      LearntBlockSize(model_config::kHasLearning ? model_config::kFeatureCount : 0,
                      model_config::kHasSlow ? model_config::kValues : 0);
  static constexpr int kSides = model_config::kHasLearning ? 2 * model_config::kFeatureCount : 1;
  static constexpr int kSlowValues = model_config::kHasSlow ? model_config::kValues : 1;
  static constexpr int kFrameFloats = model_config::kFrame.memory_floats();

  FeatureState states_[model_config::kFeatureCount];
  LearntSide sides_[kSides];
  uint8_t learnt_[kLearntBytes];
  SlowValue slow_[kSlowValues];
  float frame_[kFrameFloats > 0 ? kFrameFloats : 1];
  PlainFft fft_{model_config::kFrame.turns()};
};

// A healthy int8 engine may be one quantum off (optimised kernels round differently), a float32 one
// 1e-4.
constexpr float kGoldenTolerance =
    model_config::kQuantized ? 1.001f * model_config::kDenseModel.output.scale : 1e-4f;

// What a line of the protocol has room for.
static_assert(LongestReading(model_config::kValueNames, model_config::kValues) <=
                  LineBuffer::kCapacity,
              "the names of the channels are too long for one line of the protocol");
static_assert(sizeof(model_config::kProfile) <= 65, "the name of the profile is too long");

inline constexpr AppConfig kAppConfig = {
    .profile = model_config::kProfile,
    .fingerprint = model_config::kFingerprint,
    .channel_names = model_config::kChannelNames,
    .channel_units = model_config::kChannelUnits,
    .channels = model_config::kChannels,
    .value_names = model_config::kValueNames,
    .value_units = model_config::kValueUnits,
    .sample_period_us = model_config::kSamplePeriodUs,
    .frame = model_config::kHasFrames ? &model_config::kFrame : nullptr,
    .model_bytes = model_config::kModelBytes,
    .sensor = model_config::kSensor,
    .features = model_config::kFeatures,
    .detector = model_config::kDetector,
    .golden_count = model_config::kGoldenCount,
    .golden_inputs = &model_config::kGoldenInputs[0][0],
    .golden_outputs = &model_config::kGoldenOutputs[0][0],
    .golden_tolerance = kGoldenTolerance,
};
