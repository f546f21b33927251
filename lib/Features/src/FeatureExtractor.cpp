#include "FeatureExtractor.h"

#include <cmath>

const char* FeatureBehaviour(FeatureKind kind) {
  switch (kind) {
    case FeatureKind::kValue:
    case FeatureKind::kLevel:
    case FeatureKind::kSmooth:
      return "level";
    case FeatureKind::kTrend:
      return "slope";
    case FeatureKind::kJump:
      return "jump";
    case FeatureKind::kJumpEnergy:
    case FeatureKind::kLevelEnergy:
      return "noise";
    case FeatureKind::kTrendEnergy:
      return "oscillation";
  }
  return "unknown";
}

bool FeatureInvertible(FeatureKind kind) {
  return kind == FeatureKind::kValue || kind == FeatureKind::kLevel || kind == FeatureKind::kSmooth;
}

FeatureExtractor::FeatureExtractor(const FeatureConfig& config, FeatureState* states)
    : config_(config), states_(states) {
  for (int channel = 0; channel < config.channels; ++channel) {
    SetSigma(channel, config.sigma[channel]);
  }
  Reset();
}

void FeatureExtractor::Reset() {
  for (int i = 0; i < config_.count; ++i) states_[i] = FeatureState();
  for (int channel = 0; channel < config_.channels; ++channel) noise_[channel].Interrupt();
}

void FeatureExtractor::Update(const float* sample, float* features) {
  for (int channel = 0; channel < config_.channels; ++channel) {
    last_sigma_[channel] = noise_[channel].sigma();
  }
  for (int i = 0; i < config_.count; ++i) {
    const FeatureSpec& spec = config_.specs[i];
    FeatureState& state = states_[i];
    const float x = sample[spec.channel];
    const float sigma = noise_[spec.channel].sigma();
    float& feature = features[i];
    switch (spec.kind) {
      case FeatureKind::kValue:
        feature = x;
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
  const FeatureState& state = states_[index];
  const float sigma = last_sigma_[spec.channel];
  if (spec.kind == FeatureKind::kLevel) return state.level.Invert(feature, sigma);
  return feature;
}
