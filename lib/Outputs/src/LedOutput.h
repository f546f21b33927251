// The LED: on while the state is ANOMALY; three blinks and a pause where a start failed.
#pragma once

#include <cstdint>

#include "Platform.h"
#include "VerdictSink.h"

namespace anomaly {

class LedOutput final : public VerdictSink {
 public:
  explicit LedOutput(Switch& led) : led_(led) {}

  void Take(const JudgedFrame& frame) override { Show(frame.verdict.state == State::kAnomaly); }

  // Console thread, and only after a failed start: the pattern's LED at this time.
  void Blink(int64_t now_micros) {
    constexpr bool kPattern[] = {true, false, true, false, true, false, false, false};
    constexpr int64_t kStepMicros = 250 * 1000;
    constexpr int64_t kSteps = sizeof(kPattern) / sizeof(kPattern[0]);
    Show(kPattern[now_micros / kStepMicros % kSteps]);
  }

 private:
  void Show(bool on) {
    if (on != on_) led_.Set(on);
    on_ = on;
  }

  Switch& led_;
  bool on_ = false;
};

}  // namespace anomaly
