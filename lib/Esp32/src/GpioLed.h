// An LED on a pin, Pins.h.
#pragma once

#include "Platform.h"

class GpioLed final : public Led {
 public:
  void Begin();
  void Set(bool on) override;
};
