// The limits of the slow charts: what is over them, and what the days teach.
#include <algorithm>
#include <cmath>

#include "SlowCharts.h"

namespace anomaly {

namespace {

constexpr float kInfinity = INFINITY;
constexpr float kMemoryDays = 30.0f;
constexpr int kMostFrozen = 7;          // an alarm of so many days is learnt after all
constexpr float kDayCut = 4.2282f;      // standard deviations: what a day counts at most, later on
constexpr float kEnvelopeDays = 60.0f;  // in which the envelope leaks back to the mean
constexpr float kShare = 0.25f;         // of the span, beyond what was seen
constexpr float kMostOfToday = 0.75f;   // of the span, that today takes away from a limit

constexpr float kIrregular = 0.35f;  // a period that differs so much from day to day is none
constexpr float kLog3 = 1.0986123f;
constexpr float kDoubtfulCycles = 8.0f;  // of which half of the period's variance has been seen
constexpr float kLeastCalm = 60.0f;      // minutes until an alarm ends

}  // namespace

void SlowCharts::Judge() {
  SeeToday();
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

void SlowCharts::SeeToday() {
  for (int chart = 0; chart < kSlowLearntCharts; ++chart) {
    if (validity_[chart] != Validity::kYes || value_->rules[chart].reach <= 0.0f) continue;
    float* const today = learnt_.today[chart];
    today[0] = std::fmax(today[0], standings_[chart].value);
    today[1] = std::fmin(today[1], standings_[chart].value);
  }
}

// Sets the limits of a chart; returns what is ordinary, from which its nearness counts.
SlowCharts::Middle SlowCharts::Limit(int chart) {
  Standing& standing = standings_[chart];
  standing.high = kInfinity;
  standing.low = -kInfinity;
  if (chart == kSlowClock) {
    const float cycles = static_cast<float>(std::max(learnt_.cycles, kSlowLeastCycles));
    const float doubt = 1.0f + kDoubtfulCycles / (cycles - static_cast<float>(kSlowFirstCycles));
    standing.high = std::fmax(learnt_.longest - learnt_.period + kLog3,
                              6.0f * std::sqrt(learnt_.period_variance * doubt));
    return {{0.0f, 0.0f}};
  }
  if (chart < kSlowTrend) LimitLevel(chart);
  if (validity_[chart] == Validity::kYes) LimitByDays(chart);
  if (standing.high < standing.low) {
    standing.high = standing.low = 0.5f * (standing.high + standing.low);
  }
  const SlowExtreme* const days = learnt_.extremes[chart];
  const uint8_t* const known = learnt_.known_days[chart];
  return {{known[0] > 0 ? days[0].mean : standing.high - value_->span,
           known[1] > 0 ? days[1].mean : standing.low + value_->span}};
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
  if (value_->limited) return;
  const float* const today = Today(chart);
  if (today != nullptr) {
    const float most = kMostOfToday * span;
    const float high = std::fmax(today[1] + span, learnt_.bounds[0] - most) + slack;
    const float low = std::fmin(today[0] - span, learnt_.bounds[1] + most) - slack;
    standing.high = std::fmin(standing.high, high);
    standing.low = std::fmax(standing.low, low);
  }
  const uint8_t* const known = learnt_.known_days[chart];
  if (validity_[chart] != Validity::kYes || known[0] == 0 || known[1] == 0) return;
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

// Until a day is known: the highest and the lowest of today that count for a level, if any.
float* SlowCharts::Today(int chart) {
  const int shown = std::max<int>(chart, kSlowLevel + 1);  // two minutes may show a door
  const uint8_t* const known = learnt_.known_days[shown];
  float* const today = learnt_.today[shown];
  return known[0] == 0 && known[1] == 0 && today[0] >= today[1] ? today : nullptr;
}

void SlowCharts::LimitByDays(int chart) {
  const SlowExtreme* const days = learnt_.extremes[chart];
  const float most = std::fmax(days[0].variance, days[1].variance);
  if (chart == kSlowPeriod && std::sqrt(most) > kIrregular) return;
  const float reach = value_->rules[chart].reach;
  Standing& standing = standings_[chart];
  for (int side = 0; side < kSlowSides; ++side) {
    if (static_cast<float>(learnt_.known_days[chart][side]) < config_->learn_days) continue;
    const float distance = reach * Spread(chart, side);
    if (side == 0) {
      standing.high = std::fmin(standing.high, days[0].mean + distance);
    } else {
      standing.low = std::fmax(standing.low, days[1].mean - distance);
    }
  }
}

// The standard deviation of the days that is believed.
float SlowCharts::Spread(int chart, int side) const {
  const SlowRule& rule = value_->rules[chart];
  const float known = std::fmax(static_cast<float>(learnt_.known_days[chart][side]), 1.0f);
  const float variance = learnt_.extremes[chart][side].variance * (1.0f + rule.doubt / known);
  return std::sqrt(variance + rule.floor * rule.floor);
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
  uint8_t& known = learnt_.known_days[chart][side];
  if (known < UINT8_MAX) ++known;
  const bool first = known == 1;
  if (static_cast<float>(known) >= config_->learn_days && !first) {
    value = std::fmin(value, mean + kDayCut * Spread(chart, side));
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
  const float weight = SlowWeight(static_cast<float>(known), kMemoryDays);
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

SlowCharts::Change SlowCharts::Widen() {
  Change change;
  float farthest = -kInfinity;
  for (int side = 0; side < kSlowSides; ++side) WidenSpan(side);
  for (int chart = 0; chart < kSlowCharts; ++chart) {
    for (int side = 0; side < kSlowSides; ++side) {
      if ((on_[side] >> chart & 1) == 0) continue;
      const Standing before = standings_[chart];
      WidenSide(chart, side);
      (void)Limit(chart);
      on_[side] &= static_cast<uint16_t>(~(1u << chart));
      calm_[chart][side] = 0;
      const float from = side == 0 ? before.high : before.low;
      const float over = std::fabs(before.value - from) / value_->span;
      if (change.chart >= 0 && over <= farthest) continue;
      farthest = over;
      change = {static_cast<int8_t>(chart), from,
                side == 0 ? standings_[chart].high : standings_[chart].low};
    }
  }
  cause_ = SlowCause::kNone;
  return change;
}

// What the levels of a side have in common: once, however many of them are in alarm.
void SlowCharts::WidenSpan(int side) {
  float most_over = -1.0f;
  for (int chart = 0; chart < kSlowTrend; ++chart) {
    if ((on_[side] >> chart & 1) != 0) most_over = std::fmax(most_over, Over(chart, side));
  }
  if (most_over < 0.0f) return;
  const float most = kShare * value_->span;
  const float wider = (side == 0 ? 1.0f : -1.0f) * std::fmin(most_over + most / 5.0f, most);
  learnt_.bounds[side] += wider;
  for (int chart = kSlowLevel + 1; chart < kSlowTrend; ++chart) {
    float* const today = Today(chart);
    if (today != nullptr) today[1 - side] += wider;  // which the limit is a span away from
  }
}

void SlowCharts::WidenSide(int chart, int side) {
  if (chart == kSlowClock) {
    learnt_.longest = std::fmax(learnt_.longest, standings_[kSlowDwell].value);
    return;
  }
  const float sign = side == 0 ? 1.0f : -1.0f;
  learnt_.extremes[chart][side].mean += sign * (Over(chart, side) + Spread(chart, side));
  if (chart >= kSlowTrend) return;
  float& seen = learnt_.seen[chart][side];
  seen = sign * std::fmax(sign * seen, sign * standings_[chart].value);
}

// How far a chart is over its limit.
float SlowCharts::Over(int chart, int side) const {
  const Standing& standing = standings_[chart];
  return std::fmax(0.0f,
                   side == 0 ? standing.value - standing.high : standing.low - standing.value);
}

SlowCharts::Change SlowCharts::MoveLevel() {
  const float before = learnt_.day_1;
  const float move = means_[0] - before;
  for (int chart = 0; chart < kSlowTrend; ++chart) {
    for (int side = 0; side < kSlowSides; ++side) {
      learnt_.extremes[chart][side].mean += move;
      learnt_.seen[chart][side] += move;
      learnt_.today[chart][side] = side == 0 ? -kSlowNever : kSlowNever;
      on_[side] &= static_cast<uint16_t>(~(1u << chart));
    }
  }
  for (float& mean : means_) mean = means_[0];
  learnt_.hour_6 = learnt_.day_1 = means_[0];
  if (!value_->limited) {
    learnt_.bounds[0] = means_[0] + value_->span;
    learnt_.bounds[1] = means_[0] - value_->span;
  }
  cause_ = SlowCause::kNone;
  return {kSlowLevel, before, means_[0]};
}

}  // namespace anomaly
