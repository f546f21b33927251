#include "Framer.h"

namespace anomaly {

bool Framer::Tick() {
  if (config_.windows != nullptr && --until_window_ == 0) {
    until_window_ = config_.windows->hop;
    if (filled_ >= config_.windows->size) TakeWindow();
  }
  if (--until_due_ > 0) return false;
  until_due_ = config_.hop;
  return true;
}

bool Framer::Add(const float* sample) {
  float* const row = ring_ + next_ * config_.channels;
  for (int32_t i = 0; i < config_.channels; ++i) row[i] = sample[i];
  next_ = next_ + 1 < config_.ring_rows() ? next_ + 1 : 0;
  if (filled_ < config_.samples) ++filled_;
  return Tick();
}

bool Framer::Skip() {
  filled_ = 0;
  return Tick();
}

// The last `count` samples of a channel.
RingChannel Framer::Last(int32_t count, int32_t channel) const {
  const int32_t rows = config_.ring_rows();
  const int32_t oldest = next_ >= count ? next_ - count : next_ - count + rows;
  return {ring_ + channel, rows, config_.channels, oldest, count};
}

Moments Framer::MomentsOfLast(int32_t count, uint8_t channel) const {
  if (channel == kVector) {
    return MomentsOf(RingVector{Last(count, 0)}, config_.sample_rate_hz);
  }
  return MomentsOf(Last(count, channel), config_.sample_rate_hz);
}

void Framer::Values(float* values) const {
  Moments moments = {};
  int known = -1;  // the channel that these are of
  for (int32_t i = 0; i < config_.count; ++i) {
    const FrameValueSpec& spec = config_.specs[i];
    if (spec.take == Take::kTilt) {
      values[i] = Tilt();
    } else if (spec.take == Take::kWhole) {
      if (known != spec.channel) moments = MomentsOfLast(config_.samples, spec.channel);
      known = spec.channel;
      values[i] = moments.*spec.moment;
    } else {
      values[i] = FromWindows(spec);
    }
  }
}

}  // namespace anomaly
