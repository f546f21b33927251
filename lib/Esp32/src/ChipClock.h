// The chip's clock since its start.
#pragma once

#include "Platform.h"
#include "esp_timer.h"

namespace anomaly {

class ChipClock final : public Clock {
 public:
  int64_t NowMicros() const override { return esp_timer_get_time(); }
  uint32_t Stopwatch() override { return static_cast<uint32_t>(esp_timer_get_time()); }
};

}  // namespace anomaly
