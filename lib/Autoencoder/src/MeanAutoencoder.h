// The detector without a network: answers every vector with the mean of normal data, which is zero
// after scaling. What is left is the scaled vector itself, so a whitened score becomes the
// Mahalanobis distance, and a running z-score stays what it is.
#pragma once

#include "Autoencoder.h"

namespace anomaly {

class MeanAutoencoder final : public Autoencoder {
 public:
  explicit MeanAutoencoder(int size) : size_(size) {}

  [[nodiscard]] EngineStatus Load() override { return EngineStatus::kOk; }
  [[nodiscard]] EngineStatus Reconstruct(const float*, float* output) override {
    for (int i = 0; i < size_; ++i) output[i] = 0.0f;
    return EngineStatus::kOk;
  }
  const char* name() const override { return "mean"; }
  int input_size() const override { return size_; }
  int output_size() const override { return size_; }
  int32_t memory_used() const override { return 0; }

 private:
  int size_;
};

}  // namespace anomaly
