// What was set on this device and outlives a reboot.
#pragma once

#include "Bounds.h"
#include "DetectorConfig.h"

struct SettingsRecord {
  float threshold;          // the user's own; 0: there is none
  float threshold_scale;    // found by `calibrate`
  float noise[kMaxValues];  // of each value of a frame, likewise
};

// The threshold that a user's own, 0 where there is none, and a calibration's scale come to.
constexpr float ThresholdInUse(const DecisionConfig& decision, float own, float scale) {
  return own > 0.0f ? own : decision.threshold * scale;
}
