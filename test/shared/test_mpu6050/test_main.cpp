#include <unity.h>

#include <cmath>
#include <initializer_list>

#include "../../simulated_mpu6050.h"
#include "../../suite_main.h"
#include "Mpu6050.h"

using namespace anomaly;

void setUp() {}
void tearDown() {}

constexpr Mpu6050Config kVibration = {1000.0f, 4, 184, 0x68};
constexpr int64_t kPoll = 16'000;
#if defined(ESP_PLATFORM) || defined(__riscv)
constexpr int kHour = 60;  // a chip simulates it more slowly
#else
constexpr int kHour = 3600;
#endif

// Asks at the pace of the driver, and looks at every sample that comes.
class Reader {
 public:
  explicit Reader(const Mpu6050Config& config = kVibration)
      : config_(config), driver_(config_, part) {}

  void Run(int64_t micros, int64_t pace = kPoll) {
    const int64_t end = part.now + micros;
    while (part.now < end) {
      part.Pass(pace);
      do {
        const SampleBlock& block = driver_.Poll(part.now);
        if (block.count > 0) Look(block);
      } while (driver_.more());
    }
  }

  uint32_t lost() const { return driver_.lost(); }
  int identity() const { return driver_.identity(); }

  SimulatedMpu6050 part;
  uint32_t samples = 0;
  uint32_t wrong = 0;  // samples that do not follow the one before, without a gap
  uint32_t gaps = 0;
  uint32_t faults = 0;  // samples that are due
  Fault fault = Fault::kNone;
  Fault last = Fault::kNone;
  int64_t first_micros = -1;
  int64_t last_micros = 0;

 private:
  void Look(const SampleBlock& block) {
    TEST_ASSERT_TRUE(block.count <= Mpu6050::kBlock);
    last = block.fault;
    last_micros = block.micros;
    if (block.fault != Fault::kNone) {
      fault = block.fault;
      faults += static_cast<uint32_t>(block.count);
      return;
    }
    if (block.after_gap) {
      ++gaps;
      follows_ = false;
    }
    if (first_micros < 0) first_micros = block.micros;
    for (int i = 0; i < block.count; ++i) {
      const float* const sample = block.values + 3 * i;
      int counts[3];
      for (int axis = 0; axis < 3; ++axis) {
        counts[axis] = static_cast<int>(
            std::lround(sample[axis] * 32768.0f / static_cast<float>(config_.range_g)));
      }
      const auto number = static_cast<uint32_t>(counts[0] + 30000);
      bool right = !follows_ || number == (before_ + 1) % 60000;
      for (int axis = 0; axis < 3; ++axis) {
        right = right && counts[axis] == SimulatedMpu6050::Axis(number, axis);
      }
      if (!right) ++wrong;
      before_ = number;
      follows_ = true;
      ++samples;
    }
  }

  Mpu6050Config config_;
  Mpu6050 driver_;
  bool follows_ = false;
  uint32_t before_ = 0;
};

// ---- registers

static void TheRegistersAreThoseOfTheDataSheet() {
  const MpuRegisters vibration = RegistersFor(kVibration, false);
  TEST_ASSERT_EQUAL_UINT8(0, vibration.divider);
  TEST_ASSERT_EQUAL_UINT8(1, vibration.config);
  TEST_ASSERT_EQUAL_UINT8(0x08, vibration.accel_config);
  const MpuRegisters motion = RegistersFor({100.0f, 8, 44, 0x68}, false);
  TEST_ASSERT_EQUAL_UINT8(9, motion.divider);
  TEST_ASSERT_EQUAL_UINT8(3, motion.config);
  TEST_ASSERT_EQUAL_UINT8(0x10, motion.accel_config);
  const MpuRegisters slow = RegistersFor({1000.0f / 256.0f, 16, 5, 0x68}, true);
  TEST_ASSERT_EQUAL_UINT8(255, slow.divider);
  TEST_ASSERT_EQUAL_UINT8(6, slow.config);
  TEST_ASSERT_EQUAL_UINT8(0x18, slow.accel_config);
  TEST_ASSERT_EQUAL_UINT8(0x46, slow.accel_config2);
}

static void WithoutItsLowPassAnMpu6050Divides8KhzAndAnMpu6500Does1Khz() {
  const MpuRegisters genuine = RegistersFor({1000.0f, 2, 260, 0x68}, false);
  TEST_ASSERT_EQUAL_UINT8(7, genuine.divider);
  TEST_ASSERT_EQUAL_UINT8(0, genuine.config);
  const MpuRegisters newer = RegistersFor({500.0f, 2, 260, 0x68}, true);
  TEST_ASSERT_EQUAL_UINT8(1, newer.divider);
  TEST_ASSERT_EQUAL_UINT8(1, newer.config);
  TEST_ASSERT_EQUAL_UINT8(0x40, newer.accel_config2);
}

static void PartsThatWorkTheSameWayAreTakenAndFakesAreNot() {
  for (const int identity : {0x68, 0x70, 0x71, 0x73, 0x98}) {
    TEST_ASSERT_NOT_NULL(FindMpuPart(static_cast<uint8_t>(identity)));
  }
  TEST_ASSERT_EQUAL_STRING("MPU6500", FindMpuPart(0x70)->name);
  for (const int identity : {0x00, 0x12, 0x19, 0x72, 0xFF}) {
    TEST_ASSERT_NULL(FindMpuPart(static_cast<uint8_t>(identity)));
  }
}

// ---- life

static void EverySampleComesOnceInOrderAndInG() {
  Reader reader;
  reader.Run(60'000'000);
  TEST_ASSERT_EQUAL_UINT32(0, reader.wrong);
  TEST_ASSERT_EQUAL_UINT32(0, reader.lost());
  TEST_ASSERT_EQUAL_UINT32(0, reader.faults);
  TEST_ASSERT_EQUAL_UINT32(1, reader.gaps);  // the start
  TEST_ASSERT_UINT32_WITHIN(20, reader.part.made, reader.samples);
  TEST_ASSERT_EQUAL_INT(0x68, reader.identity());
  TEST_ASSERT_EQUAL_INT(0, reader.part.recoveries);
  TEST_ASSERT_EQUAL_UINT8(0x01, reader.part.at(0x6B));
  TEST_ASSERT_EQUAL_UINT8(0x03, reader.part.at(0x6C));
}

static void AnHourAt1KhzLosesNothingWhereTheTaskIsLateNowAndThen() {
  Reader reader;
  for (int second = 0; second < kHour; ++second) {
    reader.Run(850'000);
    reader.part.Pass(static_cast<int64_t>(reader.part.Random() % 134'000));
  }
  TEST_ASSERT_EQUAL_UINT32(0, reader.wrong + reader.lost() + reader.faults);
  TEST_ASSERT_EQUAL_UINT32(1, reader.gaps);
  TEST_ASSERT_UINT32_WITHIN(170, reader.part.made, reader.samples);
}

static void ABlockHasTheTimeOfItsFirstSample() {
  Reader reader;
  reader.Run(2'000'000);
  // 100 ms of reset, and then a sample each millisecond, told of within a poll.
  TEST_ASSERT_INT64_WITHIN(2 * kPoll, 116'000, reader.first_micros);
  TEST_ASSERT_INT64_WITHIN(kPoll, reader.part.now - kPoll, reader.last_micros);
}

static void SlowRatesGiveTheirSamplesOneByOne() {
  Reader reader({1000.0f / 250.0f, 8, 5, 0x68});
  reader.Run(60'000'000, 100'000);
  TEST_ASSERT_EQUAL_UINT32(0, reader.wrong);
  TEST_ASSERT_EQUAL_UINT32(0, reader.faults);
  TEST_ASSERT_UINT32_WITHIN(2, 240, reader.samples);
}

static void AClockThatIsAPercentOffLosesNothing() {
  for (const float clock : {0.99f, 1.01f}) {
    Reader reader;
    reader.part.clock = clock;
    reader.Run(60'000'000);
    TEST_ASSERT_EQUAL_UINT32(0, reader.wrong + reader.lost() + reader.faults);
    TEST_ASSERT_UINT32_WITHIN(20, reader.part.made, reader.samples);
  }
}

static void APartThatSamplesAtAnotherRateIsAFault() {
  Reader reader;
  reader.part.clock = 1.1f;
  reader.Run(6'000'000);
  TEST_ASSERT_TRUE(reader.last == Fault::kWrongRate);
  reader.part.clock = 1.0f;
  reader.Run(9'000'000);
  TEST_ASSERT_TRUE(reader.last == Fault::kNone);
}

static void APartThatRepeatsItselfIsStuck() {
  Reader reader;
  reader.part.frozen = true;
  reader.Run(1'000'000);
  TEST_ASSERT_TRUE(reader.last == Fault::kStuck);
  reader.part.frozen = false;
  reader.Run(1'000'000);
  TEST_ASSERT_TRUE(reader.last == Fault::kNone);
}

// ---- overflow

static void AnOverflowAtAnyByteIsRealignedAndCounted() {
  for (int64_t late = 150'000; late < 250'000; late += 171) {
    Reader reader;
    reader.Run(300'000 + late % 997);
    const uint32_t before = reader.samples;
    const uint32_t made_before = reader.part.made;
    reader.part.Pass(late);  // nobody asks
    reader.Run(1'000'000);
    TEST_ASSERT_EQUAL_UINT32(0, reader.wrong);
    TEST_ASSERT_EQUAL_UINT32(0, reader.faults);
    const bool overflow = reader.lost() > 0;
    if (late > 172'000) TEST_ASSERT_TRUE(overflow);
    TEST_ASSERT_EQUAL_UINT32(overflow ? 2 : 1, reader.gaps);
    TEST_ASSERT_UINT32_WITHIN(40, reader.part.made - made_before,
                              reader.samples - before + reader.lost());
  }
}

static void AByteThatGetsLostOnTheWayIsNoticed() {
  Reader reader;
  reader.Run(1'000'000);
  reader.part.LoseByte();
  reader.Run(200'000);
  TEST_ASSERT_EQUAL_UINT32(2, reader.gaps);
  const uint32_t wrong = reader.wrong;
  TEST_ASSERT_LESS_THAN_UINT32(100, wrong);
  reader.Run(2'000'000);
  TEST_ASSERT_EQUAL_UINT32(wrong, reader.wrong);
}

static void AsLongAsAFlashWriteNothingIsLost() {
  Reader reader;
  reader.Run(500'000);
  for (int i = 0; i < 20; ++i) {
    reader.part.Pass(134'000);  // with the poll before it, 150 ms
    reader.Run(100'000);
  }
  TEST_ASSERT_EQUAL_UINT32(0, reader.wrong + reader.lost() + reader.faults);
  TEST_ASSERT_EQUAL_UINT32(1, reader.gaps);
}

// ---- bus

static void RandomErrorsOfTheBusGiveNoWrongSample() {
  for (const uint32_t errors : {1u, 8u, 32u, 96u}) {
    Reader reader;
    reader.part.errors_of_256 = errors;
    reader.Run(60'000'000);
    TEST_ASSERT_EQUAL_UINT32(0, reader.wrong);
    reader.part.errors_of_256 = 0;
    reader.Run(3'000'000);
    TEST_ASSERT_TRUE(reader.last == Fault::kNone);
    // What is neither given nor lost was told as a fault, and nothing twice.
    const uint32_t due = 63'000;
    TEST_ASSERT_UINT32_WITHIN(due / 20, due, reader.samples + reader.lost() + reader.faults);
    const uint32_t before = reader.samples;
    reader.Run(10'000'000);
    TEST_ASSERT_UINT32_WITHIN(40, 10'000, reader.samples - before);
  }
}

static void AHungBusIsFreedWithoutAReset() {
  Reader reader;
  reader.Run(1'000'000);
  reader.part.hangs = true;
  reader.Run(1'000'000);
  TEST_ASSERT_FALSE(reader.part.hangs);
  TEST_ASSERT_TRUE(reader.part.recoveries > 0);
  TEST_ASSERT_TRUE(reader.last == Fault::kNone);
  TEST_ASSERT_EQUAL_UINT32(0, reader.wrong);
  TEST_ASSERT_EQUAL_UINT32(2, reader.gaps);
}

// ---- which part

static void WithoutAPartFaultsComeAtThePaceOfSamples() {
  Reader reader;
  reader.part.PullOut();
  reader.Run(10'000'000);
  TEST_ASSERT_TRUE(reader.fault == Fault::kNoAnswer);
  TEST_ASSERT_EQUAL_UINT32(0, reader.samples);
  TEST_ASSERT_UINT32_WITHIN(40, 10'000, reader.faults);
  TEST_ASSERT_EQUAL_UINT32(0, reader.lost());
  TEST_ASSERT_EQUAL_INT(-1, reader.identity());
  reader.part.PutBack();
  reader.Run(3'000'000);
  TEST_ASSERT_TRUE(reader.last == Fault::kNone);
  TEST_ASSERT_EQUAL_UINT32(0, reader.wrong);
}

static void APartThatIsPulledOutAndPutBackGoesOn() {
  for (int64_t away = 1'000; away < 3'000'000; away = away * 3 / 2 + 777) {
    Reader reader;
    reader.Run(500'000);
    reader.part.PullOut();
    reader.Run(away);
    reader.part.PutBack();  // with its registers as at power-up
    reader.Run(3'000'000);
    TEST_ASSERT_TRUE(reader.last == Fault::kNone);
    TEST_ASSERT_TRUE(reader.fault == Fault::kNoAnswer);
    TEST_ASSERT_EQUAL_UINT32(0, reader.wrong);
    TEST_ASSERT_EQUAL_UINT32(2, reader.gaps);
    TEST_ASSERT_UINT32_WITHIN(150, 3'500 + static_cast<uint32_t>(away / 1000),
                              reader.samples + reader.lost() + reader.faults);
  }
}

static void AnotherPartIsRefusedUntilTheRightOneIsThere() {
  Reader reader;
  reader.part.identity = 0x72;
  reader.Run(3'000'000);
  TEST_ASSERT_TRUE(reader.last == Fault::kWrongPart);
  TEST_ASSERT_EQUAL_UINT32(0, reader.samples);
  TEST_ASSERT_EQUAL_INT(0x72, reader.identity());
  reader.part.identity = 0x70;
  reader.Run(3'000'000);
  TEST_ASSERT_TRUE(reader.last == Fault::kNone);
  TEST_ASSERT_EQUAL_INT(0x70, reader.identity());
  TEST_ASSERT_EQUAL_UINT8(0x41, reader.part.at(0x1D));  // its own low-pass
}

static void AnotherAddressIsNoAnswer() {
  Reader reader({1000.0f, 4, 184, 0x69});
  reader.Run(2'000'000);
  TEST_ASSERT_TRUE(reader.last == Fault::kNoAnswer);
}

static void AnythingCanHappenToIt() {
  Reader reader;
  for (int i = 0; i < 3000; ++i) {
    switch (reader.part.Random() % 8) {
      case 0:
        reader.part.PullOut();
        break;
      case 1:
      case 2:
        if (!reader.part.attached) reader.part.PutBack();
        break;
      case 3:
        reader.part.hangs = true;
        break;
      case 4:
        reader.part.errors_of_256 = reader.part.Random() % 128;
        break;
      case 5:
        reader.part.Pass(static_cast<int64_t>(reader.part.Random() % 400'000));
        break;
      case 6:
        if (reader.part.attached) reader.part.PowerUp();  // a dip of its supply
        break;
      default:
        reader.part.errors_of_256 = 0;
    }
    reader.Run(static_cast<int64_t>(reader.part.Random() % 300'000));
  }
  TEST_ASSERT_EQUAL_UINT32(0, reader.wrong);
  reader.part.errors_of_256 = 0;
  reader.part.PutBack();
  reader.Run(5'000'000);
  TEST_ASSERT_TRUE(reader.last == Fault::kNone);
}

static void RunTests() {
  RUN_TEST(TheRegistersAreThoseOfTheDataSheet);
  RUN_TEST(WithoutItsLowPassAnMpu6050Divides8KhzAndAnMpu6500Does1Khz);
  RUN_TEST(PartsThatWorkTheSameWayAreTakenAndFakesAreNot);
  RUN_TEST(EverySampleComesOnceInOrderAndInG);
  RUN_TEST(AnHourAt1KhzLosesNothingWhereTheTaskIsLateNowAndThen);
  RUN_TEST(ABlockHasTheTimeOfItsFirstSample);
  RUN_TEST(SlowRatesGiveTheirSamplesOneByOne);
  RUN_TEST(AClockThatIsAPercentOffLosesNothing);
  RUN_TEST(APartThatSamplesAtAnotherRateIsAFault);
  RUN_TEST(APartThatRepeatsItselfIsStuck);
  RUN_TEST(AnOverflowAtAnyByteIsRealignedAndCounted);
  RUN_TEST(AByteThatGetsLostOnTheWayIsNoticed);
  RUN_TEST(AsLongAsAFlashWriteNothingIsLost);
  RUN_TEST(RandomErrorsOfTheBusGiveNoWrongSample);
  RUN_TEST(AHungBusIsFreedWithoutAReset);
  RUN_TEST(WithoutAPartFaultsComeAtThePaceOfSamples);
  RUN_TEST(APartThatIsPulledOutAndPutBackGoesOn);
  RUN_TEST(AnotherPartIsRefusedUntilTheRightOneIsThere);
  RUN_TEST(AnotherAddressIsNoAnswer);
  RUN_TEST(AnythingCanHappenToIt);
}

SUITE_MAIN(RunTests)
