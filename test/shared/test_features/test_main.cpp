#include <unity.h>

#include <cmath>

#include "../../suite_main.h"
#include "FeatureExtractor.h"

using namespace anomaly;

void setUp() {}
void tearDown() {}

static void JumpOfTheFirstSampleIsZero() {
  Jump jump;
  TEST_ASSERT_EQUAL_FLOAT(0.0f, jump.Update(25.0f, 0.5f));
  TEST_ASSERT_FLOAT_WITHIN(1e-5f, 10.0f / std::sqrt(2.0f), jump.Update(30.0f, 0.5f));
}

static void FollowerStartsAsAnOrdinaryMean() {
  Follower follower;
  TEST_ASSERT_EQUAL_FLOAT(0.0f, follower.Update(1.0f, 1.0f, 100.0f));
  TEST_ASSERT_EQUAL_FLOAT(1.0f, follower.Update(2.0f, 1.0f, 100.0f));
  TEST_ASSERT_EQUAL_FLOAT(1.5f, follower.Update(3.0f, 1.0f, 100.0f));
  TEST_ASSERT_FLOAT_WITHIN(1e-6f, 2.0f, follower.mean());
}

static void FollowerIsHardlyMovedByFourSamplesOfNonsense() {
  Follower follower;
  for (int i = 0; i < 1000; ++i) follower.Update(25.0f, 0.1f, 16.0f);
  for (int i = 0; i < 4; ++i) follower.Update(50.0f, 0.1f, 16.0f);
  TEST_ASSERT_FLOAT_WITHIN(0.2f, 25.0f, follower.mean());
}

static void FollowerSoonFollowsALevelThatStays() {
  Follower follower;
  for (int i = 0; i < 1000; ++i) follower.Update(25.0f, 0.1f, 16.0f);
  for (int i = 0; i < 120; ++i) follower.Update(50.0f, 0.1f, 16.0f);
  TEST_ASSERT_FLOAT_WITHIN(0.1f, 50.0f, follower.mean());
}

static void FollowerDoesNotStallBelowTheLastBitOfAFloat() {
  // Without compensation a float32 mean of time constant 256 stops 2e-4 short of this level.
  Follower follower;
  for (int i = 0; i < 100; ++i) follower.Update(30.0f, 0.01f, 256.0f);
  for (int i = 0; i < 20000; ++i) follower.Update(30.001f, 0.01f, 256.0f);
  TEST_ASSERT_FLOAT_WITHIN(3e-6f, 30.001f, follower.mean());
}

static void EnergyOfNormalNoiseIsOne() {
  Energy energy;
  float value = 0.0f;
  for (int i = 0; i < 2000; ++i) value = energy.Update(i % 2 == 0 ? 1.0f : -1.0f, 16.0f);
  TEST_ASSERT_FLOAT_WITHIN(1e-4f, 1.0f, value);
}

static void EnergyIsBoundedForAnyInput() {
  Energy energy;
  TEST_ASSERT_FLOAT_WITHIN(1e-5f, 1.0f, energy.Update(1e30f, 6.0f));
  TEST_ASSERT_FLOAT_WITHIN(1e-4f, std::cbrt(6.0f), energy.Update(1e30f, 1.0f));
}

static void LevelIsInvertedToTheSample() {
  Level level;
  for (int i = 0; i < 20; ++i) level.Update(25.0f + 0.1f * static_cast<float>(i % 3), 0.1f, 16.0f);
  const float feature = level.Update(25.7f, 0.1f, 16.0f);
  TEST_ASSERT_FLOAT_WITHIN(1e-4f, 25.7f, level.Invert(feature, 0.1f));
}

static void SmoothStartsAtTheFirstSampleAndDoesNotStall() {
  Smooth smooth;
  TEST_ASSERT_EQUAL_FLOAT(30.0f, smooth.Update(30.0f, 20.0f));
  TEST_ASSERT_EQUAL_FLOAT(31.0f, smooth.Update(50.0f, 20.0f));
  for (int i = 0; i < 5000; ++i) smooth.Update(30.001f, 20.0f);
  TEST_ASSERT_FLOAT_WITHIN(3e-6f, 30.001f, smooth.Update(30.001f, 20.0f));
}

static void ExtractorKeepsChannelsApart() {
  const FeatureSpec specs[] = {{FeatureKind::kValue, 0, 0.0f, 0.0f, 0.0f},
                               {FeatureKind::kJump, 1, 0.0f, 0.0f, 0.0f},
                               {FeatureKind::kSmooth, 1, 2.0f, 0.0f, 0.0f}};
  const float sigma[] = {1.0f, 1.0f};
  const FeatureConfig config = {2, 3, specs, sigma};
  FeatureState states[3];
  FeatureExtractor extractor(config, states);
  float features[3];
  const float first[] = {10.0f, 100.0f};
  const float second[] = {11.0f, 104.0f};
  extractor.Update(first, features);
  extractor.Update(second, features);
  TEST_ASSERT_EQUAL_FLOAT(11.0f, features[0]);
  TEST_ASSERT_FLOAT_WITHIN(1e-5f, 4.0f / std::sqrt(2.0f), features[1]);
  TEST_ASSERT_EQUAL_FLOAT(102.0f, features[2]);
  TEST_ASSERT_EQUAL_FLOAT(7.0f, extractor.Invert(0, 7.0f));
}

static void ResetForgetsEverythingButTheNoise() {
  const FeatureSpec specs[] = {{FeatureKind::kLevel, 0, 16.0f, 0.0f, 0.0f},
                               {FeatureKind::kJumpEnergy, 0, 16.0f, 0.0f, 0.0f}};
  const float sigma[] = {1.0f};
  const FeatureConfig config = {1, 2, specs, sigma};
  FeatureState states[2];
  FeatureExtractor extractor(config, states);
  extractor.SetSigma(0, 0.5f);
  float fresh[2];
  float again[2];
  const float sample[] = {25.0f};
  const float other[] = {26.0f};
  extractor.Update(sample, fresh);
  extractor.Update(other, fresh);
  extractor.Reset();
  extractor.Update(sample, again);
  extractor.Update(other, again);
  TEST_ASSERT_EQUAL_FLOAT_ARRAY(fresh, again, 2);
  TEST_ASSERT_EQUAL_FLOAT(0.5f, extractor.sigma(0));
}

// Noise of standard deviation `size` about a ramp: 20 samples of two values in an order that no
// line explains.
static float Ramp(int i, float size) {
  const float sign = (i * 7) % 20 < 10 ? 1.0f : -1.0f;
  return 0.01f * static_cast<float>(i) + size * sign;
}

static void NoiseIsMeasuredWhateverTheSlope() {
  NoiseEstimator estimator;
  TEST_ASSERT_EQUAL_FLOAT(0.0f, estimator.sigma());
  for (int i = 0; i < 400; ++i) estimator.Update(Ramp(i, 0.1f));
  TEST_ASSERT_EQUAL_INT(20, estimator.blocks());
  TEST_ASSERT_FLOAT_WITHIN(0.006f, 0.1f, estimator.sigma());
}

static void BelievedNoiseFollowsSlowlyAndWithinItsLimit() {
  const NoiseAdaptation adaptation = {1.25f, 360.0f, 24.0f};
  AdaptiveNoise noise;
  noise.Set(0.1f, adaptation);
  for (int i = 0; i < 19; ++i) noise.Update(Ramp(i, 0.11f), adaptation);
  TEST_ASSERT_EQUAL_FLOAT(0.1f, noise.sigma());
  for (int i = 19; i < 120; ++i) noise.Update(Ramp(i, 0.11f), adaptation);
  TEST_ASSERT_TRUE(noise.sigma() > 0.1005f && noise.sigma() < 0.104f);
  for (int i = 120; i < 100000; ++i) noise.Update(Ramp(i, 0.11f), adaptation);
  TEST_ASSERT_FLOAT_WITHIN(0.006f, 0.11f, noise.sigma());
  for (int i = 100000; i < 200000; ++i) noise.Update(Ramp(i, 10.0f), adaptation);
  TEST_ASSERT_FLOAT_WITHIN(1e-6f, 0.125f, noise.sigma());
  for (int i = 200000; i < 300000; ++i) noise.Update(0.0f, adaptation);
  TEST_ASSERT_FLOAT_WITHIN(1e-6f, 0.08f, noise.sigma());
  TEST_ASSERT_EQUAL_FLOAT(0.1f, noise.measured());
  // Whatever went before, it finds back within its memory.
  for (int i = 0; i < 2 * 360 * 20; ++i) noise.Update(Ramp(i, 0.1f), adaptation);
  TEST_ASSERT_FLOAT_WITHIN(0.006f, 0.1f, noise.sigma());
}

static void BelievedNoiseIsTheMeasuredOneWithoutAdaptation() {
  const NoiseAdaptation none;
  AdaptiveNoise noise;
  noise.Set(0.1f, none);
  for (int i = 0; i < 1000; ++i) noise.Update(Ramp(i, 1.0f), none);
  TEST_ASSERT_EQUAL_FLOAT(0.1f, noise.sigma());
}

static void AnInterruptedBlockIsNoNoise() {
  const NoiseAdaptation adaptation = {1.25f, 360.0f, 24.0f};
  AdaptiveNoise noise;
  noise.Set(0.1f, adaptation);
  for (int i = 0; i < 10; ++i) noise.Update(0.0f, adaptation);
  noise.Interrupt();
  for (int i = 0; i < 19; ++i) noise.Update(100.0f, adaptation);
  TEST_ASSERT_EQUAL_FLOAT(0.1f, noise.sigma());
}

static void RunTests() {
  RUN_TEST(JumpOfTheFirstSampleIsZero);
  RUN_TEST(FollowerStartsAsAnOrdinaryMean);
  RUN_TEST(FollowerIsHardlyMovedByFourSamplesOfNonsense);
  RUN_TEST(FollowerSoonFollowsALevelThatStays);
  RUN_TEST(FollowerDoesNotStallBelowTheLastBitOfAFloat);
  RUN_TEST(EnergyOfNormalNoiseIsOne);
  RUN_TEST(EnergyIsBoundedForAnyInput);
  RUN_TEST(LevelIsInvertedToTheSample);
  RUN_TEST(SmoothStartsAtTheFirstSampleAndDoesNotStall);
  RUN_TEST(ExtractorKeepsChannelsApart);
  RUN_TEST(ResetForgetsEverythingButTheNoise);
  RUN_TEST(NoiseIsMeasuredWhateverTheSlope);
  RUN_TEST(BelievedNoiseFollowsSlowlyAndWithinItsLimit);
  RUN_TEST(BelievedNoiseIsTheMeasuredOneWithoutAdaptation);
  RUN_TEST(AnInterruptedBlockIsNoNoise);
}

SUITE_MAIN(RunTests)
