// TensorFlow Lite for Microcontrollers on the chip. The same suite runs on a computer where its
// sources are at hand: test/test_python/test_tflm_host.py.
#include <unity.h>

#include <cmath>
#include <cstdio>
#include <cstring>

#include "../../suite_main.h"
#include "DenseAutoencoder.h"
#include "GeneratedModel.h"
#include "model_config.h"

#if defined(ESP_PLATFORM)
#include "esp_heap_caps.h"
#include "esp_timer.h"
static size_t UsedHeap() { return heap_caps_get_free_size(MALLOC_CAP_DEFAULT); }
static int64_t Micros() { return esp_timer_get_time(); }
#else
#include <malloc.h>

#include <chrono>
static size_t UsedHeap() { return mallinfo2().uordblks; }
static int64_t Micros() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}
#endif

using namespace anomaly;

using model_config::kFeatureCount;

alignas(16) static uint8_t arena[model_config::kArenaSize];
static GeneratedOperators operators;

void setUp() {}
void tearDown() {}

static float Tolerance() {
  return model_config::kQuantized ? 1.001f * model_config::kDenseModel.output.scale : 1e-4f;
}

static float Random() {
  static uint32_t state = 1;
  state = state * 1664525u + 1013904223u;
  return 8.0f * (static_cast<float>(state >> 8) / 16777216.0f - 0.5f);
}

// Loads a model that is not the generated one and says what came of it.
static EngineStatus StatusOf(const TflmModel& model) {
  TflmAutoencoder engine(model, operators, arena, sizeof(arena));
  return engine.Load();
}

static void OperatorsAreRegistered() { TEST_ASSERT_TRUE(model_config::AddOperators(operators)); }

static void GoldenVectorsAreMet() {
  TflmAutoencoder engine(kGeneratedModel, operators, arena, sizeof(arena));
  TEST_ASSERT_TRUE(engine.Load() == EngineStatus::kOk);
  TEST_ASSERT_EQUAL_STRING("", engine.detail());
  TEST_ASSERT_EQUAL_INT(kFeatureCount, engine.input_size());
  TEST_ASSERT_EQUAL_INT(kFeatureCount, engine.output_size());
  float max_error = 0.0f;
  for (int i = 0; i < model_config::kGoldenCount; ++i) {
    float output[kFeatureCount];
    TEST_ASSERT_TRUE(engine.Reconstruct(model_config::kGoldenInputs[i], output) ==
                     EngineStatus::kOk);
    for (int j = 0; j < kFeatureCount; ++j) {
      TEST_ASSERT_FLOAT_WITHIN(Tolerance(), model_config::kGoldenOutputs[i][j], output[j]);
      max_error = std::fmax(max_error, std::fabs(model_config::kGoldenOutputs[i][j] - output[j]));
    }
  }
  char text[64];
  std::snprintf(text, sizeof(text), "largest error %d nano", static_cast<int>(max_error * 1e9f));
  TEST_MESSAGE(text);
}

static void RandomVectorsAreThoseOfTheDenseEngine() {
  constexpr int kVectors = 10000;
  TflmAutoencoder engine(kGeneratedModel, operators, arena, sizeof(arena));
  DenseAutoencoder dense(model_config::kDenseModel);
  TEST_ASSERT_TRUE(engine.Load() == EngineStatus::kOk);
  TEST_ASSERT_TRUE(dense.Load() == EngineStatus::kOk);
  int different = 0;
  for (int i = 0; i < kVectors; ++i) {
    float input[kFeatureCount];
    float expected[kFeatureCount];
    float output[kFeatureCount];
    for (float& value : input) value = Random();
    TEST_ASSERT_TRUE(engine.Reconstruct(input, output) == EngineStatus::kOk);
    TEST_ASSERT_TRUE(dense.Reconstruct(input, expected) == EngineStatus::kOk);
    for (int j = 0; j < kFeatureCount; ++j) {
      TEST_ASSERT_FLOAT_WITHIN(Tolerance(), expected[j], output[j]);
      if (std::memcmp(&expected[j], &output[j], sizeof(float)) != 0) ++different;
    }
  }
  char text[64];
  std::snprintf(text, sizeof(text), "%d of %d values differ in a bit", different,
                kVectors * kFeatureCount);
  TEST_MESSAGE(text);
#if !defined(ESP_PLATFORM)
  // The reference kernels, which the dense engine follows to the bit.
  if (model_config::kQuantized) TEST_ASSERT_EQUAL_INT(0, different);
#endif
}

static void NanGivesNoCrash() {
  TflmAutoencoder engine(kGeneratedModel, operators, arena, sizeof(arena));
  TEST_ASSERT_TRUE(engine.Load() == EngineStatus::kOk);
  float input[kFeatureCount];
  float output[kFeatureCount];
  for (const float value : {NAN, INFINITY, -INFINITY, 3.4e38f}) {
    for (float& element : input) element = value;
    TEST_ASSERT_TRUE(engine.Reconstruct(input, output) == EngineStatus::kOk);
  }
}

static void NothingRunsBeforeLoad() {
  TflmAutoencoder engine(kGeneratedModel, operators, arena, sizeof(arena));
  float output[kFeatureCount];
  TEST_ASSERT_TRUE(engine.Reconstruct(model_config::kGoldenInputs[0], output) ==
                   EngineStatus::kNotLoaded);
  TEST_ASSERT_EQUAL_INT(0, engine.memory_used());
}

static void GeneratedArenaIsEnough() {
  TflmAutoencoder engine(kGeneratedModel, operators, arena, sizeof(arena));
  TEST_ASSERT_TRUE(engine.Load() == EngineStatus::kOk);
  TEST_ASSERT_EQUAL_INT(model_config::kArenaSize, engine.memory_reserved());
  TEST_ASSERT_TRUE(engine.memory_used() > 0);
  TEST_ASSERT_TRUE(engine.memory_used() <= model_config::kArenaNeed);
  char text[64];
  std::snprintf(text, sizeof(text), "arena: %d bytes used, %d needed, %d reserved",
                static_cast<int>(engine.memory_used()), model_config::kArenaNeed,
                model_config::kArenaSize);
  TEST_MESSAGE(text);
}

static void GeneratedNeedIsEnough() {
  TflmAutoencoder engine(kGeneratedModel, operators, arena, model_config::kArenaNeed);
  TEST_ASSERT_TRUE(engine.Load() == EngineStatus::kOk);
}

static void SmallerArenaIsRefusedWithoutACrash() {
  for (size_t size = 0; size < model_config::kArenaNeed; ++size) {
    TflmAutoencoder engine(kGeneratedModel, operators, arena, size);
    const EngineStatus status = engine.Load();
    TEST_ASSERT_TRUE(status == EngineStatus::kArenaTooSmall);
    TEST_ASSERT_EQUAL_STRING("AllocateTensors() failed! Increase arena size.",
                             EngineStatusText(status));
    char expected[64];
    std::snprintf(expected, sizeof(expected), "arena %u bytes, needed %d",
                  static_cast<unsigned>(size), model_config::kArenaNeed);
    TEST_ASSERT_EQUAL_STRING(expected, engine.detail());
  }
}

static void ArenaMustBeAligned() {
  TflmAutoencoder engine(kGeneratedModel, operators, arena + 4, sizeof(arena) - 4);
  TEST_ASSERT_TRUE(engine.Load() == EngineStatus::kArenaTooSmall);
}

static void ForeignSchemaIsRefused() {
  TflmModel model = kGeneratedModel;
  model.schema_version = 2;
  TflmAutoencoder engine(model, operators, arena, sizeof(arena));
  const EngineStatus status = engine.Load();
  TEST_ASSERT_TRUE(status == EngineStatus::kSchemaMismatch);
  TEST_ASSERT_EQUAL_STRING("Model schema mismatch!", EngineStatusText(status));
  TEST_ASSERT_EQUAL_STRING("model 3, model_config.h 2, interpreter 3", engine.detail());
}

static void WhatIsNoModelIsRefused() {
  alignas(16) static unsigned char copy[sizeof(autoencoder_model_data)];
  std::memcpy(copy, autoencoder_model_data, sizeof(copy));
  TflmModel model = kGeneratedModel;
  model.data = copy;
  TEST_ASSERT_TRUE(StatusOf(model) == EngineStatus::kOk);
  alignas(16) static const unsigned char digits[] = "123456789";
  model.data = digits;
  model.size = sizeof(digits) - 1;
  model.crc32 = 0xCBF43926;
  TEST_ASSERT_TRUE(StatusOf(model) == EngineStatus::kBadModel);
  model = kGeneratedModel;
  model.data = nullptr;
  TEST_ASSERT_TRUE(StatusOf(model) == EngineStatus::kDamagedModel);
  model = kGeneratedModel;
  model.size = 4;
  TEST_ASSERT_TRUE(StatusOf(model) == EngineStatus::kDamagedModel);
}

// Offsets among the bits, too, which would lead the interpreter anywhere.
static void ADamagedModelIsRefusedBeforeTheInterpreterSeesIt() {
  alignas(16) static unsigned char copy[sizeof(autoencoder_model_data)];
  TflmModel model = kGeneratedModel;
  model.data = copy;
  for (size_t i = 0; i < sizeof(copy); ++i) {
    std::memcpy(copy, autoencoder_model_data, sizeof(copy));
    copy[i] = static_cast<unsigned char>(copy[i] ^ (1u << (i % 8)));
    TEST_ASSERT_TRUE(StatusOf(model) == EngineStatus::kDamagedModel);
  }
}

#if !defined(ESP_PLATFORM)
// Not on the chip, where the verifier is too large: the CRC of the same bytes stands for it.
static void TheGeneratedModelIsASoundFlatbuffer() {
  flatbuffers::Verifier verifier(autoencoder_model_data, sizeof(autoencoder_model_data));
  TEST_ASSERT_TRUE(tflite::VerifyModelBuffer(verifier));
}
#endif

static void UnregisteredOperatorIsRefused() {
  static GeneratedOperators none;
  TflmAutoencoder engine(kGeneratedModel, none, arena, sizeof(arena));
  TEST_ASSERT_TRUE(engine.Load() == EngineStatus::kMissingOperator);
  TEST_ASSERT_EQUAL_STRING("FULLY_CONNECTED", engine.detail());
}

static void TensorsMustBeThoseOfTheHeader() {
  TflmModel model = kGeneratedModel;
  model.features = kFeatureCount + 1;
  TEST_ASSERT_TRUE(StatusOf(model) == EngineStatus::kBadModel);
  model = kGeneratedModel;
  model.quantized = !model.quantized;
  TEST_ASSERT_TRUE(StatusOf(model) == EngineStatus::kBadModel);
  if (!model_config::kQuantized) return;
  model = kGeneratedModel;
  ++model.input.zero_point;
  TEST_ASSERT_TRUE(StatusOf(model) == EngineStatus::kBadModel);
  model = kGeneratedModel;
  model.output.scale *= 1.0001f;
  TEST_ASSERT_TRUE(StatusOf(model) == EngineStatus::kBadModel);
}

static void ThousandInvocationsLeaveTheHeapAlone() {
  constexpr int kInvocations = 1000;
  TflmAutoencoder engine(kGeneratedModel, operators, arena, sizeof(arena));
  TEST_ASSERT_TRUE(engine.Load() == EngineStatus::kOk);
  float output[kFeatureCount];
  const size_t heap = UsedHeap();
  const int64_t start = Micros();
  bool sound = true;
  for (int i = 0; i < kInvocations; ++i) {
    const float* input = model_config::kGoldenInputs[i % model_config::kGoldenCount];
    sound = sound && engine.Reconstruct(input, output) == EngineStatus::kOk;
  }
  const int64_t elapsed = Micros() - start;
  TEST_ASSERT_TRUE(sound);
  TEST_ASSERT_TRUE(heap == UsedHeap());
  char text[64];
  std::snprintf(text, sizeof(text), "%d us for %d inferences", static_cast<int>(elapsed),
                kInvocations);
  TEST_MESSAGE(text);
}

static void RunTests() {
  RUN_TEST(OperatorsAreRegistered);
  RUN_TEST(GoldenVectorsAreMet);
  RUN_TEST(RandomVectorsAreThoseOfTheDenseEngine);
  RUN_TEST(NanGivesNoCrash);
  RUN_TEST(NothingRunsBeforeLoad);
  RUN_TEST(GeneratedArenaIsEnough);
  RUN_TEST(GeneratedNeedIsEnough);
  RUN_TEST(SmallerArenaIsRefusedWithoutACrash);
  RUN_TEST(ArenaMustBeAligned);
  RUN_TEST(ForeignSchemaIsRefused);
  RUN_TEST(WhatIsNoModelIsRefused);
  RUN_TEST(ADamagedModelIsRefusedBeforeTheInterpreterSeesIt);
#if !defined(ESP_PLATFORM)
  RUN_TEST(TheGeneratedModelIsASoundFlatbuffer);
#endif
  RUN_TEST(UnregisteredOperatorIsRefused);
  RUN_TEST(TensorsMustBeThoseOfTheHeader);
  RUN_TEST(ThousandInvocationsLeaveTheHeapAlone);
}

SUITE_MAIN(RunTests)
