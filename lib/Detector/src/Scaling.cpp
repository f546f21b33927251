#include "Scaling.h"

#include <cmath>

#include "Bounds.h"
#include "Clip.h"

namespace anomaly {

void Standardise(const ScalingConfig& scaling, int count, const float* features, float* z) {
  for (int i = 0; i < count; ++i) {
    float value = (features[i] - scaling.offset[i]) * scaling.scale[i];
    if (scaling.squash > 0.0f) value = scaling.squash * std::asinh(value / scaling.squash);
    z[i] = Clip(value, scaling.clip_low[i], scaling.clip_high[i]);
  }
}

void Scale(const ScalingConfig& scaling, int count, const float* features, float* input) {
  float z[kMaxFeatures];
  Standardise(scaling, count, features, z);
  if (scaling.whitening == nullptr) {
    for (int i = 0; i < count; ++i) input[i] = z[i];
    return;
  }
  for (int i = 0; i < count; ++i) z[i] -= scaling.mean[i];
  const float* row = scaling.whitening;
  for (int i = 0; i < count; ++i) {
    float sum = 0.0f;
    for (int j = 0; j <= i; ++j) sum += row[j] * z[j];
    row += i + 1;
    input[i] = Clip(sum, -scaling.whitening_clip, scaling.whitening_clip);
  }
}

float Unscale(const ScalingConfig& scaling, int feature, float z) {
  if (scaling.squash > 0.0f) z = scaling.squash * std::sinh(z / scaling.squash);
  return z / scaling.scale[feature] + scaling.offset[feature];
}

// The whitening is lower triangular: undone row by row.
void Unwhiten(const ScalingConfig& scaling, int count, const float* input, float* z) {
  if (scaling.whitening == nullptr) {
    for (int i = 0; i < count; ++i) z[i] = input[i];
    return;
  }
  const float* row = scaling.whitening;
  for (int i = 0; i < count; ++i) {
    float rest = input[i];
    for (int j = 0; j < i; ++j) rest -= row[j] * (z[j] - scaling.mean[j]);
    z[i] = rest / row[i] + scaling.mean[i];
    row += i + 1;
  }
}

}  // namespace anomaly
