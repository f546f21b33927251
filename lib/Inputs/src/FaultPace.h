// How many samples are due where a part gives none, so that faults come at the pace of readings.
#pragma once

#include <cstdint>

class FaultPace {
 public:
  explicit FaultPace(float rate_hz) : rate_hz_(rate_hz) {}

  // All until then is told.
  void Told(int64_t micros) { told_ = micros; }
  int64_t told() const { return told_; }

  // Samples that are due until `micros`, `most` at most; they are told with that.
  int Take(int64_t micros, int most) {
    const float due = static_cast<float>(micros - told_) * 1e-6f * rate_hz_;
    if (!(due >= 1.0f)) return 0;
    const int count = due < static_cast<float>(most) ? static_cast<int>(due) : most;
    told_ += static_cast<int64_t>(1e6f * static_cast<float>(count) / rate_hz_);
    return count;
  }

 private:
  float rate_hz_;
  int64_t told_ = 0;
};
