// What was learnt on this device as a block of bytes: the limits of the fast part, then the slow
// charts of each value of a frame.
#pragma once

#include <cstddef>
#include <cstdint>

#include "AppConfig.h"
#include "Detector.h"
#include "SealedBlock.h"

// Bytes of the block of a model that learns.
constexpr size_t LearntBlockSize(int limit_features, int slow_values) {
  const size_t limits = limit_features == 0
                            ? 0
                            : sizeof(LearntDays) + ResidualLimits::kSides * sizeof(LearntSide) *
                                                       static_cast<size_t>(limit_features);
  const size_t slow = sizeof(SlowLearnt) * static_cast<size_t>(slow_values);
  return kBlockOverhead + limits + slow;
}

class LearntBlock {
 public:
  // All must outlive it. `bytes` has room for LearntBlockSize(), nullptr: nothing is learnt.
  LearntBlock(const AppConfig& config, Detector& detector, uint8_t* bytes)
      : config_(config), detector_(detector), bytes_(bytes) {}

  bool exists() const { return bytes_ != nullptr; }
  size_t size() const;
  uint8_t* bytes() { return bytes_; }

  // Sampling side: the block as it would be kept now.
  void Write();

  // Before anything is sampled: judges `found` bytes, and goes on with them where they are usable.
  BlockFound Restore(size_t found);

 private:
  static constexpr uint32_t kVersion = 1;

  const AppConfig& config_;
  Detector& detector_;
  uint8_t* bytes_;
};
