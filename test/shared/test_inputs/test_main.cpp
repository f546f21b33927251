#include <unity.h>

#include <cmath>
#include <initializer_list>

#include "../../suite_main.h"
#include "Oversampling.h"
#include "SampleCheck.h"
#include "Transfer.h"

using namespace anomaly;

void setUp() {}
void tearDown() {}

constexpr uint32_t kStuckSamples = 4;
constexpr ChannelConfig kBelieved = {-40.0f, 125.0f};
constexpr AnalogConfig kAdc = {4095, 16, nullptr};

// The tutorial's sensor: celsius = volts * 10 + 20.
static AnalogChannel Linear() {
  AnalogChannel config = {};
  config.kind = AnalogKind::kLinear;
  config.gain = 10.0f;
  config.offset = 20.0f;
  config.full_scale_volts = 3.3f;
  return config;
}

static AnalogChannel Thermistor(AnalogKind kind) {
  AnalogChannel config = Linear();
  config.kind = kind;
  config.beta = 3950.0f;
  config.r0_ohm = 10000.0f;
  config.t0_celsius = 25.0f;
  config.series_ohm = 10000.0f;
  return config;
}

static void LinearSensorFollowsTheTutorial() {
  TEST_ASSERT_EQUAL_FLOAT(20.0f, VoltsToUnit(Linear(), 0.0f));
  TEST_ASSERT_EQUAL_FLOAT(36.5f, VoltsToUnit(Linear(), 1.65f));
  TEST_ASSERT_EQUAL_FLOAT(53.0f, VoltsToUnit(Linear(), 3.3f));
}

static void ThermistorReadsItsNominalTemperatureAtHalfTheSupply() {
  TEST_ASSERT_FLOAT_WITHIN(1e-3f, 25.0f,
                           VoltsToUnit(Thermistor(AnalogKind::kThermistorToGround), 1.65f));
  TEST_ASSERT_FLOAT_WITHIN(1e-3f, 25.0f,
                           VoltsToUnit(Thermistor(AnalogKind::kThermistorToSupply), 1.65f));
}

static void ThermistorAgreesWithTheBetaEquation() {
  // R(50 C) = 10000 * exp(3950 * (1/323.15 - 1/298.15)) = 3588.5 ohm.
  const float volts = 3.3f * 3588.5f / 13588.5f;
  TEST_ASSERT_FLOAT_WITHIN(0.01f, 50.0f,
                           VoltsToUnit(Thermistor(AnalogKind::kThermistorToGround), volts));
  TEST_ASSERT_FLOAT_WITHIN(0.01f, 50.0f,
                           VoltsToUnit(Thermistor(AnalogKind::kThermistorToSupply), 3.3f - volts));
}

static void UnitToVoltsIsTheInverse() {
  const AnalogChannel configs[] = {Linear(), Thermistor(AnalogKind::kThermistorToGround),
                                   Thermistor(AnalogKind::kThermistorToSupply)};
  for (const AnalogChannel& config : configs) {
    for (float value = 21.0f; value < 52.0f; value += 1.7f) {
      TEST_ASSERT_FLOAT_WITHIN(1e-3f, value, VoltsToUnit(config, UnitToVolts(config, value)));
    }
    TEST_ASSERT_TRUE(UnitToVolts(config, 1e6f) <= 3.3f);
    TEST_ASSERT_TRUE(UnitToVolts(config, -1e6f) >= 0.0f);
    TEST_ASSERT_TRUE(UnitToVolts(config, NAN) >= 0.0f);
  }
}

static void RailsAreFaults() {
  TEST_ASSERT_TRUE(RailFault(kAdc, 0.0f) == Fault::kLowRail);
  TEST_ASSERT_TRUE(RailFault(kAdc, 4095.0f) == Fault::kHighRail);
  TEST_ASSERT_TRUE(RailFault(kAdc, 0.0625f) == Fault::kNone);
  TEST_ASSERT_TRUE(RailFault(kAdc, 4094.9f) == Fault::kNone);
}

static void AThermistorAtARailIsNoReading() {
  const AnalogChannel config = Thermistor(AnalogKind::kThermistorToGround);
  SampleCheck check;
  TEST_ASSERT_TRUE(check.Update(kBelieved, kStuckSamples, VoltsToUnit(config, 0.0f)) !=
                   Fault::kNone);
  TEST_ASSERT_TRUE(check.Update(kBelieved, kStuckSamples, VoltsToUnit(config, 3.3f)) !=
                   Fault::kNone);
}

static void WhatIsNoNumberOrOutOfRangeIsAFault() {
  SampleCheck check;
  TEST_ASSERT_TRUE(check.Update(kBelieved, kStuckSamples, 25.0f) == Fault::kNone);
  TEST_ASSERT_TRUE(check.Update(kBelieved, kStuckSamples, NAN) == Fault::kNotANumber);
  TEST_ASSERT_TRUE(check.Update(kBelieved, kStuckSamples, -INFINITY) == Fault::kNotANumber);
  TEST_ASSERT_TRUE(check.Update(kBelieved, kStuckSamples, 125.1f) == Fault::kOutOfRange);
  TEST_ASSERT_TRUE(check.Update(kBelieved, kStuckSamples, -40.1f) == Fault::kOutOfRange);
  TEST_ASSERT_TRUE(check.Update(kBelieved, kStuckSamples, 125.0f) == Fault::kNone);
}

static void EqualReadingsBecomeStuckAndMovementEndsIt() {
  SampleCheck check;
  for (int i = 0; i < 3; ++i)
    TEST_ASSERT_TRUE(check.Update(kBelieved, kStuckSamples, 25.0f) == Fault::kNone);
  TEST_ASSERT_TRUE(check.Update(kBelieved, kStuckSamples, 25.0f) == Fault::kStuck);
  TEST_ASSERT_TRUE(check.Update(kBelieved, kStuckSamples, 25.0f) == Fault::kStuck);
  TEST_ASSERT_TRUE(check.Update(kBelieved, kStuckSamples, 25.01f) == Fault::kNone);
}

static void StuckCanBeSwitchedOff() {
  SampleCheck check;
  for (int i = 0; i < 1000; ++i)
    TEST_ASSERT_TRUE(check.Update(kBelieved, 0, 25.0f) == Fault::kNone);
}

static float MeanOf(const std::initializer_list<int>& values, bool median) {
  Oversampling samples(static_cast<int>(values.size()), median);
  for (const int value : values) samples.Add(value);
  return samples.Mean();
}

static void AMedianOfMeansLeavesOutWhatHitsAFewConversions() {
  TEST_ASSERT_EQUAL_FLOAT(25.5f, MeanOf({10, 20, 30, 42}, false));
  TEST_ASSERT_EQUAL_FLOAT(7.0f, MeanOf({7}, true));
  TEST_ASSERT_EQUAL_FLOAT(4.0f, MeanOf({1, 1, 1, 1, 1, 1, 22}, true));  // too few for groups
  TEST_ASSERT_EQUAL_FLOAT(10.0f, MeanOf({9, 11, 10, 10, 900, 4095, 11, 9}, true));
  TEST_ASSERT_EQUAL_FLOAT(10.0f, MeanOf({0, 0, 10, 10, 10, 10, 4095, 10}, true));
  TEST_ASSERT_EQUAL_FLOAT(2.5f, MeanOf({1, 1, 2, 2, 3, 3, 4, 4}, true));
  TEST_ASSERT_EQUAL_FLOAT(2.5f, MeanOf({1, 1, 1, 2, 2, 3, 3, 4, 4}, true));  // groups of 3, 2, 2, 2
}

static void RunTests() {
  RUN_TEST(LinearSensorFollowsTheTutorial);
  RUN_TEST(ThermistorReadsItsNominalTemperatureAtHalfTheSupply);
  RUN_TEST(ThermistorAgreesWithTheBetaEquation);
  RUN_TEST(UnitToVoltsIsTheInverse);
  RUN_TEST(RailsAreFaults);
  RUN_TEST(AThermistorAtARailIsNoReading);
  RUN_TEST(WhatIsNoNumberOrOutOfRangeIsAFault);
  RUN_TEST(EqualReadingsBecomeStuckAndMovementEndsIt);
  RUN_TEST(StuckCanBeSwitchedOff);
  RUN_TEST(AMedianOfMeansLeavesOutWhatHitsAFewConversions);
}

SUITE_MAIN(RunTests)
