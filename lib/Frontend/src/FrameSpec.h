// How samples become frames, and what a frame says, as generated into include/model_config.h.
#pragma once

#include <cstdint>

#include "Bounds.h"
#include "Moments.h"

struct FrameValueSpec {
  float Moments::* value;  // which of them
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
