#include "SampleCheck.h"

#include <cmath>

namespace anomaly {

Fault SampleCheck::Update(const ChannelConfig& config, uint32_t stuck_samples, float value) {
  if (!std::isfinite(value)) return Fault::kNotANumber;
  if (value < config.valid_low || value > config.valid_high) return Fault::kOutOfRange;
  run_ = run_ > 0 && value == previous_ ? run_ + (run_ < UINT32_MAX ? 1 : 0) : 1;
  previous_ = value;
  if (stuck_samples > 0 && run_ >= stuck_samples) return Fault::kStuck;
  return Fault::kNone;
}

}  // namespace anomaly
