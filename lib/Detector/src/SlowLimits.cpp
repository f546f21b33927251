// The limits of the slow charts: what is over them, and what the days teach.
#include <cmath>

#include "SlowCharts.h"

namespace {

constexpr float kInfinity = INFINITY;
constexpr float kMemoryDays = 30.0f;
constexpr int kMostFrozen = 7;          // an alarm of so many days is learnt after all
constexpr float kDayCut = 4.2282f;      // standard deviations: what a day counts at most, later on
constexpr float kEnvelopeDays = 60.0f;  // in which the envelope leaks back to the mean
constexpr float kShare = 0.25f;         // of the span, beyond what was seen

constexpr float kIrregular = 0.35f;  // a period that differs so much from day to day is none
constexpr float kLog3 = 1.0986123f;
constexpr float kLeastCalm = 60.0f;  // minutes until an alarm ends

}  // namespace

void SlowCharts::Judge() {
  ratio_ = 0.0f;
  nearest_ = cause_ = SlowCause::kNone;
  float farthest = -kInfinity;
  for (int chart = 0; chart < kSlowCharts; ++chart) {
    Standing& standing = standings_[chart];
    const int rule = chart == kSlowClock ? kSlowDwell : chart;
    const bool judged = validity_[chart] != Validity::kNo && value_->rules[rule].reach > 0.0f;
    standing.judged = judged;
    standing.alarm = ((on_[0] | on_[1]) >> chart & 1) != 0;
    if (!judged) continue;
    if (chart < kSlowLearntCharts && validity_[chart] == Validity::kYes) {
      float* const today = learnt_.today[chart];
      today[0] = std::fmax(today[0], standing.value);
      today[1] = std::fmin(today[1], standing.value);
    }
    const Middle middle = Limit(chart);
    Latch(chart, middle);
    standing.alarm = ((on_[0] | on_[1]) >> chart & 1) != 0;
    for (int side = 0; side < kSlowSides; ++side) {
      const float sign = side == 0 ? 1.0f : -1.0f;
      const float limit = side == 0 ? standing.high : standing.low;
      if (std::isinf(limit)) continue;
      const float least = chart == kSlowClock ? 0.1f : value_->rules[chart].floor;
      const float reach = std::fmax(sign * (limit - middle.of[side]), least);
      const float ratio = std::fmax(0.0f, 1.0f + sign * (standing.value - limit) / reach);
      if (ratio > ratio_) {
        ratio_ = ratio;
        nearest_ = CauseOf(chart, side);
      }
      if ((on_[side] >> chart & 1) != 0 && ratio > farthest) {
        farthest = ratio;
        cause_ = CauseOf(chart, side);
      }
    }
  }
}

// Sets the limits of a chart; returns what is ordinary, from which its nearness counts.
SlowCharts::Middle SlowCharts::Limit(int chart) {
  Standing& standing = standings_[chart];
  standing.high = kInfinity;
  standing.low = -kInfinity;
  if (chart == kSlowClock) {
    standing.high = std::fmax(learnt_.longest - learnt_.period + kLog3,
                              6.0f * std::sqrt(learnt_.period_variance));
    return {{0.0f, 0.0f}};
  }
  if (chart < kSlowTrend) LimitLevel(chart);
  if (validity_[chart] == Validity::kYes && learnt_.days >= config_->learn_days) {
    LimitByDays(chart);
  }
  if (standing.high < standing.low) {
    standing.high = standing.low = 0.5f * (standing.high + standing.low);
  }
  const SlowExtreme* const days = learnt_.extremes[chart];
  if (learnt_.days >= 1.0f) return {{days[0].mean, days[1].mean}};
  return {{standing.high - value_->span, standing.low + value_->span}};
}

// The span about what the recording and the days have shown.
void SlowCharts::LimitLevel(int chart) {
  if (!value_->bounded) return;
  Standing& standing = standings_[chart];
  const float span = value_->span;
  // Two minutes may show a door.
  const float slack = chart == kSlowLevel && !value_->limited ? kShare * span : 0.0f;
  standing.high = learnt_.bounds[0] + slack;
  standing.low = learnt_.bounds[1] - slack;
  if (value_->limited || validity_[chart] != Validity::kYes || learnt_.days < 1.0f) return;
  const float* const seen = learnt_.seen[chart - kSlowLevel];
  float high = seen[0] + kShare * span;
  float low = seen[1] - kShare * span;
  if (learnt_.days < config_->learn_days) {
    high = std::fmax(high, seen[1] + span);
    low = std::fmin(low, seen[0] - span);
  }
  standing.high = std::fmin(standing.high, high);
  standing.low = std::fmax(standing.low, low);
}

void SlowCharts::LimitByDays(int chart) {
  const SlowExtreme* const days = learnt_.extremes[chart];
  const float most = std::fmax(days[0].variance, days[1].variance);
  if (chart == kSlowPeriod && std::sqrt(most) > kIrregular) return;
  const SlowRule& rule = value_->rules[chart];
  const float doubt = 1.0f + rule.doubt / learnt_.days;
  const float floor = rule.floor * rule.floor;
  Standing& standing = standings_[chart];
  const float up = rule.reach * std::sqrt(days[0].variance * doubt + floor);
  const float down = rule.reach * std::sqrt(days[1].variance * doubt + floor);
  standing.high = std::fmin(standing.high, days[0].mean + up);
  standing.low = std::fmax(standing.low, days[1].mean - down);
}

// On over the limit; off after a while below it, by a quarter of its distance from the middle.
void SlowCharts::Latch(int chart, const Middle& middle) {
  const Standing& standing = standings_[chart];
  const float calm = chart < kSlowTrend ? std::fmax(kLeastCalm, kSlowTau[chart]) : kLeastCalm;
  for (int side = 0; side < kSlowSides; ++side) {
    const float sign = side == 0 ? 1.0f : -1.0f;
    const float value = sign * standing.value;
    const float limit = sign * (side == 0 ? standing.high : standing.low);
    const auto bit = static_cast<uint16_t>(1u << chart);
    uint16_t& calm_minutes = calm_[chart][side];
    if (value > limit) {
      on_[side] |= bit;
      calm_minutes = 0;
      continue;
    }
    if ((on_[side] & bit) == 0) continue;
    const float low = limit - std::fmax(0.0f, limit - sign * middle.of[side]) / 4.0f;
    calm_minutes = value < low ? static_cast<uint16_t>(calm_minutes + 1) : uint16_t{0};
    if (static_cast<float>(calm_minutes) >= calm) on_[side] &= static_cast<uint16_t>(~bit);
  }
}

void SlowCharts::EndDay() {
  learnt_.days += 1.0f;
  for (int chart = 0; chart < kSlowLearntCharts; ++chart) {
    float* const today = learnt_.today[chart];
    if (today[0] > -kSlowNever) {
      for (int side = 0; side < kSlowSides; ++side) LearnSide(chart, side);
    }
    today[0] = -kSlowNever;
    today[1] = kSlowNever;
  }
}

void SlowCharts::LearnSide(int chart, int side) {
  const bool alarm = (on_[side] >> chart & 1) != 0;
  uint8_t& frozen = learnt_.frozen[chart][side];
  if (alarm && frozen < kMostFrozen) {
    ++frozen;
    return;
  }
  if (!alarm) frozen = 0;
  const float sign = side == 0 ? 1.0f : -1.0f;
  SlowExtreme& days = learnt_.extremes[chart][side];
  float value = sign * learnt_.today[chart][side];
  const float mean = sign * days.mean;
  const bool first = learnt_.days == 1.0f;
  if (learnt_.days >= config_->learn_days && !first) {
    const SlowRule& rule = value_->rules[chart];
    const float spread =
        std::sqrt(days.variance * (1.0f + rule.doubt / learnt_.days) + rule.floor * rule.floor);
    value = std::fmin(value, mean + kDayCut * spread);
  }
  if (first) {
    days = {sign * value, 0.0f};
    if (chart < kSlowTrend) learnt_.seen[chart][side] = sign * value;
    return;
  }
  if (chart < kSlowTrend) {
    float& seen = learnt_.seen[chart][side];
    const float before = sign * seen;
    seen = sign * std::fmax(value, before - (before - mean) / kEnvelopeDays);
  }
  const float weight = SlowWeight(learnt_.days, kMemoryDays);
  const float change = value - mean;
  days.mean = sign * (mean + weight * change);
  days.variance = (1.0f - weight) * (days.variance + weight * change * change);
}

// A slow level that moves within the span is a drift.
SlowCause SlowCharts::CauseOf(int chart, int side) const {
  if (chart >= kSlowPeriod) return SlowCause::kCycle;
  if (chart >= kSlowActivity) return SlowCause::kActivity;
  if (chart >= kSlowTrend) return SlowCause::kDrift;
  if (chart < kSlowLevel + kSlowFastScales || !value_->bounded) return SlowCause::kLevel;
  const float value = standings_[chart].value;
  const bool outside = side == 0 ? value > learnt_.bounds[0] : value < learnt_.bounds[1];
  return outside ? SlowCause::kLevel : SlowCause::kDrift;
}
