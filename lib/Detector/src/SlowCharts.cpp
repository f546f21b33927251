#include "SlowCharts.h"

#include <cmath>

namespace anomaly {

namespace {

constexpr float kEnergyWait[kSlowEnergies] = {30.0f, 120.0f, 120.0f};  // after a start
constexpr float kActivityWait = 240.0f;
constexpr uint16_t kDayMinutes = 1440;
constexpr float kMostMinutes = 1e6f;

// A slope moves the fastest mean as far from the next one as this part of how far it moves that.
constexpr float kOfSlope = (15.0f - 2.0f) / (60.0f - 15.0f);
constexpr float kPeriodMemory = 8.0f;     // cycles
constexpr float kVarianceMemory = 24.0f;  // cycles
constexpr float kCycleCut = 0.5f;         // log minutes
constexpr float kClockVariance = 0.09f;   // a cycle that is less regular has no clock
constexpr float kLongCycle = 3.4011974f;  // logarithm of half an hour,
constexpr uint16_t kShortCycles = 24;     // and the cycles before the clock of a shorter one
constexpr float kCycleMemory = 4320.0f;   // minutes, of the energy that sets the hysteresis

}  // namespace

const char* SlowCauseText(SlowCause cause) {
  switch (cause) {
    case SlowCause::kNone:
      return "";
    case SlowCause::kLevel:
      return "level";
    case SlowCause::kDrift:
      return "drift";
    case SlowCause::kActivity:
      return "activity";
    case SlowCause::kCycle:
      return "cycle";
  }
  return "";
}

const char* SlowChartName(int chart) {
  static const char* const kNames[kSlowCharts] = {
      "level 2 min",  "level 15 min",   "level 1 h", "level 6 h",   "level 1 day",
      "trend 15 min", "trend 1 h",      "trend 6 h", "trend 1 day", "activity 15 min",
      "activity 1 h", "activity 1 day", "period",    "dwell",       "clock"};
  return chart >= 0 && chart < kSlowCharts ? kNames[chart] : "";
}

void SlowCharts::Begin(const SlowConfig& config, const SlowValueConfig& value) {
  config_ = &config;
  value_ = &value;
  Resume(*value.trained);
}

void SlowCharts::Resume(const SlowLearnt& learnt) {
  learnt_ = learnt;
  resumed_ = true;
  since_boot_ = since_cycle_ = 0.0f;
  half_ = 0;
  on_[0] = on_[1] = 0;
  cause_ = nearest_ = SlowCause::kNone;
  ratio_ = 0.0f;
  for (Standing& standing : standings_) standing = Standing();
}

void SlowCharts::Minute(float mean) {
  if (learnt_.minutes == 0.0f) learnt_.hour_6 = learnt_.day_1 = mean;
  if (resumed_) means_[0] = means_[1] = means_[2] = mean;
  resumed_ = false;
  since_boot_ += 1.0f;
  learnt_.minutes = std::fmin(learnt_.minutes + 1.0f, kMostMinutes);
  UpdateMeans(mean);
  UpdateActivity();
  UpdateCycle();
  Judge();
  if (++learnt_.minute_of_day < kDayMinutes) return;
  learnt_.minute_of_day = 0;
  EndDay();
}

void SlowCharts::UpdateMeans(float mean) {
  const float boot = since_boot_;
  const float life = learnt_.minutes;
  means_[3] = learnt_.hour_6;
  means_[4] = learnt_.day_1;
  for (int i = 0; i < kSlowScales; ++i) {
    const bool fast = i < kSlowFastScales;
    means_[i] += (mean - means_[i]) * SlowWeight(fast ? boot : life, kSlowTau[i]);
    standings_[kSlowLevel + i].value = means_[i];
    const bool settled = fast ? boot >= 2.0f * kSlowTau[i] : life >= kSlowTau[i];
    validity_[kSlowLevel + i] = settled ? Validity::kYes : Validity::kBoundsOnly;
  }
  learnt_.hour_6 = means_[3];
  learnt_.day_1 = means_[4];
  for (int i = 0; i + 1 < kSlowScales; ++i) {
    standings_[kSlowTrend + i].value = means_[i] - means_[i + 1];
    const bool slow_settled = (i + 1 < kSlowFastScales ? boot : life) >= kSlowTau[i + 1];
    const bool both_settled = (i >= kSlowFastScales || boot >= 2.0f * kSlowTau[i]) &&
                              (i + 1 >= kSlowFastScales || boot >= 2.0f * kSlowTau[i + 1]);
    validity_[kSlowTrend + i] = slow_settled && both_settled ? Validity::kYes : Validity::kNo;
  }
}

void SlowCharts::UpdateActivity() {
  const float swings[kSlowEnergies] = {means_[0] - means_[1], means_[0] - means_[2],
                                       means_[2] - means_[4]};
  for (int i = 0; i < kSlowEnergies; ++i) {
    float& energy = learnt_.energies[i];
    // Sooner, what a mean does that has just begun anew would leak into it.
    if (since_boot_ >= kEnergyWait[i]) {
      energy += (swings[i] * swings[i] - energy) * SlowWeight(learnt_.minutes, kSlowEnergyTau[i]);
    }
    standings_[kSlowActivity + i].value = 0.5f * std::log(energy + 4.0f * value_->quiet);
    const bool settled =
        learnt_.minutes >= 2.0f * kSlowEnergyTau[i] && since_boot_ >= kActivityWait;
    validity_[kSlowActivity + i] = settled ? Validity::kYes : Validity::kNo;
  }
}

// A cycle begins where the deviation of the fastest mean, without that of a slope, rises through
// the hysteresis after it was below it.
void SlowCharts::UpdateCycle() {
  const float swing = means_[0] - means_[1] - kOfSlope * (means_[1] - means_[2]);
  const float hysteresis =
      std::fmax(4.0f * std::sqrt(value_->quiet), 0.4f * std::sqrt(learnt_.cycle_energy));
  learnt_.cycle_energy +=
      (swing * swing - learnt_.cycle_energy) * SlowWeight(learnt_.minutes, kCycleMemory);
  since_cycle_ += 1.0f;
  if (half_ <= 0 && swing > hysteresis) {
    if (half_ < 0) BeginCycle();
    half_ = 1;
    since_cycle_ = 0.0f;
  } else if (half_ >= 0 && swing < -hysteresis) {
    half_ = -1;
  }
  const float length = std::log(std::fmax(since_cycle_, 1.0f));
  const float over = length - learnt_.period;
  standings_[kSlowPeriod].value =
      over > 0.0f ? learnt_.period + std::fmin(kCycleCut, over) / 8.0f : learnt_.period;
  standings_[kSlowDwell].value = length;
  standings_[kSlowClock].value = over;
  const bool known = learnt_.cycles >= kSlowLeastCycles;
  validity_[kSlowPeriod] = validity_[kSlowDwell] = known ? Validity::kYes : Validity::kNo;
  const uint16_t needed = learnt_.period >= kLongCycle ? kSlowLeastCycles : kShortCycles;
  const bool clock = learnt_.cycles >= needed && learnt_.period_variance < kClockVariance &&
                     learnt_.days < config_->learn_days;
  validity_[kSlowClock] = clock ? Validity::kYes : Validity::kNo;
}

void SlowCharts::BeginCycle() {
  const float length = std::log(since_cycle_);
  float change = length - learnt_.period;
  if (learnt_.cycles < UINT16_MAX) ++learnt_.cycles;
  const bool known = learnt_.cycles > kSlowFirstCycles;
  if (known) {
    learnt_.longest = std::fmax(length, learnt_.longest - 0.005f);
    change = std::fmax(-kCycleCut, std::fmin(kCycleCut, change));
  }
  const float cycles = static_cast<float>(learnt_.cycles);
  learnt_.period += change * SlowWeight(cycles, kPeriodMemory);
  if (!known) return;
  learnt_.period_variance +=
      (change * change - learnt_.period_variance) *
      SlowWeight(cycles - static_cast<float>(kSlowFirstCycles), kVarianceMemory);
}

}  // namespace anomaly
