#include "FeatureCatalogue.h"

#include <cmath>

void RollingWindow::Reset(int size) {
  size_ = static_cast<int16_t>(size);
  count_ = 0;
  next_ = 0;
}

void RollingWindow::Push(float x) {
  samples_[next_] = x;
  next_ = static_cast<int16_t>(next_ + 1 == size_ ? 0 : next_ + 1);
  if (count_ < size_) ++count_;
}

float RollingWindow::At(int i) const {
  const int index = (count_ < size_ ? 0 : next_) + i;
  return samples_[index < size_ ? index : index - size_];
}

float RollingWindow::Mean() const {
  if (count_ == 0) return 0.0f;
  // Sums of differences to one of the samples: small numbers keep their digits.
  const float reference = samples_[0];
  float sum = 0.0f;
  for (int i = 0; i < count_; ++i) sum += samples_[i] - reference;
  return reference + sum / static_cast<float>(count_);
}

float RollingWindow::Variance() const {
  if (count_ == 0) return 0.0f;
  const float mean = Mean();
  float sum = 0.0f;
  for (int i = 0; i < count_; ++i) sum += (samples_[i] - mean) * (samples_[i] - mean);
  return sum / static_cast<float>(count_);
}

float RollingWindow::Slope(float sample_rate_hz) const {
  if (count_ < 2) return 0.0f;
  const float n = static_cast<float>(count_);
  const float middle = (n - 1.0f) / 2.0f;
  const float reference = samples_[0];
  float sum = 0.0f;
  for (int i = 0; i < count_; ++i) sum += (static_cast<float>(i) - middle) * (At(i) - reference);
  // The sum of the squared times is n (n^2 - 1) / 12.
  return sum * 12.0f / (n * (n * n - 1.0f)) * sample_rate_hz;
}

float Follower::Update(float x, float sigma, float tau) {
  constexpr float kLowestBound = 3.0f;
  constexpr float kBoundDecay = 0.9f;
  constexpr float kBoundGain = 0.25f;
  const float lowest = kLowestBound * sigma;
  if (count_ == 0.0f) {
    mean_.Set(x);
    bound_ = lowest;
    count_ = 1.0f;
    return 0.0f;
  }
  const float deviation = mean_.SubtractedFrom(x);
  float size = std::fabs(deviation);
  if (size > bound_) size = bound_;
  count_ = count_ + 1.0f < tau ? count_ + 1.0f : tau;
  mean_.Add(std::copysign(size, deviation) / count_);
  const float bound = kBoundDecay * bound_ + kBoundGain * size;
  bound_ = bound > lowest ? bound : lowest;
  return deviation;
}

float Energy::Update(float h, float tau) {
  constexpr float kBound = 6.0f;
  const float square = h * h;
  energy_.Add(energy_.SubtractedFrom(square < kBound ? square : kBound) / tau);
  return std::cbrt(energy_.value());
}

float ZScore::Update(float x, float sigma, float tau) {
  constexpr float kBound = 9.0f;
  const float level = level_.Update(x, sigma, tau);
  const float variance = variance_.value() > kLeastVariance ? variance_.value() : kLeastVariance;
  deviation_ = std::sqrt(variance);
  const float square = level * level;
  const float bound = kBound * variance;
  variance_.Add(variance_.SubtractedFrom(square < bound ? square : bound) / tau);
  return level / deviation_;
}

float ZScore::Invert(float score, float sigma) const {
  return level_.Invert(score * deviation_, sigma);
}
