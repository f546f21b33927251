// What a board shows of a verdict by itself: LED, relay and buzzer.
#pragma once

#include "BuzzerOutput.h"
#include "LedOutput.h"
#include "RelayOutput.h"

namespace anomaly {

class BoardOutputs final : public VerdictSink {
 public:
  explicit BoardOutputs(const Platform& platform)
      : led_(platform.led), relay_(platform.relay), buzzer_(platform.buzzer) {}

  void Take(const JudgedFrame& frame) override {
    led_.Take(frame);
    relay_.Take(frame);
    buzzer_.Take(frame);
  }

  // Console thread, as often as there is time.
  void Poll(int64_t now_micros, bool start_failed) {
    if (start_failed) led_.Blink(now_micros);
    buzzer_.Poll(now_micros);
  }

 private:
  LedOutput led_;
  RelayOutput relay_;
  BuzzerOutput buzzer_;
};

}  // namespace anomaly
