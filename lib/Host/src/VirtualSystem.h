// A virtual board's reset line.
#pragma once

#include "Platform.h"

namespace anomaly {

class VirtualSystem final : public System {
 public:
  void Reboot() override { requested_ = true; }

  // True once after a Reboot().
  bool TakeReboot() {
    const bool requested = requested_;
    requested_ = false;
    return requested;
  }

 private:
  bool requested_ = false;
};

}  // namespace anomaly
