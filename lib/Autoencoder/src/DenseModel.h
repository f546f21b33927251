// Tables of a dense network, as generated into include/model_config.h: plain structs of pointers to
// constants. Nothing here owns memory; every table must outlive the engine that reads it.
#pragma once

#include <cstdint>

namespace anomaly {

enum class Activation : uint8_t { kLinear, kRelu, kSigmoid, kTanh };

// The widest layer (inputs or outputs) that an engine accepts; sizes its two scratch rows.
constexpr int kMaxLayerWidth = 64;
constexpr int kMaxLayers = 8;

// One float32 layer: output = activation(weights * input + bias).
struct DenseLayer {
  int16_t inputs;
  int16_t outputs;
  Activation activation;
  const float* weights;  // [inputs][outputs]: transposed, so that the inner loop runs over outputs
  const float* bias;     // [outputs]
};

// One int8 layer, with the arithmetic of TensorFlow Lite's int8 FULLY_CONNECTED:
//
//   sum    = bias + sum(weight * input)            in int32
//   value  = sum * multiplier * 2^(shift - 31)     rounded as the reference kernels do
//   output = clamp(value + output_zero_point, low, high)
//
// and where there is a lookup table, lookup[output + 128] instead of that output. The input's zero
// point does not appear, because the bias has it: it holds the model's bias minus
// input_zero_point * sum(weight).
struct QuantizedDenseLayer {
  int16_t inputs;
  int16_t outputs;
  int16_t output_zero_point;
  int8_t low;                 // -128, or the zero point where a relu is fused
  int8_t high;                // 127
  const int8_t* weights;      // [outputs][inputs], symmetric
  const int32_t* bias;        // [outputs], with the input's zero point in it
  const int32_t* multiplier;  // [outputs], Q31 in [2^30, 2^31)
  const int8_t* shift;        // [outputs], positive is left
  const int8_t* lookup;       // [256] sigmoid or tanh as TFLM computes it, or nullptr
};

// real = scale * (quantized - zero_point)
struct Quantization {
  float scale;
  int32_t zero_point;
};

// A whole network: exactly one of `layers` and `quantized_layers` is not null.
struct DenseModel {
  int8_t layer_count;
  const DenseLayer* layers;
  const QuantizedDenseLayer* quantized_layers;
  Quantization input;   // int8 only
  Quantization output;  // int8 only
  // The same network as one function that the compiler made for these very tables; generated code
  // names a `RunNetwork<tables>` here. nullptr means the loop for any tables.
  void (*run)(const float* input, float* output) = nullptr;
  void (*run_quantized)(const int8_t* input, int8_t* output) = nullptr;
};

}  // namespace anomaly
