#include "WallTime.h"

#include <sys/time.h>

#include <atomic>

namespace anomaly {

namespace wall_time {

namespace {

std::atomic<bool> known{false};

int64_t Now() {
  timeval now = {};
  gettimeofday(&now, nullptr);
  return int64_t{now.tv_sec} * 1000 + now.tv_usec / 1000;
}

void SetClock(int64_t unix_ms) {
  timeval now = {};
  now.tv_sec = static_cast<time_t>(unix_ms / 1000);
  now.tv_usec = static_cast<suseconds_t>(unix_ms % 1000 * 1000);
  settimeofday(&now, nullptr);
}

}  // namespace

void Set(int64_t unix_ms) {
  SetClock(unix_ms);
  WasSet();
}

void WasSet() { known.store(true, std::memory_order_release); }

void AssumeAtLeast(int64_t unix_ms) {
  if (!is_known() && Now() < unix_ms) SetClock(unix_ms);
}

bool is_known() { return known.load(std::memory_order_acquire); }

int64_t UnixMillis() { return is_known() ? Now() : 0; }

}  // namespace wall_time

}  // namespace anomaly
