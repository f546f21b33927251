// What the link says of its board.
#pragma once

#include <cstdint>

#include "CauseNames.h"

namespace anomaly {

struct LinkConfig {
  const char* id;        // 12 lower-case hexadecimal digits
  const char* firmware;  // its version
  const char* profile;
  const char* model;         // of its fingerprint the first 12 digits count
  const char* const* units;  // [causes.features.channels], of the values of a frame
  CauseNames causes;         // and the values' names
  uint32_t period_us;        // from frame to frame
  bool allows_reboot;        // over the network
  uint32_t least_boot = 1;   // the first boot's number, where the ring knows none

  int values() const { return causes.features.channels; }
};
constexpr size_t kIdDigits = 12;
constexpr size_t kModelDigits = 12;

}  // namespace anomaly
