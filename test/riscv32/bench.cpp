// Instructions per inference, per feature update and per sample on rv32imc, from the processor's
// own counter: the same figures on every computer.
#include <cmath>
#include <cstdint>
#include <cstdio>

#include "DenseAutoencoder.h"
#include "DenseKernels.h"
#include "Telemetry.h"
#include "app_config.h"

namespace {

constexpr uint32_t kRepeats = 256;

uint32_t InstructionCounter() {
  uint32_t count = 0;
  __asm__ volatile(".option push\n .option arch, +zicsr\n rdinstret %0\n .option pop\n"
                   : "=r"(count)::"memory");
  return count;
}

// Runs work(0), work(1), ... and prints their mean.
template <typename Work>
void Measure(const char* what, const char* detail, Work work) {
  const uint32_t start = InstructionCounter();
  for (uint32_t i = 0; i < kRepeats; ++i) work(i);
  const uint32_t mean = (InstructionCounter() - start) / kRepeats;
  std::printf("%-10s %-26s %7lu\n", what, detail, static_cast<unsigned long>(mean));
}

// Uniform in -0.5..0.5.
float Noise() {
  static uint32_t random = 1;
  random = random * 1664525u + 1013904223u;
  return static_cast<float>(random >> 8) / 16777216.0f - 0.5f;
}

void MeasureInference(const char* detail, DenseAutoencoder& engine) {
  constexpr uint32_t kVectors = 16;
  static float input[kVectors][kMaxLayerWidth];
  float output[kMaxLayerWidth];
  for (auto& vector : input) {
    for (float& value : vector) value = 4.0f * Noise();
  }
  if (engine.Load() != EngineStatus::kOk) {
    std::printf("%s: the tables are not sound\n", detail);
    return;
  }
  Measure("inference", detail,
          [&](uint32_t i) { static_cast<void>(engine.Reconstruct(input[i % kVectors], output)); });
}

// 8-8-4-8-8: relu inside, linear at the end. All layers share the first values of the same tables.
constexpr int kWeights = 8 * 8;
float weights[kWeights];
float bias[8];
const DenseLayer kLayers[] = {
    {8, 8, Activation::kRelu, weights, bias, RunDense<8, 8>},
    {8, 4, Activation::kRelu, weights, bias, RunDense<8, 4>},
    {4, 8, Activation::kRelu, weights, bias, RunDense<4, 8>},
    {8, 8, Activation::kLinear, weights, bias, RunDense<8, 8>},
};
int8_t quantized_weights[kWeights];
int32_t quantized_bias[8];
int32_t multiplier[8];
int8_t shift[8];

template <int kInputs, int kOutputs>
constexpr QuantizedDenseLayer QuantizedLayer(int8_t low) {
  return {kInputs,
          kOutputs,
          -128,
          low,
          127,
          quantized_weights,
          quantized_bias,
          multiplier,
          shift,
          nullptr,
          RunQuantizedDense<kInputs, kOutputs>};
}
const QuantizedDenseLayer kQuantizedLayers[] = {
    QuantizedLayer<8, 8>(-128),
    QuantizedLayer<8, 4>(-128),
    QuantizedLayer<4, 8>(-128),
    QuantizedLayer<8, 8>(-128),
};

void MeasureEngines() {
  for (float& value : weights) value = Noise();
  for (float& value : bias) value = Noise();
  for (int i = 0; i < kWeights; ++i) {
    quantized_weights[i] = static_cast<int8_t>(254.0f * weights[i]);
  }
  for (int i = 0; i < 8; ++i) {
    quantized_bias[i] = static_cast<int32_t>(4000.0f * bias[i]);
    multiplier[i] = 1500000000 + i;
    shift[i] = -6;
  }
  const DenseModel model = {4, kLayers, nullptr, {}, {}};
  const DenseModel quantized = {4, nullptr, kQuantizedLayers, {0.03f, 0}, {0.03f, -128}};
  DenseAutoencoder engine(model);
  DenseAutoencoder quantized_engine(quantized);
  MeasureInference("8-8-4-8-8 float32", engine);
  MeasureInference("8-8-4-8-8 int8", quantized_engine);
  if (!model_config::kHasNetwork) return;
  char name[40];
  DenseAutoencoder own(model_config::kDenseModel);
  std::snprintf(name, sizeof(name), "%s %s", model_config::kProfile,
                own.quantized() ? "int8" : "float32");
  MeasureInference(name, own);
}

// One sample of a channel whose noise is one.
float Signal() { return 25.0f + 3.4641016f * Noise(); }

void MeasureFeatures() {
  constexpr int kWindow = 16;
  const struct {
    const char* name;
    FeatureSpec spec;
  } kinds[] = {
      {"value", {FeatureKind::kValue, 0, 0.0f, 0.0f, 0.0f}},
      {"difference", {FeatureKind::kDifference, 0, 0.0f, 0.0f, 0.0f}},
      {"mean, window 16", {FeatureKind::kMean, 0, 0.0f, 0.0f, 0.0f}},
      {"slope, window 16", {FeatureKind::kSlope, 0, 0.0f, 0.0f, 0.0f}},
      {"variance, window 16", {FeatureKind::kVariance, 0, 0.0f, 0.0f, 0.0f}},
      {"level", {FeatureKind::kLevel, 0, 16.0f, 0.0f, 0.0f}},
      {"jump", {FeatureKind::kJump, 0, 0.0f, 0.0f, 0.0f}},
      {"trend", {FeatureKind::kTrend, 0, 8.0f, 64.0f, 0.0f}},
      {"jump_energy", {FeatureKind::kJumpEnergy, 0, 32.0f, 0.0f, 0.0f}},
      {"level_energy", {FeatureKind::kLevelEnergy, 0, 16.0f, 32.0f, 0.0f}},
      {"trend_energy", {FeatureKind::kTrendEnergy, 0, 8.0f, 64.0f, 32.0f}},
      {"zscore", {FeatureKind::kZScore, 0, 16.0f, 0.0f, 0.0f}},
      {"smooth", {FeatureKind::kSmooth, 0, 16.0f, 0.0f, 0.0f}},
  };
  const float sigma[] = {1.0f};
  static FeatureStorage<1, 1, true> storage;
  static float samples[kRepeats];
  for (float& sample : samples) sample = Signal();
  for (const auto& kind : kinds) {
    const FeatureConfig config = {1, 1, kWindow, 2.0f, &kind.spec, sigma};
    FeatureMemory memory = storage.memory();
    const bool windowed = kind.spec.kind == FeatureKind::kMean ||
                          kind.spec.kind == FeatureKind::kSlope ||
                          kind.spec.kind == FeatureKind::kVariance;
    if (!windowed) memory.windows = nullptr;
    FeatureExtractor extractor(config, memory);
    float feature = 0.0f;
    for (int i = 0; i < kWindow; ++i) extractor.Update(&samples[i], &feature);
    Measure("feature", kind.name, [&](uint32_t i) { extractor.Update(&samples[i], &feature); });
  }
}

// The whole path of the profile, from the reading to the line of text.
void MeasureSample() {
  using namespace model_config;
  static ModelFeatureStorage storage;
  DenseAutoencoder dense(kDenseModel);
  MeanAutoencoder mean(kFeatureCount);
  Autoencoder& engine = kHasNetwork ? static_cast<Autoencoder&>(dense) : mean;
  if (engine.Load() != EngineStatus::kOk) return;
  AnomalyDetector detector(kDetector, kFeatures, storage.memory(), engine);
  static float samples[kRepeats][kChannels];
  for (auto& sample : samples) {
    for (int i = 0; i < kChannels; ++i) sample[i] = 25.0f + kNoiseSigma[i] * (Signal() - 25.0f);
  }
  Verdict verdict = {};
  for (const auto& sample : samples) verdict = detector.Update(sample);
  Measure("sample", kProfile, [&](uint32_t i) { verdict = detector.Update(samples[i]); });
  LineBuffer line;
  Measure("line", "one reading as text", [&](uint32_t i) {
    line.Clear();
    AddReading(line, verdict, samples[i][0], "level", kChannels);
  });
}

}  // namespace

int main() {
  std::printf("%-10s %-26s %7s\n", "", "", "instructions");
  MeasureEngines();
  MeasureFeatures();
  MeasureSample();
  return 0;
}
