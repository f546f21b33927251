// A virtual board's LED: a line on stderr for each change.
#pragma once

#include <cstdio>

#include "Platform.h"

class PrintedLed final : public Led {
 public:
  explicit PrintedLed(const Clock& clock) : clock_(clock) {}

  void Set(bool on) override {
    std::fprintf(stderr, "[board] led %s t=%.3f\n", on ? "on" : "off",
                 static_cast<double>(clock_.NowMicros()) * 1e-6);
  }

 private:
  const Clock& clock_;
};
