// A dense network as code that the compiler makes for its very tables: the shapes are constants, a
// small int8 layer becomes straight code. It computes what PlainKernels.h does, to the last bit; of
// float32 only the last digit may differ, on a processor that multiplies and adds in one step.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "DenseModel.h"
#include "PlainKernels.h"

namespace anomaly {

namespace fast_kernels {

// A layer with at most so many int8 weights becomes straight code, with weights, multipliers and
// shifts as immediate operands: twice as fast, some ten bytes a weight.
constexpr int kMaxUnrolledWeights = 64;

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

// Everything below is inlined into RunNetwork, so that a constant shape reaches the loops.

template <const auto& kLayers, int kIndex>
inline __attribute__((always_inline)) void KnownLayer(const float* input, float* output) {
  constexpr DenseLayer kLayer = kLayers[kIndex];
  // All sums side by side: the compiler makes vectors of them.
  float sums[kLayer.outputs];
  for (int o = 0; o < kLayer.outputs; ++o) sums[o] = kLayer.weights[o] * input[0];
  // A chain of additions: what is not addition should not wait in it.
#pragma GCC unroll 7
  for (int i = 1; i < kLayer.inputs; ++i) {
    const float* row = kLayer.weights + i * kLayer.outputs;
    for (int o = 0; o < kLayer.outputs; ++o) sums[o] += row[o] * input[i];
  }
  for (int o = 0; o < kLayer.outputs; ++o) {
    output[o] = Activate(kLayer.activation, sums[o] + kLayer.bias[o]);
  }
}

// The sum of weight * input of one output over kCount inputs, as a tree: a shorter chain of adds.
template <const auto& kLayers, int kIndex, int kOutput, int kFirst, int kCount>
inline __attribute__((always_inline)) int32_t Dot(const int8_t* input) {
  if constexpr (kCount == 1) {
    constexpr int kWeight = kOutput * kLayers[kIndex].inputs + kFirst;
    return static_cast<int32_t>(kLayers[kIndex].weights[kWeight]) * input[kFirst];
  } else {
    return Dot<kLayers, kIndex, kOutput, kFirst, kCount / 2>(input) +
           Dot<kLayers, kIndex, kOutput, kFirst + kCount / 2, kCount - kCount / 2>(input);
  }
}

template <const auto& kLayers, int kIndex, int... kOutputs>
inline __attribute__((always_inline)) void Unrolled(const int8_t* input, int8_t* output,
                                                    std::integer_sequence<int, kOutputs...>) {
  constexpr int kInputs = kLayers[kIndex].inputs;
  ((output[kOutputs] =
        Requantize(kLayers[kIndex], kOutputs, Dot<kLayers, kIndex, kOutputs, 0, kInputs>(input))),
   ...);
}

template <const auto& kLayers, int kIndex>
inline __attribute__((always_inline)) void KnownLayer(const int8_t* input, int8_t* output) {
  constexpr QuantizedDenseLayer kLayer = kLayers[kIndex];
  if constexpr (kLayer.inputs * kLayer.outputs <= kMaxUnrolledWeights) {
    Unrolled<kLayers, kIndex>(input, output, std::make_integer_sequence<int, kLayer.outputs>());
  } else {
    for (int o = 0; o < kLayer.outputs; ++o) {
      const int8_t* row = kLayer.weights + o * kLayer.inputs;
      int32_t sum = 0;
      for (int i = 0; i < kLayer.inputs; ++i) sum += row[i] * input[i];
      output[o] = Requantize(kLayers[kIndex], o, sum);
    }
  }
}

// The layers from kIndex on; every layer but the last writes a row of scratch and reads the other.
template <const auto& kLayers, int kIndex, typename Value>
inline __attribute__((always_inline)) void KnownLayers(const Value* input, Value* output,
                                                       Value* row, Value* other) {
  constexpr auto kLayer = kLayers[kIndex];
  static_assert(kLayer.inputs > 0 && kLayer.inputs <= kMaxLayerWidth);
  static_assert(kLayer.outputs > 0 && kLayer.outputs <= kMaxLayerWidth);
  if constexpr (kIndex + 1 == CountLayers(kLayers)) {
    KnownLayer<kLayers, kIndex>(input, output);
  } else {
    KnownLayer<kLayers, kIndex>(input, row);
    KnownLayers<kLayers, kIndex + 1>(row, output, other, row);
  }
}

}  // namespace fast_kernels

// `kLayers` is a constexpr array of DenseLayer or QuantizedDenseLayer. Input and output must not
// overlap.
template <const auto& kLayers, typename Value>
void RunNetwork(const Value* input, Value* output) {
  Value rows[2][fast_kernels::WidestOutput(kLayers)];
  fast_kernels::KnownLayers<kLayers, 0>(input, output, rows[0], rows[1]);
}

}  // namespace anomaly
