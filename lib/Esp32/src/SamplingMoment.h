// When the ADC is read one conversion after the other, so that this chip's radio is silent then: a
// radio that sends is seen in the conversions. Written by the sampling task, read by any.
#pragma once

#include <atomic>
#include <cstdint>

namespace anomaly {

class SamplingMoment {
 public:
  // From this long before a sample is due. A pace that leaves less quiet than that twice has none.
  static constexpr int64_t kMarginUs = 5000;

  // A sample is read now, and the next one is due so many microseconds after it.
  void Begin(int64_t now_us, uint32_t period_us) {
    reading_.store(true, std::memory_order_relaxed);
    due_us_.store(period_us > 4 * kMarginUs ? now_us + period_us : INT64_MAX,
                  std::memory_order_relaxed);
  }
  void End() { reading_.store(false, std::memory_order_relaxed); }

  // A transmission that begins now would meet it. Never for long: a sample that does not come is
  // not waited for.
  bool IsNear(int64_t now_us) const {
    const int64_t due_us = due_us_.load(std::memory_order_relaxed);
    if (due_us == INT64_MAX) return false;
    return reading_.load(std::memory_order_relaxed) ||
           (now_us > due_us - kMarginUs && now_us < due_us + kMarginUs);
  }

 private:
  std::atomic<bool> reading_{false};
  std::atomic<int64_t> due_us_{INT64_MAX};
};

// Of the one ADC that there is.
extern SamplingMoment sampling_moment;

}  // namespace anomaly
