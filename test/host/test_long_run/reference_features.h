// The features of one channel once more, in double precision and as plainly as can be; what
// FeatureCatalogue.h computes in float32 is held against it.
#pragma once

#include <algorithm>
#include <cmath>

#include "FeatureSpec.h"

using namespace anomaly;

class ReferenceFeatures {
 public:
  explicit ReferenceFeatures(const FeatureConfig& config)
      : config_(config), measured_(static_cast<double>(config.sigma[0])) {}

  void Push(float sample) {
    const auto x = static_cast<double>(sample);
    sigma_ = believed_;
    difference_ = count_ > 0 ? x - x_ : 0.0;
    x_ = x;
    ++count_;
    for (int i = 0; i < config_.count; ++i) Update(config_.specs[i], states_[i]);
    block_[(count_ - 1) % kBlock] = x;
    if (count_ % kBlock == 0) Adapt();
  }

  // Of the last sample.
  double Feature(int i) const {
    const FeatureSpec& spec = config_.specs[i];
    const State& state = states_[i];
    switch (spec.kind) {
      case FeatureKind::kValue:
        return x_;
      case FeatureKind::kLevel:
        return state.deviation / sigma_;
      case FeatureKind::kJump:
        return difference_ / (std::sqrt(2.0) * sigma_);
      case FeatureKind::kTrend:
        return Trend(state);
      case FeatureKind::kJumpEnergy:
      case FeatureKind::kLevelEnergy:
      case FeatureKind::kTrendEnergy:
        return std::cbrt(state.energy);
      case FeatureKind::kSmooth:
        return state.fast.mean;
      default:
        return NAN;  // a kind that is not watched for a month
    }
  }

 private:
  struct Follower {
    double mean = 0.0;
    double bound = 0.0;
    double count = 0.0;
  };
  struct State {
    Follower fast;
    Follower slow;
    double deviation = 0.0;
    double energy = 0.0;
  };

  double Follow(Follower& follower, double tau) const {
    const double lowest = 3.0 * sigma_;
    const double deviation = follower.count > 0.0 ? x_ - follower.mean : 0.0;
    if (follower.count == 0.0) follower.mean = x_;
    const double size = std::min(std::fabs(deviation), follower.bound);
    follower.count = std::min(follower.count + 1.0, tau);
    follower.mean += std::copysign(size, deviation) / follower.count;
    follower.bound = std::max(lowest, 0.9 * follower.bound + 0.25 * size);
    return deviation;
  }

  static void AddEnergy(State& state, double h, double tau) {
    state.energy += (std::min(h * h, 6.0) - state.energy) / tau;
  }

  double Trend(const State& state) const { return (state.fast.mean - state.slow.mean) / sigma_; }

  void Update(const FeatureSpec& spec, State& state) const {
    const auto a = static_cast<double>(spec.a);
    const auto b = static_cast<double>(spec.b);
    const auto c = static_cast<double>(spec.c);
    switch (spec.kind) {
      case FeatureKind::kLevel:
        state.deviation = Follow(state.fast, a);
        break;
      case FeatureKind::kTrend:
        Follow(state.fast, a);
        Follow(state.slow, b);
        break;
      case FeatureKind::kJumpEnergy:
        AddEnergy(state, difference_ / (std::sqrt(2.0) * sigma_), a);
        break;
      case FeatureKind::kLevelEnergy:
        AddEnergy(state, Follow(state.fast, a) / sigma_, b);
        break;
      case FeatureKind::kTrendEnergy: {
        Follow(state.fast, a);
        Follow(state.slow, b);
        const double variance = 1.0 / (2.0 * a - 1.0) + 1.0 / (2.0 * b - 1.0) - 2.0 / (a + b - 1.0);
        AddEnergy(state, Trend(state) / std::sqrt(variance), c);
        break;
      }
      case FeatureKind::kSmooth:
        state.fast.mean = count_ > 1 ? state.fast.mean + (x_ - state.fast.mean) / a : x_;
        break;
      default:
        break;
    }
  }

  // Takes a block of samples into the noise.
  void Adapt() {
    double mean = 0.0;
    double slope = 0.0;
    double squares = 0.0;
    for (const double x : block_) mean += x / kBlock;
    for (int k = 0; k < kBlock; ++k) slope += (k - 9.5) * (block_[k] - mean) / 665.0;
    for (int k = 0; k < kBlock; ++k) {
      const double rest = block_[k] - mean - slope * (k - 9.5);
      squares += rest * rest;
    }
    const auto limit = static_cast<double>(config_.adaptation.limit);
    blocks_ = std::min(blocks_ + 1.0, static_cast<double>(config_.adaptation.memory));
    noise_ += (std::min(squares / (kBlock - 2), 2.0 * noise_) - noise_) / blocks_;
    noise_ = std::clamp(noise_, std::pow(measured_ / limit, 2), std::pow(measured_ * limit, 2));
    believed_ = std::sqrt(noise_);
  }

  const FeatureConfig& config_;
  static constexpr int kBlock = 20;
  double measured_;
  double believed_ = measured_;
  double sigma_ = measured_;  // at the last sample
  double noise_ = measured_ * measured_;
  double blocks_ = static_cast<double>(config_.adaptation.measured);
  double block_[kBlock] = {};
  State states_[kMaxFeatures];
  int64_t count_ = 0;
  double x_ = 0.0;
  double difference_ = 0.0;
};
