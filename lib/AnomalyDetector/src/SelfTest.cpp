#include "SelfTest.h"

#include <cmath>

namespace anomaly {

float SelfTest(const ModelConfig& config, Autoencoder& engine) {
  float output[kMaxFeatures];
  float max_error = 0.0f;
  const int count = config.features.count;
  for (int i = 0; i < config.golden_count; ++i) {
    if (engine.Reconstruct(config.golden_inputs + i * count, output) != EngineStatus::kOk) {
      return INFINITY;
    }
    for (int j = 0; j < count; ++j) {
      const float error = std::fabs(output[j] - config.golden_outputs[i * count + j]);
      if (std::isnan(error)) return INFINITY;
      if (error > max_error) max_error = error;
    }
  }
  return max_error;
}

}  // namespace anomaly
