#include "GenericModel.h"

#include <algorithm>
#include <cmath>

namespace anomaly {

namespace {
constexpr float kDaySeconds = 86400.0f;
// Of a value that moves in steps, the noise is at least half a step, and what a float tells apart.
constexpr float kOfStep = 0.5f;
constexpr float kOfValue = 1e-6f;
constexpr float kManySteps = 2.0f;
constexpr float kFarSmaller = 0.5f;
constexpr float kLeastNoise = 1e-30f;
constexpr float kSmallest = 1000.0f;  // changes that count, a span
// The fast part is for noise about a level. Samples that are farther apart are a life of their own:
// the slow charts judge it alone, those that average over six samples at least, and may be wrong
// once a month.
constexpr float kFastestSeconds = 60.0f;
constexpr float kTimedSeconds = 5.0f;     // of what swings more slowly the length is not judged
constexpr float kSettleSeconds = 300.0f;  // after a start, in which limits are not learnt
constexpr float kLeastSamples = 6.0f;
constexpr float kOnceAMonth = 0.94f;  // of a chart's reach: 0.78 ln(0.0333 / 0.01)
// An alarm that is longer than both is no event.
constexpr uint32_t kLongestFrames = 30;
constexpr int64_t kLongestUs = 600 * 1000000LL;
}  // namespace

void GenericModel::Begin(const DetectorConfig& trained) {
  trained_ = &trained;
  detector_ = trained;
  if (trained.learning != nullptr) {
    learning_ = *trained.learning;
    detector_.learning = &learning_;
  }
  if (trained.slow != nullptr) {
    slow_ = *trained.slow;
    value_ = slow_.values[0];
    for (int i = 0; i < kSlowLearntCharts; ++i) rules_[i] = value_.rules[i];
    value_.rules = rules_;
    slow_.values = &value_;
    detector_.slow = &slow_;
  }
}

void GenericModel::SetPeriod(float seconds) {
  if (!(seconds >= kLeastSeconds)) seconds = kLeastSeconds;
  if (seconds > kMostSeconds) seconds = kMostSeconds;
  slow_.frame_us = static_cast<int64_t>(seconds * 1e6f + 0.5f);
  const bool seldom = seconds > kFastestSeconds;
  if (trained_->learning != nullptr) {
    const LearningConfig& trained = *trained_->learning;
    learning_.day_frames = static_cast<uint32_t>(std::fmax(1.0f, kDaySeconds / seconds + 0.5f));
    const auto settle = static_cast<uint32_t>(kSettleSeconds / seconds);
    const uint32_t least = trained_->decision.warmup_frames;
    learning_.settle_frames = std::max(std::min(settle, trained.settle_frames), least);
    learning_.oscillation = seconds > kTimedSeconds ? int8_t{-1} : trained.oscillation;
  }
  detector_.decision.threshold = seldom ? kNoThreshold : trained_->decision.threshold;
  detector_.decision.chart_threshold = seldom ? 0.0f : trained_->decision.chart_threshold;
  for (int i = 0; trained_->slow != nullptr && i < kSlowLearntCharts; ++i) {
    const bool averages = SlowAveraging(i) * 60.0f >= kLeastSamples * seconds;
    const float reach = trained_->slow->values[0].rules[i].reach;
    rules_[i].reach = !seldom ? reach : averages ? reach - kOnceAMonth : 0.0f;
  }
  if (knows_noise()) SetNoise(sigma_);
}

void GenericModel::Measure(uint32_t frames) {
  noise_.Reset();
  sigma_ = step_ = 0.0f;
  left_ = frames < kFirstFrames ? kFirstFrames : frames;
}

void GenericModel::Interrupt() { noise_.Interrupt(); }

// The span is that of a noise of 1 as well: floors of levels and trends are in the value's unit.
void GenericModel::SetNoise(float sigma) {
  sigma_ = sigma;
  if (trained_->slow == nullptr) return;
  const SlowValueConfig& trained = trained_->slow->values[0];
  value_.span = trained.span * sigma;
  const float frames = std::fmax(6e7f / static_cast<float>(slow_.frame_us), 1.0f);
  const float small = value_.span / kSmallest;
  value_.quiet = sigma * sigma / frames + small * small;
  for (int i = 0; i < kSlowActivity; ++i) rules_[i].floor = trained.rules[i].floor * sigma;
}

bool GenericModel::Outlasts(bool alarm) {
  alarm_ = alarm ? alarm_ + 1 : 0;
  if (alarm_ < kLongestFrames || alarm_ * slow_.frame_us < kLongestUs) return false;
  alarm_ = 0;
  return true;
}

// The smallest change so far. Where the last one was the noise, and this one is far smaller, the
// noise is not known after all.
void GenericModel::TakeStep(float change) {
  if (sigma_ == kOfStep * step_ && change < kFarSmaller * step_) Measure(0);
  step_ = change;
}

bool GenericModel::IsStuck(float value) {
  const float change = std::fabs(value - previous_);
  if (has_previous_ && change == 0.0f) {
    if (equal_ < UINT32_MAX) ++equal_;
  } else {
    if (has_previous_ && (step_ == 0.0f || change < step_)) TakeStep(change);
    if (equal_ >= most_equal_) most_equal_ = equal_ < UINT32_MAX / 2 ? 2 * equal_ : UINT32_MAX;
    equal_ = 1;
  }
  previous_ = value;
  has_previous_ = true;
  const bool noisy = knows_noise() && step_ > 0.0f && sigma_ >= kManySteps * step_;
  return noisy && equal_ >= most_equal_;
}

bool GenericModel::Take(float value) {
  if (step_ == 0.0f) return false;  // it has not moved yet
  noise_.Update(value);
  if (left_ > 0) --left_;
  if (left_ > 0 || noise_.blocks() == 0) return false;
  const float known = std::fmax(kOfStep * step_, kOfValue * std::fabs(value));
  SetNoise(std::fmax(std::fmax(noise_.sigma(), known), kLeastNoise));
  return true;
}

}  // namespace anomaly
