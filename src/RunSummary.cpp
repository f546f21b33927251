#include "RunSummary.h"

#include <cinttypes>

namespace anomaly {

RunSummary::RunSummary() : list_(std::make_unique<Interval[]>(kMaxIntervals)) {}

void RunSummary::Add(uint64_t sample, const FrameVerdict& verdict, const char* time_text) {
  ++samples_;
  ++in_state_[static_cast<int>(verdict.state)];
  const bool anomaly = verdict.state == State::kAnomaly;
  if (anomaly) {
    if (!in_anomaly_) ++intervals_;
    if (intervals_ <= kMaxIntervals) {
      Interval& interval = list_[intervals_ - 1];
      if (!in_anomaly_) {
        interval = {sample, sample, verdict.score, {}, {}};
        std::snprintf(interval.first_time, sizeof(interval.first_time), "%s", time_text);
      }
      interval.last = sample;
      if (verdict.score > interval.peak) interval.peak = verdict.score;
      std::snprintf(interval.last_time, sizeof(interval.last_time), "%s", time_text);
    }
  }
  in_anomaly_ = anomaly;
}

void RunSummary::Print(std::FILE* file, double sample_period_s, double elapsed_s) const {
  std::fprintf(file, "Summary: %" PRIu64 " samples, %.1f s of signal\n", samples_,
               static_cast<double>(samples_) * sample_period_s);
  std::fprintf(file, "Summary: states");
  for (int i = 0; i < 4; ++i) {
    std::fprintf(file, "%s %s %" PRIu64, i > 0 ? "," : "", StateText(static_cast<State>(i)),
                 in_state_[i]);
  }
  std::fprintf(file, "\nSummary: anomalies %" PRIu64 "\n", intervals_);
  for (uint64_t i = 0; i < intervals_ && i < kMaxIntervals; ++i) {
    const Interval& interval = list_[i];
    std::fprintf(
        file,
        "Summary: anomaly %" PRIu64 ": samples %" PRIu64 "..%" PRIu64
        ", t=%.3f..%.3f s, peak score %.4f",
        i + 1, interval.first, interval.last, static_cast<double>(interval.first) * sample_period_s,
        static_cast<double>(interval.last) * sample_period_s, static_cast<double>(interval.peak));
    if (interval.first_time[0] != '\0') {
      std::fprintf(file, ", %s .. %s", interval.first_time, interval.last_time);
    }
    std::fprintf(file, "\n");
  }
  if (intervals_ > kMaxIntervals) {
    std::fprintf(file, "Summary: and %" PRIu64 " more anomalies\n", intervals_ - kMaxIntervals);
  }
  if (elapsed_s > 0.0) {
    std::fprintf(file, "Summary: throughput %.0f samples/s\n",
                 static_cast<double>(samples_) / elapsed_s);
  }
}

}  // namespace anomaly
