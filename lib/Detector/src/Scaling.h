// Features to network input, and back: the arithmetic of ScalingConfig.
#pragma once

#include "DetectorConfig.h"

namespace anomaly {

// Scaled, squashed and clipped, not whitened: features [count] to z [count].
void Standardise(const ScalingConfig& scaling, int count, const float* features, float* z);

// Features [count] to network input [count].
void Scale(const ScalingConfig& scaling, int count, const float* features, float* input);

// The feature whose z this is.
float Unscale(const ScalingConfig& scaling, int feature, float z);

// The way back from network input [count], the whitening included: z [count].
void Unwhiten(const ScalingConfig& scaling, int count, const float* input, float* z);

}  // namespace anomaly
