// An active buzzer: two short beeps a second in an ANOMALY, a long one every four seconds in a
// FAULT, silent otherwise. The sampling side says what the state is, the console side beeps.
#pragma once

#include <atomic>
#include <cstdint>

#include "Platform.h"
#include "VerdictSink.h"

namespace anomaly {

class BuzzerOutput final : public VerdictSink {
 public:
  // nullptr: there is none.
  explicit BuzzerOutput(Switch* buzzer) : buzzer_(buzzer) {}

  // Sampling thread.
  void Take(const JudgedFrame& frame) override;

  // Console thread, as often as there is time. An alarm that ended before it was heard is beeped
  // once.
  void Poll(int64_t now_micros);

 private:
  void Begin(int64_t now_micros);
  void Show(bool on);

  Switch* buzzer_;
  std::atomic<State> state_{State::kWarmup};
  std::atomic<State> unheard_{State::kWarmup};  // the last alarm, until its beeps begin
  State sounding_ = State::kWarmup;
  int64_t began_ = 0;
  bool on_ = false;
};

}  // namespace anomaly
