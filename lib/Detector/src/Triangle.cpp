#include "Triangle.h"

#include <cmath>

namespace anomaly {

void InvertTriangle(float* matrix, int count) {
  for (int i = 0; i < count; ++i) {
    float* const row = matrix + Packed(i, 0);
    const float pivot = 1.0f / row[i];
    for (int j = 0; j < i; ++j) {
      float sum = 0.0f;
      for (int k = j; k < i; ++k) sum += row[k] * matrix[Packed(k, j)];
      row[j] = -pivot * sum;
    }
    row[i] = pivot;
  }
}

// From the last value on: each needs only what stands before it.
void SquareTriangle(float* matrix, int count) {
  for (int i = count - 1; i >= 0; --i) {
    for (int j = i; j >= 0; --j) {
      float sum = 0.0f;
      for (int k = 0; k <= j; ++k) sum += matrix[Packed(i, k)] * matrix[Packed(j, k)];
      matrix[Packed(i, j)] = sum;
    }
  }
}

void FactoriseTriangle(float* matrix, int count) {
  constexpr float kLeastPivot = 1e-12f;
  for (int i = 0; i < count; ++i) {
    float* const row = matrix + Packed(i, 0);
    for (int j = 0; j <= i; ++j) {
      float rest = row[j];
      for (int k = 0; k < j; ++k) rest -= row[k] * matrix[Packed(j, k)];
      row[j] = j < i ? rest / matrix[Packed(j, j)] : std::sqrt(std::fmax(rest, kLeastPivot));
    }
  }
}

void SolveTriangle(const float* matrix, int count, float* b) {
  for (int i = 0; i < count; ++i) {
    for (int j = 0; j < i; ++j) b[i] -= matrix[Packed(i, j)] * b[j];
    b[i] /= matrix[Packed(i, i)];
  }
}

}  // namespace anomaly
