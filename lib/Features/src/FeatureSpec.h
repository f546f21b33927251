// Which features a detector computes, as generated into include/model_config.h.
#pragma once

#include <cstdint>

#include "Bounds.h"

namespace anomaly {

enum class FeatureKind : uint8_t;  // FeatureCatalogue.h

// What a, b and c mean is said in project/profile/catalogue.py: the parameters in their order.
struct FeatureSpec {
  FeatureKind kind;
  uint8_t channel;
  float a;
  float b;
  float c;
};

// How far the noise that is believed follows the sensor's; blocks are NoiseBlock::kSize samples.
struct NoiseAdaptation {
  float limit = 1.0f;     // the factor, >= 1, that it stays within of the measured noise; 1: off
  float memory = 1.0f;    // time constant, blocks
  float measured = 1.0f;  // what the measured noise counts for at the start, blocks
};

struct FeatureConfig {
  int8_t channels;           // of a frame, 1..kMaxValues
  int8_t count;              // 1..kMaxFeatures
  const FeatureSpec* specs;  // [count]
  const float* sigma;        // [channels] standard deviation of the noise, in the sensor's unit
  NoiseAdaptation adaptation = {};
};

}  // namespace anomaly
