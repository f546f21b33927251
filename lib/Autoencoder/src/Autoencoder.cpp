#include "Autoencoder.h"

#include <cmath>

namespace anomaly {

const char* EngineStatusText(EngineStatus status) {
  switch (status) {
    case EngineStatus::kOk:
      return "ok";
    case EngineStatus::kNotLoaded:
      return "the model is not loaded";
    case EngineStatus::kSchemaMismatch:
      return "Model schema mismatch!";
    case EngineStatus::kArenaTooSmall:
      return "AllocateTensors() failed! Increase arena size.";
    case EngineStatus::kBadModel:
      return "the model is not the one that model_config.h describes";
    case EngineStatus::kDamagedModel:
      return "the model is damaged";
    case EngineStatus::kMissingOperator:
      return "an operator of the model could not be registered";
    case EngineStatus::kWrongWidth:
      return "the network's width is not the number of features";
    case EngineStatus::kInvokeFailed:
      return "Invoke() failed";
  }
  return "unknown error";
}

EngineStatus LoadFor(Autoencoder& engine, int features) {
  const EngineStatus status = engine.Load();
  if (status != EngineStatus::kOk) return status;
  const bool fits = engine.input_size() == features && engine.output_size() == features;
  return fits ? EngineStatus::kOk : EngineStatus::kWrongWidth;
}

int8_t Quantize(float real, float scale, int32_t zero_point) {
  if (std::isnan(real)) return static_cast<int8_t>(zero_point);
  const float scaled = std::round(real / scale) + static_cast<float>(zero_point);
  if (scaled <= -128.0f) return -128;
  if (scaled >= 127.0f) return 127;
  return static_cast<int8_t>(scaled);
}

}  // namespace anomaly
