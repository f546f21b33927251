// Which features a detector computes, as generated into include/model_config.h.
#pragma once

#include <cstdint>

#include "Bounds.h"

// The catalogue. Each kind is one type in FeatureCatalogue.h and one function in
// training/features.py; what a, b and c mean is said there.
enum class FeatureKind : uint8_t {
  // In the sensor's unit.
  kValue,
  kSmooth,
  // In multiples of the noise.
  kLevel,
  kJump,
  kTrend,
  kJumpEnergy,
  kLevelEnergy,
  kTrendEnergy,
};

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
