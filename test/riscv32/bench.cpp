// Instructions per inference, per feature update and per sample on rv32imc, from the processor's
// own counter: the same figures on every computer.
#include <cmath>
#include <cstdint>
#include <cstdio>

#include "DenseAutoencoder.h"
#include "FastKernels.h"
#include "Lines.h"
#include "app_config.h"

using namespace anomaly;

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
constexpr float kWeights[64] = {
    0.41f,  -0.23f, 0.07f,  -0.48f, 0.31f,  0.12f,  -0.35f, 0.26f,  //
    -0.19f, 0.44f,  -0.02f, 0.15f,  -0.27f, 0.38f,  0.09f,  -0.11f, 0.33f,  -0.42f, 0.21f,  0.05f,
    -0.14f, 0.47f,  -0.30f, 0.18f,  -0.37f, 0.24f,  0.49f,  -0.08f, 0.16f,  -0.45f, 0.28f,  0.03f,
    0.13f,  -0.22f, 0.36f,  -0.40f, 0.06f,  0.29f,  -0.17f, 0.43f,  -0.25f, 0.10f,  -0.34f, 0.46f,
    -0.04f, 0.20f,  0.39f,  -0.32f, 0.01f,  0.50f,  -0.28f, 0.14f,  -0.47f, 0.23f,  -0.06f, 0.35f,
    -0.12f, 0.27f,  -0.41f, 0.08f,  0.45f,  -0.20f, 0.17f,  -0.38f,
};
constexpr float kBias[8] = {0.1f, -0.2f, 0.3f, -0.4f, 0.05f, -0.15f, 0.25f, -0.35f};
constexpr DenseLayer kLayers[] = {
    {8, 8, Activation::kRelu, kWeights, kBias},
    {8, 4, Activation::kRelu, kWeights, kBias},
    {4, 8, Activation::kRelu, kWeights, kBias},
    {8, 8, Activation::kLinear, kWeights, kBias},
};

struct QuantizedTables {
  int8_t weights[64];
  int32_t bias[8];
  int32_t multiplier[8];
  int8_t shift[8];
};
constexpr QuantizedTables MakeQuantizedTables() {
  QuantizedTables tables = {};
  for (int i = 0; i < 64; ++i) tables.weights[i] = static_cast<int8_t>(254.0f * kWeights[i]);
  for (int i = 0; i < 8; ++i) {
    tables.bias[i] = static_cast<int32_t>(4000.0f * kBias[i]);
    tables.multiplier[i] = 1500000000 + i;
    tables.shift[i] = -6;
  }
  return tables;
}
constexpr QuantizedTables kTables = MakeQuantizedTables();

constexpr QuantizedDenseLayer QuantizedLayer(int16_t inputs, int16_t outputs) {
  return {inputs,        outputs,         -128,         -128,
          127,           kTables.weights, kTables.bias, kTables.multiplier,
          kTables.shift, nullptr};
}
constexpr QuantizedDenseLayer kQuantizedLayers[] = {
    QuantizedLayer(8, 8),
    QuantizedLayer(8, 4),
    QuantizedLayer(4, 8),
    QuantizedLayer(8, 8),
};

void MeasureEngines() {
  const DenseModel model = {4, kLayers, nullptr, {}, {}, RunNetwork<kLayers>, nullptr};
  const DenseModel quantized = {4,
                                nullptr,
                                kQuantizedLayers,
                                {0.03f, 0},
                                {0.03f, -128},
                                nullptr,
                                RunNetwork<kQuantizedLayers>};
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
  constexpr int kFirst = 16;  // samples that are not measured
  const struct {
    const char* name;
    FeatureSpec spec;
  } kinds[] = {
      {"value", {FeatureKind::kValue, 0, 0.0f, 0.0f, 0.0f}},
      {"level", {FeatureKind::kLevel, 0, 16.0f, 0.0f, 0.0f}},
      {"jump", {FeatureKind::kJump, 0, 0.0f, 0.0f, 0.0f}},
      {"trend", {FeatureKind::kTrend, 0, 8.0f, 64.0f, 0.0f}},
      {"jump_energy", {FeatureKind::kJumpEnergy, 0, 32.0f, 0.0f, 0.0f}},
      {"level_energy", {FeatureKind::kLevelEnergy, 0, 16.0f, 32.0f, 0.0f}},
      {"trend_energy", {FeatureKind::kTrendEnergy, 0, 8.0f, 64.0f, 32.0f}},
      {"smooth", {FeatureKind::kSmooth, 0, 16.0f, 0.0f, 0.0f}},
  };
  const float sigma[] = {1.0f};
  static FeatureState states[1];
  static float samples[kRepeats];
  for (float& sample : samples) sample = Signal();
  for (const auto& kind : kinds) {
    const FeatureConfig config = {1, 1, &kind.spec, sigma};
    FeatureExtractor extractor(config, states);
    float feature = 0.0f;
    for (int i = 0; i < kFirst; ++i) extractor.Update(&samples[i], &feature);
    Measure("feature", kind.name, [&](uint32_t i) { extractor.Update(&samples[i], &feature); });
  }
}

// The whole path of the profile, from the reading to the line of text.
void MeasureSample() {
  using namespace model_config;
  static FeatureState states[model_config::kFeatureCount];
  DenseAutoencoder dense(kDenseModel);
  MeanAutoencoder mean(kFeatureCount);
  Autoencoder& engine = kHasNetwork ? static_cast<Autoencoder&>(dense) : mean;
  if (engine.Load() != EngineStatus::kOk) return;
  static SlowValue slow[kValues];
  static LearntSide sides[ResidualLimits::kSides * kFeatureCount];
  FrameDetector detector(kDetector, kFeatures, {states, slow, sides}, engine);
  static float samples[kRepeats][kChannels];
  for (auto& sample : samples) {
    for (int i = 0; i < kChannels; ++i) sample[i] = 25.0f + kNoiseSigma[i] * (Signal() - 25.0f);
  }
  FrameVerdict verdict = {};
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
