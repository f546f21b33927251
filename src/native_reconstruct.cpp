#include "native_reconstruct.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "app_config.h"
#include "native_options.h"

namespace anomaly {

namespace {

// One vector from a line of comma-separated numbers; false unless it is exactly `count` of them.
bool ParseVector(char* line, int count, float* vector) {
  char* cursor = line;
  for (int i = 0; i < count; ++i) {
    char* end = nullptr;
    vector[i] = std::strtof(cursor, &end);
    if (end == cursor) return false;
    cursor = end + std::strspn(end, " \t\r\n");
    if (*cursor != (i + 1 < count ? ',' : '\0')) return false;
    ++cursor;
  }
  return true;
}

bool ToQuantized(const float* vector, int count, int8_t* quantized) {
  for (int i = 0; i < count; ++i) {
    if (!(vector[i] >= -128.0f && vector[i] <= 127.0f)) return false;
    quantized[i] = static_cast<int8_t>(vector[i]);
    if (static_cast<float>(quantized[i]) < vector[i] ||
        static_cast<float>(quantized[i]) > vector[i]) {
      return false;
    }
  }
  return true;
}

}  // namespace

int Reconstruct(bool quantized) {
  if (!model_config::kHasNetwork) return BadUsage("this profile's detector has no network", "");
  DenseAutoencoder engine(model_config::kDenseModel);
  if (engine.Load() != EngineStatus::kOk) {
    std::fprintf(stderr, "the tables in model_config.h are not sound; build again\n");
    return kExitInput;
  }
  if (quantized && !engine.quantized()) return BadUsage("this model is float32, not int8", "");
  static char line[65536];
  float input[kMaxLayerWidth];
  float output[kMaxLayerWidth];
  int8_t quantized_input[kMaxLayerWidth];
  int8_t quantized_output[kMaxLayerWidth];
  for (int number = 1; std::fgets(line, sizeof(line), stdin) != nullptr; ++number) {
    const bool sound = ParseVector(line, engine.input_size(), input) &&
                       (!quantized || ToQuantized(input, engine.input_size(), quantized_input));
    if (!sound) {
      std::fprintf(stderr, "line %d: %d comma-separated %s are wanted\n", number,
                   engine.input_size(), quantized ? "whole numbers from -128 to 127" : "numbers");
      return kExitInput;
    }
    const EngineStatus status = quantized
                                    ? engine.ReconstructQuantized(quantized_input, quantized_output)
                                    : engine.Reconstruct(input, output);
    if (status != EngineStatus::kOk) {
      std::fprintf(stderr, "line %d: %s\n", number, EngineStatusText(status));
      return kExitInput;
    }
    for (int i = 0; i < engine.output_size(); ++i) {
      const char* separator = i > 0 ? "," : "";
      if (quantized) {
        std::printf("%s%d", separator, quantized_output[i]);
      } else {
        std::printf("%s%.9g", separator, static_cast<double>(output[i]));
      }
    }
    std::printf("\n");
  }
  return kExitOk;
}

}  // namespace anomaly
