// The last 256 durations of the inference, and their quantiles. One thread adds, another asks.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

namespace anomaly {

class LatencyHistory {
 public:
  static constexpr uint32_t kSize = 256;

  void Add(uint32_t micros) {
    const uint32_t count = count_.load(std::memory_order_relaxed);
    const uint32_t limited = micros < UINT16_MAX ? micros : UINT16_MAX;
    micros_[count % kSize].store(static_cast<uint16_t>(limited), std::memory_order_relaxed);
    count_.store(count + 1 == 0 ? kSize : count + 1, std::memory_order_release);
  }

  uint32_t last() const {
    const uint32_t count = count_.load(std::memory_order_acquire);
    return count == 0 ? 0 : micros_[(count - 1) % kSize].load(std::memory_order_relaxed);
  }

  // The duration that `percent` (1..100) of the kept ones do not exceed (nearest rank),
  // microseconds, at most 65535; 0 before the first.
  uint32_t Quantile(uint32_t percent) const {
    const uint32_t count = std::min(count_.load(std::memory_order_acquire), kSize);
    if (count == 0) return 0;
    uint16_t sorted[kSize];
    for (uint32_t i = 0; i < count; ++i) sorted[i] = micros_[i].load(std::memory_order_relaxed);
    const uint32_t rank = (count * percent + 99) / 100;
    std::nth_element(sorted, sorted + rank - 1, sorted + count);
    return sorted[rank - 1];
  }

 private:
  std::atomic<uint16_t> micros_[kSize] = {};
  std::atomic<uint32_t> count_{0};
};

}  // namespace anomaly
