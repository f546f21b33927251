// What a run on the host came to: states, anomaly intervals, throughput.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>

#include "FrameDetector.h"

namespace anomaly {

class RunSummary {
 public:
  // Intervals beyond these are counted but not listed.
  static constexpr uint32_t kMaxIntervals = 10000;

  RunSummary();

  // One sample: its index from 0, its verdict, and the recording's time of it or "".
  void Add(uint64_t sample, const FrameVerdict& verdict, const char* time_text);

  // Lines that start with "Summary: ". `elapsed_s` is what the run took.
  void Print(std::FILE* file, double sample_period_s, double elapsed_s) const;

 private:
  struct Interval {
    uint64_t first;
    uint64_t last;
    float peak;
    char first_time[32];
    char last_time[32];
  };

  uint64_t samples_ = 0;
  uint64_t in_state_[4] = {};
  uint64_t intervals_ = 0;
  bool in_anomaly_ = false;
  std::unique_ptr<Interval[]> list_;
};

}  // namespace anomaly
