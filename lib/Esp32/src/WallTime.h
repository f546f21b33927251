// The time of day, as far as this chip knows it.
#pragma once

#include <cstdint>

namespace anomaly {

namespace wall_time {

// Somebody told it, the network or who enrols the board.
void Set(int64_t unix_ms);
// The clock was set by ESP-IDF's own service.
void WasSet();

// Nobody has yet, and it is this time at the least: what judges a certificate's dates.
void AssumeAtLeast(int64_t unix_ms);

bool is_known();
// Milliseconds; 0: it is not known.
int64_t UnixMillis();

}  // namespace wall_time

}  // namespace anomaly
