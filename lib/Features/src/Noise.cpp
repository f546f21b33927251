#include "Noise.h"

#include <cmath>

namespace anomaly {

bool NoiseBlock::Update(float x) {
  constexpr float kCount = static_cast<float>(kSize);
  constexpr float kMiddle = (kCount - 1.0f) / 2.0f;
  constexpr float kTimeSquares = kCount * (kCount * kCount - 1.0f) / 12.0f;
  if (position_ == 0) {
    first_ = x;
    sum_ = weighted_sum_ = squares_ = 0.0f;
  }
  const float d = x - first_;
  sum_ += d;
  weighted_sum_ += (static_cast<float>(position_) - kMiddle) * d;
  squares_ += d * d;
  if (++position_ < kSize) return false;
  position_ = 0;
  const float rest = squares_ - sum_ * sum_ / kCount - weighted_sum_ * weighted_sum_ / kTimeSquares;
  squares_ = rest > 0.0f ? rest / (kCount - 2.0f) : 0.0f;
  return true;
}

void NoiseEstimator::Update(float x) {
  if (!block_.Update(x)) return;
  variances_ += block_.variance();
  ++blocks_;
}

float NoiseEstimator::sigma() const {
  return blocks_ == 0 ? 0.0f : std::sqrt(variances_ / static_cast<float>(blocks_));
}

void AdaptiveNoise::Set(float sigma, const NoiseAdaptation& adaptation) {
  block_.Reset();
  variance_.Set(sigma * sigma);
  count_ = adaptation.measured;
  measured_ = sigma_ = sigma;
}

void AdaptiveNoise::Update(float x, const NoiseAdaptation& adaptation) {
  constexpr float kBlockBound = 2.0f;
  if (adaptation.limit <= 1.0f || !block_.Update(x)) return;
  count_ = count_ + 1.0f < adaptation.memory ? count_ + 1.0f : adaptation.memory;
  const float bound = kBlockBound * variance_.value();
  const float counted = block_.variance() < bound ? block_.variance() : bound;
  variance_.Add(variance_.SubtractedFrom(counted) / count_);
  // The variance itself is held within the limit: what lies beyond need not be unlearnt later.
  const float lowest = measured_ / adaptation.limit;
  const float highest = measured_ * adaptation.limit;
  if (variance_.value() < lowest * lowest) variance_.Set(lowest * lowest);
  if (variance_.value() > highest * highest) variance_.Set(highest * highest);
  sigma_ = std::sqrt(variance_.value());
}

}  // namespace anomaly
