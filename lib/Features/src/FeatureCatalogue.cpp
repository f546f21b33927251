#include "FeatureCatalogue.h"

#include <cmath>

namespace anomaly {

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

float Energy::Update(float h, float tau, float bound) {
  const float square = h * h;
  energy_.Add(energy_.SubtractedFrom(square < bound ? square : bound) / tau);
  return std::cbrt(energy_.value());
}

}  // namespace anomaly
