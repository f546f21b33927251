// What is known of a sensor's readings, whatever the sensor is, as generated into
// include/model_config.h.
#pragma once

#include <cstdint>

#include "AnalogConfig.h"

namespace anomaly {

struct ChannelConfig {
  float valid_low;  // a reading outside is not believable, in the channel's unit
  float valid_high;
};

struct SensorConfig {
  uint32_t stuck_samples;         // exactly equal readings in a row that mean a fault; 0: never
  const ChannelConfig* channels;  // [channels of a sample]
  const AnalogConfig* analog;     // nullptr: the readings do not come through an ADC
};

}  // namespace anomaly
