#include <unity.h>

#include <cmath>
#include <cstring>
#include <initializer_list>

#include "../../suite_main.h"
#include "Simulation.h"

void setUp() {}
void tearDown() {}

static SensorConfig MakeSensor() {
  SensorConfig config = {};
  config.gain = 10.0f;
  config.offset = 20.0f;
  config.full_scale_volts = 3.3f;
  config.adc_max = 4095;
  config.oversampling = 16;
  return config;
}
static const SensorConfig kSensor = MakeSensor();
constexpr uint32_t kPeriod = 500000;

static void ReadN(Scenario scenario, uint64_t seed, int count, SensorSample* samples) {
  Simulation simulation(kSensor, 1, scenario, seed, kPeriod, 25.0f);
  for (int i = 0; i < count; ++i) samples[i] = simulation.Next();
}

static SensorSample normal[240];
static SensorSample other[240];

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
  const float step = 3.3f * 10.0f / 4095.0f / 16.0f;
  for (const SensorSample& sample : normal) {
    TEST_ASSERT_TRUE(sample.fault == SensorFault::kNone);
    const float steps = (sample.values[0] - 20.0f) / step;
    TEST_ASSERT_FLOAT_WITHIN(0.02f, std::round(steps), steps);
    sum += sample.values[0] - 25.0f;
    squares += (sample.values[0] - 25.0f) * (sample.values[0] - 25.0f);
  }
  const float mean = sum / 240.0f;
  const float deviation = std::sqrt(squares / 240.0f - mean * mean);
  TEST_ASSERT_FLOAT_WITHIN(0.05f, 0.0f, mean);
  TEST_ASSERT_FLOAT_WITHIN(0.015f, 0.082f, deviation);
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

static void DropoutsAndOverflowsAreRailFaults() {
  ReadN(Scenario::kDropout, 1, 120, normal);
  TEST_ASSERT_TRUE(normal[59].fault == SensorFault::kNone);
  TEST_ASSERT_TRUE(normal[60].fault == SensorFault::kLowRail);
  TEST_ASSERT_TRUE(normal[61].fault == SensorFault::kLowRail);
  TEST_ASSERT_TRUE(normal[62].fault == SensorFault::kNone);
  Simulation hot(kSensor, 1, Scenario::kNormal, 1, kPeriod, 60.0f);
  TEST_ASSERT_TRUE(hot.Next().fault == SensorFault::kHighRail);
  Simulation cold(kSensor, 1, Scenario::kNormal, 1, kPeriod, 10.0f);
  TEST_ASSERT_TRUE(cold.Next().fault == SensorFault::kLowRail);
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
  RUN_TEST(DropoutsAndOverflowsAreRailFaults);
  RUN_TEST(EveryNameIsAScenarioAndNoOther);
}

SUITE_MAIN(RunTests)
