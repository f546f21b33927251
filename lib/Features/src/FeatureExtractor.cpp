#include "FeatureExtractor.h"

#include <cmath>

const char* FeatureBehaviour(FeatureKind kind) {
  switch (kind) {
    case FeatureKind::kValue:
    case FeatureKind::kMean:
    case FeatureKind::kLevel:
    case FeatureKind::kZScore:
    case FeatureKind::kSmooth:
      return "level";
    case FeatureKind::kSlope:
    case FeatureKind::kTrend:
      return "slope";
    case FeatureKind::kDifference:
    case FeatureKind::kJump:
      return "jump";
    case FeatureKind::kVariance:
    case FeatureKind::kJumpEnergy:
    case FeatureKind::kLevelEnergy:
      return "noise";
    case FeatureKind::kTrendEnergy:
      return "oscillation";
  }
  return "unknown";
}

bool FeatureInvertible(FeatureKind kind) {
  return kind == FeatureKind::kValue || kind == FeatureKind::kLevel ||
         kind == FeatureKind::kZScore || kind == FeatureKind::kSmooth;
}

FeatureExtractor::FeatureExtractor(const FeatureConfig& config, FeatureMemory memory)
    : config_(config), memory_(memory) {
  for (int channel = 0; channel < config.channels; ++channel) {
    SetSigma(channel, config.sigma[channel]);
  }
  Reset();
}

void FeatureExtractor::Reset() {
  for (int i = 0; i < config_.count; ++i) memory_.states[i] = FeatureState();
  for (int channel = 0; channel < config_.channels; ++channel) noise_[channel].Interrupt();
  if (memory_.windows == nullptr) return;
  for (int channel = 0; channel < config_.channels; ++channel) {
    memory_.windows[channel].Reset(config_.window);
  }
}

void FeatureExtractor::Update(const float* sample, float* features) {
  for (int channel = 0; channel < config_.channels; ++channel) {
    last_sigma_[channel] = noise_[channel].sigma();
  }
  if (memory_.windows != nullptr) {
    for (int channel = 0; channel < config_.channels; ++channel) {
      memory_.windows[channel].Push(sample[channel]);
    }
  }
  for (int i = 0; i < config_.count; ++i) {
    const FeatureSpec& spec = config_.specs[i];
    FeatureState& state = memory_.states[i];
    const float x = sample[spec.channel];
    const float sigma = noise_[spec.channel].sigma();
    float& feature = features[i];
    switch (spec.kind) {
      case FeatureKind::kValue:
        feature = x;
        break;
      case FeatureKind::kDifference:
        feature = state.difference.Update(x);
        break;
      case FeatureKind::kMean:
        feature = memory_.windows[spec.channel].Mean();
        break;
      case FeatureKind::kSlope:
        feature = memory_.windows[spec.channel].Slope(config_.sample_rate_hz);
        break;
      case FeatureKind::kVariance:
        feature = memory_.windows[spec.channel].Variance();
        break;
      case FeatureKind::kLevel:
        feature = state.level.Update(x, sigma, spec.a);
        break;
      case FeatureKind::kJump:
        feature = state.jump.Update(x, sigma);
        break;
      case FeatureKind::kTrend:
        feature = state.trend.Update(x, sigma, spec.a, spec.b);
        break;
      case FeatureKind::kJumpEnergy:
        feature = state.energy.Update(state.jump.Update(x, sigma), spec.a);
        break;
      case FeatureKind::kLevelEnergy:
        feature = state.energy.Update(state.level.Update(x, sigma, spec.a), spec.b);
        break;
      case FeatureKind::kTrendEnergy: {
        const float trend = state.trend.Update(x, sigma, spec.a, spec.b);
        feature = state.energy.Update(trend / std::sqrt(TrendVariance(spec.a, spec.b)), spec.c);
        break;
      }
      case FeatureKind::kZScore:
        feature = state.z_score.Update(x, sigma, spec.a);
        break;
      case FeatureKind::kSmooth:
        feature = state.smooth.Update(x, spec.a);
        break;
    }
  }
  for (int channel = 0; channel < config_.channels; ++channel) {
    noise_[channel].Update(sample[channel], config_.adaptation);
  }
}

float FeatureExtractor::Invert(int index, float feature) const {
  const FeatureSpec& spec = config_.specs[index];
  const FeatureState& state = memory_.states[index];
  const float sigma = last_sigma_[spec.channel];
  if (spec.kind == FeatureKind::kLevel) return state.level.Invert(feature, sigma);
  if (spec.kind == FeatureKind::kZScore) return state.z_score.Invert(feature, sigma);
  return feature;
}
