// From scores to states: k-of-n debouncing, hysteresis, warm-up.
#pragma once

#include <cstdint>

#include "DetectorConfig.h"

namespace anomaly {

enum class State : uint8_t { kWarmup, kNormal, kAnomaly, kFault };

// "WARMUP", "NORMAL", "ANOMALY" or "FAULT".
const char* StateText(State state);

class Decision {
 public:
  explicit Decision(const DecisionConfig& config) : config_(config) { Reset(); }

  // Back to the first sample of the warm-up, or to NORMAL where there is none.
  void Reset();

  // Takes one sample's score. A score that is not a number counts as exceeding, and so does any
  // where there is another reason for an alarm.
  State Update(float score, float threshold, bool another_reason = false);

  // The alarm was none.
  void EndAlarm();

  // The sensor cannot be believed; the next Update() begins a warm-up.
  State TakeFault();

  State state() const { return state_; }
  uint32_t warmup_left() const { return warmup_left_; }

 private:
  const DecisionConfig& config_;
  State state_ = State::kWarmup;
  uint32_t warmup_left_ = 0;
  uint32_t history_ = 0;  // bit 0: did the last score exceed the threshold
  uint32_t calm_ = 0;     // scores in a row below clear_ratio * threshold
};

}  // namespace anomaly
