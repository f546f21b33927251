// A pin that is high while it is on, or low: an LED, a buzzer, a relay (Pins.h).
#pragma once

#include "Platform.h"

namespace anomaly {

class GpioSwitch final : public Switch {
 public:
  explicit GpioSwitch(int pin, bool is_active_low = false)
      : pin_(pin), is_active_low_(is_active_low) {}
  void Begin();  // off
  void Set(bool on) override;

 private:
  int pin_;
  bool is_active_low_;
};

}  // namespace anomaly
