#include "FeatureExtractor.h"

#include <utility>

namespace anomaly {

namespace {

template <size_t... kIndex>
FeatureState FreshOf(size_t kind, std::index_sequence<kIndex...>) {
  FeatureState state;
  ((kind == kIndex ? void(state.emplace<kIndex>()) : void()), ...);
  return state;
}

// A feature of this kind that has seen no sample.
FeatureState Fresh(FeatureKind kind) {
  return FreshOf(static_cast<size_t>(kind),
                 std::make_index_sequence<std::variant_size_v<FeatureState>>());
}

}  // namespace

const char* FeatureBehaviour(FeatureKind kind) {
  return std::visit([](const auto& feature) { return feature.kBehaviour; }, Fresh(kind));
}

bool FeatureInvertible(FeatureKind kind) {
  return std::visit([](const auto& feature) { return feature.kInvertible; }, Fresh(kind));
}

FeatureExtractor::FeatureExtractor(const FeatureConfig& config, FeatureState* states)
    : config_(config), states_(states) {
  for (int channel = 0; channel < config.channels; ++channel) {
    SetSigma(channel, config.sigma[channel]);
  }
  Reset();
}

void FeatureExtractor::Reset() {
  for (int i = 0; i < config_.count; ++i) states_[i] = Fresh(config_.specs[i].kind);
  for (int channel = 0; channel < config_.channels; ++channel) noise_[channel].Interrupt();
}

void FeatureExtractor::Update(const float* sample, float* features) {
  for (int channel = 0; channel < config_.channels; ++channel) {
    last_sigma_[channel] = noise_[channel].sigma();
  }
  for (int i = 0; i < config_.count; ++i) {
    const FeatureSpec& spec = config_.specs[i];
    const float x = sample[spec.channel];
    const float sigma = noise_[spec.channel].sigma();
    features[i] =
        std::visit([&](auto& feature) { return feature.Update(x, sigma, spec); }, states_[i]);
  }
  for (int channel = 0; channel < config_.channels; ++channel) {
    noise_[channel].Update(sample[channel], config_.adaptation);
  }
}

float FeatureExtractor::Invert(int index, float feature) const {
  const float sigma = last_sigma_[config_.specs[index].channel];
  return std::visit([&](const auto& kind) { return kind.Invert(feature, sigma); }, states_[index]);
}

}  // namespace anomaly
