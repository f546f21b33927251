#include "DenseAutoencoder.h"

#include <cmath>

#include "PlainKernels.h"

namespace anomaly {

namespace {

bool WidthIsValid(int width) { return width > 0 && width <= kMaxLayerWidth; }

bool LayerIsValid(const DenseLayer& layer) {
  return layer.weights != nullptr && layer.bias != nullptr && layer.activation <= Activation::kTanh;
}

bool LayerIsValid(const QuantizedDenseLayer& layer) {
  if (layer.weights == nullptr || layer.bias == nullptr || layer.multiplier == nullptr ||
      layer.shift == nullptr || layer.low > layer.high) {
    return false;
  }
  for (int o = 0; o < layer.outputs; ++o) {
    if (layer.multiplier[o] < 0 || layer.shift[o] < -31 || layer.shift[o] > 30) return false;
  }
  return true;
}

// Each layer is sound and takes what the one before it gives.
template <typename Layer>
bool LayersAreValid(const Layer* layers, int count) {
  for (int i = 0; i < count; ++i) {
    if (!WidthIsValid(layers[i].inputs) || !WidthIsValid(layers[i].outputs)) return false;
    if (i > 0 && layers[i].inputs != layers[i - 1].outputs) return false;
    if (!LayerIsValid(layers[i])) return false;
  }
  return true;
}

bool QuantizationIsValid(const Quantization& quantization) {
  return std::isfinite(quantization.scale) && quantization.scale > 0.0f &&
         quantization.zero_point >= -128 && quantization.zero_point <= 127;
}

}  // namespace

EngineStatus DenseAutoencoder::Load() {
  loaded_ = false;
  if (model_.layer_count < 1 || model_.layer_count > kMaxLayers) return EngineStatus::kBadModel;
  if ((model_.layers == nullptr) == (model_.quantized_layers == nullptr)) {
    return EngineStatus::kBadModel;
  }
  if (quantized()) {
    if (!LayersAreValid(model_.quantized_layers, model_.layer_count) ||
        !QuantizationIsValid(model_.input) || !QuantizationIsValid(model_.output)) {
      return EngineStatus::kBadModel;
    }
  } else if (!LayersAreValid(model_.layers, model_.layer_count)) {
    return EngineStatus::kBadModel;
  }
  loaded_ = true;
  return EngineStatus::kOk;
}

int DenseAutoencoder::input_size() const {
  if (!loaded_) return 0;
  return quantized() ? model_.quantized_layers[0].inputs : model_.layers[0].inputs;
}

int DenseAutoencoder::output_size() const {
  if (!loaded_) return 0;
  const int last = model_.layer_count - 1;
  return quantized() ? model_.quantized_layers[last].outputs : model_.layers[last].outputs;
}

EngineStatus DenseAutoencoder::Reconstruct(const float* input, float* output) {
  if (!loaded_) return EngineStatus::kNotLoaded;
  if (quantized()) {
    int8_t codes[kMaxLayerWidth];
    int8_t result[kMaxLayerWidth];
    const int inputs = input_size();
    for (int i = 0; i < inputs; ++i) {
      codes[i] = Quantize(input[i], model_.input.scale, model_.input.zero_point);
    }
    const EngineStatus status = ReconstructQuantized(codes, result);
    const int outputs = output_size();
    for (int o = 0; o < outputs; ++o) {
      output[o] = model_.output.scale * static_cast<float>(result[o] - model_.output.zero_point);
    }
    return status;
  }
  if (model_.run != nullptr) {
    model_.run(input, output);
  } else {
    RunLayers(model_.layers, model_.layer_count, input, output);
  }
  return EngineStatus::kOk;
}

EngineStatus DenseAutoencoder::ReconstructQuantized(const int8_t* input, int8_t* output) {
  if (!loaded_) return EngineStatus::kNotLoaded;
  if (!quantized()) return EngineStatus::kBadModel;
  if (model_.run_quantized != nullptr) {
    model_.run_quantized(input, output);
  } else {
    RunLayers(model_.quantized_layers, model_.layer_count, input, output);
  }
  return EngineStatus::kOk;
}

}  // namespace anomaly
