// What was learnt on this device as a block of bytes: the noise of each value of a frame and the
// scale of the threshold, what was fitted again, where something was, the limits of the fast part,
// and the slow charts of each value.
#pragma once

#include <cstddef>
#include <cstdint>

#include "Calibrator.h"
#include "FrameDetector.h"
#include "ModelConfig.h"
#include "SealedBlock.h"

namespace anomaly {

// Bytes of the block of a model: values of a frame, features that are fitted again, that have
// limits, and values with slow charts; 0: none.
constexpr size_t LearntBlockSize(int values, int fitted_features, int limit_features,
                                 int slow_values) {
  const size_t noise = sizeof(float) * static_cast<size_t>(values + 1);
  const size_t fitted =
      fitted_features == 0
          ? 0
          : sizeof(uint32_t) + sizeof(float) * static_cast<size_t>(Fitted::Size(fitted_features));
  const size_t limits = limit_features == 0
                            ? 0
                            : sizeof(LearntDays) + ResidualLimits::kSides * sizeof(LearntSide) *
                                                       static_cast<size_t>(limit_features);
  const size_t slow = sizeof(SlowLearnt) * static_cast<size_t>(slow_values);
  return kBlockOverhead + noise + fitted + limits + slow;
}

class LearntBlock {
 public:
  // All must outlive it. `bytes` has room for LearntBlockSize(), nullptr: nothing is kept.
  LearntBlock(const ModelConfig& config, FrameDetector& detector, Calibrator& calibrator,
              uint8_t* bytes)
      : config_(config), detector_(detector), calibrator_(calibrator), bytes_(bytes) {}

  bool exists() const { return bytes_ != nullptr; }
  size_t size() const;
  uint8_t* bytes() { return bytes_; }

  // Sampling side: the block as it would be kept now.
  void Write();

  // Before anything is sampled: judges `size` bytes, and goes on with them where they are usable.
  BlockFound Restore(const uint8_t* bytes, size_t size);

 private:
  static constexpr uint32_t kVersion = 3;

  const ModelConfig& config_;
  FrameDetector& detector_;
  Calibrator& calibrator_;
  uint8_t* bytes_;
};

}  // namespace anomaly
