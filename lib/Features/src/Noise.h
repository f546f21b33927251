// The standard deviation of a signal's noise, whatever its level and slope: in blocks of 20 samples
// the least-squares line is taken away, and the variance of what is left is averaged.
// training/noise.py measures and training/features.py adapts it in the same way.
#pragma once

#include <cstdint>

#include "CompensatedSum.h"
#include "FeatureSpec.h"

namespace anomaly {

// The variance of one block after the other.
class NoiseBlock {
 public:
  static constexpr int kSize = 20;

  void Reset() { position_ = 0; }

  // True with the last sample of a block, whose variance() is then new.
  bool Update(float x);
  float variance() const { return squares_; }

 private:
  int position_ = 0;
  float first_ = 0.0f;
  float sum_ = 0.0f;           // of d = x - first
  float weighted_sum_ = 0.0f;  // of k * d
  float squares_ = 0.0f;       // of d * d; of a whole block its variance
};

// The mean over all blocks.
class NoiseEstimator {
 public:
  void Reset() { *this = NoiseEstimator(); }
  // Leaves the block that has begun: the next sample does not follow the last one.
  void Interrupt() { block_.Reset(); }
  void Update(float x);

  // 0 before the first whole block.
  float sigma() const;
  uint32_t blocks() const { return blocks_; }

 private:
  NoiseBlock block_;
  float variances_ = 0.0f;
  uint32_t blocks_ = 0;
};

// The noise that is believed: the measured one, and what the sensor has shown since, slowly and
// within the adaptation's limit. A block counts with twice the believed variance at most.
class AdaptiveNoise {
 public:
  // Begins with a measured noise, > 0.
  void Set(float sigma, const NoiseAdaptation& adaptation);

  // Leaves the block that has begun: the next sample does not follow the last one.
  void Interrupt() { block_.Reset(); }

  void Update(float x, const NoiseAdaptation& adaptation);

  float sigma() const { return sigma_; }
  float measured() const { return measured_; }

 private:
  NoiseBlock block_;
  CompensatedSum variance_;
  float count_ = 0.0f;
  float measured_ = 0.0f;
  float sigma_ = 0.0f;
};

}  // namespace anomaly
