// The name of this chip on a network: its MAC address, "020000000001".
#pragma once

#include <cstddef>

namespace anomaly {

constexpr size_t kChipIdSize = 12;

// Terminated, the same at every call.
const char* ChipId();

}  // namespace anomaly
