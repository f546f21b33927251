// How samples become frames, and what a frame says, as generated into include/model_config.h.
#pragma once

#include <cstdint>

#include "Bounds.h"

// The catalogue. Each kind is a member of Moments.h and a function in training/frames.py; what it
// computes is said there. All but kMean are of the signal without the frame's mean.
enum class FrameKind : uint8_t {
  kMean,
  kVariance,
  kRms,
  kPeakToPeak,
  kCrest,
  kKurtosis,
  kZeroCrossingRate,
};

struct FrameValueSpec {
  FrameKind kind;
  uint8_t channel;
};

struct FrameConfig {
  int32_t samples;   // length of a frame, 2 or more
  int32_t hop;       // from the start of one frame to that of the next, 1..samples
  int32_t channels;  // of a sample, 1..kMaxChannels
  int32_t count;     // values of a frame, 1..kMaxValues
  float sample_rate_hz;
  const FrameValueSpec* specs;  // [count]
};
