// Runs a dense network straight from the tables in model_config.h, without an interpreter: the
// engine on the host, and a choice on the chip. float32 within 1e-6 of TFLM, int8 to the last bit.
#pragma once

#include "Autoencoder.h"
#include "DenseModel.h"

namespace anomaly {

class DenseAutoencoder final : public Autoencoder {
 public:
  // `model` and all its tables must outlive the engine.
  explicit DenseAutoencoder(const DenseModel& model) : model_(model) {}

  [[nodiscard]] EngineStatus Load() override;
  [[nodiscard]] EngineStatus Reconstruct(const float* input, float* output) override;

  // The same in the raw values of an int8 model; kBadModel for a float32 model.
  [[nodiscard]] EngineStatus ReconstructQuantized(const int8_t* input, int8_t* output);

  const char* name() const override { return quantized() ? "dense int8" : "dense float32"; }
  int input_size() const override;
  int output_size() const override;
  int32_t memory_used() const override { return static_cast<int32_t>(sizeof(*this)); }
  bool quantized() const { return model_.quantized_layers != nullptr; }

 private:
  const DenseModel& model_;
  bool loaded_ = false;
};

}  // namespace anomaly
