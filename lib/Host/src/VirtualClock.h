// A virtual board's clock: it stands at the time of the last sample, however fast the run is.
#pragma once

#include <chrono>

#include "Platform.h"

namespace anomaly {

class VirtualClock final : public Clock {
 public:
  // `timed`: the stopwatch runs; it costs more than the inference.
  VirtualClock(double period_s, bool timed) : period_us_(1e6 * period_s), timed_(timed) {}

  // The next sample is due.
  void Tick() { ++ticks_; }

  int64_t NowMicros() const override {
    if (ticks_ == 0) return 0;
    return static_cast<int64_t>(static_cast<double>(ticks_ - 1) * period_us_ + 0.5);
  }
  uint32_t Stopwatch() override {
    if (!timed_) return 0;
    const auto elapsed = std::chrono::steady_clock::now() - start_;
    return static_cast<uint32_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(elapsed).count());
  }

 private:
  double period_us_;
  bool timed_;
  int64_t ticks_ = 0;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace anomaly
