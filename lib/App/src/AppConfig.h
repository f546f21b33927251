// What the program knows of its model; src/app_config.h fills it from the generated header.
#pragma once

#include <cstdint>

#include "Detector.h"
#include "FeatureExtractor.h"
#include "FrameSpec.h"
#include "SensorConfig.h"

struct AppConfig {
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
  const float* golden_inputs;   // [golden_count][features.count]
  const float* golden_outputs;  // the same shape
  float golden_tolerance;       // largest error of a healthy engine

  // Microseconds from frame to frame; a sample's own period may not be whole.
  constexpr uint32_t frame_period_us() const {
    if (frame == nullptr) return sample_period_us;
    const float period_us = 1e6f * static_cast<float>(frame->hop) / frame->sample_rate_hz;
    return static_cast<uint32_t>(period_us + 0.5f);
  }
};

// What an app works in, sized by the caller.
struct AppMemory {
  DetectorMemory detector;
  FrameMemory frame = {};
  uint8_t* learnt = nullptr;  // of LearntBlockSize(), where something is learnt
};
