// What a program knows of its model; the generated header has one as kConfig.
#pragma once

#include <cstdint>

#include "DetectorConfig.h"
#include "FeatureSpec.h"
#include "FrameSpec.h"
#include "SensorConfig.h"

namespace anomaly {

struct PackingConfig;

struct ModelConfig {
  const char* profile;
  const char* fingerprint;           // 64 hexadecimal digits
  const char* const* channel_names;  // [channels]
  const char* const* channel_units;  // [channels]
  int channels;                      // of a sample
  const char* const* value_names;    // [features.channels], of the values of a frame
  const char* const* value_units;    // [features.channels]
  uint32_t sample_period_us;
  const FrameConfig* frame;  // nullptr: a frame is a sample, and its values are the channels
  int32_t model_bytes;
  const SensorConfig& sensor;
  const FeatureConfig& features;
  const DetectorConfig& detector;
  int golden_count;
  const float* golden_inputs;              // [golden_count][features.count]
  const float* golden_outputs;             // the same shape
  float golden_tolerance;                  // largest error of a healthy engine
  const PackingConfig* packing = nullptr;  // nullptr: a raw sample is a line
  // [features.channels] what an anomaly that comes from a value is called; nullptr: by its name.
  const char* const* value_causes = nullptr;
  // [features.channels] of a reading; nullptr: kValueDecimals each.
  const uint8_t* value_decimals = nullptr;

  // Whether each device measures the noise itself.
  constexpr bool is_generic() const { return features.sigma[0] == 0.0f; }

  // Microseconds from frame to frame; a sample's own period may not be whole.
  constexpr uint32_t frame_period_us() const {
    if (frame == nullptr) return sample_period_us;
    const float period_us = 1e6f * static_cast<float>(frame->hop) / frame->sample_rate_hz;
    return static_cast<uint32_t>(period_us + 0.5f);
  }
};

}  // namespace anomaly
