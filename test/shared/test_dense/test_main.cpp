#include <unity.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "../../suite_main.h"
#include "DenseAutoencoder.h"
#include "FastKernels.h"
#include "PlainKernels.h"
#include "model_config.h"

using namespace anomaly;

void setUp() {}
void tearDown() {}

// Two inputs, two hidden relu units, one linear output.
static constexpr float kFirstWeights[] = {1.0f, -1.0f, 2.0f, 1.0f};  // [inputs][outputs]
static constexpr float kFirstBias[] = {0.5f, -0.5f};
static constexpr float kSecondWeights[] = {1.0f, 10.0f};
static constexpr float kSecondBias[] = {0.25f};
static constexpr DenseLayer kLayers[] = {
    {2, 2, Activation::kRelu, kFirstWeights, kFirstBias},
    {2, 1, Activation::kLinear, kSecondWeights, kSecondBias},
};

static DenseModel FloatModel(const DenseLayer* layers, int8_t count) {
  return {count, layers, nullptr, {0.0f, 0}, {0.0f, 0}};
}

static void TwoLayersAreComputedAsByHand() {
  const DenseModel model = FloatModel(kLayers, 2);
  DenseAutoencoder engine(model);
  TEST_ASSERT_TRUE(engine.Load() == EngineStatus::kOk);
  TEST_ASSERT_EQUAL_INT(2, engine.input_size());
  TEST_ASSERT_EQUAL_INT(1, engine.output_size());
  const float input[] = {1.0f, 2.0f};
  float output[1];
  TEST_ASSERT_TRUE(engine.Reconstruct(input, output) == EngineStatus::kOk);
  // hidden = relu(1 + 4 + 0.5, -1 + 2 - 0.5) = (5.5, 0.5)
  TEST_ASSERT_EQUAL_FLOAT(5.5f + 5.0f + 0.25f, output[0]);
}

static void NothingRunsBeforeLoad() {
  const DenseModel model = FloatModel(kLayers, 2);
  DenseAutoencoder engine(model);
  const float input[] = {1.0f, 2.0f};
  float output[1];
  TEST_ASSERT_TRUE(engine.Reconstruct(input, output) == EngineStatus::kNotLoaded);
}

static void ANetworkOfAnotherWidthThanTheFeaturesIsRefused() {
  const DenseModel model = FloatModel(kLayers, 2);  // two in, one out
  DenseAutoencoder engine(model);
  TEST_ASSERT_TRUE(LoadFor(engine, 2) == EngineStatus::kWrongWidth);
  TEST_ASSERT_TRUE(LoadFor(engine, 1) == EngineStatus::kWrongWidth);
  const DenseModel square_model = FloatModel(kLayers, 1);  // two in, two out
  DenseAutoencoder square(square_model);
  TEST_ASSERT_TRUE(LoadFor(square, 2) == EngineStatus::kOk);
  const DenseModel unsound = FloatModel(kLayers, 0);
  DenseAutoencoder broken(unsound);
  TEST_ASSERT_TRUE(LoadFor(broken, 2) == EngineStatus::kBadModel);
}

static EngineStatus LoadStatus(const DenseModel& model) { return DenseAutoencoder(model).Load(); }

static void UnsoundTablesAreRefused() {
  const EngineStatus bad = EngineStatus::kBadModel;
  TEST_ASSERT_TRUE(LoadStatus(FloatModel(kLayers, 0)) == bad);
  TEST_ASSERT_TRUE(LoadStatus(FloatModel(nullptr, 2)) == bad);
  TEST_ASSERT_TRUE(LoadStatus(FloatModel(kLayers, kMaxLayers + 1)) == bad);
  DenseLayer layers[2] = {kLayers[0], kLayers[1]};
  layers[1].inputs = 3;  // not what the first layer gives
  TEST_ASSERT_TRUE(LoadStatus(FloatModel(layers, 2)) == bad);
  layers[1] = kLayers[1];
  layers[0].weights = nullptr;
  TEST_ASSERT_TRUE(LoadStatus(FloatModel(layers, 2)) == bad);
  layers[0] = kLayers[0];
  layers[1].outputs = kMaxLayerWidth + 1;
  TEST_ASSERT_TRUE(LoadStatus(FloatModel(layers, 2)) == bad);
}

// The same numbers on every run.
static constexpr uint32_t NextRandom(uint32_t random) { return random * 1664525u + 1013904223u; }

template <int kInputs, int kOutputs>
struct RealTables {
  float weights[kInputs * kOutputs];
  float bias[kOutputs];
};
template <int kInputs, int kOutputs>
static constexpr RealTables<kInputs, kOutputs> MakeRealTables(uint32_t random) {
  RealTables<kInputs, kOutputs> tables = {};
  for (float& weight : tables.weights) {
    random = NextRandom(random);
    weight = static_cast<float>(random >> 8) / 16777216.0f - 0.5f;
  }
  for (float& bias : tables.bias) {
    random = NextRandom(random);
    bias = static_cast<float>(random >> 8) / 16777216.0f - 0.5f;
  }
  return tables;
}
static constexpr auto kReal0 = MakeRealTables<5, 12>(1);
static constexpr auto kReal1 = MakeRealTables<12, 20>(2);
static constexpr auto kReal2 = MakeRealTables<20, 1>(3);
static constexpr auto kReal3 = MakeRealTables<1, 3>(4);
static constexpr DenseLayer kRealLayers[] = {
    {5, 12, Activation::kLinear, kReal0.weights, kReal0.bias},
    {12, 20, Activation::kTanh, kReal1.weights, kReal1.bias},
    {20, 1, Activation::kRelu, kReal2.weights, kReal2.bias},
    {1, 3, Activation::kSigmoid, kReal3.weights, kReal3.bias},
};

// An int8 network of three layers: a small one and a wide one, so that both kinds of fast code are
// met, and every way to shift and to clamp.
template <int kInputs, int kOutputs>
struct IntTables {
  int8_t weights[kInputs * kOutputs];
  int32_t bias[kOutputs];
  int32_t multiplier[kOutputs];
  int8_t shift[kOutputs];
  int8_t lookup[256];
};
template <int kInputs, int kOutputs>
static constexpr IntTables<kInputs, kOutputs> MakeIntTables(uint32_t random, int least_shift) {
  IntTables<kInputs, kOutputs> tables = {};
  for (int8_t& weight : tables.weights) {
    random = NextRandom(random);
    weight = static_cast<int8_t>(static_cast<int>(random >> 24) - 128);
  }
  for (int o = 0; o < kOutputs; ++o) {
    random = NextRandom(random);
    tables.bias[o] = static_cast<int32_t>(random >> 17) - (1 << 14);
    tables.multiplier[o] = static_cast<int32_t>((random >> 2) | (1u << 30));
    tables.shift[o] = static_cast<int8_t>(least_shift + o);
  }
  for (int i = 0; i < 256; ++i) tables.lookup[i] = static_cast<int8_t>(127 - i);
  return tables;
}
static constexpr auto kSmall = MakeIntTables<5, 12>(1, -10);
static constexpr auto kWide = MakeIntTables<12, 20>(2, -18);
static constexpr auto kLast = MakeIntTables<20, 3>(3, -9);
static constexpr QuantizedDenseLayer kIntLayers[] = {
    {5, 12, 3, 3, 127, kSmall.weights, kSmall.bias, kSmall.multiplier, kSmall.shift, nullptr},
    {12, 20, -7, -128, 127, kWide.weights, kWide.bias, kWide.multiplier, kWide.shift, nullptr},
    {20, 3, 0, -100, 90, kLast.weights, kLast.bias, kLast.multiplier, kLast.shift, kLast.lookup},
};
static_assert(5 * 12 <= fast_kernels::kMaxUnrolledWeights);
static_assert(12 * 20 > fast_kernels::kMaxUnrolledWeights);

// A processor that multiplies and adds in one step rounds once, not twice; which steps of a sum
// that are is the compiler's choice.
#ifdef __FP_FAST_FMAF
static constexpr float kRounding = 1e-6f;
#else
static constexpr float kRounding = 0.0f;
#endif

// Both networks take 5 values and give 3.
template <typename Value>
static void ExpectTheSame(EngineStatus (DenseAutoencoder::*run)(const Value*, Value*),
                          const DenseModel& plain, const DenseModel& fast, float rounding) {
  DenseAutoencoder plain_engine(plain);
  DenseAutoencoder fast_engine(fast);
  TEST_ASSERT_TRUE(plain_engine.Load() == EngineStatus::kOk);
  TEST_ASSERT_TRUE(fast_engine.Load() == EngineStatus::kOk);
  uint32_t random = 4;
  Value first[3];
  int different = 0;
  for (int i = 0; i < 3000; ++i) {
    Value input[5];
    for (Value& value : input) {
      random = NextRandom(random);
      value = static_cast<Value>(static_cast<int>(random >> 24) - 128);
    }
    Value a[3];
    Value b[3];
    TEST_ASSERT_TRUE((plain_engine.*run)(input, a) == EngineStatus::kOk);
    TEST_ASSERT_TRUE((fast_engine.*run)(input, b) == EngineStatus::kOk);
    for (int o = 0; o < 3; ++o) TEST_ASSERT_FLOAT_WITHIN(rounding, a[o], b[o]);
    if (i == 0) std::memcpy(first, a, sizeof(a));
    if (std::memcmp(first, a, sizeof(a)) != 0) ++different;
  }
  TEST_ASSERT_GREATER_THAN(2000, different);
}

static void PlainAndFastKernelsGiveTheSameFloats() {
  const DenseModel plain = FloatModel(kRealLayers, 4);
  DenseModel fast = plain;
  fast.run = RunNetwork<kRealLayers>;
  ExpectTheSame(&DenseAutoencoder::Reconstruct, plain, fast, kRounding);
}

static void PlainAndFastKernelsGiveTheSameInt8() {
  const DenseModel plain = {3, nullptr, kIntLayers, {1.0f, 0}, {1.0f, 0}};
  DenseModel fast = plain;
  fast.run_quantized = RunNetwork<kIntLayers>;
  ExpectTheSame(&DenseAutoencoder::ReconstructQuantized, plain, fast, 0.0f);
}

static void MultiplierRoundsTwiceAsTheReferenceKernels() {
  // 2^30 is a factor of one half; halves are rounded away from zero, then to the nearest again.
  TEST_ASSERT_EQUAL_INT32(50, MultiplyByQuantizedMultiplier(100, 1 << 30, 0));
  TEST_ASSERT_EQUAL_INT32(51, MultiplyByQuantizedMultiplier(101, 1 << 30, 0));
  TEST_ASSERT_EQUAL_INT32(-50, MultiplyByQuantizedMultiplier(-101, 1 << 30, 0));
  TEST_ASSERT_EQUAL_INT32(200, MultiplyByQuantizedMultiplier(100, 1 << 30, 2));
  TEST_ASSERT_EQUAL_INT32(25, MultiplyByQuantizedMultiplier(100, 1 << 30, -1));
  TEST_ASSERT_EQUAL_INT32(1, MultiplyByQuantizedMultiplier(INT32_MAX, 1 << 30, -31));
  TEST_ASSERT_EQUAL_INT32(-1, MultiplyByQuantizedMultiplier(INT32_MIN, INT32_MAX, -31));
}

static void QuantizationSaturatesAndSurvivesNonsense() {
  TEST_ASSERT_EQUAL_INT8(13, Quantize(1.0f, 0.1f, 3));
  TEST_ASSERT_EQUAL_INT8(127, Quantize(1e9f, 0.1f, 3));
  TEST_ASSERT_EQUAL_INT8(-128, Quantize(-1e9f, 0.1f, 3));
  TEST_ASSERT_EQUAL_INT8(3, Quantize(NAN, 0.1f, 3));
  TEST_ASSERT_EQUAL_INT8(127, Quantize(INFINITY, 0.1f, 3));
  TEST_ASSERT_EQUAL_INT8(3, Quantize(std::numeric_limits<float>::denorm_min(), 0.1f, 3));
}

// One layer, one weight of one: output = clamp((input - input zero point) / 2 + output zero point).
static const int8_t kUnitWeight[] = {2};
static const int32_t kUnitBias[] = {-2 * 10};  // input zero point 10, folded in
static const int32_t kUnitMultiplier[] = {1 << 30};
static const int8_t kUnitShift[] = {-1};
static QuantizedDenseLayer UnitLayer() {
  return {1, 1, 5, -128, 127, kUnitWeight, kUnitBias, kUnitMultiplier, kUnitShift, nullptr};
}

static void QuantizedLayerIsComputedAsByHand() {
  QuantizedDenseLayer layer = UnitLayer();
  DenseModel model = {1, nullptr, &layer, {0.5f, 10}, {0.5f, 5}};
  DenseAutoencoder engine(model);
  TEST_ASSERT_TRUE(engine.Load() == EngineStatus::kOk);
  int8_t input = 50;
  int8_t output = 0;
  TEST_ASSERT_TRUE(engine.ReconstructQuantized(&input, &output) == EngineStatus::kOk);
  TEST_ASSERT_EQUAL_INT8(25, output);  // (50 - 10) * 2 / 4 + 5
  const float real = 20.0f;            // quantised: 50
  float reconstructed = 0.0f;
  TEST_ASSERT_TRUE(engine.Reconstruct(&real, &reconstructed) == EngineStatus::kOk);
  TEST_ASSERT_EQUAL_FLOAT(10.0f, reconstructed);
  layer.low = 30;  // a fused activation
  TEST_ASSERT_TRUE(engine.ReconstructQuantized(&input, &output) == EngineStatus::kOk);
  TEST_ASSERT_EQUAL_INT8(30, output);
}

static void UnsoundQuantizedTablesAreRefused() {
  QuantizedDenseLayer layer = UnitLayer();
  DenseModel model = {1, nullptr, &layer, {0.5f, 10}, {0.5f, 5}};
  const int8_t shift[] = {31};
  layer.shift = shift;
  TEST_ASSERT_TRUE(LoadStatus(model) == EngineStatus::kBadModel);
  layer = UnitLayer();
  model.input.scale = 0.0f;
  TEST_ASSERT_TRUE(LoadStatus(model) == EngineStatus::kBadModel);
  model.input.scale = NAN;
  TEST_ASSERT_TRUE(LoadStatus(model) == EngineStatus::kBadModel);
}

static void GoldenVectorsAreMet() {
  if (!model_config::kHasNetwork) {
    TEST_IGNORE_MESSAGE("this profile's detector has no network");
  }
  DenseAutoencoder engine(model_config::kDenseModel);
  TEST_ASSERT_TRUE(engine.Load() == EngineStatus::kOk);
  TEST_ASSERT_EQUAL_INT(model_config::kFeatureCount, engine.input_size());
  TEST_ASSERT_EQUAL_INT(model_config::kFeatureCount, engine.output_size());
  for (int i = 0; i < model_config::kGoldenCount; ++i) {
    float output[model_config::kFeatureCount];
    TEST_ASSERT_TRUE(engine.Reconstruct(model_config::kGoldenInputs[i], output) ==
                     EngineStatus::kOk);
    for (int j = 0; j < model_config::kFeatureCount; ++j) {
      TEST_ASSERT_FLOAT_WITHIN(1e-5f, model_config::kGoldenOutputs[i][j], output[j]);
    }
  }
}

static void RunTests() {
  RUN_TEST(TwoLayersAreComputedAsByHand);
  RUN_TEST(NothingRunsBeforeLoad);
  RUN_TEST(ANetworkOfAnotherWidthThanTheFeaturesIsRefused);
  RUN_TEST(UnsoundTablesAreRefused);
  RUN_TEST(PlainAndFastKernelsGiveTheSameFloats);
  RUN_TEST(PlainAndFastKernelsGiveTheSameInt8);
  RUN_TEST(MultiplierRoundsTwiceAsTheReferenceKernels);
  RUN_TEST(QuantizationSaturatesAndSurvivesNonsense);
  RUN_TEST(QuantizedLayerIsComputedAsByHand);
  RUN_TEST(UnsoundQuantizedTablesAreRefused);
  RUN_TEST(GoldenVectorsAreMet);
}

SUITE_MAIN(RunTests)
