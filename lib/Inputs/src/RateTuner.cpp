#include "RateTuner.h"

#include <cmath>

namespace anomaly {

namespace {

constexpr int64_t kWindowUs = 400'000;  // ten blocks of DMA, of which each end is a millisecond off
constexpr float kTolerance = 0.01f;
constexpr int kMostTries = 4;

}  // namespace

RateTuner::Result RateTuner::Take(uint32_t conversions, int64_t micros) {
  if (!measures_) {  // what came first may have waited
    measures_ = true;
    since_ = micros;
    count_ = 0;
    return Result::kMeasures;
  }
  count_ += conversions;
  const int64_t taken = micros - since_;
  if (taken < kWindowUs) return Result::kMeasures;
  measures_ = false;
  measured_hz_ = static_cast<float>(count_) / (1e-6f * static_cast<float>(taken));
  if (std::fabs(measured_hz_ / wanted_hz_ - 1.0f) <= kTolerance) return Result::kRight;
  const float next_hz = ask_hz_ * wanted_hz_ / measured_hz_;
  // Half and double are no error of a divider.
  if (++tries_ >= kMostTries || !(next_hz > 0.5f * wanted_hz_ && next_hz < 2.0f * wanted_hz_)) {
    return Result::kGivesUp;
  }
  ask_hz_ = next_hz;
  return Result::kAskAgain;
}

}  // namespace anomaly
