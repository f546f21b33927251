// Packed lower triangular matrices: the rows one after the other, each up to its diagonal.
#pragma once

namespace anomaly {

constexpr int Packed(int row, int column) { return row * (row + 1) / 2 + column; }

// Values of a matrix of so many rows.
constexpr int PackedSize(int count) { return Packed(count, 0); }

// The inverse, in its place. No value of the diagonal is 0.
void InvertTriangle(float* matrix, int count);

// L becomes L L', a symmetric matrix, packed in its place.
void SquareTriangle(float* matrix, int count);

// The way back (Cholesky), in its place; the matrix is positive definite.
void FactoriseTriangle(float* matrix, int count);

// L x = b, x in the place of b [count].
void SolveTriangle(const float* matrix, int count, float* b);

}  // namespace anomaly
