// How long one inference of each engine takes on the chip, and one update of the features: in
// microseconds by esp_timer, in cycles by the processor's own counter. Nothing is judged but the
// results; the times are printed.
#include <unity.h>

#include <cinttypes>
#include <cmath>
#include <cstdio>

#include "../../../src/app_config.h"
#include "../../suite_main.h"
#include "GeneratedModel.h"

#if defined(ESP_PLATFORM)
#include "esp_cpu.h"
#include "esp_timer.h"
static uint32_t Cycles() { return esp_cpu_get_cycle_count(); }
static int64_t Nanoseconds() { return 1000 * esp_timer_get_time(); }
#else
#include <chrono>
static uint32_t Cycles() { return 0; }  // a computer has no counter that means cycles everywhere
static int64_t Nanoseconds() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
}
#endif

using namespace anomaly;

using model_config::kFeatureCount;
using model_config::kGoldenCount;

void setUp() {}
void tearDown() {}

// Prints the least of several batches, the one that interrupts disturbed least.
template <typename Work>
static void TellTime(const char* what, Work work) {
  constexpr int kBatches = 10;
  constexpr int kCalls = 100;
  int64_t least_time = INT64_MAX;
  uint32_t least_cycles = UINT32_MAX;
  int call = 0;
  for (int batch = 0; batch < kBatches; ++batch) {
    const int64_t start = Nanoseconds();
    const uint32_t first_cycle = Cycles();
    for (int i = 0; i < kCalls; ++i) work(call++);
    const uint32_t cycles = Cycles() - first_cycle;
    const int64_t time = Nanoseconds() - start;
    if (time < least_time) least_time = time;
    if (cycles < least_cycles) least_cycles = cycles;
  }
  char text[96];
  const auto nanoseconds = static_cast<uint32_t>(least_time / kCalls);
  const int length = std::snprintf(text, sizeof(text), "%s: %" PRIu32 ".%02" PRIu32 " us", what,
                                   nanoseconds / 1000, nanoseconds % 1000 / 10);
  if (least_cycles > 0) {
    std::snprintf(text + length, sizeof(text) - static_cast<size_t>(length), ", %" PRIu32 " cycles",
                  least_cycles / kCalls);
  }
  TEST_MESSAGE(text);
}

static void TellInference(Autoencoder& engine) {
  float output[kFeatureCount];
  bool sound = true;
  TellTime(engine.name(), [&](int call) {
    const float* input = model_config::kGoldenInputs[call % kGoldenCount];
    sound = engine.Reconstruct(input, output) == EngineStatus::kOk && sound;
  });
  TEST_ASSERT_TRUE(sound);
}

static void TimeOfTflm() {
  alignas(16) static uint8_t arena[model_config::kArenaSize];
  static GeneratedOperators operators;
  TEST_ASSERT_TRUE(model_config::AddOperators(operators));
  TflmAutoencoder engine(kGeneratedModel, operators, arena, sizeof(arena));
  TEST_ASSERT_TRUE(engine.Load() == EngineStatus::kOk);
  TellInference(engine);
}

static void TimeOfTheDenseEngine() {
  DenseAutoencoder engine(model_config::kDenseModel);
  TEST_ASSERT_TRUE(engine.Load() == EngineStatus::kOk);
  TellInference(engine);
}

static void TimeOfTheFeatures() {
  static FeatureState states[model_config::kFeatureCount];
  FeatureExtractor extractor(model_config::kFeatures, states);
  uint32_t random = 1;
  float features[kFeatureCount];
  TellTime("features, one update", [&](int) {
    float sample[model_config::kChannels];
    for (int i = 0; i < model_config::kChannels; ++i) {
      random = random * 1664525u + 1013904223u;
      const float noise = static_cast<float>(random >> 8) / 16777216.0f - 0.5f;
      sample[i] = 25.0f + model_config::kNoiseSigma[i] * noise;
    }
    extractor.Update(sample, features);
  });
  for (const float feature : features) TEST_ASSERT_TRUE(std::isfinite(feature));
}

static void RunTests() {
  RUN_TEST(TimeOfTflm);
  RUN_TEST(TimeOfTheDenseEngine);
  RUN_TEST(TimeOfTheFeatures);
}

SUITE_MAIN(RunTests)
