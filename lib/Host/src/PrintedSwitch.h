// A virtual board's LED, buzzer or relay: a line on stderr for each change.
#pragma once

#include <cstdio>

#include "Platform.h"

namespace anomaly {

class PrintedSwitch final : public Switch {
 public:
  // Both must outlive it.
  PrintedSwitch(const char* name, const Clock& clock) : name_(name), clock_(clock) {}

  void Set(bool on) override {
    std::fprintf(stderr, "[board] %s %s t=%.3f\n", name_, on ? "on" : "off",
                 static_cast<double>(clock_.NowMicros()) * 1e-6);
  }

 private:
  const char* name_;
  const Clock& clock_;
};

}  // namespace anomaly
