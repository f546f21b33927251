#include "TflmAutoencoder.h"

#include <cstdarg>
#include <cstdio>
#include <cstring>

#include "Crc.h"

namespace anomaly {

namespace {

constexpr uintptr_t kAlignment = 16;
constexpr size_t kIdentifierOffset = 4;
constexpr char kIdentifier[] = "TFL3";

bool IsAligned(const void* pointer) {
  return reinterpret_cast<uintptr_t>(pointer) % kAlignment == 0;
}

bool IsFile(const unsigned char* data, size_t size) {
  return data != nullptr && IsAligned(data) && size > kIdentifierOffset + sizeof(kIdentifier) &&
         std::memcmp(data + kIdentifierOffset, kIdentifier, sizeof(kIdentifier) - 1) == 0;
}

}  // namespace

EngineStatus TflmAutoencoder::Fail(EngineStatus status, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(detail_, sizeof(detail_), format, arguments);
  va_end(arguments);
  return status;
}

EngineStatus TflmAutoencoder::Load() {
  loaded_ = false;
  detail_[0] = '\0';
  const EngineStatus file = CheckFile();
  if (file != EngineStatus::kOk) return file;
  if (arena_ == nullptr || !IsAligned(arena_)) {
    return Fail(EngineStatus::kArenaTooSmall, "the arena is not 16-byte aligned");
  }
  if (arena_size_ < model_.arena_need) {
    return Fail(EngineStatus::kArenaTooSmall, "arena %u bytes, needed %u",
                static_cast<unsigned>(arena_size_), static_cast<unsigned>(model_.arena_need));
  }
  interpreter_.emplace(tflite::GetModel(model_.data), operators_, arena_, arena_size_);
  if (interpreter_->initialization_status() != kTfLiteOk ||
      interpreter_->AllocateTensors() != kTfLiteOk) {
    return Fail(EngineStatus::kArenaTooSmall, "arena %u bytes", static_cast<unsigned>(arena_size_));
  }
  const EngineStatus tensors = CheckTensors();
  loaded_ = tensors == EngineStatus::kOk;
  return tensors;
}

EngineStatus TflmAutoencoder::CheckFile() {
  // First: TFLM follows the offsets in the file wherever they lead.
  const uint32_t crc = model_.data == nullptr ? 0 : Crc32(model_.data, model_.size);
  if (crc != model_.crc32) {
    return Fail(EngineStatus::kDamagedModel, "CRC-32 %08x, expected %08x",
                static_cast<unsigned>(crc), static_cast<unsigned>(model_.crc32));
  }
  if (!IsFile(model_.data, model_.size)) {
    return Fail(EngineStatus::kBadModel, "no aligned .tflite file of %u bytes",
                static_cast<unsigned>(model_.size));
  }
  const tflite::Model* model = tflite::GetModel(model_.data);
  const auto version = static_cast<int>(model->version());
  if (version != TFLITE_SCHEMA_VERSION || version != model_.schema_version) {
    return Fail(EngineStatus::kSchemaMismatch, "model %d, model_config.h %d, interpreter %d",
                version, model_.schema_version, TFLITE_SCHEMA_VERSION);
  }
  for (const tflite::OperatorCode* code : *model->operator_codes()) {
    const tflite::BuiltinOperator op = tflite::GetBuiltinCode(code);
    if (operators_.FindOp(op) == nullptr) {
      return Fail(EngineStatus::kMissingOperator, "%s", tflite::EnumNameBuiltinOperator(op));
    }
  }
  return EngineStatus::kOk;
}

EngineStatus TflmAutoencoder::CheckTensors() {
  if (interpreter_->inputs_size() != 1 || interpreter_->outputs_size() != 1) {
    return Fail(EngineStatus::kBadModel, "%u inputs, %u outputs, expected 1 and 1",
                static_cast<unsigned>(interpreter_->inputs_size()),
                static_cast<unsigned>(interpreter_->outputs_size()));
  }
  input_ = interpreter_->input(0);
  output_ = interpreter_->output(0);
  if (input_ == nullptr || output_ == nullptr) {
    return Fail(EngineStatus::kBadModel, "no input or no output tensor");
  }
  const EngineStatus status = CheckTensor("input", *input_, model_.input);
  return status == EngineStatus::kOk ? CheckTensor("output", *output_, model_.output) : status;
}

EngineStatus TflmAutoencoder::CheckTensor(const char* side, const TfLiteTensor& tensor,
                                          const Quantization& expected) {
  const TfLiteType type = model_.quantized ? kTfLiteInt8 : kTfLiteFloat32;
  if (tensor.type != type) {
    return Fail(EngineStatus::kBadModel, "%s type %d, expected %d", side, tensor.type, type);
  }
  const TfLiteIntArray& shape = *tensor.dims;
  if (shape.size != 2 || shape.data[0] != 1 || shape.data[1] != model_.features) {
    return Fail(EngineStatus::kBadModel, "%s rank %d, last dimension %d, expected [1, %d]", side,
                shape.size, shape.size > 0 ? shape.data[shape.size - 1] : 0, model_.features);
  }
  // Exactly: both numbers come from the same file.
  const bool same_scale = std::memcmp(&tensor.params.scale, &expected.scale, sizeof(float)) == 0;
  if (model_.quantized && !(same_scale && tensor.params.zero_point == expected.zero_point)) {
    return Fail(EngineStatus::kBadModel, "%s quantisation, zero point %d, expected %d", side,
                static_cast<int>(tensor.params.zero_point), static_cast<int>(expected.zero_point));
  }
  return EngineStatus::kOk;
}

EngineStatus TflmAutoencoder::Reconstruct(const float* input, float* output) {
  if (!loaded_) return EngineStatus::kNotLoaded;
  const auto bytes = static_cast<size_t>(model_.features) * sizeof(float);
  if (model_.quantized) {
    for (int i = 0; i < model_.features; ++i) {
      input_->data.int8[i] = Quantize(input[i], model_.input.scale, model_.input.zero_point);
    }
  } else {
    std::memcpy(input_->data.f, input, bytes);
  }
  const TfLiteStatus status = interpreter_->Invoke();
  if (status != kTfLiteOk) {
    return Fail(EngineStatus::kInvokeFailed, "status %d", static_cast<int>(status));
  }
  if (model_.quantized) {
    for (int i = 0; i < model_.features; ++i) {
      output[i] = model_.output.scale *
                  static_cast<float>(output_->data.int8[i] - model_.output.zero_point);
    }
  } else {
    std::memcpy(output, output_->data.f, bytes);
  }
  return EngineStatus::kOk;
}

int32_t TflmAutoencoder::memory_used() const {
  return loaded_ ? static_cast<int32_t>(interpreter_->arena_used_bytes()) : 0;
}

}  // namespace anomaly
