#include "Decision.h"

namespace anomaly {

const char* StateText(State state) {
  switch (state) {
    case State::kWarmup:
      return "WARMUP";
    case State::kNormal:
      return "NORMAL";
    case State::kAnomaly:
      return "ANOMALY";
    case State::kFault:
      return "FAULT";
  }
  return "UNKNOWN";
}

void Decision::Reset() {
  warmup_left_ = config_.warmup_frames;
  state_ = warmup_left_ > 0 ? State::kWarmup : State::kNormal;
  history_ = 0;
  calm_ = 0;
}

State Decision::Update(float score, float threshold, bool another_reason) {
  if (state_ == State::kFault) Reset();
  if (warmup_left_ > 0) {
    --warmup_left_;
    return State::kWarmup;
  }
  const bool exceeds = another_reason || !(score <= threshold);
  const uint32_t mask =
      config_.alarm_frames >= kMaxAlarmFrames ? ~0u : (1u << config_.alarm_frames) - 1u;
  history_ = ((history_ << 1) | (exceeds ? 1u : 0u)) & mask;
  const bool low = !another_reason && score < config_.clear_ratio * threshold;
  calm_ = low ? calm_ + 1 : 0;
  if (state_ == State::kAnomaly) {
    if (calm_ >= config_.clear_frames) {
      state_ = State::kNormal;
      history_ = 0;
    }
    return state_;
  }
  int exceeding = 0;
  for (uint32_t bits = history_; bits != 0; bits &= bits - 1) ++exceeding;
  state_ = exceeding >= config_.alarm_count ? State::kAnomaly : State::kNormal;
  return state_;
}

State Decision::TakeFault() {
  state_ = State::kFault;
  return state_;
}

void Decision::EndAlarm() {
  if (state_ != State::kAnomaly) return;
  state_ = State::kNormal;
  history_ = 0;
  calm_ = 0;
}

}  // namespace anomaly
