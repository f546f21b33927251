#include "NoiseEstimator.h"

#include <cmath>

void NoiseEstimator::Update(float x) {
  constexpr float kCount = static_cast<float>(kBlock);
  constexpr float kMiddle = (kCount - 1.0f) / 2.0f;
  constexpr float kTimeSquares = kCount * (kCount * kCount - 1.0f) / 12.0f;
  if (position_ == 0) {
    first_ = x;
    sum_ = weighted_sum_ = squares_ = 0.0f;
  }
  const float d = x - first_;
  sum_ += d;
  weighted_sum_ += static_cast<float>(position_) * d;
  squares_ += d * d;
  if (++position_ < kBlock) return;
  position_ = 0;
  const float slope = weighted_sum_ - kMiddle * sum_;
  const float rest = squares_ - sum_ * sum_ / kCount - slope * slope / kTimeSquares;
  if (rest > 0.0f) variances_ += rest / (kCount - 2.0f);
  ++blocks_;
}

float NoiseEstimator::sigma() const {
  return blocks_ == 0 ? 0.0f : std::sqrt(variances_ / static_cast<float>(blocks_));
}
