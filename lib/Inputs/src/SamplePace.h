// When the samples of a stream were taken, and how many are due where it gives none, so that faults
// come at the pace of readings.
#pragma once

#include <cstdint>

#include "SampleBlock.h"

namespace anomaly {

class SamplePace {
 public:
  explicit SamplePace(float rate_hz) : rate_hz_(rate_hz) {}

  // All until then is told, by the time since the start.
  void Told(int64_t micros) { told_ = micros; }
  int64_t told() const { return told_; }

  // The time of the first of `count` samples that came now. They follow what was told, which may
  // have waited in a buffer; only where that cannot be they end now.
  int64_t Follow(int64_t micros, int count) {
    const int64_t lasted = Micros(count);
    const int64_t waited = micros - told_ - lasted;
    if (waited < -kJitterUs || waited > kLongestWaitUs) told_ = micros - lasted;
    const int64_t first = told_;
    told_ += lasted;
    return first;
  }

  // Samples that are due until `micros`, `most` at most; they are told with that.
  int Take(int64_t micros, int most) {
    const float due = static_cast<float>(micros - told_) * 1e-6f * rate_hz_;
    if (!(due >= 1.0f)) return 0;
    const int count = due < static_cast<float>(most) ? static_cast<int>(due) : most;
    told_ += Micros(count);
    return count;
  }

  // The same as a block with a fault; `values` have room for them and mean nothing.
  SampleBlock TakeFault(int64_t micros, int most, Fault fault, const float* values) {
    const int64_t first = told_;
    return {values, Take(micros, most), fault, false, first};
  }

 private:
  static constexpr int64_t kJitterUs = 5'000;
  static constexpr int64_t kLongestWaitUs = 300'000;

  int64_t Micros(int count) const {
    return static_cast<int64_t>(1e6f * static_cast<float>(count) / rate_hz_);
  }

  float rate_hz_;
  int64_t told_ = 0;
};

}  // namespace anomaly
