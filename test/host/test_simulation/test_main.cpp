#include <unity.h>

#include <cmath>
#include <cstring>
#include <initializer_list>

#include "../../suite_main.h"
#include "SimulatedInput.h"

using namespace anomaly;

void setUp() {}
void tearDown() {}

static AnalogChannel MakeChannel() {
  AnalogChannel config = {};
  config.gain = 10.0f;
  config.offset = 20.0f;
  config.full_scale_volts = 3.3f;
  return config;
}
static const AnalogChannel kAnalogChannels[] = {MakeChannel(), MakeChannel(), MakeChannel()};
static const AnalogConfig kAnalog = {4095, 16, kAnalogChannels};
static const ChannelConfig kChannels[] = {{-40.0f, 125.0f}, {-40.0f, 125.0f}, {-40.0f, 125.0f}};
static const SensorConfig kSensor = {0, kChannels, &kAnalog};
constexpr uint32_t kPeriod = 500000;
constexpr float kStep = 3.3f * 10.0f / 4095.0f / 16.0f;  // of a reading

constexpr float kLevel = 25.0f;
constexpr float kNoise = 0.08f;
constexpr float kWhite = 0.0f;
constexpr float kAlone = 1.0f;
constexpr NormalSignal kRoom = {1, &kLevel, &kNoise, &kWhite, &kAlone};

static void ReadN(Scenario scenario, uint64_t seed, int count, HostSample* samples) {
  SimulatedInput simulation(kSensor, kRoom, 0, scenario, seed, kPeriod);
  for (int i = 0; i < count; ++i) samples[i] = simulation.Next();
}

static HostSample normal[240];
static HostSample other[240];

static void TheSeedDecidesEverything() {
  ReadN(Scenario::kMixed, 5, 240, normal);
  ReadN(Scenario::kMixed, 5, 240, other);
  TEST_ASSERT_EQUAL_MEMORY(normal, other, sizeof(normal));
  ReadN(Scenario::kMixed, 6, 240, other);
  TEST_ASSERT_NOT_EQUAL(0, std::memcmp(normal, other, sizeof(normal)));
}

static void NormalIsNoisyQuantisedAndNearTheLevel() {
  ReadN(Scenario::kNormal, 1, 240, normal);
  float sum = 0.0f;
  float squares = 0.0f;
  for (const HostSample& sample : normal) {
    TEST_ASSERT_TRUE(sample.fault == Fault::kNone);
    const float steps = (sample.values[0] - 20.0f) / kStep;
    TEST_ASSERT_FLOAT_WITHIN(0.02f, std::round(steps), steps);
    sum += sample.values[0] - 25.0f;
    squares += (sample.values[0] - 25.0f) * (sample.values[0] - 25.0f);
  }
  const float mean = sum / 240.0f;
  const float deviation = std::sqrt(squares / 240.0f - mean * mean);
  TEST_ASSERT_FLOAT_WITHIN(0.05f, 0.0f, mean);
  TEST_ASSERT_FLOAT_WITHIN(0.015f, kNoise, deviation);
}

static void ScenariosDisturbOnlyTheirOwnTime() {
  const struct {
    Scenario scenario;
    int first;
    int last;
  } cases[] = {{Scenario::kSpike, 60, 60},
               {Scenario::kStep, 60, 79},
               {Scenario::kNoise, 60, 69},
               {Scenario::kStuck, 60, 179}};
  ReadN(Scenario::kNormal, 1, 240, normal);
  for (const auto& each : cases) {
    ReadN(each.scenario, 1, 240, other);
    for (int i = 0; i < 60; ++i) {
      TEST_ASSERT_EQUAL_FLOAT(normal[i].values[0], other[i].values[0]);
    }
    int different = 0;
    for (int i = each.first; i <= each.last; ++i) {
      if (std::fabs(normal[i].values[0] - other[i].values[0]) > 0.0f) ++different;
    }
    TEST_ASSERT_TRUE(different * 2 > each.last - each.first);
    TEST_ASSERT_EQUAL_FLOAT(normal[each.last % 120 + 1 + (each.last / 120) * 120].values[0],
                            other[each.last % 120 + 1 + (each.last / 120) * 120].values[0]);
  }
}

static void ADropoutIsARailFault() {
  ReadN(Scenario::kDropout, 1, 120, normal);
  TEST_ASSERT_TRUE(normal[59].fault == Fault::kNone);
  TEST_ASSERT_TRUE(normal[60].fault == Fault::kLowRail);
  TEST_ASSERT_TRUE(normal[61].fault == Fault::kLowRail);
  TEST_ASSERT_TRUE(normal[62].fault == Fault::kNone);
}

// The recording of another instrument: neither its rails nor its steps.
static void WhatTheAdcCannotShowDoesNotGoThroughIt() {
  const float level = 60.0f;
  const NormalSignal hot = {1, &level, &kNoise, &kWhite, &kAlone};
  SimulatedInput simulation(kSensor, hot, 0, Scenario::kDropout, 1, kPeriod);
  int between = 0;
  for (int i = 0; i < 60; ++i) {
    const HostSample sample = simulation.Next();
    TEST_ASSERT_TRUE(sample.fault == Fault::kNone);
    TEST_ASSERT_FLOAT_WITHIN(0.5f, level, sample.values[0]);
    const float steps = (sample.values[0] - 20.0f) / kStep;
    if (std::fabs(steps - std::round(steps)) > 0.1f) ++between;
  }
  TEST_ASSERT_TRUE(between > 30);
  TEST_ASSERT_TRUE(simulation.Next().fault == Fault::kNotANumber);
}

// Nor does that of a sensor without one.
static void ASensorThatIsNotAnalogHasNoRails() {
  const SensorConfig digital = {0, kChannels, nullptr};
  SimulatedInput simulation(digital, kRoom, 0, Scenario::kDropout, 1, kPeriod);
  int between = 0;
  for (int i = 0; i < 60; ++i) {
    const float steps = (simulation.Next().values[0] - 20.0f) / kStep;
    if (std::fabs(steps - std::round(steps)) > 0.1f) ++between;
  }
  TEST_ASSERT_TRUE(between > 30);
  TEST_ASSERT_TRUE(simulation.Next().fault == Fault::kNotANumber);
}

static void NothingLeavesWhatIsBelievable() {
  const ChannelConfig channel = {24.8f, 25.5f};
  const SensorConfig narrow = {0, &channel, &kAnalog};
  for (const Scenario scenario :
       {Scenario::kSpike, Scenario::kStep, Scenario::kDrift, Scenario::kNoise}) {
    SimulatedInput simulation(narrow, kRoom, 0, scenario, 1, kPeriod);
    for (int i = 0; i < 240; ++i) {
      const HostSample sample = simulation.Next();
      TEST_ASSERT_TRUE(sample.fault == Fault::kNone);
      TEST_ASSERT_TRUE(sample.values[0] >= 24.8f && sample.values[0] <= 25.5f);
    }
  }
}

// A second of a scenario is two samples at least, and all of it waits for a long warm-up.
static void ASlowSensorHasItsTime() {
  SimulatedInput slow(kSensor, kRoom, 0, Scenario::kSpike, 1, 5000000);
  TEST_ASSERT_EQUAL_INT(120, static_cast<int>(slow.round()));
  ReadN(Scenario::kSpike, 1, 120, normal);
  for (int i = 0; i < 120; ++i) {
    const HostSample sample = slow.Next();
    TEST_ASSERT_EQUAL_MEMORY(&normal[i], &sample, sizeof(sample));
  }
  SimulatedInput patient(kSensor, kRoom, 124, Scenario::kSpike, 1, kPeriod);
  TEST_ASSERT_EQUAL_INT(220, static_cast<int>(patient.round()));
  for (int i = 0; i < 160; ++i) TEST_ASSERT_TRUE(patient.Next().values[0] < 26.0f);
  TEST_ASSERT_TRUE(patient.Next().values[0] > 45.0f);
}

static void ChannelsHaveInCommonWhatTheyHadInTraining() {
  const float level[] = {1013.0f, 55.0f};
  const float noise[] = {0.2f, 4.0f};
  const float colour[] = {0.8f, 0.8f};
  const float mixing[] = {1.0f, -0.6f, 0.8f};
  const ChannelConfig channels[] = {{-40.0f, 2000.0f}, {-40.0f, 125.0f}};
  const SensorConfig sensor = {0, channels, &kAnalog};
  SimulatedInput simulation(sensor, {2, level, noise, colour, mixing}, 0, Scenario::kNormal, 1,
                            kPeriod);
  constexpr int kCount = 20000;
  float squares[2] = {};
  float both = 0.0f;
  float next = 0.0f;
  float before = 0.0f;
  for (int i = 0; i < kCount; ++i) {
    const HostSample sample = simulation.Next();
    const float first = sample.values[0] - level[0];
    const float second = sample.values[1] - level[1];
    squares[0] += first * first / kCount;
    squares[1] += second * second / kCount;
    both += first * second / kCount;
    next += first * before / kCount;
    before = first;
  }
  TEST_ASSERT_FLOAT_WITHIN(0.02f, 0.2f, std::sqrt(squares[0]));
  TEST_ASSERT_FLOAT_WITHIN(0.4f, 4.0f, std::sqrt(squares[1]));
  TEST_ASSERT_FLOAT_WITHIN(0.05f, -0.6f, both / std::sqrt(squares[0] * squares[1]));
  TEST_ASSERT_FLOAT_WITHIN(0.05f, 0.8f, next / squares[0]);
}

static void EveryNameIsAScenarioAndNoOther() {
  Scenario scenario = Scenario::kNormal;
  for (const char* name :
       {"normal", "spike", "step", "drift", "noise", "stuck", "dropout", "mixed"}) {
    TEST_ASSERT_TRUE(ParseScenario(name, &scenario));
    TEST_ASSERT_NOT_NULL(std::strstr(kScenarioNames, name));
  }
  TEST_ASSERT_FALSE(ParseScenario("Normal", &scenario));
}

static void RunTests() {
  RUN_TEST(TheSeedDecidesEverything);
  RUN_TEST(NormalIsNoisyQuantisedAndNearTheLevel);
  RUN_TEST(ScenariosDisturbOnlyTheirOwnTime);
  RUN_TEST(ADropoutIsARailFault);
  RUN_TEST(WhatTheAdcCannotShowDoesNotGoThroughIt);
  RUN_TEST(ASensorThatIsNotAnalogHasNoRails);
  RUN_TEST(NothingLeavesWhatIsBelievable);
  RUN_TEST(ASlowSensorHasItsTime);
  RUN_TEST(ChannelsHaveInCommonWhatTheyHadInTraining);
  RUN_TEST(EveryNameIsAScenarioAndNoOther);
}

SUITE_MAIN(RunTests)
