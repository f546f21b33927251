// What a board learns: kept, come back, refused, widened, moved, forgotten; and a file that is cut
// off at any byte.
#include <unity.h>

#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "../../suite_main.h"
#include "../../test_board.h"
#include "App.h"
#include "FileSettings.h"
#include "MeanAutoencoder.h"
#include "MemorySettings.h"

using namespace anomaly;

void setUp() {}
void tearDown() {}

// One value judged by its distance from 25, days of 600 frames, a span of 10.
static const char kFingerprint[] =
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
static const char kOther[] = "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210";
static const char* const kNames[] = {"temperature"};
static const char* const kUnits[] = {"C"};
static const FeatureSpec kSpecs[] = {{FeatureKind::kValue, 0, 0.0f, 0.0f, 0.0f}};
static const float kSigma[] = {1.0f};
static const FeatureConfig kFeatures = {1, 1, kSpecs, kSigma};
static const float kOffset[] = {25.0f};
static const float kOne[] = {1.0f};
static const float kZero[] = {0.0f};
static const float kLow[] = {-100.0f};
static const float kHigh[] = {100.0f};
static const ChannelConfig kChannels[] = {{-40.0f, 125.0f}};
static const SensorConfig kSensor = {0, kChannels, nullptr};

static const LearningRule kRules[] = {{1.15f, true, true}};
static const LearntSide kSides[] = {{0, 0, 0, 1, 1}, {0, 0, 0, 1, 1}};
static const LearntDays kDays = {{0, 0, 0, 3, 3}, 2.6f, 0, 0, 0, 0};
static const LearningConfig kLearning = {kRules, 600, 10, -1, 3.0f, kSides, &kDays};

struct Slow {
  SlowRule rules[kSlowLearntCharts];
  SlowLearnt trained = {};
  Slow() {
    for (SlowRule& rule : rules) rule = {5.0f, 7.0f, 0.2f};
    trained.bounds[0] = 35.0f;
    trained.bounds[1] = 15.0f;
    for (auto& today : trained.today) {
      today[0] = -kSlowNever;
      today[1] = kSlowNever;
    }
  }
};
static const Slow kSlowTables;
static const SlowValueConfig kSlowValues[] = {
    {10.0f, true, false, 1e-4f, kSlowTables.rules, &kSlowTables.trained}};
static const SlowConfig kSlow = {kSlowValues, 7.0f, 500000};

static DetectorConfig MakeDetector(bool learns) {
  DetectorConfig config = {};
  config.scaling = {kOffset, kOne, 0.0f, kLow, kHigh, nullptr, nullptr, 0.0f};
  config.score = {ScoreKind::kQuartic, nullptr, nullptr, kZero, kOne};
  config.decision = {1.0f, 16.0f, 0.0f, 2.0f, 0.1f, 1, 1, 2, 0.95f, 3};
  if (!learns) return config;
  config.learning = &kLearning;
  config.slow = &kSlow;
  return config;
}
static const DetectorConfig kLearns = MakeDetector(true);
static const DetectorConfig kLearnsNothing = MakeDetector(false);

static ModelConfig Config(const char* fingerprint = kFingerprint, bool learns = true) {
  const DetectorConfig& detector = learns ? kLearns : kLearnsNothing;
  return {"test", fingerprint, kNames,    kUnits,   1, kNames, kUnits, 500000, nullptr,
          0,      kSensor,     kFeatures, detector, 1, kZero,  kZero,  1e-4f};
}

class Board final : public TestBoard {
 public:
  Sample ReadSensor() override {
    micros_ += 500000;
    wobble_ = -wobble_;
    Sample sample = {};
    sample.values[0] = value + wobble_;
    return sample;
  }
  void Set(bool on) override { led = on; }
  uint32_t Stopwatch() override { return 0; }
  int64_t NowMicros() const override { return micros_; }
  void Write(const char* text, size_t size) override {
    if (std::strncmp(text, "Real", 4) != 0 && text[0] != '>') said.append(text, size);
  }
  int ReadByte() override { return *input == '\0' ? -1 : static_cast<unsigned char>(*input++); }

  float value = 25.0f;
  bool led = false;
  const char* input = "";
  std::string said;

 private:
  int64_t micros_ = 0;
  float wobble_ = 0.01f;
};

// A board, its flash, and the app that runs on them until it is rebooted.
class Rig {
 public:
  explicit Rig(SettingsStore& flash, const ModelConfig& config = Config())
      : config_(config),
        detector_(config_, {{states_, &slow_, sides_}, calibration_}, engine_),
        app_(detector_, {learnt_}, {board, board, board, board, board, &flash}, board) {
    app_.Start();
  }
  void Run(int samples) {
    for (int i = 0; i < samples; ++i) {
      app_.Step();
      app_.Poll();
    }
  }
  // What is said to a command, once the sampling side has had its turn.
  std::string Ask(const char* command) {
    board.said.clear();
    board.input = command;
    app_.Poll();
    Run(2);
    for (int i = 0; i < 40; ++i) app_.Poll();  // a long answer comes line by line
    return board.said;
  }
  void Minutes(int minutes) { Run(120 * minutes); }
  State state() const { return app_.state(); }
  App& app() { return app_; }

  Board board;

 private:
  ModelConfig config_;
  FeatureState states_[1];
  CalibrationMemory calibration_[1];
  SlowValue slow_;
  LearntSide sides_[2];
  uint8_t learnt_[LearntBlockSize(1, 0, 1, 1)];
  MeanAutoencoder engine_{1};
  SampleDetector detector_;
  App app_;
};

static void Expect(const std::string& said, const char* text) {
  if (said.find(text) == std::string::npos)
    TEST_FAIL_MESSAGE((text + (" not in: " + said)).c_str());
}

static void WhatWasLearntIsKeptOnceAnHourAndComesBack() {
  MemorySettings flash;
  uint8_t kept[2048] = {};
  Rig rig(flash);
  rig.Minutes(59);
  TEST_ASSERT_EQUAL_size_t(0, flash.Load(kept, sizeof(kept)));
  rig.Minutes(2);
  TEST_ASSERT_EQUAL_size_t(LearntBlockSize(1, 0, 1, 1), flash.Load(kept, sizeof(kept)));
  Expect(rig.Ask("status\n"), " days_learnt=12 slow=0.00 ");
  Rig again(flash);
  TEST_ASSERT_TRUE(again.board.said.find("forgotten") == std::string::npos);
  again.Run(1);
  Expect(again.Ask("status\n"), " days_learnt=12 ");
}

static void WhatAnotherModelHasLearntIsRefused() {
  MemorySettings flash;
  Rig rig(flash);
  rig.Minutes(61);
  Rig other(flash, Config(kOther));
  Expect(other.board.said, "Learnt limits of another model are forgotten\r\n");
  other.Run(1);
  Expect(other.Ask("status\n"), " days_learnt=0 ");
}

static void ABlockWithAnyByteChangedIsRefused() {
  MemorySettings flash;
  Rig rig(flash);
  rig.Minutes(61);
  uint8_t kept[2048] = {};
  const size_t size = flash.Load(kept, sizeof(kept));
  for (size_t i = 0; i < size; i += 7) {
    kept[i] ^= 0x10;
    MemorySettings damaged;
    TEST_ASSERT_TRUE(damaged.Save(kept, size));
    Rig again(damaged);
    Expect(again.board.said, "are forgotten\r\n");
    kept[i] ^= 0x10;
  }
}

static void NormalWidensWhatAlarmedAndEndsTheAlarm() {
  MemorySettings flash;
  Rig rig(flash);
  Expect(rig.Ask("normal\n"), "ERR there was no alarm");
  rig.Run(20);
  rig.board.value = 28.0f;
  rig.Run(3);
  TEST_ASSERT_TRUE(rig.state() == State::kAnomaly);
  const std::string said = rig.Ask("normal\n");
  Expect(said, "OK normal: level, its limit went from 1.00 to 4.5");
  TEST_ASSERT_TRUE(rig.state() == State::kNormal);
  rig.Run(700);  // a day later, too
  TEST_ASSERT_TRUE(rig.state() == State::kNormal);
  rig.board.value = 32.0f;
  rig.Run(1);
  TEST_ASSERT_TRUE(rig.state() == State::kAnomaly);  // it is not blind
}

static void NormalWidensASlowLimitByAQuarterOfTheSpanAtMost() {
  MemorySettings flash;
  Rig rig(flash);
  rig.Ask("threshold 1000\n");
  rig.board.value = 36.0f;
  rig.Minutes(2);
  TEST_ASSERT_TRUE(rig.state() == State::kAnomaly);
  Expect(rig.Ask("normal\n"), "OK normal: level ");
  rig.Minutes(1);
  TEST_ASSERT_TRUE(rig.state() == State::kNormal);
  rig.board.value = 60.0f;
  rig.Minutes(10);
  TEST_ASSERT_TRUE(rig.state() == State::kAnomaly);
  Expect(rig.Ask("normal\n"), "OK normal: level ");
  rig.Minutes(2);
  TEST_ASSERT_TRUE(rig.state() == State::kAnomaly);  // far outside of the span
}

// Until a day is known its own lowest level counts: 18 and 30 differ by more than the span of 10,
// though each is within a span of what the recording showed.
static void OnTheFirstDayTwoLevelsThatDifferByMoreThanTheSpanAreAnAlarm() {
  MemorySettings flash;
  Rig rig(flash);
  rig.Ask("threshold 1000\n");
  rig.board.value = 30.0f;
  rig.Minutes(120);
  TEST_ASSERT_TRUE(rig.state() == State::kNormal);
  rig.board.value = 18.0f;
  rig.Minutes(120);
  TEST_ASSERT_TRUE(rig.state() == State::kAnomaly);
  Expect(rig.Ask("normal\n"), "OK normal: level ");
  rig.Minutes(60);
  TEST_ASSERT_TRUE(rig.state() == State::kNormal);
}

static void AcceptMovesTheOrdinaryLevelAndForgetBringsItBack() {
  MemorySettings flash;
  Rig rig(flash);
  rig.Ask("threshold 1000\n");
  rig.Minutes(5);
  rig.board.value = 50.0f;
  rig.Minutes(10);
  TEST_ASSERT_TRUE(rig.state() == State::kAnomaly);
  Expect(rig.Ask("accept\n"), "OK the ordinary level went from ");
  rig.Minutes(30);
  TEST_ASSERT_TRUE(rig.state() == State::kNormal);
  Rig again(flash);  // it was kept at once
  again.Ask("threshold 1000\n");
  again.board.value = 50.0f;
  again.Minutes(30);
  TEST_ASSERT_TRUE(again.state() == State::kNormal);
  Expect(again.Ask("forget\n"), "OK what was learnt in ");
  again.Minutes(2);
  TEST_ASSERT_TRUE(again.state() == State::kAnomaly);
  Expect(again.Ask("status\n"), " days_learnt=0 ");
}

static void LearntIsATableOfChartsAndLimits() {
  MemorySettings flash;
  Rig rig(flash);
  rig.Minutes(3);
  const std::string said = rig.Ask("learnt\n");
  Expect(said, "Learnt: level 2 min | Low: 12.50 | Now: 25.00 | High: 37.50 | Unit: C\r\n");
  Expect(said, "Learnt: trend 1 h | Now: 0.00 | Unit: C\r\n");
  Expect(said, "Learnt: dwell | Now: ");
  Expect(said, "Learnt: 1 level | Below: 1.00 | Above: 1.00\r\n");
  Expect(said, "OK days_learnt=0 minutes=3\r\n");
}

static void AProfileThatLearnsNothingSaysSo() {
  MemorySettings flash;
  Rig rig(flash, Config(kFingerprint, false));
  rig.Run(5);
  for (const char* command : {"normal\n", "accept\n", "forget\n", "learnt\n"}) {
    Expect(rig.Ask(command), "ERR the profile has neither [detector.learning] nor [slow]\r\n");
  }
  TEST_ASSERT_TRUE(rig.Ask("status\n").find("days_learnt") == std::string::npos);
}

// ---- the file

static const char kPath[] = "learnt_test.state";

static std::vector<char> Bytes(const char* path) {
  std::vector<char> bytes;
  if (std::FILE* file = std::fopen(path, "rb")) {
    for (int byte = std::fgetc(file); byte != EOF; byte = std::fgetc(file)) {
      bytes.push_back(static_cast<char>(byte));
    }
    std::fclose(file);
  }
  return bytes;
}

static void Put(const char* path, const std::vector<char>& bytes) {
  std::FILE* const file = std::fopen(path, "wb");
  TEST_ASSERT_NOT_NULL(file);
  std::fwrite(bytes.data(), 1, bytes.size(), file);
  std::fclose(file);
}

static std::string Kept(const char* path) {
  FileSettings file;
  TEST_ASSERT_EQUAL_STRING("", file.Open(path));
  char bytes[1024];
  const size_t size = file.Load(bytes, sizeof(bytes));
  return {bytes, size};
}

// The power fails with every byte of a write: what was kept before is there, or all of the new.
static void AFileThatIsCutOffAtAnyByteHoldsTheOldOrTheNew() {
  const std::string contents[] = {std::string(300, 'a'), std::string(280, 'b'),
                                  std::string(310, 'c')};
  std::remove(kPath);
  {
    FileSettings file;
    TEST_ASSERT_EQUAL_STRING("", file.Open(kPath));
    TEST_ASSERT_TRUE(file.Save(contents[0].data(), contents[0].size()));
    TEST_ASSERT_TRUE(file.Save(contents[1].data(), contents[1].size()));
  }
  const std::vector<char> before = Bytes(kPath);
  {
    FileSettings file;
    TEST_ASSERT_EQUAL_STRING("", file.Open(kPath));
    TEST_ASSERT_TRUE(file.Save(contents[2].data(), contents[2].size()));
  }
  const std::vector<char> after = Bytes(kPath);
  TEST_ASSERT_EQUAL_size_t(before.size(), after.size());
  bool old_seen = false;
  bool new_seen = false;
  for (size_t cut = 0; cut <= after.size(); ++cut) {
    if (cut > 0 && cut < after.size() && after[cut - 1] == before[cut - 1]) continue;
    std::vector<char> torn(after.begin(), after.begin() + static_cast<long>(cut));
    torn.insert(torn.end(), before.begin() + static_cast<long>(cut), before.end());
    Put(kPath, torn);
    const std::string kept = Kept(kPath);
    TEST_ASSERT_TRUE(kept == contents[1] || kept == contents[2]);
    old_seen = old_seen || kept == contents[1];
    new_seen = new_seen || kept == contents[2];
  }
  TEST_ASSERT_TRUE(old_seen && new_seen);
  std::remove(kPath);
}

static void AFirstWriteThatIsCutOffIsDamage() {
  std::remove(kPath);
  {
    FileSettings file;
    TEST_ASSERT_EQUAL_STRING("", file.Open(kPath));
    TEST_ASSERT_EQUAL_size_t(0, file.Load(nullptr, 0));
    TEST_ASSERT_TRUE(file.Save("learnt", 6));
  }
  std::vector<char> bytes = Bytes(kPath);
  bytes.pop_back();
  Put(kPath, bytes);
  Rig* rig = nullptr;
  {
    FileSettings file;
    TEST_ASSERT_EQUAL_STRING("", file.Open(kPath));
    rig = new Rig(file);
    Expect(rig->board.said, "Learnt limits of another version are forgotten\r\n");
    delete rig;
  }
  std::remove(kPath);
}

static void AFileOfAnotherKindIsLeftAsItIs() {
  const std::string text = "time,temperature\n0,25.1\n";
  Put(kPath, {text.begin(), text.end()});
  {
    FileSettings file;
    TEST_ASSERT_EQUAL_STRING("is not a state file of this program, and is left as it is",
                             file.Open(kPath));
  }
  const std::vector<char> left = Bytes(kPath);
  TEST_ASSERT_TRUE(std::string(left.begin(), left.end()) == text);
  std::remove(kPath);
}

static void RunTests() {
  RUN_TEST(WhatWasLearntIsKeptOnceAnHourAndComesBack);
  RUN_TEST(WhatAnotherModelHasLearntIsRefused);
  RUN_TEST(ABlockWithAnyByteChangedIsRefused);
  RUN_TEST(NormalWidensWhatAlarmedAndEndsTheAlarm);
  RUN_TEST(NormalWidensASlowLimitByAQuarterOfTheSpanAtMost);
  RUN_TEST(OnTheFirstDayTwoLevelsThatDifferByMoreThanTheSpanAreAnAlarm);
  RUN_TEST(AcceptMovesTheOrdinaryLevelAndForgetBringsItBack);
  RUN_TEST(LearntIsATableOfChartsAndLimits);
  RUN_TEST(AProfileThatLearnsNothingSaysSo);
  RUN_TEST(AFileThatIsCutOffAtAnyByteHoldsTheOldOrTheNew);
  RUN_TEST(AFirstWriteThatIsCutOffIsDamage);
  RUN_TEST(AFileOfAnotherKindIsLeftAsItIs);
}

SUITE_MAIN(RunTests)
