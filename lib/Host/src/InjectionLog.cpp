#include "InjectionLog.h"

#include <cinttypes>

namespace anomaly {

InjectionLog::InjectionLog(double sample_period_s, const char* const* channel_names)
    : sample_period_s_(sample_period_s),
      channel_names_(channel_names),
      list_(std::make_unique<Entry[]>(kMaxListed)) {}

double InjectionLog::Seconds(uint64_t samples) const {
  return static_cast<double>(samples) * sample_period_s_;
}

void InjectionLog::PrintWhat(std::FILE* file, const Injection& injection) const {
  std::fprintf(file, "%s", injection.kind);
  if (injection.channel >= 0) std::fprintf(file, " of %s", channel_names_[injection.channel]);
}

void InjectionLog::Begin(const Injection& injection) {
  std::fprintf(stderr, "[board] inject ");
  PrintWhat(stderr, injection);
  std::fprintf(stderr, " t=%.3f..%.3f\n", Seconds(injection.first), Seconds(injection.last));
  if (count_ == kMaxListed) return;
  list_[count_++] = {injection, Outcome::kMissed, State::kNormal, 0};
}

void InjectionLog::Add(uint64_t sample, State state) {
  if (state == State::kNormal || state == State::kAnomaly) judged_ = true;
  const bool alarm = state == State::kAnomaly || state == State::kFault;
  Entry* entry = count_ > 0 ? &list_[count_ - 1] : nullptr;
  if (entry != nullptr && sample > entry->injection.watched) entry = nullptr;
  if (alarm && state != before_) {
    if (entry == nullptr) {
      ++false_alarms_;
    } else if (entry->outcome != Outcome::kFound) {
      *entry = {entry->injection, Outcome::kFound, state, sample};
    }
  } else if (alarm && entry != nullptr && sample == entry->injection.first) {
    entry->outcome = Outcome::kHidden;  // the alarm was on already
  }
  before_ = state;
}

void InjectionLog::Print(std::FILE* file) const {
  if (count_ == 0) return;
  for (int i = 0; i < count_; ++i) {
    const Entry& entry = list_[i];
    const Injection& injection = entry.injection;
    std::fprintf(file, "Summary: injected ");
    PrintWhat(file, injection);
    std::fprintf(file, ", t=%.3f..%.3f s: ", Seconds(injection.first), Seconds(injection.last));
    switch (entry.outcome) {
      case Outcome::kMissed:
        std::fprintf(file, "missed\n");
        break;
      case Outcome::kFound:
        std::fprintf(file, "found after %.1f s, %s\n", Seconds(entry.found - injection.first),
                     StateText(entry.state));
        break;
      case Outcome::kHidden:
        std::fprintf(file, "hidden by the alarm before it\n");
        break;
    }
  }
  std::fprintf(file, "Summary: alarms without an injection %" PRIu64 "\n", false_alarms_);
}

}  // namespace anomaly
