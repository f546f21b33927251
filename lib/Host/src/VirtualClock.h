// A virtual board's clock: it stands at the time of the last sample, however fast the run is.
#pragma once

#include <chrono>

#include "Platform.h"

class VirtualClock final : public Clock {
 public:
  // `timed`: the stopwatch runs; it costs more than the inference.
  VirtualClock(int64_t period_us, bool timed) : period_us_(period_us), timed_(timed) {}

  // The next sample is due.
  void Tick() { ++ticks_; }

  int64_t NowMicros() const override { return ticks_ > 0 ? (ticks_ - 1) * period_us_ : 0; }
  uint32_t Stopwatch() override {
    if (!timed_) return 0;
    const auto elapsed = std::chrono::steady_clock::now() - start_;
    return static_cast<uint32_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(elapsed).count());
  }

 private:
  int64_t period_us_;
  bool timed_;
  int64_t ticks_ = 0;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};
