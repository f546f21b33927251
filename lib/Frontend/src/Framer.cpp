#include "Framer.h"

bool Framer::Tick() {
  if (++since_ < (started_ ? config_.hop : config_.samples)) return false;
  since_ = 0;
  started_ = true;
  return true;
}

bool Framer::Add(const float* sample) {
  float* const row = ring_ + next_ * config_.channels;
  for (int32_t i = 0; i < config_.channels; ++i) row[i] = sample[i];
  next_ = next_ + 1 < config_.samples ? next_ + 1 : 0;
  if (filled_ < config_.samples) ++filled_;
  return Tick();
}

bool Framer::Skip() {
  filled_ = next_ = 0;
  return Tick();
}

void Framer::Values(float* values) const {
  for (int32_t channel = 0; channel < config_.channels; ++channel) {
    bool known = false;
    Moments moments = {};
    for (int32_t i = 0; i < config_.count; ++i) {
      if (config_.specs[i].channel != channel) continue;
      // The oldest sample is the one that the next will take the place of.
      if (!known) {
        moments = MomentsOf({ring_ + channel, config_.samples, config_.channels, next_},
                            config_.sample_rate_hz);
      }
      known = true;
      values[i] = moments.*config_.specs[i].value;
    }
  }
}
