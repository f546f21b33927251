// How long to wait before the next attempt to connect: 1 s doubling to 300 s, of which any part is
// waited ("full jitter"), so that a thousand boards whose broker comes back do not come at once. A
// connection that did not last for a minute was none: the wait goes on to grow.
#pragma once

#include <cstdint>

namespace anomaly {

class Backoff {
 public:
  static constexpr uint32_t kFirstMs = 1000;
  static constexpr uint32_t kMostMs = 300'000;
  static constexpr uint32_t kLastedMs = 60'000;

  // Milliseconds to wait after an attempt whose connection, if there was one, lasted `online_ms`;
  // `random`: any 32 bits.
  uint32_t Next(uint32_t online_ms, uint32_t random) {
    if (online_ms >= kLastedMs) most_ms_ = kFirstMs;
    const auto wait = static_cast<uint32_t>(uint64_t{most_ms_} * random >> 32);
    most_ms_ = most_ms_ < kMostMs / 2 ? 2 * most_ms_ : kMostMs;
    return wait;
  }

 private:
  uint32_t most_ms_ = kFirstMs;
};

}  // namespace anomaly
