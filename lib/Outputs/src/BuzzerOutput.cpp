#include "BuzzerOutput.h"

namespace anomaly {

namespace {

constexpr int64_t kMs = 1000;

// Beeps of one length with pauses as long, then silence until the round is over.
struct Pattern {
  int64_t beep;
  int beeps;
  int64_t round;

  constexpr int64_t sounds() const { return beep * (2 * beeps - 1); }
  constexpr bool IsOn(int64_t elapsed) const {
    return elapsed < sounds() && elapsed / beep % 2 == 0;
  }
};

constexpr Pattern kAnomaly = {100 * kMs, 2, 1000 * kMs};
constexpr Pattern kFault = {600 * kMs, 1, 4000 * kMs};
constexpr Pattern kSilence = {kMs, 0, 0};

bool IsAlarm(State state) { return state == State::kAnomaly || state == State::kFault; }

const Pattern& PatternOf(State state) {
  if (state == State::kAnomaly) return kAnomaly;
  return state == State::kFault ? kFault : kSilence;
}

}  // namespace

void BuzzerOutput::Take(const JudgedFrame& frame) {
  const State state = frame.verdict.state;
  if (IsAlarm(state) && state != state_.load(std::memory_order_relaxed)) {
    unheard_.store(state, std::memory_order_relaxed);
  }
  state_.store(state, std::memory_order_release);
}

void BuzzerOutput::Poll(int64_t now_micros) {
  if (buzzer_ == nullptr) return;
  const Pattern& pattern = PatternOf(sounding_);
  const int64_t elapsed = now_micros - began_;
  const bool changed = state_.load(std::memory_order_relaxed) != sounding_;
  // What has begun is beeped to its end, so that the shortest alarm is heard.
  if (elapsed >= (changed ? pattern.sounds() : pattern.round)) Begin(now_micros);
  Show(PatternOf(sounding_).IsOn(now_micros - began_));
}

void BuzzerOutput::Begin(int64_t now_micros) {
  const State state = state_.load(std::memory_order_acquire);
  // No exchange: a chip without atomic instructions has loads and stores. What comes in between is
  // the state that is sounding then.
  const State unheard = unheard_.load(std::memory_order_relaxed);
  unheard_.store(State::kWarmup, std::memory_order_relaxed);
  sounding_ = IsAlarm(state) ? state : unheard;
  began_ = now_micros;
}

void BuzzerOutput::Show(bool on) {
  if (on != on_) buzzer_->Set(on);
  on_ = on;
}

}  // namespace anomaly
