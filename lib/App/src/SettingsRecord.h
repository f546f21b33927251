// What was set on this device and outlives a reboot.
#pragma once

#include "Bounds.h"
#include "DetectorConfig.h"

namespace anomaly {

struct SettingsRecord {
  float threshold;          // the user's own; 0: there is none
  float threshold_scale;    // found by `calibrate`
  float noise[kMaxValues];  // of each value of a frame, likewise
};

}  // namespace anomaly
