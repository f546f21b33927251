// What a simulation injects, told as it happens and at the end, with what the detector found of it.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>

#include "Decision.h"

namespace anomaly {

// One disturbance; samples are counted from the first of the simulation.
struct Injection {
  const char* kind;
  int channel;  // -1: no single one
  uint64_t first;
  uint64_t last;
  uint64_t watched;  // an alarm until this sample may still be due to it
};

class InjectionLog {
 public:
  // Injections beyond these are neither judged nor listed.
  static constexpr int kMaxListed = 1000;

  // `channel_names` must outlive the log.
  InjectionLog(double sample_period_s, const char* const* channel_names);

  // A disturbance begins with the sample that is added next. Says so on stderr.
  void Begin(const Injection& injection);

  // The state that a sample, counted from 0, led to.
  void Add(uint64_t sample, State state);

  // No sample was NORMAL or ANOMALY.
  bool judged_nothing() const { return !judged_; }

  // Lines that start with "Summary: "; none where nothing was injected.
  void Print(std::FILE* file) const;

 private:
  enum class Outcome : uint8_t { kMissed, kFound, kHidden };
  struct Entry {
    Injection injection;
    Outcome outcome;
    State state;     // of the alarm that found it
    uint64_t found;  // sample
  };
  double Seconds(uint64_t samples) const;
  void PrintWhat(std::FILE* file, const Injection& injection) const;

  double sample_period_s_;
  const char* const* channel_names_;
  std::unique_ptr<Entry[]> list_;
  int count_ = 0;
  uint64_t false_alarms_ = 0;
  State before_ = State::kWarmup;
  bool judged_ = false;
};

}  // namespace anomaly
