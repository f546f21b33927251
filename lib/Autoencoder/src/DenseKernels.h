// The arithmetic of one dense layer. The float kernels add up in the order of TFLM's reference
// kernel; the int8 kernels give its very bits (tensorflow/lite/kernels/internal/common.h and
// reference/integer_ops/fully_connected.h, with double rounding).
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "DenseModel.h"

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
  for (int o = 0; o < outputs; ++o) sums[o] = layer.weights[o] * input[0];
  // A chain of additions: what is not addition should not wait in it.
#pragma GCC unroll 7
  for (int i = 1; i < inputs; ++i) {
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

// The int8 output `o` of a layer whose weights and inputs have that sum.
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

inline __attribute__((always_inline)) void Layer(const QuantizedDenseLayer& layer, int inputs,
                                                 int outputs, const int8_t* input, int8_t* output) {
  for (int o = 0; o < outputs; ++o) {
    const int8_t* row = layer.weights + o * inputs;
    int32_t sum = 0;
    for (int i = 0; i < inputs; ++i) sum += static_cast<int32_t>(row[i]) * input[i];
    output[o] = Requantize(layer, o, sum);
  }
}

template <typename Layer, size_t kCount>
constexpr int CountLayers(const Layer (&)[kCount]) {
  return static_cast<int>(kCount);
}

template <typename Layer, size_t kCount>
constexpr int WidestOutput(const Layer (&layers)[kCount]) {
  int widest = 0;
  for (const Layer& layer : layers) widest = layer.outputs > widest ? layer.outputs : widest;
  return widest;
}

// A layer of a network whose tables the compiler knows. One with at most so many int8 weights
// becomes straight code, with weights, multipliers and shifts as immediate operands: twice as fast,
// some ten bytes a weight.
constexpr int kMaxUnrolledWeights = 64;

// The sum of weight * input of one output over kCount inputs, as a tree: a shorter chain of adds.
template <const auto& kLayers, int kLayer, int kOutput, int kFirst, int kCount>
inline __attribute__((always_inline)) int32_t Dot(const int8_t* input) {
  if constexpr (kCount == 1) {
    constexpr int kWeight = kOutput * kLayers[kLayer].inputs + kFirst;
    return static_cast<int32_t>(kLayers[kLayer].weights[kWeight]) * input[kFirst];
  } else {
    return Dot<kLayers, kLayer, kOutput, kFirst, kCount / 2>(input) +
           Dot<kLayers, kLayer, kOutput, kFirst + kCount / 2, kCount - kCount / 2>(input);
  }
}

template <const auto& kLayers, int kLayer, int... kOutputs>
inline __attribute__((always_inline)) void Unrolled(const int8_t* input, int8_t* output,
                                                    std::integer_sequence<int, kOutputs...>) {
  constexpr int kInputs = kLayers[kLayer].inputs;
  ((output[kOutputs] =
        Requantize(kLayers[kLayer], kOutputs, Dot<kLayers, kLayer, kOutputs, 0, kInputs>(input))),
   ...);
}

template <const auto& kLayers, int kLayer, typename Value>
inline __attribute__((always_inline)) void KnownLayer(const Value* input, Value* output) {
  constexpr int kInputs = kLayers[kLayer].inputs;
  constexpr int kOutputs = kLayers[kLayer].outputs;
  static_assert(kInputs > 0 && kInputs <= kMaxLayerWidth);
  static_assert(kOutputs > 0 && kOutputs <= kMaxLayerWidth);
  if constexpr (sizeof(Value) == 1 && kInputs * kOutputs <= kMaxUnrolledWeights) {
    Unrolled<kLayers, kLayer>(input, output, std::make_integer_sequence<int, kOutputs>());
  } else {
    Layer(kLayers[kLayer], kInputs, kOutputs, input, output);
  }
}

// The layers from kLayer on; every layer but the last writes a row of scratch and reads the other.
template <const auto& kLayers, int kLayer, typename Value>
inline __attribute__((always_inline)) void KnownLayers(const Value* input, Value* output,
                                                       Value* row, Value* other) {
  if constexpr (kLayer + 1 == CountLayers(kLayers)) {
    KnownLayer<kLayers, kLayer>(input, output);
  } else {
    KnownLayer<kLayers, kLayer>(input, row);
    KnownLayers<kLayers, kLayer + 1>(row, output, other, row);
  }
}

}  // namespace dense_internal

// A whole network whose tables the compiler knows: `kLayers` is a constexpr array of DenseLayer or
// QuantizedDenseLayer. Input and output must not overlap.
template <const auto& kLayers, typename Value>
void RunNetwork(const Value* input, Value* output) {
  Value rows[2][dense_internal::WidestOutput(kLayers)];
  dense_internal::KnownLayers<kLayers, 0>(input, output, rows[0], rows[1]);
}
