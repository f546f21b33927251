// Thirty simulated days at 2 Hz with every scenario in them: statistics do not drift, counters do
// not overflow, memory stays what it was.
#include <unity.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "../../../src/app_config.h"
#include "../../suite_main.h"
#include "../everything_config.h"
#include "../heap_guard.h"
#include "../simulated_board.h"
#include "App.h"
#include "DenseAutoencoder.h"
#include "FeatureExtractor.h"
#include "MeanAutoencoder.h"
#include "SimulatedInput.h"
#include "reference_features.h"

using namespace anomaly;

#ifdef __SANITIZE_ADDRESS__
constexpr int kDays = 5;  // the sanitizers are several times slower
#else
constexpr int kDays = 30;
#endif
constexpr int kSamplesAnHour = 7200;  // at 2 Hz
constexpr int kHours = kDays * 24;
constexpr int kScenarios = 8;

void setUp() {}
void tearDown() { heap_guard::forbidden = false; }

// The scenarios take turns, an hour each; each of them goes on where it was.
class AllScenarios {
 public:
  AllScenarios(const SensorConfig& sensor, const NormalSignal& normal, uint32_t period_us)
      : simulations_{Make(sensor, normal, period_us, 0), Make(sensor, normal, period_us, 1),
                     Make(sensor, normal, period_us, 2), Make(sensor, normal, period_us, 3),
                     Make(sensor, normal, period_us, 4), Make(sensor, normal, period_us, 5),
                     Make(sensor, normal, period_us, 6), Make(sensor, normal, period_us, 7)} {}

  SimulatedInput& InHour(int hour) { return simulations_[hour % kScenarios]; }

 private:
  static SimulatedInput Make(const SensorConfig& sensor, const NormalSignal& normal,
                             uint32_t period_us, int i) {
    return {sensor, normal, 0, static_cast<Scenario>(i), static_cast<uint64_t>(i + 1), period_us};
  }
  SimulatedInput simulations_[kScenarios];
};

// ---- statistics

// Every kind of feature, with a short and a very long time constant.
static const FeatureSpec kSpecs[] = {
    {FeatureKind::kValue, 0, 0.0f, 0.0f, 0.0f},
    {FeatureKind::kLevel, 0, 16.0f, 0.0f, 0.0f},
    {FeatureKind::kLevel, 0, 172800.0f, 0.0f, 0.0f},
    {FeatureKind::kJump, 0, 0.0f, 0.0f, 0.0f},
    {FeatureKind::kSmooth, 0, 172800.0f, 0.0f, 0.0f},
    {FeatureKind::kTrend, 0, 7200.0f, 172800.0f, 0.0f},
    {FeatureKind::kJumpEnergy, 0, 32.0f, 0.0f, 0.0f},
    {FeatureKind::kJumpEnergy, 0, 172800.0f, 0.0f, 0.0f},
    {FeatureKind::kLevelEnergy, 0, 16.0f, 7200.0f, 0.0f},
    {FeatureKind::kTrendEnergy, 0, 8.0f, 64.0f, 32.0f},
};
constexpr int kCount = sizeof(kSpecs) / sizeof(kSpecs[0]);
static const float kSigma[] = {everything::kNoise};
static const FeatureConfig kFeatures = {1, kCount, kSpecs, kSigma,
                                        everything::kFeatures.adaptation};

// A feature of the noise alone is about 1, so that is the least that an error is compared with.
static double RelativeError(double expected, float found) {
  const double size = std::fabs(expected);
  return std::fabs(static_cast<double>(found) - expected) / (size > 1.0 ? size : 1.0);
}

// A room's day, which the simulation does not know.
static float Day(int hour, int i) {
  const double days = (hour + static_cast<double>(i) / kSamplesAnHour) / 24.0;
  return static_cast<float>(2.0 * std::sin(days * 6.283185307));
}

static void StatisticsDoNotDrift() {
  AllScenarios scenarios(everything::kSensor, everything::kNormalSignal, everything::kPeriodUs);
  static FeatureState states[kCount];
  FeatureExtractor extractor(kFeatures, states);
  static ReferenceFeatures reference(kFeatures);
  double worst = 0.0;
  for (int hour = 0; hour < kHours; ++hour) {
    SimulatedInput& simulation = scenarios.InHour(hour);
    for (int i = 0; i < kSamplesAnHour; ++i) {
      HostSample sample = simulation.Next();
      sample.values[0] += Day(hour, i);
      if (sample.fault != Fault::kNone) continue;
      float found[kCount];
      extractor.Update(sample.values, found);
      reference.Push(sample.values[0]);
      if (i < kSamplesAnHour - 10) continue;
      for (int feature = 0; feature < kCount; ++feature) {
        const double error = RelativeError(reference.Feature(feature), found[feature]);
        if (!(error <= worst)) worst = error;
        if (error < 1e-4) continue;
        char message[80];
        std::snprintf(message, sizeof(message), "feature %d in hour %d: error %.3g", feature, hour,
                      error);
        TEST_FAIL_MESSAGE(message);
      }
    }
  }
  char message[80];
  std::snprintf(message, sizeof(message), "largest relative error in %d days: %.3g", kDays, worst);
  TEST_MESSAGE(message);
}

// ---- the app

// What is typed in an hour's first samples, in turn.
static const char* const kTyped[] = {"inject 50 3\n", "raw on crc\n",        "raw off\n",
                                     "selftest\n",    "calibrate 60\n",      "help\n",
                                     "threshold 4\n", "threshold default\n", "calibrate default\n",
                                     "model\n",       "learn 120\n",         "learn default\n"};
constexpr int kTypedCount = sizeof(kTyped) / sizeof(kTyped[0]);

static void TheAppRunsOnWithItsCountersRight() {
  constexpr int64_t kStart =
      (int64_t{1} << 32) * 1000 - int64_t{3600} * 1000000;  // 2^32 ms less 1 h
  AllScenarios scenarios(model_config::kSensor, model_config::kNormalSignal,
                         model_config::kSamplePeriodUs);
  static ModelMemory storage;
  model_config::Model::Engine engine(model_config::Model::kNetwork);
  static SimulatedBoard board(model_config::kSamplePeriodUs, kStart);
  board.stopwatch = UINT32_MAX - 1000;  // soon wraps
  static Detector<model_config::Model, Autoencoder&> detector(engine);
  App app(detector, storage.memory(), board.platform(), board);
  board.source = &scenarios.InHour(0);
  app.Start();
  heap_guard::attempts = 0;
  heap_guard::forbidden = true;
  int anomalies = 0;
  int faults = 0;
  int typed = 0;
  State before = State::kWarmup;
  for (int hour = 0; hour < kHours; ++hour) {
    board.source = &scenarios.InHour(hour);
    for (int i = 0; i < kSamplesAnHour; ++i) {
      if (i % 1000 == 500) board.input = kTyped[typed++ % kTypedCount];
      app.Step();
      app.Poll();
      const State state = app.state();
      if (state != before && state == State::kAnomaly) ++anomalies;
      if (state != before && state == State::kFault) ++faults;
      before = state;
    }
  }
  board.source = nullptr;
  board.input = "status\n";
  app.Poll();
  heap_guard::forbidden = false;

  const uint32_t samples = static_cast<uint32_t>(kHours) * kSamplesAnHour;
  const int64_t uptime_s = (kStart + int64_t{samples} * model_config::kSamplePeriodUs) / 1000000;
  char expected[160];
  std::snprintf(expected, sizeof(expected),
                " uptime_s=%lld samples=%lu missed=0 dropped=0 queue_max=2 "
                "baud=115200 anomalies=%d faults=%d ",
                static_cast<long long>(uptime_s), static_cast<unsigned long>(samples), anomalies,
                faults);
  TEST_ASSERT_TRUE_MESSAGE(board.Answered(expected), board.last_answer);
  TEST_ASSERT_TRUE_MESSAGE(board.Answered(" inference_us=7 p50_us=7 p99_us=7 "), board.last_answer);
  TEST_ASSERT_TRUE(anomalies + faults > kHours);
  TEST_ASSERT_EQUAL_INT(0, heap_guard::attempts);
}

static void RunTests() {
  RUN_TEST(StatisticsDoNotDrift);
  RUN_TEST(TheAppRunsOnWithItsCountersRight);
}

SUITE_MAIN(RunTests)
