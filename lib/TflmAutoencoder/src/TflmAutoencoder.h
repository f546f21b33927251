// Runs the .tflite file itself with TensorFlow Lite for Microcontrollers: the engine on the chip.
// Everything that the generated header says about the model is compared before it runs.
#pragma once

#include <cstddef>
#include <optional>

#include "Autoencoder.h"
#include "DenseModel.h"
#include "TflmHeaders.h"

namespace anomaly {

// What include/model_config.h says about the model.
struct TflmModel {
  const unsigned char* data;  // the .tflite, 16-byte aligned
  size_t size;
  uint32_t crc32;  // of all its bytes, as they were generated
  int schema_version;
  int features;    // of the only input and of the only output, both of shape [1, features]
  bool quantized;  // int8 with the parameters below, else float32
  Quantization input;
  Quantization output;
  size_t arena_need;  // bytes that must be there: with less, some sizes crash inside a kernel
};

class TflmAutoencoder : public Autoencoder {
 public:
  // All must outlive the engine. `arena` is 16-byte aligned and belongs to this engine alone.
  TflmAutoencoder(const TflmModel& model, const tflite::MicroOpResolver& operators, uint8_t* arena,
                  size_t arena_size)
      : model_(model), operators_(operators), arena_(arena), arena_size_(arena_size) {}

  [[nodiscard]] EngineStatus Load() override;
  [[nodiscard]] EngineStatus Reconstruct(const float* input, float* output) override;

  const char* detail() const override { return detail_; }
  const char* name() const override { return model_.quantized ? "tflm int8" : "tflm float32"; }
  int input_size() const override { return loaded_ ? model_.features : 0; }
  int output_size() const override { return loaded_ ? model_.features : 0; }
  int32_t memory_used() const override;
  int32_t memory_reserved() const override { return static_cast<int32_t>(arena_size_); }

 private:
  EngineStatus CheckFile();
  EngineStatus CheckTensors();
  EngineStatus CheckTensor(const char* side, const TfLiteTensor& tensor,
                           const Quantization& expected);
  EngineStatus Fail(EngineStatus status, const char* format, ...)
      __attribute__((format(printf, 3, 4)));

  const TflmModel& model_;
  const tflite::MicroOpResolver& operators_;
  uint8_t* arena_;
  size_t arena_size_;
  std::optional<tflite::MicroInterpreter> interpreter_;
  TfLiteTensor* input_ = nullptr;
  TfLiteTensor* output_ = nullptr;
  bool loaded_ = false;
  char detail_[96] = {};
};

}  // namespace anomaly
