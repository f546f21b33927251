// `learn`: a detector that is fitted again where it is installed, what it is kept as, and why it is
// refused.
#include <unity.h>

#include <string>

#include "../../one_value.h"
#include "../../suite_main.h"
#include "../../test_board.h"
#include "App.h"
#include "MeanAutoencoder.h"
#include "MemorySettings.h"

using namespace anomaly;

void setUp() {}
void tearDown() {}

// One value about 25 with a standard deviation of 1, judged by its distance.
using one_value::kFeatures;
using one_value::kFingerprint;
using one_value::kHigh;
using one_value::kLow;
using one_value::kOffset;
static const auto& kNames = one_value::kChannelNames;
static const auto& kUnits = one_value::kChannelUnits;
static const float kOne[] = {1.0f};
static const float kZero[] = {0.0f};
static const ChannelConfig kChannels[] = {{-400.0f, 400.0f}};
static const SensorConfig kSensor = {0, kChannels, nullptr};
static const bool kAbsolute[] = {true};
static const RefitConfig kRefit = {kAbsolute, false, kOne, 40, 1e-6f, 0.05f, 1.5f, false};

static DetectorConfig MakeDetector(const RefitConfig* refit) {
  DetectorConfig config = {};
  config.scaling = {kOffset, kOne, 0.0f, kLow, kHigh, kZero, kOne, 24.0f};
  config.score = {ScoreKind::kQuartic, nullptr, nullptr, kZero, kOne};
  config.decision = {4.0f, 16.0f, 0.0f, 8.0f, 1.0f, 1, 1, 2, 0.95f, 3};
  config.refit = refit;
  return config;
}
static const DetectorConfig kDetector = MakeDetector(&kRefit);
static const DetectorConfig kWithout = MakeDetector(nullptr);

class Board final : public TestBoard {
 public:
  Sample ReadSensor() override {
    micros_ += 500000;
    random_ = random_ * 1664525u + 1013904223u;
    Sample sample = {};
    sample.values[0] = value + spread * (static_cast<float>(random_ >> 8) / 8388608.0f - 1.0f);
    sample.fault = fault;
    return sample;
  }
  void Set(bool) override {}
  uint32_t Stopwatch() override { return 0; }
  int64_t NowMicros() const override { return micros_; }
  void Write(const char* text, size_t size) override {
    if (text[0] == 'O' || text[0] == 'E' || text[0] == 'L') said.append(text, size);
  }
  int ReadByte() override { return *input == '\0' ? -1 : static_cast<unsigned char>(*input++); }

  float value = 25.0f;
  float spread = 1.7f;
  Fault fault = Fault::kNone;
  const char* input = "";
  std::string said;

 private:
  int64_t micros_ = 0;
  uint32_t random_ = 1;
};

// A board, its flash, and the app that runs on them until it is rebooted.
class Rig {
 public:
  explicit Rig(SettingsStore& flash, const DetectorConfig& detector = kDetector)
      : config_{"test", kFingerprint, kNames,    kUnits,   1, kNames, kUnits, 500000, nullptr,
                0,      kSensor,      kFeatures, detector, 1, kZero,  kZero,  1e-4f},
        detector_(config_, {{states_, nullptr, nullptr, refit_}, calibration_}, engine_),
        app_(detector_, {learnt_}, {board, board, board, board, board, &flash}, board) {
    app_.Start();
    Run(10);
    board.said.clear();
  }
  void Run(int samples) {
    for (int i = 0; i < samples; ++i) {
      app_.Step();
      while (app_.Poll()) {
      }
    }
  }
  // What is said to a command in so many samples.
  const std::string& Ask(const char* command, int samples = 2) {
    board.said.clear();
    board.input = command;
    app_.Poll();
    Run(samples);
    return board.said;
  }
  State state() const { return app_.state(); }
  App& app() { return app_; }

  Board board;

 private:
  ModelConfig config_;
  FeatureState states_[1];
  CalibrationMemory calibration_[1];
  float refit_[DetectorMemory::RefitFloats(1, 1)];
  uint8_t learnt_[LearntBlockSize(1, 1, 0, 0)];
  MeanAutoencoder engine_{1};
  SampleDetector detector_;
  App app_;
};

static void Expect(const std::string& said, const char* text) {
  if (said.find(text) == std::string::npos)
    TEST_FAIL_MESSAGE((text + (" not in: " + said)).c_str());
}

static void AnotherMountIsLearntAndKept() {
  MemorySettings flash;
  Rig rig(flash);
  Expect(rig.Ask("status\n"), " detector=trained ");
  rig.board.value = 60.0f;
  rig.board.spread = 0.3f;
  rig.Run(5);
  TEST_ASSERT_TRUE(rig.state() == State::kAnomaly);
  Expect(rig.Ask("learn 60\n"), "Learning: 60 s of normal signal are wanted\r\n");
  TEST_ASSERT_TRUE(rig.state() == State::kAnomaly);  // judged as before meanwhile
  Expect(rig.Ask("", 120), "OK learn threshold 4.0000 -> ");
  Expect(rig.board.said, " frames 120\r\n");
  TEST_ASSERT_TRUE(rig.state() == State::kNormal);
  Expect(rig.Ask("status\n"), " detector=learnt ");
  rig.board.value = 62.0f;  // nothing to the trained one
  rig.Run(5);
  TEST_ASSERT_TRUE(rig.state() == State::kAnomaly);

  Rig again(flash);
  again.board.value = 60.0f;
  again.board.spread = 0.3f;
  again.Run(20);
  TEST_ASSERT_TRUE(again.state() == State::kNormal);
  Expect(again.Ask("status\n"), " detector=learnt ");
  const size_t threshold = again.Ask("model\n").find(" threshold=");
  TEST_ASSERT_TRUE(again.board.said.find(" default_threshold=4.0000") == std::string::npos);
  TEST_ASSERT_TRUE(threshold != std::string::npos);
  Expect(again.Ask("learn default\n"), "OK learn default\r\n");
  again.Run(5);
  TEST_ASSERT_TRUE(again.state() == State::kAnomaly);
  Expect(again.Ask("model\n"), " default_threshold=4.0000");

  Rig third(flash);
  Expect(third.Ask("status\n"), " detector=trained ");
}

static void TooShortATimeIsMadeLonger() {
  MemorySettings flash;
  Rig rig(flash);
  Expect(rig.Ask("learn 10\n", 41),
         "Learning: 20 s of normal signal are wanted, 40 frames at least\r\nOK learn ");
}

static void AFaultEndsItAndWhatWasLearntBeforeStays() {
  MemorySettings flash;
  Rig rig(flash);
  rig.board.value = 60.0f;
  Expect(rig.Ask("learn 60\n", 125), "OK learn ");
  rig.board.value = 90.0f;
  rig.Ask("learn 60\n", 50);
  rig.board.fault = Fault::kLowRail;
  Expect(rig.Ask("", 2), "ERR learn was given up: the sensor was in FAULT\r\n");
  Expect(rig.Ask("learn\n"), "ERR learn does not work in state FAULT: the sensor is not believed");
  rig.board.fault = Fault::kNone;
  rig.board.value = 60.0f;
  rig.Run(10);
  TEST_ASSERT_TRUE(rig.state() == State::kNormal);
  Expect(rig.Ask("status\n"), " detector=learnt ");
}

static void AStepIsRefused() {
  MemorySettings flash;
  Rig rig(flash);
  rig.Ask("learn 60\n", 60);
  rig.board.value = 60.0f;
  Expect(rig.Ask("", 80),
         "ERR learn was given up: temperature stepped from one level to another; learn again when "
         "it is steady\r\n");
  Expect(rig.Ask("status\n"), " detector=trained ");
  Expect(rig.Ask("learn 60\n", 125), "OK learn ");
}

static void AnotherCommandTakesItsPlace() {
  for (const char* other : {"calibrate\n", "learn 30\n", "learn default\n"}) {
    MemorySettings flash;
    Rig rig(flash);
    rig.Ask("learn 60\n", 20);
    Expect(rig.Ask(other, 130), "ERR learn was given up: another command took its place\r\n");
    Expect(rig.board.said, "OK ");
  }
}

static void TheUsersOwnThresholdStays() {
  MemorySettings flash;
  Rig rig(flash);
  rig.Ask("threshold 9\n");
  Expect(rig.Ask("learn 60\n", 125),
         "OK learn threshold 9.0000 -> 9.0000 (set by the user) frames 120\r\n");
  Expect(rig.Ask("threshold default\n"), "OK threshold default");
  TEST_ASSERT_TRUE(rig.Ask("status\n").find(" threshold=4.0000") == std::string::npos);
}

static void WithoutAScoreThereIsNothingToFit() {
  MemorySettings flash;
  Rig rig(flash, kWithout);
  Expect(rig.Ask("learn\n"), "ERR the profile has no score; its slow charts learn by themselves");
  TEST_ASSERT_TRUE(rig.Ask("status\n").find("detector=") == std::string::npos);
}

static void RunTests() {
  RUN_TEST(AnotherMountIsLearntAndKept);
  RUN_TEST(TooShortATimeIsMadeLonger);
  RUN_TEST(AFaultEndsItAndWhatWasLearntBeforeStays);
  RUN_TEST(AStepIsRefused);
  RUN_TEST(AnotherCommandTakesItsPlace);
  RUN_TEST(TheUsersOwnThresholdStays);
  RUN_TEST(WithoutAScoreThereIsNothingToFit);
}

SUITE_MAIN(RunTests)
