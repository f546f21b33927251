#include "SlowWatch.h"

#include <cmath>

namespace anomaly {

namespace {
constexpr int64_t kMinuteMicros = 60'000'000;
}

SlowWatch::SlowWatch(const SlowConfig* config, SlowValue* values, int count)
    : config_(config), values_(values), count_(config == nullptr ? 0 : count) {
  for (int i = 0; i < count_; ++i) values_[i].charts.Begin(*config, config->values[i]);
}

void SlowWatch::Take(const float* frame) {
  if (!exists()) return;
  if (frame != nullptr) {
    for (int i = 0; i < count_; ++i) {
      SlowValue& value = values_[i];
      if (taken_ == 0.0f) {
        value.first = frame[i];
        value.sum = 0.0f;
      } else {
        value.sum += frame[i] - value.first;
      }
    }
    taken_ += 1.0f;
  }
  frames_ += 1.0f;
  elapsed_us_ += config_->frame_us;
  if (elapsed_us_ >= kMinuteMicros) EndMinutes();
}

void SlowWatch::EndMinutes() {
  const bool enough = taken_ > 0.0f && 2.0f * taken_ >= frames_;
  for (; elapsed_us_ >= kMinuteMicros; elapsed_us_ -= kMinuteMicros) {
    if (!enough) continue;
    for (int i = 0; i < count_; ++i) {
      values_[i].charts.Minute(values_[i].first + values_[i].sum / taken_);
    }
  }
  frames_ = taken_ = 0.0f;
  Find();
}

// The values that are told about.
void SlowWatch::Find() {
  nearest_ = 0;
  alarm_ = -1;
  for (int i = 0; i < count_; ++i) {
    const SlowCharts& charts = values_[i].charts;
    if (charts.ratio() > values_[nearest_].charts.ratio()) nearest_ = i;
    const bool farther = alarm_ < 0 || charts.ratio() > values_[alarm_].charts.ratio();
    if (charts.on() && farther) alarm_ = i;
  }
}

void SlowWatch::Resume() {
  for (int i = 0; i < count_; ++i) values_[i].charts.Resume();
  elapsed_us_ = 0;
  frames_ = taken_ = 0.0f;
  nearest_ = 0;
  alarm_ = -1;
}

SlowWatch::Change SlowWatch::Widen() {
  const int shown = alarm_;
  Change change;
  for (int i = 0; i < count_; ++i) {
    const SlowCharts::Change one = values_[i].charts.Widen();
    if (i == shown) change = {static_cast<int8_t>(i), one};
  }
  Find();
  return change;
}

SlowWatch::Change SlowWatch::MoveLevel() {
  Change change;
  float farthest = -1.0f;
  for (int i = 0; i < count_; ++i) {
    const SlowCharts::Change one = values_[i].charts.MoveLevel();
    const float spans = std::fabs(one.to - one.from) / config_->values[i].span;
    if (spans <= farthest) continue;
    farthest = spans;
    change = {static_cast<int8_t>(i), one};
  }
  Find();
  return change;
}

void SlowWatch::Forget() {
  for (int i = 0; i < count_; ++i) values_[i].charts.Resume(*config_->values[i].trained);
  Resume();
}

}  // namespace anomaly
