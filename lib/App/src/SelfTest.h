// Whether the engine still computes what it computed when the model was trained.
#pragma once

#include "AppConfig.h"
#include "Autoencoder.h"

// The largest error over all golden vectors; infinite where the engine fails or answers NaN.
float SelfTest(const AppConfig& config, Autoencoder& engine);
