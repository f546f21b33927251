// What the program knows of its model; src/app_config.h fills it from the generated header.
#pragma once

#include <cstdint>

#include "DetectorConfig.h"
#include "FeatureSpec.h"
#include "SensorConfig.h"

struct AppConfig {
  const char* profile;
  const char* fingerprint;           // 64 hexadecimal digits
  const char* const* channel_names;  // [channels]
  const char* const* channel_units;  // [channels]
  uint32_t sample_period_us;
  int32_t model_bytes;
  const SensorConfig& sensor;
  const FeatureConfig& features;
  const DetectorConfig& detector;
  int golden_count;
  const float* golden_inputs;   // [golden_count][features.count]
  const float* golden_outputs;  // the same shape
  float golden_tolerance;       // largest error of a healthy engine
};
