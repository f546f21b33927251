// Whether a channel's samples can be believed.
#pragma once

#include <cstdint>

#include "Fault.h"
#include "SensorConfig.h"

namespace anomaly {

// Judges one channel's samples, one after the other.
class SampleCheck {
 public:
  // A sample that is exactly the one before it counts towards kStuck; the first that differs ends
  // it. `stuck_samples` 0: they may be equal for ever.
  Fault Update(const ChannelConfig& config, uint32_t stuck_samples, float value);
  void Reset() { run_ = 0; }

 private:
  float previous_ = 0.0f;
  uint32_t run_ = 0;  // equal samples in a row, this one included
};

}  // namespace anomaly
