// The arithmetic of one dense layer. The float kernels add up in the order of TFLM's reference
// kernel; the int8 kernels give its very bits (tensorflow/lite/kernels/internal/common.h and
// reference/integer_ops/fully_connected.h, with double rounding).
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

#include "DenseModel.h"

// value * multiplier * 2^(shift - 31), rounded twice as TensorFlow Lite does. shift in -31..30.
inline int32_t MultiplyByQuantizedMultiplier(int32_t value, int32_t multiplier, int shift) {
  const int left = shift > 0 ? shift : 0;
  const int right = shift > 0 ? 0 : -shift;
  const auto shifted = static_cast<int32_t>(static_cast<uint32_t>(value) << left);
  if (shifted == INT32_MIN && multiplier == INT32_MIN) return INT32_MAX;
  const int64_t product = static_cast<int64_t>(shifted) * multiplier;
  const int64_t nudge = product >= 0 ? (int64_t{1} << 30) : 1 - (int64_t{1} << 30);
  const auto high = static_cast<int32_t>((product + nudge) / (int64_t{1} << 31));
  const auto mask = static_cast<int32_t>((int64_t{1} << right) - 1);
  const int32_t threshold = (mask >> 1) + (high < 0 ? 1 : 0);
  const auto floor = static_cast<int32_t>(static_cast<int64_t>(high) >> right);
  return floor + ((high & mask) > threshold ? 1 : 0);
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

namespace dense_internal {

// Inlined into each kernel, so that a constant shape reaches the loops.
inline __attribute__((always_inline)) void Layer(const DenseLayer& layer, int inputs, int outputs,
                                                 const float* input, float* output) {
  float sums[kMaxLayerWidth];
  for (int o = 0; o < outputs; ++o) sums[o] = 0.0f;
  for (int i = 0; i < inputs; ++i) {
    const float* row = layer.weights + i * outputs;
    for (int o = 0; o < outputs; ++o) sums[o] += row[o] * input[i];
  }
  if (layer.activation == Activation::kRelu) {
    for (int o = 0; o < outputs; ++o) {
      const float value = sums[o] + layer.bias[o];
      output[o] = value > 0.0f ? value : 0.0f;
    }
    return;
  }
  for (int o = 0; o < outputs; ++o) output[o] = sums[o] + layer.bias[o];
  if (layer.activation == Activation::kLinear) return;
  for (int o = 0; o < outputs; ++o) output[o] = Activate(layer.activation, output[o]);
}

inline __attribute__((always_inline)) void Layer(const QuantizedDenseLayer& layer, int inputs,
                                                 int outputs, const int8_t* input, int8_t* output) {
  for (int o = 0; o < outputs; ++o) {
    const int8_t* row = layer.weights + o * inputs;
    int32_t sum = 0;
    for (int i = 0; i < inputs; ++i) sum += static_cast<int32_t>(row[i]) * input[i];
    const auto accumulator =
        static_cast<int32_t>(static_cast<uint32_t>(sum) + static_cast<uint32_t>(layer.bias[o]));
    const int64_t value =
        int64_t{MultiplyByQuantizedMultiplier(accumulator, layer.multiplier[o], layer.shift[o])} +
        layer.output_zero_point;
    const int64_t low = layer.low;
    const int64_t high = layer.high;
    const auto clamped = static_cast<int8_t>(value < low ? low : value > high ? high : value);
    output[o] = layer.lookup == nullptr ? clamped : layer.lookup[clamped + 128];
  }
}

}  // namespace dense_internal

// One layer whose shape the compiler knows; generated tables name the instance that fits. `input`
// and `output` must not overlap.
template <int kInputs, int kOutputs>
void RunDense(const DenseLayer& layer, const float* input, float* output) {
  static_assert(kInputs > 0 && kOutputs > 0 && kOutputs <= kMaxLayerWidth);
  dense_internal::Layer(layer, kInputs, kOutputs, input, output);
}

template <int kInputs, int kOutputs>
void RunQuantizedDense(const QuantizedDenseLayer& layer, const int8_t* input, int8_t* output) {
  static_assert(kInputs > 0 && kOutputs > 0 && kOutputs <= kMaxLayerWidth);
  dense_internal::Layer(layer, kInputs, kOutputs, input, output);
}
