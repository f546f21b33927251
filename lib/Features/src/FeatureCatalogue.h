// The catalogue of features: one type each, which is named once more in the two lists at the end.
// training/features.py holds the same as functions of a whole recording, and a test compares the
// two. Each takes one sample at a time, keeps a few floats, and needs no heap.
#pragma once

#include <cmath>
#include <cstdint>
#include <variant>

#include "CompensatedSum.h"
#include "FeatureSpec.h"

namespace anomaly {

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

// A plain exponential mean: the n-th sample weighs 1 / min(n, tau).
class GrowingMean {
 public:
  void Update(float x, float tau) {
    if (count_ == 0.0f) mean_.Set(x);
    count_ = count_ + 1.0f < tau ? count_ + 1.0f : tau;
    mean_.Add(mean_.SubtractedFrom(x) / count_);
  }

  // Of the first sample it has not seen yet, 0.
  float Before(float x) const { return count_ == 0.0f ? 0.0f : mean_.SubtractedFrom(x); }
  float Minus(const GrowingMean& other) const { return mean_.Minus(other.mean_); }

 private:
  CompensatedSum mean_;
  float count_ = 0.0f;
};

// Exponential mean of min(h^2, bound) from zero, and its cube root, which makes a chi-square nearly
// normal (E. B. Wilson and M. M. Hilferty, 1931). `h` in multiples of its normal deviation. The
// bound keeps short what a few samples of nonsense leave behind.
class Energy {
 public:
  static constexpr float kBound = 6.0f;

  float Update(float h, float tau, float bound = kBound);

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
  static constexpr bool kInvertible = true;
  float Update(float x, float sigma, const FeatureSpec&) { return Update(x, sigma); }
  float Update(float x, float sigma) {
    before_ = started_ ? previous_ : x;
    previous_ = x;
    started_ = true;
    return (x - before_) / (kSqrt2 * sigma);
  }
  float Invert(float jump, float sigma) const { return before_ + kSqrt2 * sigma * jump; }

 private:
  static constexpr float kSqrt2 = 1.41421356f;
  float before_ = 0.0f;
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

// Deviation from the line through two plain means before the sample, one step on, in sigma: a ramp
// does not move it for long. The means are those of a fast and a slow time constant (R. G. Brown,
// "Smoothing, Forecasting and Prediction", 1963, has the line through two such means).
class Level2 : public FeatureBase {
 public:
  static constexpr const char* kBehaviour = "level";
  static constexpr bool kInvertible = true;
  float Update(float x, float sigma, const FeatureSpec& spec) {
    const float deviation = 2.0f * fast_.Before(x) - slow_.Before(x);
    before_ = x - deviation;
    fast_.Update(x, spec.a);
    slow_.Update(x, spec.b);
    return deviation / sigma;
  }
  float Invert(float level, float sigma) const { return before_ + level * sigma; }

 private:
  GrowingMean fast_;
  GrowingMean slow_;
  float before_ = 0.0f;
};

// Energy of what passes a band: plain means of four time constants, each twice the one before, such
// that constants, ramps and parabolas cancel. Its bound keeps the two kinks of a ramp short.
class Band : public FeatureBase {
 public:
  static constexpr const char* kBehaviour = "oscillation";
  static constexpr float kBound = 3.0f;
  float Update(float x, float sigma, const FeatureSpec& spec) {
    for (int i = 0; i < kMeans; ++i) means_[i].Update(x, spec.a * static_cast<float>(1 << i));
    const float passed = kShares[1] * means_[1].Minus(means_[0]) +
                         kShares[2] * means_[2].Minus(means_[0]) +
                         kShares[3] * means_[3].Minus(means_[0]);
    if (deviation_ == 0.0f) deviation_ = std::sqrt(Variance(spec.a));
    return energy_.Update(passed / (sigma * deviation_), spec.b, kBound);
  }

 private:
  static constexpr int kMeans = 4;
  static constexpr float kShares[kMeans] = {1.0f, -1.75f, 0.875f, -0.125f};

  // Of white noise of variance one.
  static constexpr float Variance(float tau) {
    float variance = 0.0f;
    for (int i = 0; i < kMeans; ++i) {
      for (int j = 0; j < kMeans; ++j) {
        const float both = tau * static_cast<float>((1 << i) + (1 << j));
        variance += kShares[i] * kShares[j] / (both - 1.0f);
      }
    }
    return variance;
  }

  GrowingMean means_[kMeans];
  Energy energy_;
  float deviation_ = 0.0f;  // of white noise of variance one, found with the first sample
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
  kLevel2,
  kBand,
};
using FeatureState = std::variant<Value, Smooth, Level, Jump, Trend, JumpEnergy, LevelEnergy,
                                  TrendEnergy, Level2, Band>;

}  // namespace anomaly
