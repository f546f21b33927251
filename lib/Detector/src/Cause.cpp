#include "Cause.h"

#include <cmath>

namespace anomaly {

namespace {

constexpr int Packed(int row, int column) { return row * (row + 1) / 2 + column; }

// The part of the squared length of `v` [count] that lies in the columns `own` [size] of the packed
// lower triangular `matrix`: b' A^-1 b with A the products of the columns and b = columns' v. The
// Cholesky factor of A is built row by row, and b divided by it on the way. A column that lies in
// those before it adds nothing.
float LengthIn(const float* matrix, const float* v, int count, const int8_t* own, int size) {
  float factor[kMaxFeatures * (kMaxFeatures + 1) / 2];
  float divided[kMaxFeatures];
  float length = 0.0f;
  for (int a = 0; a < size; ++a) {
    float b = 0.0f;
    for (int i = own[a]; i < count; ++i) b += matrix[Packed(i, own[a])] * v[i];
    for (int c = 0; c <= a; ++c) {
      float product = 0.0f;
      for (int i = own[a]; i < count; ++i) {
        product += matrix[Packed(i, own[a])] * matrix[Packed(i, own[c])];
      }
      for (int k = 0; k < c; ++k) product -= factor[Packed(a, k)] * factor[Packed(c, k)];
      const float pivot = c < a ? factor[Packed(c, c)] : std::sqrt(std::fmax(product, 0.0f));
      factor[Packed(a, c)] = c == a ? pivot : pivot > 0.0f ? product / pivot : 0.0f;
      if (c < a) b -= factor[Packed(a, c)] * divided[c];
    }
    divided[a] = factor[Packed(a, a)] > 0.0f ? b / factor[Packed(a, a)] : 0.0f;
    length += divided[a] * divided[a];
  }
  return length;
}

}  // namespace

int8_t CauseFeature(const CauseConfig& config, const FeatureConfig& features, const float* z) {
  const int count = features.count;
  int8_t largest = 0;
  for (int8_t i = 1; i < count; ++i) {
    if (std::fabs(z[i] - config.mean[i]) > std::fabs(z[largest] - config.mean[largest])) {
      largest = i;
    }
  }
  if (config.whitening == nullptr) return largest;
  float v[kMaxFeatures];
  for (int i = 0; i < count; ++i) {
    v[i] = 0.0f;
    for (int j = 0; j <= i; ++j) v[i] += config.whitening[Packed(i, j)] * (z[j] - config.mean[j]);
  }
  int8_t cause = 0;
  float most = -1.0f;
  for (int channel = 0; channel < features.channels; ++channel) {
    int8_t own[kMaxFeatures];
    int size = 0;
    int8_t farthest = -1;
    for (int8_t i = 0; i < count; ++i) {
      if (features.specs[i].channel != channel) continue;
      own[size++] = i;
      const float distance = std::fabs(z[i] - config.mean[i]);
      if (farthest < 0 || distance > std::fabs(z[farthest] - config.mean[farthest])) farthest = i;
    }
    const float length = LengthIn(config.whitening, v, count, own, size);
    if (size > 0 && length > most) {
      most = length;
      cause = farthest;
    }
  }
  return cause;
}

}  // namespace anomaly
