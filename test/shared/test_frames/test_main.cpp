// Frames: when they are due, and what a stretch of samples comes to.
#include <unity.h>

#include <cmath>

#include "../../suite_main.h"
#include "Framer.h"
#include "Moments.h"

using namespace anomaly;

void setUp() {}
void tearDown() {}

static const FrameValueSpec kMeans[] = {{&Moments::mean, 0}, {&Moments::mean, 1}};

static void AFrameIsDueWhenItIsWholeAndThenOnceAHop() {
  const FrameConfig config = {5, 2, 2, 2, 100.0f, kMeans};
  float ring[10];
  Framer framer(config, {ring, nullptr});
  const bool due[] = {false, false, false, false, true, false, true, false, true};
  for (int i = 0; i < 9; ++i) {
    const float sample[] = {static_cast<float>(i), static_cast<float>(-i)};
    TEST_ASSERT_EQUAL(due[i], framer.Add(sample));
    if (!due[i]) continue;
    TEST_ASSERT_TRUE(framer.full());
    float values[2];
    framer.Values(values);
    TEST_ASSERT_EQUAL_FLOAT(static_cast<float>(i) - 2.0f, values[0]);  // of the last five
    TEST_ASSERT_EQUAL_FLOAT(2.0f - static_cast<float>(i), values[1]);
  }
}

static void AHopAsLongAsTheFrameLeavesNothingOut() {
  const FrameConfig config = {3, 3, 1, 1, 100.0f, kMeans};
  float ring[3];
  Framer framer(config, {ring, nullptr});
  for (int i = 0; i < 12; ++i) {
    const float sample = static_cast<float>(i);
    const bool due = framer.Add(&sample);
    TEST_ASSERT_EQUAL(i % 3 == 2, due);
    float value = 0.0f;
    if (due) framer.Values(&value);
    if (due) TEST_ASSERT_EQUAL_FLOAT(sample - 1.0f, value);
  }
}

static void ASkippedSampleEmptiesTheFrameAndKeepsThePace() {
  const FrameConfig config = {4, 2, 1, 1, 100.0f, kMeans};
  float ring[4];
  Framer framer(config, {ring, nullptr});
  const float sample = 1.0f;
  for (int i = 0; i < 4; ++i) (void)framer.Add(&sample);
  TEST_ASSERT_FALSE(framer.Skip());
  TEST_ASSERT_TRUE(framer.Add(&sample));  // due as before
  TEST_ASSERT_FALSE(framer.full());       // and not whole
  TEST_ASSERT_FALSE(framer.Add(&sample));
  TEST_ASSERT_TRUE(framer.Add(&sample));
  TEST_ASSERT_FALSE(framer.full());
  TEST_ASSERT_FALSE(framer.Add(&sample));
  TEST_ASSERT_TRUE(framer.Add(&sample));
  TEST_ASSERT_TRUE(framer.full());
}

// A sine of eight samples a period, on a level, in the middle of a ring of two channels.
static void MomentsAreThoseOfTheBook() {
  constexpr int kCount = 64;
  float ring[2 * kCount];
  for (int i = 0; i < kCount; ++i) {
    const float angle = 6.2831853f * (static_cast<float>(i) + 0.5f) / 8.0f;
    ring[2 * ((i + 40) % kCount) + 1] = 5.0f + 2.0f * std::sin(angle);
    ring[2 * i] = NAN;
  }
  const Moments found = MomentsOf(RingChannel{ring + 1, kCount, 2, 40, kCount}, 63.0f);
  TEST_ASSERT_FLOAT_WITHIN(1e-5f, 5.0f, found.mean);
  TEST_ASSERT_FLOAT_WITHIN(1e-5f, 2.0f, found.variance);
  TEST_ASSERT_FLOAT_WITHIN(1e-5f, 1.4142136f, found.rms);
  TEST_ASSERT_FLOAT_WITHIN(1e-5f, 4.0f * 0.92387953f, found.peak_to_peak);
  TEST_ASSERT_FLOAT_WITHIN(1e-5f, 2.0f * 0.92387953f / 1.4142136f, found.crest);
  TEST_ASSERT_FLOAT_WITHIN(1e-5f, 5.0f - 2.0f * 0.92387953f, found.minimum);
  TEST_ASSERT_FLOAT_WITHIN(1e-5f, 5.0f + 2.0f * 0.92387953f, found.maximum);
  TEST_ASSERT_FLOAT_WITHIN(1e-5f, 0.0f, found.skewness);
  TEST_ASSERT_FLOAT_WITHIN(1e-5f, 1.5f, found.kurtosis);
  TEST_ASSERT_EQUAL_FLOAT(15.0f, found.zero_crossing_rate);  // two a period, none at the ends
}

static void WhatDoesNotMoveHasNoShape() {
  const float still[] = {7.0f, 7.0f, 7.0f, 7.0f};
  const Moments found = MomentsOf(RingChannel{still, 4, 1, 0, 4}, 1.0f);
  TEST_ASSERT_EQUAL_FLOAT(7.0f, found.mean);
  TEST_ASSERT_EQUAL_FLOAT(0.0f, found.rms);
  TEST_ASSERT_EQUAL_FLOAT(0.0f, found.crest);
  TEST_ASSERT_EQUAL_FLOAT(0.0f, found.kurtosis);
  TEST_ASSERT_EQUAL_FLOAT(0.0f, found.skewness);
  TEST_ASSERT_EQUAL_FLOAT(0.0f, found.zero_crossing_rate);
  TEST_ASSERT_EQUAL_FLOAT(-6.0f, found.log_rms);  // and no infinite number
  TEST_ASSERT_EQUAL_FLOAT(-6.0f, found.log_jerk);
}

// Two axes at right angles: the vector is as long in every sample, and turns.
static void AVectorHasALengthAndSteps() {
  float ring[2 * 16];
  for (int i = 0; i < 16; ++i) {
    const float angle = 6.2831853f * static_cast<float>(i) / 16.0f;
    ring[2 * i] = 3.0f * std::cos(angle);
    ring[2 * i + 1] = 3.0f * std::sin(angle);
  }
  const Moments found = MomentsOf(RingVector{{ring, 16, 2, 5, 16}}, 16.0f);
  TEST_ASSERT_FLOAT_WITHIN(1e-5f, 3.0f, found.mean);
  TEST_ASSERT_FLOAT_WITHIN(1e-5f, 0.0f, found.rms);
  TEST_ASSERT_FLOAT_WITHIN(1e-5f, std::log10(6.0f * std::sin(0.19634954f)), found.log_jerk);
}

// Lines of a spectrum: a constant, a sine of three periods, and one of half the rate.
static void TheSpectrumHasTheLinesThatWentIn() {
  constexpr int kSize = 32;
  float turns[kSize];
  float samples[kSize];
  float power[kSize / 2 + 1] = {};
  for (int k = 0; k < kSize / 2; ++k) {
    const float angle = 6.2831853f * static_cast<float>(k) / static_cast<float>(kSize);
    turns[2 * k] = std::cos(angle);
    turns[2 * k + 1] = std::sin(angle);
  }
  for (int i = 0; i < kSize; ++i) {
    const float angle = 6.2831853f * 3.0f * static_cast<float>(i) / static_cast<float>(kSize);
    samples[i] = 1.0f + 2.0f * std::sin(angle) + (i % 2 == 0 ? 0.5f : -0.5f);
  }
  PlainFft fft(turns);
  fft.AddPower(samples, kSize, power);
  for (int k = 0; k <= kSize / 2; ++k) {
    const float expected = k == 0 || k == 3 ? 1024.0f : k == 16 ? 256.0f : 0.0f;
    TEST_ASSERT_FLOAT_WITHIN(1e-2f, expected, power[k]);
  }
}

static void TheZeroCrossingRateIsInHertz() {
  static const FrameValueSpec specs[] = {{&Moments::zero_crossing_rate, 0}};
  const FrameConfig config = {101, 101, 1, 1, 200.0f, specs};
  float ring[101];
  Framer framer(config, {ring, nullptr});
  for (int i = 0; i < 101; ++i) {
    const float sample = i % 2 == 0 ? 1.0f : -1.0f;
    (void)framer.Add(&sample);
  }
  float value = 0.0f;
  framer.Values(&value);
  TEST_ASSERT_EQUAL_FLOAT(200.0f, value);  // every pair of neighbours, 200 a second
}

static void RunTests() {
  RUN_TEST(AFrameIsDueWhenItIsWholeAndThenOnceAHop);
  RUN_TEST(AHopAsLongAsTheFrameLeavesNothingOut);
  RUN_TEST(ASkippedSampleEmptiesTheFrameAndKeepsThePace);
  RUN_TEST(MomentsAreThoseOfTheBook);
  RUN_TEST(WhatDoesNotMoveHasNoShape);
  RUN_TEST(AVectorHasALengthAndSteps);
  RUN_TEST(TheSpectrumHasTheLinesThatWentIn);
  RUN_TEST(TheZeroCrossingRateIsInHertz);
}

SUITE_MAIN(RunTests)
