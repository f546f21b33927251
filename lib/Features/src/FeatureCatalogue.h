// The catalogue of features: one type each, which is named once more in the two lists at the end.
// training/features.py holds the same as functions of a whole recording, and a test compares the
// two. Each takes one sample at a time, keeps a few floats, and needs no heap.
#pragma once

#include <cmath>
#include <cstdint>
#include <variant>

#include "CompensatedSum.h"
#include "FeatureSpec.h"

// A robust exponential mean. The n-th sample weighs 1 / min(n, tau); its deviation from the mean is
// cut to a bound that never falls below 3 sigma, grows while deviations fill it and shrinks when
// they do not: four samples of nonsense hardly move it, a level that stays is soon followed.
class Follower {
 public:
  // `sigma` > 0 in the unit of x, `tau` >= 1 in samples. Returns x minus the mean before it; 0 for
  // the first sample.
  float Update(float x, float sigma, float tau);

  float mean() const { return mean_.value(); }
  float Minus(const Follower& other) const { return mean_.Minus(other.mean_); }

 private:
  CompensatedSum mean_;
  float bound_ = 0.0f;
  float count_ = 0.0f;
};

// Exponential mean of min(h^2, 6) from zero, and its cube root, which makes a chi-square nearly
// normal (E. B. Wilson and M. M. Hilferty, 1931). `h` in multiples of its normal deviation. The
// bound keeps short what a few samples of nonsense leave behind.
class Energy {
 public:
  float Update(float h, float tau);

 private:
  CompensatedSum energy_;
};

// What a feature has unless it says otherwise. It also has `kBehaviour`, what a person would call a
// deviation of it ("level", "slope", "jump", "noise" or "oscillation"), and Update(): the sample,
// the noise of its channel, > 0, and what the profile says.
struct FeatureBase {
  // Whether a value of the channel can be read back from it: the one that the feature would have
  // answered with `feature` at the last update, when the noise was `sigma`.
  static constexpr bool kInvertible = false;
  float Invert(float feature, float /*sigma*/) const { return feature; }
};

// The sample itself.
struct Value : FeatureBase {
  static constexpr const char* kBehaviour = "level";
  static constexpr bool kInvertible = true;
  float Update(float x, float /*sigma*/, const FeatureSpec&) { return x; }
};

// Deviation from the mean before this sample, in sigma.
class Level : public FeatureBase {
 public:
  static constexpr const char* kBehaviour = "level";
  static constexpr bool kInvertible = true;
  float Update(float x, float sigma, const FeatureSpec& spec) { return Update(x, sigma, spec.a); }
  float Update(float x, float sigma, float tau) {
    const float deviation = mean_.Update(x, sigma, tau);
    before_ = x - deviation;
    return deviation / sigma;
  }
  float Invert(float level, float sigma) const { return before_ + level * sigma; }

 private:
  Follower mean_;
  float before_ = 0.0f;
};

// Difference to the previous sample over sqrt(2) sigma; 0 for the first sample.
class Jump : public FeatureBase {
 public:
  static constexpr const char* kBehaviour = "jump";
  float Update(float x, float sigma, const FeatureSpec&) { return Update(x, sigma); }
  float Update(float x, float sigma) {
    const float difference = started_ ? x - previous_ : 0.0f;
    previous_ = x;
    started_ = true;
    return difference / (kSqrt2 * sigma);
  }

 private:
  static constexpr float kSqrt2 = 1.41421356f;
  float previous_ = 0.0f;
  bool started_ = false;
};

// Fast mean minus slow mean, in sigma, both with this sample in them.
class Trend : public FeatureBase {
 public:
  static constexpr const char* kBehaviour = "slope";
  float Update(float x, float sigma, const FeatureSpec& spec) {
    return Update(x, sigma, spec.a, spec.b);
  }
  float Update(float x, float sigma, float fast_tau, float slow_tau) {
    fast_.Update(x, sigma, fast_tau);
    slow_.Update(x, sigma, slow_tau);
    return fast_.Minus(slow_) / sigma;
  }

 private:
  Follower fast_;
  Follower slow_;
};

// Variance of Trend for white noise of variance one.
constexpr float TrendVariance(float fast_tau, float slow_tau) {
  return 1.0f / (2.0f * fast_tau - 1.0f) + 1.0f / (2.0f * slow_tau - 1.0f) -
         2.0f / (fast_tau + slow_tau - 1.0f);
}

// Plain exponential mean from the first sample, in the sensor's unit: for channels whose level
// itself matters, such as the pressure of a pump.
class Smooth : public FeatureBase {
 public:
  static constexpr const char* kBehaviour = "level";
  static constexpr bool kInvertible = true;
  float Update(float x, float /*sigma*/, const FeatureSpec& spec) { return Update(x, spec.a); }
  float Update(float x, float tau) {
    if (started_) {
      mean_.Add(mean_.SubtractedFrom(x) / tau);
    } else {
      mean_.Set(x);
    }
    started_ = true;
    return mean_.value();
  }

 private:
  CompensatedSum mean_;
  bool started_ = false;
};

// Energy of Jump.
class JumpEnergy : public FeatureBase {
 public:
  static constexpr const char* kBehaviour = "noise";
  float Update(float x, float sigma, const FeatureSpec& spec) {
    return energy_.Update(jump_.Update(x, sigma), spec.a);
  }

 private:
  Jump jump_;
  Energy energy_;
};

// Energy of Level.
class LevelEnergy : public FeatureBase {
 public:
  static constexpr const char* kBehaviour = "noise";
  float Update(float x, float sigma, const FeatureSpec& spec) {
    return energy_.Update(level_.Update(x, sigma, spec.a), spec.b);
  }

 private:
  Level level_;
  Energy energy_;
};

// Energy of Trend, over its variance for white noise.
class TrendEnergy : public FeatureBase {
 public:
  static constexpr const char* kBehaviour = "oscillation";
  float Update(float x, float sigma, const FeatureSpec& spec) {
    const float trend = trend_.Update(x, sigma, spec.a, spec.b);
    return energy_.Update(trend / std::sqrt(TrendVariance(spec.a, spec.b)), spec.c);
  }

 private:
  Trend trend_;
  Energy energy_;
};

// All features, twice in the same order: by name, and what one of them remembers.
enum class FeatureKind : uint8_t {
  kValue,
  kSmooth,
  kLevel,
  kJump,
  kTrend,
  kJumpEnergy,
  kLevelEnergy,
  kTrendEnergy,
};
using FeatureState =
    std::variant<Value, Smooth, Level, Jump, Trend, JumpEnergy, LevelEnergy, TrendEnergy>;
