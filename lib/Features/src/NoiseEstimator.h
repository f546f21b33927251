// Standard deviation of a signal's noise, whatever its level and slope: in blocks of 20 samples the
// least-squares line is taken away, and the variance of what is left is averaged over the blocks.
// training/stretch.py estimates it the same way.
#pragma once

#include <cstdint>

class NoiseEstimator {
 public:
  static constexpr int kBlock = 20;

  void Reset() { *this = NoiseEstimator(); }
  void Update(float x);

  // 0 before the first whole block.
  float sigma() const;
  uint32_t blocks() const { return blocks_; }

 private:
  int position_ = 0;
  float first_ = 0.0f;
  float sum_ = 0.0f;           // of d = x - first
  float weighted_sum_ = 0.0f;  // of k * d
  float squares_ = 0.0f;       // of d * d
  float variances_ = 0.0f;
  uint32_t blocks_ = 0;
};
