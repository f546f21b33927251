// Computes a profile's features from its channels, one sample after the other.
#pragma once

#include "FeatureCatalogue.h"
#include "FeatureSpec.h"
#include "Noise.h"

namespace anomaly {

// kBehaviour and kInvertible of such a feature.
const char* FeatureBehaviour(FeatureKind kind);
bool FeatureInvertible(FeatureKind kind);

class FeatureExtractor {
 public:
  // `config` and its `count` states must outlive the extractor.
  FeatureExtractor(const FeatureConfig& config, FeatureState* states);

  // Forgets all samples; the noise stays.
  void Reset();

  // Takes one sample of `channels` values, all finite, and writes `count` features.
  void Update(const float* sample, float* features);

  // The value of its channel for which feature `index` would have been `feature` at the last
  // update: what a reconstruction of that feature means in the sensor's unit. For a kind that
  // cannot be inverted it is `feature` itself.
  float Invert(int index, float feature) const;

  // Replaces the measured noise of a channel, in the sensor's unit; what was learnt since the last
  // measurement is forgotten. What is not above 0 says that it is not known, and changes nothing.
  void SetSigma(int channel, float sigma) {
    if (sigma > 0.0f) noise_[channel].Set(sigma, config_.adaptation);
  }

  // The noise as measured, and as believed by now.
  float measured_sigma(int channel) const { return noise_[channel].measured(); }
  float sigma(int channel) const { return noise_[channel].sigma(); }

  const FeatureConfig& config() const { return config_; }
  int count() const { return config_.count; }
  const FeatureSpec& spec(int feature) const { return config_.specs[feature]; }

 private:
  const FeatureConfig& config_;
  FeatureState* states_;  // [count]
  AdaptiveNoise noise_[kMaxValues];
  float last_sigma_[kMaxValues] = {};  // at the last update
};

}  // namespace anomaly
