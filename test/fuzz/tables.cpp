// Any tables in DenseAutoencoder: Load() refuses them, or they run without reading or writing
// beside them. Input: the number of layers, what kind, then each layer's figures and values.
#include <cmath>
#include <vector>

#include "DenseAutoencoder.h"
#include "fuzz.h"

using namespace anomaly;

// Tables of exactly the size that the layer's figures say, so that AddressSanitizer sees a step
// beside them; nullptr now and then.
class Tables {
 public:
  explicit Tables(Input& input) : input_(input) {}

  template <typename T>
  const T* Take(int count) {
    if (input_.Take<uint8_t>() == 0xFF) return nullptr;
    const size_t size = (count > 0 ? static_cast<size_t>(count) : 1) * sizeof(T);
    auto* table = static_cast<uint8_t*>(std::malloc(size));
    // A few bytes, repeated: the network is larger than what a fuzzer likes to write.
    uint8_t bytes[16];
    input_.TakeBytes(bytes, sizeof(bytes));
    for (size_t i = 0; i < size; ++i) table[i] = bytes[i % sizeof(bytes)];
    tables_.push_back(table);
    return reinterpret_cast<const T*>(table);
  }
  ~Tables() {
    for (void* table : tables_) std::free(table);
  }

 private:
  Input& input_;
  std::vector<void*> tables_;
};

// Mostly a width that fits.
static int16_t TakeWidth(Input& input) {
  const auto width = input.Take<int16_t>();
  return (width & 0x4000) != 0 ? width : static_cast<int16_t>(width % (kMaxLayerWidth + 2));
}

static int Cells(int inputs, int outputs) {
  const bool fit =
      inputs > 0 && inputs <= kMaxLayerWidth && outputs > 0 && outputs <= kMaxLayerWidth;
  return fit ? inputs * outputs : 1;
}

static int Limited(int width) { return width <= kMaxLayerWidth ? width : 1; }

static void Run(const DenseModel& model, Input& input) {
  DenseAutoencoder engine(model);
  const EngineStatus status = engine.Load();
  if (status != EngineStatus::kOk) {
    float value = 0.0f;
    Require(engine.Reconstruct(&value, &value) == EngineStatus::kNotLoaded,
            "nothing runs that was refused");
    return;
  }
  std::vector<float> values(static_cast<size_t>(engine.input_size()));
  std::vector<float> output(static_cast<size_t>(engine.output_size()));
  for (float& value : values) value = input.Take<float>();
  Require(engine.Reconstruct(values.data(), output.data()) == EngineStatus::kOk, "it runs");
  if (!engine.quantized()) return;
  std::vector<int8_t> raw(values.size());
  std::vector<int8_t> raw_output(output.size());
  for (size_t i = 0; i < raw.size(); ++i) {
    raw[i] = Quantize(values[i], model.input.scale, model.input.zero_point);
  }
  Require(engine.ReconstructQuantized(raw.data(), raw_output.data()) == EngineStatus::kOk,
          "the raw values run");
  for (size_t i = 0; i < output.size(); ++i) {
    const float real =
        model.output.scale * static_cast<float>(raw_output[i] - model.output.zero_point);
    Require(std::memcmp(&real, &output[i], sizeof(real)) == 0, "both ways give the same");
  }
}

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Input input(data, size);
  Tables tables(input);
  DenseModel model = {};
  model.layer_count = input.Take<int8_t>();
  const auto kind = input.Take<uint8_t>();
  model.input = {input.Take<float>(), input.Take<int32_t>()};
  model.output = {input.Take<float>(), input.Take<int32_t>()};
  const size_t count =
      model.layer_count > 0 && model.layer_count <= kMaxLayers ? size_t(model.layer_count) : 1;
  std::vector<DenseLayer> layers;
  std::vector<QuantizedDenseLayer> quantized_layers;
  int16_t inputs = TakeWidth(input);
  for (size_t i = 0; i < count; ++i) {
    const int16_t outputs = TakeWidth(input);
    const int cells = Cells(inputs, outputs);
    const int width = Limited(outputs);
    if ((kind & 1) == 0) {
      const auto activation = static_cast<Activation>(input.Take<uint8_t>());
      const auto* weights = tables.Take<float>(cells);
      const auto* bias = tables.Take<float>(width);
      layers.push_back({inputs, outputs, activation, weights, bias});
    } else {
      const auto zero_point = input.Take<int16_t>();
      const auto low = input.Take<int8_t>();
      const auto high = input.Take<int8_t>();
      const auto* weights = tables.Take<int8_t>(cells);
      const auto* bias = tables.Take<int32_t>(width);
      const auto* multiplier = tables.Take<int32_t>(width);
      const auto* shift = tables.Take<int8_t>(width);
      const auto* lookup = (kind & 2) != 0 ? tables.Take<int8_t>(256) : nullptr;
      quantized_layers.push_back(
          {inputs, outputs, zero_point, low, high, weights, bias, multiplier, shift, lookup});
    }
    inputs = (kind & 4) != 0 ? TakeWidth(input) : outputs;
  }
  if ((kind & 8) == 0) model.layers = layers.empty() ? nullptr : layers.data();
  model.quantized_layers = quantized_layers.empty() ? nullptr : quantized_layers.data();
  Run(model, input);
  return 0;
}
