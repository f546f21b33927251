#include <unity.h>

#include <cmath>
#include <initializer_list>

#include "../../suite_main.h"
#include "AdcStream.h"
#include "HoleCount.h"
#include "Microphone.h"
#include "RateTuner.h"
#include "SamplePace.h"

using namespace anomaly;

void setUp() {}
void tearDown() {}

static uint32_t random_state = 1;

static uint32_t Random() {
  random_state = random_state * 1664525u + 1013904223u;
  return random_state >> 8;
}

// ---- ADC

static AnalogChannel Volts() {
  AnalogChannel config = {};
  config.gain = 2.0f;
  config.offset = -1.0f;
  config.full_scale_volts = 3.3f;
  return config;
}

static const AnalogChannel kVolts[] = {Volts()};

// A curve with a bend, as that of an ESP32 at its top.
static VoltageCurve Curve() {
  VoltageCurve curve = {};
  for (int i = 0; i < VoltageCurve::kPoints; ++i) {
    curve.volts[i] = 0.15f + 0.2f * static_cast<float>(i < 12 ? i : 12) +
                     0.1f * static_cast<float>(i < 12 ? 0 : i - 12);
  }
  return curve;
}

static const VoltageCurve kCurve = Curve();

// Conversions as they lie in memory.
class Memory {
 public:
  explicit Memory(AdcLayout layout) : layout_(layout) {}

  void Add(uint32_t count, uint32_t channel) {
    const bool words = layout_ == AdcLayout::kWords;
    const uint32_t word = count | channel << (words ? 13 : 12) | (words ? 1u << 12 : 0);
    const size_t place = words ? size_ : size_ ^ 1;
    const size_t bytes = BytesOf(layout_);
    for (size_t i = 0; i < bytes; ++i) {
      bytes_[place * bytes + i] = static_cast<uint8_t>(word >> (8 * i));
    }
    ++size_;
  }
  const uint8_t* bytes() const { return bytes_; }
  size_t size() const { return size_ * BytesOf(layout_); }
  void Clear() { size_ = 0; }

 private:
  AdcLayout layout_;
  uint8_t bytes_[4 * AdcStream::kMost] = {};
  size_t size_ = 0;
};

static void ACurveIsStraightBetweenItsPoints() {
  TEST_ASSERT_FLOAT_WITHIN(1e-6f, 0.15f, kCurve.At(0.0f));
  TEST_ASSERT_FLOAT_WITHIN(1e-6f, 0.25f, kCurve.At(128.0f));
  TEST_ASSERT_FLOAT_WITHIN(1e-6f, 0.35f, kCurve.At(256.0f));
  TEST_ASSERT_FLOAT_WITHIN(1e-5f, 2.55f + 0.3f + 0.1f * 255.0f / 256.0f, kCurve.At(4095.0f));
}

static void ConversionsAreAveragedIntoSamplesAndPairsSwappedBack() {
  for (const AdcLayout layout : {AdcLayout::kSwappedPairs, AdcLayout::kWords}) {
    const AnalogConfig config = {4095, 2, kVolts};
    AdcStream stream(config, kCurve, layout, 6, 4);
    Memory memory(layout);
    for (uint32_t i = 0; i < 100; ++i) memory.Add(20 * i, 6);
    float samples[AdcStream::kMost];
    TEST_ASSERT_EQUAL_INT(50, stream.Take(memory.bytes(), memory.size(), samples));
    for (uint32_t i = 0; i < 50; ++i) {
      const float count = 20.0f * (2.0f * static_cast<float>(i) + 0.5f);
      TEST_ASSERT_FLOAT_WITHIN(1e-5f, 2.0f * kCurve.At(count) - 1.0f, samples[i]);
    }
    TEST_ASSERT_TRUE(stream.fault() == Fault::kNone);
  }
}

static void AnAverageGoesOnInTheNextBlockAndAHoleEndsIt() {
  const AnalogConfig config = {4095, 20, kVolts};
  AdcStream stream(config, kCurve, AdcLayout::kSwappedPairs, 0, 4);
  float samples[AdcStream::kMost];
  int made = 0;
  for (int block = 0; block < 10; ++block) {
    Memory memory(AdcLayout::kSwappedPairs);
    for (uint32_t i = 0; i < 30; ++i) memory.Add(1000 + i % 2, 0);
    made += stream.Take(memory.bytes(), memory.size(), samples);
  }
  TEST_ASSERT_EQUAL_INT(15, made);
  TEST_ASSERT_FLOAT_WITHIN(1e-5f, 2.0f * kCurve.At(1000.5f) - 1.0f, samples[0]);
  Memory memory(AdcLayout::kSwappedPairs);
  for (uint32_t i = 0; i < 10; ++i) memory.Add(4000 + i, 0);
  TEST_ASSERT_EQUAL_INT(0, stream.Take(memory.bytes(), memory.size(), samples));
  stream.Reset();
  memory.Clear();
  for (uint32_t i = 0; i < 20; ++i) memory.Add(100 + i % 2, 0);
  TEST_ASSERT_EQUAL_INT(1, stream.Take(memory.bytes(), memory.size(), samples));
  TEST_ASSERT_FLOAT_WITHIN(1e-5f, 2.0f * kCurve.At(100.5f) - 1.0f, samples[0]);
}

static void ConversionsOfAnotherChannelDoNotCount() {
  const AnalogConfig config = {4095, 1, kVolts};
  AdcStream stream(config, kCurve, AdcLayout::kSwappedPairs, 6, 4);
  Memory memory(AdcLayout::kSwappedPairs);
  for (uint32_t i = 0; i < 10; ++i) memory.Add(500 + i, i % 2 == 0 ? 6 : 7);
  float samples[AdcStream::kMost];
  TEST_ASSERT_EQUAL_INT(5, stream.Take(memory.bytes(), memory.size(), samples));
}

static Fault FaultOf(uint32_t low, uint32_t high) {
  const AnalogConfig config = {4095, 2, kVolts};
  AdcStream stream(config, kCurve, AdcLayout::kSwappedPairs, 6, 4);
  Memory memory(AdcLayout::kSwappedPairs);
  for (uint32_t i = 0; i < 512; ++i) memory.Add(i % 2 == 0 ? low : high, 6);
  float samples[AdcStream::kMost];
  TEST_ASSERT_EQUAL_INT(256, stream.Take(memory.bytes(), memory.size(), samples));
  return stream.fault();
}

static void ABlockAtARailOrOfOneCountIsAFault() {
  TEST_ASSERT_TRUE(FaultOf(0, 0) == Fault::kLowRail);
  TEST_ASSERT_TRUE(FaultOf(4095, 4095) == Fault::kHighRail);
  TEST_ASSERT_TRUE(FaultOf(1800, 1800) == Fault::kStuck);
  TEST_ASSERT_TRUE(FaultOf(0, 4095) == Fault::kNone);  // loud, and clipped
  TEST_ASSERT_TRUE(FaultOf(1800, 1801) == Fault::kNone);
}

// ---- rate

// A converter that runs at `factor` times what it is asked for, in steps of its divider.
static RateTuner::Result Tune(RateTuner& tuner, float factor) {
  RateTuner::Result result = RateTuner::Result::kAskAgain;
  while (result == RateTuner::Result::kAskAgain) {
    const float divider = std::round(16e6f / static_cast<float>(tuner.ask_hz()));
    const float rate_hz = 16e6f / divider * factor;
    int64_t micros = 5'000'000;
    do {
      const auto late = static_cast<int64_t>(Random() % 1000);
      result = tuner.Take(800, micros + late);
      micros += static_cast<int64_t>(800e6f / rate_hz);
    } while (result == RateTuner::Result::kMeasures);
  }
  return result;
}

static void ARateIsMeasuredAndAskedForAgainUntilItIsRight() {
  for (const float factor : {1.0f, 1.0f / 1.22f, 1.22f, 0.7f, 1.7f}) {
    RateTuner tuner(32000.0f);
    TEST_ASSERT_EQUAL_UINT32(32000, tuner.ask_hz());
    TEST_ASSERT_TRUE(Tune(tuner, factor) == RateTuner::Result::kRight);
    TEST_ASSERT_FLOAT_WITHIN(320.0f, 32000.0f, tuner.measured_hz());
    TEST_ASSERT_FLOAT_WITHIN(0.02f * 32000.0f / factor, 32000.0f / factor,
                             static_cast<float>(tuner.ask_hz()));
  }
}

static void ARateThatCannotBeReachedIsGivenUp() {
  RateTuner far(32000.0f);
  TEST_ASSERT_TRUE(Tune(far, 4.0f) == RateTuner::Result::kGivesUp);
  RateTuner dead(32000.0f);
  RateTuner::Result result = RateTuner::Result::kMeasures;
  for (int64_t i = 0; result == RateTuner::Result::kMeasures; ++i)
    result = dead.Take(0, i * 100'000);
  TEST_ASSERT_TRUE(result == RateTuner::Result::kGivesUp);
}

// ---- microphone

constexpr MicrophoneConfig kLeft = {16000.0f, false};
constexpr int kFrames = 256;

// Frames as they come from the bus: a tone and noise in one slot, `other` in the other.
class Sound {
 public:
  bool right = false;
  float amplitude = 0.1f;
  bool alive = true;
  bool ones = false;  // the undriven slot repeats the last bit

  int Give(Microphone& microphone) {
    int32_t slots[2 * kFrames];
    for (int i = 0; i < kFrames; ++i, ++time_) {
      float value = amplitude * std::sin(0.1f * static_cast<float>(time_ % 6283));
      if (value > 1.0f) value = 1.0f;
      if (value < -1.0f) value = -1.0f;
      auto number = static_cast<int32_t>(std::lround(value * 8388000.0f));
      number += static_cast<int32_t>(Random() % 600) - 300;
      if (number > 8388607) number = 8388607;
      if (number < -8388608) number = -8388608;
      last = static_cast<float>(number) / 8388608.0f;
      const auto junk = static_cast<int32_t>(Random() % 256);
      slots[2 * i + right] = alive ? number * 256 + junk : 0;
      slots[2 * i + !right] = ones && alive && number % 2 != 0 ? -1 : 0;
    }
    return microphone.Take(slots, kFrames, samples);
  }

  float samples[kFrames];
  float last = 0.0f;

 private:
  int time_ = 0;
};

// After it has woken up.
static int WakeUp(Microphone& microphone, Sound& sound) {
  int blocks = 0;
  while (sound.Give(microphone) < kFrames) ++blocks;
  return blocks;
}

static void FullScaleIsOneAndTheLowestBitsAreJunk() {
  Microphone microphone(kLeft);
  Sound sound;
  WakeUp(microphone, sound);
  sound.Give(microphone);
  TEST_ASSERT_EQUAL_FLOAT(sound.last, sound.samples[kFrames - 1]);
  TEST_ASSERT_TRUE(microphone.fault() == Fault::kNone);
  int32_t ends[] = {INT32_MAX, 0, INT32_MIN, 0};
  float samples[2];
  TEST_ASSERT_EQUAL_INT(2, microphone.Take(ends, 2, samples));
  TEST_ASSERT_FLOAT_WITHIN(1e-6f, 1.0f, samples[0]);
  TEST_ASSERT_EQUAL_FLOAT(-1.0f, samples[1]);
}

static void WhileItWakesThereAreNoSamples() {
  Microphone microphone(kLeft);
  Sound sound;
  TEST_ASSERT_EQUAL_INT(19, WakeUp(microphone, sound));  // 300 ms, 18.75 blocks
  microphone.Restart();
  TEST_ASSERT_EQUAL_INT(0, sound.Give(microphone));
}

static void TheOtherSlotIsHeardWhereItAloneLives() {
  for (const bool ones : {false, true}) {
    Microphone microphone(kLeft);
    Sound sound;
    sound.right = true;
    sound.ones = ones;
    int changes = 0;
    for (int i = 0; i < 40; ++i) {
      sound.Give(microphone);
      changes += microphone.changed();
    }
    TEST_ASSERT_EQUAL_INT(1, changes);
    TEST_ASSERT_TRUE(microphone.right());
    TEST_ASSERT_TRUE(microphone.fault() == Fault::kNone);
    TEST_ASSERT_EQUAL_FLOAT(sound.last, sound.samples[kFrames - 1]);
  }
}

static void ASilentStuckOrRailedMicrophoneIsAFault() {
  Microphone microphone(kLeft);
  Sound sound;
  WakeUp(microphone, sound);
  sound.alive = false;
  for (int i = 0; i < 4; ++i) sound.Give(microphone);
  TEST_ASSERT_TRUE(microphone.fault() == Fault::kSilent);
  sound.alive = true;
  sound.Give(microphone);
  TEST_ASSERT_TRUE(microphone.fault() == Fault::kNone);
  int32_t slots[2 * kFrames];
  for (const int32_t stuck : {int32_t{INT32_MAX}, int32_t{INT32_MIN}, int32_t{12345678}}) {
    for (int32_t& slot : slots) slot = stuck;
    for (int i = 0; i < 2; ++i) microphone.Take(slots, kFrames, sound.samples);
    const Fault expected = stuck == 12345678 ? Fault::kStuck : Fault::kFullScale;
    TEST_ASSERT_TRUE(microphone.fault() == expected);
    TEST_ASSERT_FALSE(microphone.changed());
  }
}

static void LoudSoundThatClipsIsNoFault() {
  Microphone microphone(kLeft);
  Sound sound;
  sound.amplitude = 30.0f;
  WakeUp(microphone, sound);
  for (int i = 0; i < 100; ++i) {
    sound.Give(microphone);
    TEST_ASSERT_TRUE(microphone.fault() == Fault::kNone);
  }
}

// ---- holes

// As the driver of I2S has it: so many buffers wait, a further one pushes out the oldest.
class BufferQueue {
 public:
  void Make() {
    if (size_ == kRoom) {
      ++first_;
      --size_;
      ++overflows;
    }
    ++size_;
  }
  bool empty() const { return size_ == 0; }
  uint32_t Read() {
    --size_;
    return first_++;
  }

  uint32_t overflows = 0;

 private:
  static constexpr uint32_t kRoom = 4;
  uint32_t first_ = 0;  // number of the oldest
  uint32_t size_ = 0;
};

static void NoHoleIsMissedAndFewAreSaidTwice() {
  BufferQueue queue;
  HoleCount holes;
  uint32_t expected = 0, read = 0, said = 0, true_holes = 0;
  for (int i = 0; i < 100000; ++i) {
    for (uint32_t made = Random() % 16 == 0 ? Random() % 8 : 1; made > 0; --made) queue.Make();
    while (!queue.empty() && Random() % 4 != 0) {
      const uint32_t before = queue.overflows;
      if (Random() % 8 == 0) queue.Make();  // while it is being read
      const uint32_t number = queue.Read();
      if (Random() % 8 == 0) queue.Make();
      const bool follows = holes.Take(before, queue.overflows);
      if (number != expected) {
        ++true_holes;
        TEST_ASSERT_TRUE(follows);
      }
      said += follows;
      expected = number + 1;
      ++read;
    }
  }
  TEST_ASSERT_GREATER_THAN_UINT32(1000, true_holes);
  TEST_ASSERT_LESS_THAN_UINT32(2 * true_holes, said);
  TEST_ASSERT_UINT32_WITHIN(4, expected, read + holes.lost());
}

// ---- pace

static void FaultsComeAtThePaceOfSamplesAndNoneTwice() {
  for (const float rate_hz : {0.5f, 4.0f, 100.0f, 1000.0f, 16000.0f}) {
    SamplePace pace(rate_hz);
    pace.Told(1'000'000);
    int64_t micros = 1'000'000;
    int due = 0;
    while (micros < 61'000'000) {
      micros += static_cast<int64_t>(Random() % 40'000);
      int more = 0;
      while ((more = pace.Take(micros, 256)) > 0) due += more;
    }
    const auto expected = static_cast<int>(60.0f * rate_hz);
    TEST_ASSERT_INT_WITHIN(2 + expected / 500, expected, due);
  }
}

static void SamplesThatWaitedHaveTheTimeWhenTheyWereTaken() {
  SamplePace pace(16000.0f);
  TEST_ASSERT_EQUAL_INT64(984'000, pace.Follow(1'000'000, 256));
  TEST_ASSERT_EQUAL_INT64(1'000'000, pace.Follow(1'016'200, 256));
  TEST_ASSERT_EQUAL_INT64(1'016'000, pace.Follow(1'180'000, 256));  // a flash write
  TEST_ASSERT_EQUAL_INT64(1'032'000, pace.Follow(1'180'100, 256));
  TEST_ASSERT_EQUAL_INT64(2'984'000, pace.Follow(3'000'000, 256));  // a hole
  TEST_ASSERT_EQUAL_INT64(2'990'000, pace.Follow(3'006'000, 256));  // its clock is fast
}

static void RunTests() {
  RUN_TEST(ACurveIsStraightBetweenItsPoints);
  RUN_TEST(ConversionsAreAveragedIntoSamplesAndPairsSwappedBack);
  RUN_TEST(AnAverageGoesOnInTheNextBlockAndAHoleEndsIt);
  RUN_TEST(ConversionsOfAnotherChannelDoNotCount);
  RUN_TEST(ABlockAtARailOrOfOneCountIsAFault);
  RUN_TEST(ARateIsMeasuredAndAskedForAgainUntilItIsRight);
  RUN_TEST(ARateThatCannotBeReachedIsGivenUp);
  RUN_TEST(FullScaleIsOneAndTheLowestBitsAreJunk);
  RUN_TEST(WhileItWakesThereAreNoSamples);
  RUN_TEST(TheOtherSlotIsHeardWhereItAloneLives);
  RUN_TEST(ASilentStuckOrRailedMicrophoneIsAFault);
  RUN_TEST(LoudSoundThatClipsIsNoFault);
  RUN_TEST(NoHoleIsMissedAndFewAreSaidTwice);
  RUN_TEST(SamplesThatWaitedHaveTheTimeWhenTheyWereTaken);
  RUN_TEST(FaultsComeAtThePaceOfSamplesAndNoneTwice);
}

SUITE_MAIN(RunTests)
