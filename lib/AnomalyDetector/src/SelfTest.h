// Whether the engine still computes what it computed when the model was trained.
#pragma once

#include "Autoencoder.h"
#include "ModelConfig.h"

namespace anomaly {

// The largest error over all golden vectors; infinite where the engine fails or answers NaN.
float SelfTest(const ModelConfig& config, Autoencoder& engine);

}  // namespace anomaly
