// A dense network as loops that can be read, for any tables. They add up in the order of TFLM's
// reference kernels; int8 results are theirs to the last bit
// (tensorflow/lite/kernels/internal/common.h and reference/integer_ops/fully_connected.h, with
// double rounding). FastKernels.h computes the same for tables that the compiler knows.
#pragma once

#include <cmath>
#include <cstdint>

#include "DenseModel.h"

namespace anomaly {

// value * multiplier * 2^(shift - 31), rounded twice as TensorFlow Lite does. `multiplier` >= 0,
// shift in -31..30.
inline int32_t MultiplyByQuantizedMultiplier(int32_t value, int32_t multiplier, int shift) {
  const auto shifted =
      static_cast<int32_t>(static_cast<uint32_t>(value) << (shift > 0 ? shift : 0));
  const int64_t product = static_cast<int64_t>(shifted) * multiplier + (int64_t{1} << 30);
  const auto high = static_cast<int32_t>(product >> 31);
  if (shift >= 0) return high;
  // Half away from zero: a negative value moves down first, then halves go up.
  return (((high + (high >> 31)) >> (-shift - 1)) + 1) >> 1;
}

// The int8 output `o` of a layer whose weights times inputs have that sum. Always inlined: in
// FastKernels.h `layer` and `o` are constants, and what they are worth shows only at the caller.
inline __attribute__((always_inline)) int8_t Requantize(const QuantizedDenseLayer& layer, int o,
                                                        int32_t sum) {
  const auto accumulator =
      static_cast<int32_t>(static_cast<uint32_t>(sum) + static_cast<uint32_t>(layer.bias[o]));
  const int32_t low = layer.low - layer.output_zero_point;
  const int32_t high = layer.high - layer.output_zero_point;
  int32_t value = MultiplyByQuantizedMultiplier(accumulator, layer.multiplier[o], layer.shift[o]);
  // Two steps, not one nested choice: that way neither becomes a jump.
  value = value < low ? low : value;
  value = value > high ? high : value;
  value += layer.output_zero_point;
  return layer.lookup == nullptr ? static_cast<int8_t>(value) : layer.lookup[value + 128];
}

inline float Activate(Activation activation, float value) {
  switch (activation) {
    case Activation::kRelu:
      return value > 0.0f ? value : 0.0f;
    case Activation::kSigmoid:
      return 1.0f / (1.0f + std::exp(-value));
    case Activation::kTanh:
      return std::tanh(value);
    case Activation::kLinear:
      break;
  }
  return value;
}

inline void RunLayer(const DenseLayer& layer, const float* input, float* output) {
  for (int o = 0; o < layer.outputs; ++o) {
    float sum = 0.0f;
    for (int i = 0; i < layer.inputs; ++i) sum += layer.weights[i * layer.outputs + o] * input[i];
    output[o] = Activate(layer.activation, sum + layer.bias[o]);
  }
}

inline void RunLayer(const QuantizedDenseLayer& layer, const int8_t* input, int8_t* output) {
  for (int o = 0; o < layer.outputs; ++o) {
    int32_t sum = 0;
    for (int i = 0; i < layer.inputs; ++i) sum += layer.weights[o * layer.inputs + i] * input[i];
    output[o] = Requantize(layer, o, sum);
  }
}

// A whole network of `count` layers, DenseLayer or QuantizedDenseLayer, none wider than
// kMaxLayerWidth. Input and output must not overlap.
template <typename Layer, typename Value>
void RunLayers(const Layer* layers, int count, const Value* input, Value* output) {
  Value rows[2][kMaxLayerWidth];  // a layer reads one and writes the other
  for (int i = 0; i < count; ++i) {
    Value* target = i + 1 < count ? rows[i & 1] : output;
    RunLayer(layers[i], input, target);
    input = target;
  }
}

}  // namespace anomaly
