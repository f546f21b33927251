// The whole app over a board in memory, judged by its serial lines and its LED.
#include <unity.h>

#include <cmath>
#include <cstring>

#include "../../one_value.h"
#include "../../suite_main.h"
#include "../../test_board.h"
#include "App.h"
#include "MeanAutoencoder.h"

using namespace anomaly;
using namespace one_value;

static const float kGoldenInput[] = {0.5f};
static const float kGoldenOutput[] = {0.0f};  // what MeanAutoencoder answers
static const DetectorConfig kDetector = MakeDetector();

static const ModelConfig kConfig = {
    .profile = "test",
    .fingerprint = kFingerprint,
    .channel_names = kChannelNames,
    .channel_units = kChannelUnits,
    .channels = 1,
    .value_names = kChannelNames,
    .value_units = kChannelUnits,
    .sample_period_us = 500000,
    .frame = nullptr,
    .model_bytes = 1234,
    .sensor = kSensor,
    .features = kFeatures,
    .detector = kDetector,
    .golden_count = 1,
    .golden_inputs = kGoldenInput,
    .golden_outputs = kGoldenOutput,
    .golden_tolerance = 1e-4f,
};

// The same for another detector, of `channels` channels.
static ModelConfig ConfigOf(int channels, const char* const* names, const char* const* units,
                            const FeatureConfig& features, const DetectorConfig& detector,
                            const float* golden) {
  return {kConfig.profile, kFingerprint, names, units,   channels, names,    units,
          500000,          nullptr,      1234,  kSensor, features, detector, 1,
          golden,          golden,       1e-4f};
}

class MemoryBoard final : public TestBoard {
 public:
  Sample ReadSensor() override {
    micros_ += 500000;
    Sample sample = {};
    wobble_ = -wobble_;
    random_ = random_ * 1664525u + 1013904223u;
    const float uniform = static_cast<float>(random_ >> 8) / 16777216.0f - 0.5f;
    sample.values[0] = value + wobble_ + noise * 3.4641016f * uniform;
    sample.values[1] = sample.values[0];
    sample.fault = fault;
    return sample;
  }
  void Set(bool on) override { led = on; }
  uint32_t Stopwatch() override { return stopwatch += 7; }
  int64_t NowMicros() const override { return micros_; }
  void Write(const char* text, size_t size) override {
    if (used_ + size >= sizeof(output_)) used_ = 0;
    std::memcpy(output_ + used_, text, size);
    used_ += size;
    output_[used_] = '\0';
  }
  int ReadByte() override { return *input == '\0' ? -1 : static_cast<unsigned char>(*input++); }
  void Reboot() override { rebooted = true; }
  const char* ResetReason() const override { return "power-on"; }
  uint32_t CountStart() override { return ++starts; }
  void StartDone() override { starts = 0; }

  bool Said(const char* text) const { return std::strstr(output_, text) != nullptr; }
  const char* output() const { return output_; }
  void Forget() {
    used_ = 0;
    output_[0] = '\0';
  }
  void Advance(int64_t micros) { micros_ += micros; }

  float value = 25.0f;
  float noise = 0.0f;  // standard deviation
  Fault fault = Fault::kNone;
  bool led = false;
  bool rebooted = false;
  uint32_t starts = 0;
  uint32_t stopwatch = 0;
  const char* input = "";

 private:
  char output_[16384] = {};
  size_t used_ = 0;
  int64_t micros_ = 0;
  float wobble_ = 0.01f;
  uint32_t random_ = 1;
};

static MemoryBoard board;
static FeatureState states[1];
static CalibrationMemory calibration[3];
static MeanAutoencoder engine(1);

void setUp() { board = MemoryBoard(); }
void tearDown() {}

// So many samples, each printed at once.
static void Run(App& app, int samples) {
  for (int i = 0; i < samples; ++i) {
    app.Step();
    app.Poll();
  }
}

static void Type(App& app, const char* line) {
  board.input = line;
  while (app.Poll()) {
  }
}

// What the board's flash holds.
static SettingsRecord Kept() {
  Settings settings(kConfig, board);
  (void)settings.Load();
  return settings.record;
}

static void StartSaysWhatTheTutorialSays() {
  SampleDetector detector(kConfig, {states, calibration}, engine);
  App app(detector, {}, board.platform(), board);
  app.Start();
  TEST_ASSERT_EQUAL_STRING(
      "Initializing Anomaly Detector...\r\n"
      "Profile: test | Engine: mean | Fingerprint: 0123456789ab | Period: 500 ms\r\n"
      "Reset: power-on\r\n"
      "SELFTEST OK (max error 0.000000, 1 vectors)\r\n"
      "System Ready. Monitoring Sensor...\r\n",
      board.output());
}

static void AnAnomalyLightsTheLedAndCalmPutsItOut() {
  SampleDetector detector(kConfig, {states, calibration}, engine);
  App app(detector, {}, board.platform(), board);
  app.Start();
  Run(app, 3);
  TEST_ASSERT_TRUE(board.Said("State: WARMUP"));
  Run(app, 1);
  TEST_ASSERT_TRUE(board.Said("State: NORMAL"));
  TEST_ASSERT_FALSE(board.led);
  board.value = 50.0f;
  Run(app, 1);
  TEST_ASSERT_TRUE(board.led);
  TEST_ASSERT_TRUE(board.Said("State: ANOMALY | Cause: level\r\n>>> ANOMALY DETECTED! <<<\r\n"));
  board.value = 25.0f;
  Run(app, 2);
  TEST_ASSERT_FALSE(board.led);
}

static void InjectedValuesWaitForTheWarmupAndTakeTheWholePath() {
  SampleDetector detector(kConfig, {states, calibration}, engine);
  App app(detector, {}, board.platform(), board);
  app.Start();
  Type(app, "inject 50 2\r\n");
  TEST_ASSERT_TRUE(board.Said("OK inject 50.00 2 as soon as the warm-up ends\r\n"));
  Run(app, 3);
  TEST_ASSERT_FALSE(board.Said("Real: 50.00"));
  Run(app, 1);
  TEST_ASSERT_TRUE(board.Said("Real: 50.00"));
  TEST_ASSERT_TRUE(board.led);
  board.Forget();
  Run(app, 1);
  TEST_ASSERT_TRUE(board.Said("Real: 50.00"));
  board.Forget();
  Run(app, 2);
  TEST_ASSERT_FALSE(board.Said("Real: 50.00"));
  TEST_ASSERT_FALSE(board.led);
}

static void AFaultOfAPartSaysWhichPart() {
  board.part_text = "MPU6050 at 0x68, SDA GPIO21, SCL GPIO22";
  SampleDetector detector(kConfig, {states, calibration}, engine);
  App app(detector, {}, board.platform(), board);
  app.Start();
  board.fault = Fault::kNoAnswer;
  Run(app, 1);
  TEST_ASSERT_TRUE(board.Said("Fault: the part does not answer (MPU6050 at 0x68, SDA GPIO21, "));
}

static void ASensorFaultIsNoAnomaly() {
  SampleDetector detector(kConfig, {states, calibration}, engine);
  App app(detector, {}, board.platform(), board);
  app.Start();
  Run(app, 5);
  board.Forget();
  board.fault = Fault::kLowRail;
  Run(app, 2);
  TEST_ASSERT_TRUE(board.Said("Fault: at the low rail"));
  TEST_ASSERT_TRUE(board.Said("State: FAULT"));
  TEST_ASSERT_FALSE(board.Said("Real:"));
  TEST_ASSERT_FALSE(board.led);
  board.fault = Fault::kNone;
  board.Forget();
  Run(app, 3);
  TEST_ASSERT_TRUE(board.Said("State: WARMUP"));
  Run(app, 1);
  TEST_ASSERT_TRUE(board.Said("State: NORMAL"));
}

static void RawReplacesReadingsUntilItIsOff() {
  SampleDetector detector(kConfig, {states, calibration}, engine);
  App app(detector, {}, board.platform(), board);
  app.Start();
  Type(app, "raw on\n");
  board.Forget();
  Run(app, 1);
  TEST_ASSERT_EQUAL_STRING("RAW,0,500,24.990000\r\n", board.output());
  Type(app, "raw off\n");
  board.Forget();
  Run(app, 1);
  TEST_ASSERT_TRUE(board.Said("Real: 25.01"));
}

static void ThresholdIsKeptOverAReboot() {
  SampleDetector detector(kConfig, {states, calibration}, engine);
  App app(detector, {}, board.platform(), board);
  app.Start();
  Type(app, "threshold 2.5\n");
  TEST_ASSERT_TRUE(board.Said("OK threshold 2.5000\r\n"));
  // Before the next sample, too.
  Type(app, "status\n");
  TEST_ASSERT_TRUE(board.Said(" threshold=2.5000 "));
  Type(app, "model\n");
  TEST_ASSERT_TRUE(board.Said(" threshold=2.5000 default_threshold=5.0000"));
  Run(app, 1);
  TEST_ASSERT_TRUE(board.Said("Threshold: 2.5000 | State"));
  SampleDetector rebooted_detector(kConfig, {states, calibration}, engine);
  App rebooted(rebooted_detector, {}, board.platform(), board);
  board.Forget();
  rebooted.Start();
  Run(rebooted, 1);
  TEST_ASSERT_TRUE(board.Said("Threshold: 2.5000 | State"));
  Type(rebooted, "threshold default\n");
  Run(rebooted, 1);
  TEST_ASSERT_TRUE(board.Said("Threshold: 5.0000 | State"));
  TEST_ASSERT_EQUAL_FLOAT(0.0f, Kept().threshold);
}

static void SettingsAreWrittenAtOnceAndOnlyWhenTheyChange() {
  SampleDetector detector(kConfig, {states, calibration}, engine);
  App app(detector, {}, board.platform(), board);
  app.Start();
  TEST_ASSERT_EQUAL_INT(0, board.saves);
  for (int i = 0; i < 5; ++i) {
    Type(app, "threshold 2.5\n");
    Run(app, 1);
  }
  TEST_ASSERT_EQUAL_INT(1, board.saves);
  board.noise = 0.5f;
  Run(app, 5);
  Type(app, "threshold default\n");
  Run(app, 1);
  Type(app, "calibrate\n");
  Run(app, 120);
  TEST_ASSERT_TRUE(board.Said("OK calibrate noise"));
  TEST_ASSERT_EQUAL_INT(3, board.saves);  // noise and scale of the threshold in one write
}

// Any byte that is not what was written is noticed, and so is a block that was cut.
static void DamagedSettingsAreForgotten() {
  SampleDetector detector(kConfig, {states, calibration}, engine);
  App app(detector, {}, board.platform(), board);
  app.Start();
  Type(app, "threshold 2.5\n");
  const size_t size = board.kept_size;
  unsigned char whole[sizeof(board.kept)];
  std::memcpy(whole, board.kept, sizeof(whole));
  for (size_t i = 0; i <= size; ++i) {
    std::memcpy(board.kept, whole, sizeof(whole));
    board.kept_size = i == size ? size - 1 : size;
    board.kept[i] = static_cast<unsigned char>(board.kept[i] ^ 0x10);
    SampleDetector rebooted_detector(kConfig, {states, calibration}, engine);
    App rebooted(rebooted_detector, {}, board.platform(), board);
    board.Forget();
    rebooted.Start();
    TEST_ASSERT_TRUE(board.Said("Settings that were damaged are forgotten\r\n") ||
                     board.Said("Settings of another version are forgotten\r\n"));
    Run(rebooted, 1);
    TEST_ASSERT_TRUE(board.Said("Threshold: 5.0000 | State"));
    // What is kept from now on is sound.
    SampleDetector again_detector(kConfig, {states, calibration}, engine);
    App again(again_detector, {}, board.platform(), board);
    board.Forget();
    again.Start();
    TEST_ASSERT_FALSE(board.Said("forgotten"));
  }
}

static void SettingsOfAnotherModelAreForgotten() {
  ModelConfig other = kConfig;
  other.fingerprint = "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210";
  Settings settings(other, board);
  settings.record.threshold = 2.5f;
  TEST_ASSERT_TRUE(settings.Save());
  SampleDetector detector(kConfig, {states, calibration}, engine);
  App app(detector, {}, board.platform(), board);
  app.Start();
  TEST_ASSERT_TRUE(board.Said("Settings of another model are forgotten\r\n"));
  Run(app, 1);
  TEST_ASSERT_TRUE(board.Said("Threshold: 5.0000 | State"));
}

static void CalibrateFindsTheNoiseAndKeepsIt() {
  SampleDetector detector(kConfig, {states, calibration}, engine);
  App app(detector, {}, board.platform(), board);
  app.Start();
  Type(app, "calibrate 60\n");
  TEST_ASSERT_TRUE(board.Said("ERR calibrate works in state NORMAL only\r\n"));
  board.noise = 0.5f;  // the trained noise is 1
  Run(app, 5);
  Type(app, "calibrate 600\n");
  TEST_ASSERT_TRUE(board.Said("Calibrating: 600 s of normal signal are wanted\r\n"));
  Run(app, 1200);
  TEST_ASSERT_TRUE(board.Said("OK calibrate noise 1.000000 -> 0.4"));
  TEST_ASSERT_TRUE(board.Said(" threshold 5.0000 -> 4.0000\r\n"));
  TEST_ASSERT_FLOAT_WITHIN(0.03f, 0.5f, Kept().noise[0]);
  // The score is |x - 25| here, 0.43 in the mean of a uniform noise of 0.5; 1 was said to be
  // normal.
  TEST_ASSERT_EQUAL_FLOAT(0.8f, Kept().threshold_scale);
  SampleDetector rebooted_detector(kConfig, {states, calibration}, engine);
  App rebooted(rebooted_detector, {}, board.platform(), board);
  rebooted.Start();
  board.Forget();
  Run(rebooted, 1);
  TEST_ASSERT_TRUE(board.Said("Threshold: 4.0000 | State"));
  Type(rebooted, "calibrate default\n");
  board.Forget();
  Type(rebooted, "status\n");
  TEST_ASSERT_TRUE(board.Said(" threshold=5.0000 noise=1.000000 "));
  Run(rebooted, 1);
  TEST_ASSERT_TRUE(board.Said("Threshold: 5.0000 | State"));
  TEST_ASSERT_EQUAL_FLOAT(1.0f, Kept().noise[0]);
}

static void CalibrateSaysWhatIsInUseAndWhatWasBefore() {
  SampleDetector detector(kConfig, {states, calibration}, engine);
  App app(detector, {}, board.platform(), board);
  app.Start();
  board.noise = 0.5f;
  Run(app, 5);
  Type(app, "threshold 4.5\n");
  Type(app, "calibrate 600\n");
  Run(app, 1200);
  TEST_ASSERT_TRUE(board.Said(" threshold 4.5000 -> 4.5000 (set by the user)\r\n"));
  board.Forget();
  board.noise = 0.6f;
  Type(app, "threshold default\n");
  Type(app, "calibrate 600\n");
  Run(app, 1200);
  TEST_ASSERT_TRUE(board.Said("OK calibrate noise 0.4"));
  TEST_ASSERT_TRUE(board.Said(" threshold 4.0000 -> 4.0000\r\n"));
}

static void CalibrateSaysHowLongItTakes() {
  SampleDetector detector(kConfig, {states, calibration}, engine);
  App app(detector, {}, board.platform(), board);
  app.Start();
  board.noise = 0.5f;
  Run(app, 5);
  Type(app, "calibrate 10\n");
  TEST_ASSERT_TRUE(
      board.Said("Calibrating: 40 s of normal signal are wanted, 80 samples at least\r\n"));
  Run(app, 79);
  TEST_ASSERT_FALSE(board.Said("OK calibrate"));
  Run(app, 1);
  TEST_ASSERT_TRUE(board.Said("OK calibrate"));
}

static void CalibrateTellsEveryChannel() {
  static const char* const names[] = {"one", "two"};
  static const FeatureSpec specs[] = {{FeatureKind::kValue, 0, 0.0f, 0.0f, 0.0f},
                                      {FeatureKind::kValue, 1, 0.0f, 0.0f, 0.0f}};
  static const float sigmas[] = {1.0f, 0.5f};
  static const float offsets[] = {25.0f, 25.0f};
  static const float ones[] = {1.0f, 1.0f};
  static const float lows[] = {-100.0f, -100.0f};
  static const float highs[] = {100.0f, 100.0f};
  static const char* const units[] = {"C", "A"};
  static const float zeros[] = {0.0f, 0.0f};
  const FeatureConfig features = {2, 2, specs, sigmas};
  DetectorConfig detector = kDetector;
  detector.scaling.offset = offsets;
  detector.scaling.scale = ones;
  detector.scaling.clip_low = lows;
  detector.scaling.clip_high = highs;
  const ModelConfig config = ConfigOf(2, names, units, features, detector, zeros);
  FeatureState two[2];
  MeanAutoencoder mean(2);
  SampleDetector own(config, {two, calibration}, mean);
  App app(own, {}, board.platform(), board);
  app.Start();
  board.noise = 0.5f;
  Run(app, 5);
  Type(app, "calibrate 600\n");
  Run(app, 1200);
  TEST_ASSERT_TRUE(board.Said("OK calibrate noise 1.000000 -> 0.4"));
  TEST_ASSERT_TRUE(board.Said(", 0.500000 -> 0.4"));
}

static void CalibrateIsGivenUpWhenTheSignalIsNotNormal() {
  SampleDetector detector(kConfig, {states, calibration}, engine);
  App app(detector, {}, board.platform(), board);
  app.Start();
  board.noise = 0.5f;
  Run(app, 5);
  Type(app, "calibrate 60\n");
  Run(app, 10);
  board.value = 50.0f;
  Run(app, 1);
  TEST_ASSERT_TRUE(board.Said("ERR calibrate was given up"));
  TEST_ASSERT_EQUAL_FLOAT(1.0f, Kept().noise[0]);
}

static void CalibrateGivesWayToTheNextCommand() {
  SampleDetector detector(kConfig, {states, calibration}, engine);
  App app(detector, {}, board.platform(), board);
  app.Start();
  board.noise = 0.5f;
  Run(app, 5);
  Type(app, "calibrate 60\n");
  Run(app, 90);  // the new noise is in use already
  Type(app, "calibrate 60\n");
  Run(app, 1);
  TEST_ASSERT_TRUE(board.Said("ERR calibrate was given up: another command took its place"));
  Run(app, 60);
  board.Forget();
  Type(app, "calibrate default\n");
  Run(app, 200);
  TEST_ASSERT_TRUE(board.Said("ERR calibrate was given up: another command took its place"));
  TEST_ASSERT_FALSE(board.Said("OK calibrate noise"));
  // The noise is the trained one again: what was found is twice as small, not four times.
  Type(app, "calibrate 600\n");
  Run(app, 1200);
  TEST_ASSERT_FLOAT_WITHIN(0.05f, 0.5f, Kept().noise[0]);
}

static void CalibrateRefusesANoiseThatIsAnotherSensors() {
  SampleDetector detector(kConfig, {states, calibration}, engine);
  App app(detector, {}, board.platform(), board);
  app.Start();
  board.noise = 0.1f;
  Run(app, 5);
  Type(app, "calibrate 60\n");
  Run(app, 120);
  TEST_ASSERT_TRUE(board.Said("ERR the noise is not the trained one"));
}

static void EveryCommandIsAnsweredOnOneLine() {
  SampleDetector detector(kConfig, {states, calibration}, engine);
  App app(detector, {}, board.platform(), board);
  app.Start();
  const struct {
    const char* typed;
    const char* answer;
  } cases[] = {{"help\n", "OK help | status"},
               {"status\n", "OK state=WARMUP uptime_s=0 samples=0 missed=0 dropped=0"},
               {"model\n", "OK profile=test fingerprint=0123456789abcdef"},
               {"raw on crc\n", "OK raw on crc\r\n"},
               {"raw off\n", "OK raw off\r\n"},
               {"channels on\n", "OK channels on\r\n"},
               {"inject 5\n", "OK inject 5.00 1"},
               {"threshold 1\n", "OK threshold 1.0000"},
               {"threshold default\n", "OK threshold default\r\n"},
               {"inject\n", "ERR inject wants VALUE"},
               {"calibrate\n", "ERR calibrate works in state NORMAL only"},
               {"calibrate default\n", "OK calibrate default\r\n"},
               {"nonsense\n", "ERR unknown command, try help\r\n"}};
  for (const auto& each : cases) {
    board.Forget();
    Type(app, each.typed);
    TEST_ASSERT_TRUE_MESSAGE(board.Said(each.answer), each.typed);
    TEST_ASSERT_EQUAL_INT(1, static_cast<int>(std::strchr(board.output(), '\n') != nullptr));
    TEST_ASSERT_EQUAL_STRING_MESSAGE("\n", std::strchr(board.output(), '\n'), each.typed);
  }
  board.Forget();
  Type(app, "selftest\n");
  Run(app, 1);
  TEST_ASSERT_TRUE(board.Said("OK SELFTEST OK (max error 0.000000, 1 vectors)\r\n"));
  Type(app, "reboot\n");
  TEST_ASSERT_TRUE(board.Said("OK rebooting\r\n"));
  TEST_ASSERT_TRUE(board.rebooted);
}

static void OnRequestReadingsShowEveryChannel() {
  static const char* const names[] = {"temperature", "air flow", "noise"};
  static const char* const units[] = {"C", "l/min", ""};
  static const FeatureSpec specs[] = {{FeatureKind::kValue, 0, 0.0f, 0.0f, 0.0f},
                                      {FeatureKind::kSmooth, 1, 4.0f, 0.0f, 0.0f},
                                      {FeatureKind::kJumpEnergy, 2, 16.0f, 0.0f, 0.0f}};
  static const float sigma[] = {1.0f, 1.0f, 1.0f};
  static const FeatureConfig features = {3, 3, specs, sigma};
  static const float offset[] = {25.0f, 12.5f, 0.0f};
  static const float scale[] = {1.0f, 0.1f, 1.0f};
  static const float low[] = {-9.0f, -9.0f, -9.0f};
  static const float high[] = {9.0f, 9.0f, 9.0f};
  static const float mean[] = {0.0f, 0.5f, 0.0f};
  static const float whitening[] = {1.0f, -2.0f, 2.0f, 0.0f, 0.0f, 1.0f};
  static const float golden[] = {0.0f, 0.0f, 0.0f};
  DetectorConfig detector = MakeDetector();
  detector.scaling = {offset, scale, 0.0f, low, high, mean, whitening, 16.0f};
  const ModelConfig config = ConfigOf(3, names, units, features, detector, golden);
  static FeatureState memory[3];
  MeanAutoencoder mean_engine(3);
  SampleDetector own(config, {memory, calibration}, mean_engine);
  App app(own, {}, board.platform(), board);
  app.Start();
  Run(app, 4);
  TEST_ASSERT_TRUE(board.Said("| State: NORMAL | Channels: 3\r\n"));
  Type(app, "channels on\n");
  TEST_ASSERT_TRUE(board.Said("OK channels on\r\n"));
  Run(app, 1);
  // The network expects the mean: 0.5 scaled back. The last channel has no feature to read it from.
  TEST_ASSERT_TRUE(board.Said("| Channels: 3 | air flow: 24.99 (17.50) | noise: 0.00\r\n"));
  Type(app, "channels off\n");
  board.Forget();
  Run(app, 1);
  TEST_ASSERT_FALSE(board.Said("air flow"));
  Type(app, "model\n");
  TEST_ASSERT_TRUE(board.Said(
      " channels=3 channel_names=\"temperature,air flow,noise\" channel_units=\"C,l/min,\" "));
}

static void AFailedSelfTestIsAFaultNotHealth() {
  static const float wrong[] = {1.0f};
  ModelConfig config = kConfig;
  config.golden_outputs = wrong;
  SampleDetector detector(config, {states, calibration}, engine);
  App app(detector, {}, board.platform(), board);
  app.Start();
  TEST_ASSERT_TRUE(board.Said("SELFTEST FAILED (max error 1.000000, 1 vectors)"));
  Run(app, 5);
  TEST_ASSERT_TRUE(board.Said("Fault: self-test failed | State: FAULT"));
  TEST_ASSERT_FALSE(board.Said("Real:"));
}

class FailingEngine final : public Autoencoder {
 public:
  [[nodiscard]] EngineStatus Load() override { return EngineStatus::kOk; }
  [[nodiscard]] EngineStatus Reconstruct(const float*, float* output) override {
    output[0] = 0.0f;
    return fails ? EngineStatus::kInvokeFailed : EngineStatus::kOk;
  }
  const char* name() const override { return "failing"; }
  int input_size() const override { return 1; }
  int output_size() const override { return 1; }
  int32_t memory_used() const override { return 0; }
  bool fails = false;
};

static void AnEngineThatFailsIsAFaultOfItsOwn() {
  FailingEngine failing;
  SampleDetector detector(kConfig, {states, calibration}, failing);
  App app(detector, {}, board.platform(), board);
  app.Start();
  Run(app, 5);
  failing.fails = true;
  board.Forget();
  Run(app, 2);
  TEST_ASSERT_EQUAL_STRING(
      "Fault: engine failed | State: FAULT\r\nFault: engine failed | State: FAULT\r\n",
      board.output());
  TEST_ASSERT_FALSE(board.led);
  Type(app, "status\n");
  TEST_ASSERT_TRUE(board.Said("OK state=FAULT "));
  TEST_ASSERT_TRUE(board.Said(" faults=1 "));
  TEST_ASSERT_TRUE(board.Said(" engine_failures=2 "));
  failing.fails = false;
  board.Forget();
  Run(app, 4);
  TEST_ASSERT_TRUE(board.Said("State: WARMUP"));
  TEST_ASSERT_TRUE(board.Said("State: NORMAL"));
}

class BrokenEngine final : public Autoencoder {
 public:
  [[nodiscard]] EngineStatus Load() override { return EngineStatus::kArenaTooSmall; }
  [[nodiscard]] EngineStatus Reconstruct(const float*, float*) override {
    return EngineStatus::kNotLoaded;
  }
  const char* detail() const override { return "has 10 bytes, needs 20"; }
  const char* name() const override { return "broken"; }
  int input_size() const override { return 1; }
  int output_size() const override { return 1; }
  int32_t memory_used() const override { return 0; }
};

static void AFailedStartIsRepeatedAndAnswersStatus() {
  const char message[] =
      "AllocateTensors() failed! Increase arena size. (has 10 bytes, needs 20)\r\n";
  BrokenEngine broken;
  SampleDetector detector(kConfig, {states, calibration}, broken);
  App app(detector, {}, board.platform(), board);
  app.Start();
  TEST_ASSERT_TRUE(board.Said(message));
  TEST_ASSERT_FALSE(board.Said("System Ready"));
  board.Forget();
  app.Poll();
  TEST_ASSERT_FALSE(board.Said(message));
  board.Advance(5000000);
  app.Poll();
  TEST_ASSERT_TRUE(board.Said(message));
  Type(app, "status\n");
  TEST_ASSERT_TRUE(board.Said("OK state=FAULT"));
  Run(app, 16);
  TEST_ASSERT_FALSE(board.Said("Real:"));
  TEST_ASSERT_EQUAL_UINT32(0, board.starts);  // a failure that is said is no failed start
}

static void ANetworkOfAnotherWidthIsAFailedStart() {
  MeanAutoencoder wide(2);
  SampleDetector detector(kConfig, {states, calibration}, wide);
  App app(detector, {}, board.platform(), board);
  app.Start();
  TEST_ASSERT_TRUE(board.Said("the network's width is not the number of features\r\n"));
  TEST_ASSERT_FALSE(board.Said("System Ready"));
}

static void TheLedOfAFailedStartBlinksThriceEveryTwoSeconds() {
  BrokenEngine broken;
  SampleDetector detector(kConfig, {states, calibration}, broken);
  App app(detector, {}, board.platform(), board);
  app.Start();
  // Whatever the rate of samples is: 10 ms between two looks, in ten seconds.
  int lit = 0;
  int blinks = 0;
  for (int i = 0; i < 1000; ++i) {
    const bool before = board.led;
    app.Poll();
    if (board.led) ++lit;
    if (board.led && !before) ++blinks;
    if (i % 7 == 0) {
      app.Step();
      board.Advance(-500000);  // what this board takes for a sample
    }
    board.Advance(10000);
  }
  TEST_ASSERT_EQUAL_INT(15, blinks);
  TEST_ASSERT_EQUAL_INT(375, lit);
}

static void AfterThreeFailedStartsNothingIsJudgedAndThatIsSaid() {
  const char message[] = "three starts in a row did not come to System Ready (power-on)\r\n";
  // Starts that end in a crash, somewhere before System Ready.
  for (int i = 0; i < 3; ++i) board.CountStart();
  {
    SampleDetector detector(kConfig, {states, calibration}, engine);
    App app(detector, {}, board.platform(), board);
    app.Start();
    TEST_ASSERT_TRUE(board.Said(message));
    TEST_ASSERT_FALSE(board.Said("SELFTEST"));
    TEST_ASSERT_FALSE(board.Said("System Ready. Monitoring Sensor..."));
    Run(app, 3);
    TEST_ASSERT_FALSE(board.Said("Real:"));
    Type(app, "status\n");
    TEST_ASSERT_TRUE(board.Said("failure=\"three starts in a row did not come to System Ready\""));
    Type(app, "threshold 2\n");
    TEST_ASSERT_TRUE(board.Said("ERR three starts in a row did not come to System Ready\r\n"));
  }
  // The next start tries again.
  board.Forget();
  SampleDetector detector(kConfig, {states, calibration}, engine);
  App app(detector, {}, board.platform(), board);
  app.Start();
  TEST_ASSERT_TRUE(board.Said("System Ready. Monitoring Sensor..."));
}

static void AStartAfterTwoFailedOnesIsAStartLikeAnyOther() {
  for (int i = 0; i < 2; ++i) board.CountStart();
  SampleDetector detector(kConfig, {states, calibration}, engine);
  App app(detector, {}, board.platform(), board);
  app.Start();
  TEST_ASSERT_TRUE(board.Said("System Ready. Monitoring Sensor..."));
  TEST_ASSERT_EQUAL_UINT32(0, board.starts);
}

// Bytes without an end, and a line so slow that every answer takes a sample.
class FloodedBoard final : public TestBoard {
 public:
  explicit FloodedBoard(const char* text) : text_(text), position_(text) {}
  Sample ReadSensor() override {
    Sample sample = {};
    sample.values[0] = 25.0f + ((wobble_ = !wobble_) ? 0.01f : -0.01f);
    return sample;
  }
  void Set(bool) override {}
  uint32_t Stopwatch() override { return 0; }
  int64_t NowMicros() const override { return 0; }
  void Write(const char* text, size_t) override {
    const bool reading = std::strncmp(text, "Real: ", 6) == 0;
    if (reading) {
      ++readings;
    } else {
      ++others;
      if (app != nullptr) app->Step();
    }
  }
  int ReadByte() override {
    if (*position_ == '\0') position_ = text_;
    return static_cast<unsigned char>(*position_++);
  }
  void Reboot() override {}

  App* app = nullptr;
  int readings = 0;
  int others = 0;

 private:
  const char* text_;
  const char* position_;
  bool wobble_ = false;
};

static void AFloodOfBytesDelaysAnswersAndNoReadings() {
  const char* const floods[] = {"y\n",
                                "status\n",
                                "selftest\n",
                                "calibrate\nselftest\n",
                                "\r\n",
                                "bytes without an end of line ",
                                "\xff\xfe\x01\b\x7f\x80\r"};
  for (const char* flood : floods) {
    FloodedBoard flooded(flood);
    SampleDetector detector(kConfig, {states, calibration}, engine);
    App app(detector, {}, flooded.platform(), flooded);
    app.Start();
    flooded.others = 0;
    flooded.app = &app;
    for (int i = 0; i < 200; ++i) {
      app.Step();
      TEST_ASSERT_TRUE_MESSAGE(app.Poll(), flood);  // it ends, and says that more waits
    }
    TEST_ASSERT_TRUE_MESSAGE(flooded.others <= 200 * 64, flood);
    // None was dropped: the last ones wait in the queue, and go first.
    flooded.app = nullptr;
    (void)app.Poll();
    TEST_ASSERT_EQUAL_INT_MESSAGE(static_cast<int>(app.samples()), flooded.readings, flood);
  }
}

static void WhatASlowSerialLineMissesIsCounted() {
  SampleDetector detector(kConfig, {states, calibration}, engine);
  App app(detector, {}, board.platform(), board);
  app.Start();
  for (int i = 0; i < 100; ++i) app.Step();
  board.Forget();
  Type(app, "status\n");
  TEST_ASSERT_TRUE(board.Said("samples=100 missed=0 dropped=68 queue_max=32"));
}

static void TheStatusSaysWhichNoiseIsBelieved() {
  SampleDetector detector(kConfig, {states, calibration}, engine);
  App app(detector, {}, board.platform(), board);
  app.Start();
  Type(app, "status\n");
  TEST_ASSERT_TRUE(board.Said(" noise=1.000000 "));
}

// Several samples a block are judged like as many blocks of one.
class BlockBoard final : public TestBoard {
 public:
  explicit BlockBoard(int count) : count_(count) {}
  Sample ReadSensor() override { return {}; }
  const SampleBlock& Wait() override {
    for (int i = 0; i < count_; ++i) {
      const int number = next_ + i;
      values_[i] = number == 20 ? 50.0f : 25.0f + 0.01f * static_cast<float>(number % 3);
    }
    block_ = {values_, count_, Fault::kNone, false, int64_t{next_} * 500000};
    next_ += count_;
    return block_;
  }
  void Release() override { ++released; }
  void Set(bool) override {}
  uint32_t Stopwatch() override { return 0; }
  int64_t NowMicros() const override { return 0; }
  void Write(const char* text, size_t size) override {
    std::memcpy(output + used_, text, size);
    used_ += size;
    output[used_] = '\0';
  }
  int ReadByte() override { return -1; }

  char output[8192] = {};
  int released = 0;

 private:
  int count_;
  int next_ = 0;
  float values_[8] = {};
  SampleBlock block_ = {};
  size_t used_ = 0;
};

static void ABlockOfSamplesIsJudgedLikeAsManyBlocksOfOne() {
  BlockBoard one(1);
  BlockBoard eight(8);
  for (BlockBoard* each : {&one, &eight}) {
    SampleDetector detector(kConfig, {states, calibration}, engine);
    App app(detector, {}, each->platform(), *each);
    app.Start();
    const int steps = each == &one ? 40 : 5;
    for (int i = 0; i < steps; ++i) {
      app.Step();
      app.Poll();
    }
    TEST_ASSERT_EQUAL_INT(steps, each->released);
    TEST_ASSERT_EQUAL_UINT32(40, app.samples());
  }
  TEST_ASSERT_NOT_NULL(std::strstr(one.output, ">>> ANOMALY DETECTED! <<<"));
  TEST_ASSERT_EQUAL_STRING(one.output, eight.output);
}

// ---- frames

static const FrameValueSpec kFrameValues[] = {{&Moments::mean, 0}};
static const FrameConfig kFrame = {4, 2, 1, 1, 2.0f, kFrameValues};

static ModelConfig FrameApp() {
  ModelConfig config = kConfig;
  config.frame = &kFrame;
  return config;
}

static int CountOf(const char* text) {
  int count = 0;
  for (const char* at = std::strstr(board.output(), text); at != nullptr;
       at = std::strstr(at + 1, text)) {
    ++count;
  }
  return count;
}

static void AFrameIsJudgedOnceAHop() {
  const ModelConfig config = FrameApp();
  float ring[4];
  SampleDetector detector(config, {states, calibration, {ring, nullptr}}, engine);
  App app(detector, {}, board.platform(), board);
  app.Start();
  TEST_ASSERT_TRUE(board.Said("| Period: 500 ms | Frame: 4 samples, hop 2\r\n"));
  Run(app, 3);
  TEST_ASSERT_EQUAL_INT(0, CountOf("Real:"));
  Run(app, 1);
  TEST_ASSERT_EQUAL_INT(1, CountOf("Real: 25.00 "));  // the mean of the wobble
  Run(app, 4);
  TEST_ASSERT_EQUAL_INT(3, CountOf("Real: 25.00 "));
  Type(app, "status\n");
  TEST_ASSERT_TRUE(board.Said(" samples=8 frames=3 missed=0 "));
  Type(app, "model\n");
  TEST_ASSERT_TRUE(board.Said(" period_ms=500 frame=4 hop=2 "));
}

static void AFaultOfOneSampleIsAFaultOfItsFrame() {
  const ModelConfig config = FrameApp();
  float ring[4];
  SampleDetector detector(config, {states, calibration, {ring, nullptr}}, engine);
  App app(detector, {}, board.platform(), board);
  app.Start();
  Run(app, 12);
  board.Forget();
  board.fault = Fault::kLowRail;
  Run(app, 1);
  board.fault = Fault::kNone;
  Run(app, 1);
  TEST_ASSERT_EQUAL_STRING("Fault: at the low rail (short to ground or open) | State: FAULT\r\n",
                           board.output());
  board.Forget();
  Run(app, 2);  // a frame is due, and has only three of its samples
  TEST_ASSERT_EQUAL_STRING("", board.output());
  Run(app, 2);
  TEST_ASSERT_EQUAL_INT(1, CountOf("State: WARMUP"));
}

static void RawShowsEverySampleOfAFrame() {
  const ModelConfig config = FrameApp();
  float ring[4];
  SampleDetector detector(config, {states, calibration, {ring, nullptr}}, engine);
  App app(detector, {}, board.platform(), board);
  app.Start();
  Run(app, 6);
  Type(app, "raw on\n");
  board.Forget();
  Run(app, 4);
  TEST_ASSERT_EQUAL_INT(4, CountOf("RAW,"));
  TEST_ASSERT_TRUE(board.Said("RAW,6,3500,"));
  TEST_ASSERT_EQUAL_INT(0, CountOf("Real:"));
  Type(app, "raw off\n");
  Run(app, 2);
  TEST_ASSERT_EQUAL_INT(1, CountOf("Real:"));
}

static void APeriodThatIsNoWholeMillisecondIsInMicroseconds() {
  ModelConfig config = kConfig;
  config.sample_period_us = 1250;
  SampleDetector detector(config, {states, calibration}, engine);
  App app(detector, {}, board.platform(), board);
  app.Start();
  TEST_ASSERT_TRUE(board.Said("| Period: 1250 us\r\n"));
  Type(app, "model\n");
  TEST_ASSERT_TRUE(board.Said(" period_us=1250 "));
}

static void WhatTheInputLostIsCounted() {
  SampleDetector detector(kConfig, {states, calibration}, engine);
  App app(detector, {}, board.platform(), board);
  app.Start();
  Run(app, 2);
  board.lost_samples += 5;
  Run(app, 2);
  Type(app, "status\n");
  TEST_ASSERT_TRUE(board.Said(" samples=4 missed=5 "));
}

static void AClockOf49DaysAndMoreIsNoProblem() {
  board.Advance(int64_t{4294967296} * 1000 - 500000);  // 2^32 ms less one period
  SampleDetector detector(kConfig, {states, calibration}, engine);
  App app(detector, {}, board.platform(), board);
  app.Start();
  Type(app, "raw on\n");
  Run(app, 2);
  TEST_ASSERT_TRUE(board.Said("RAW,0,4294967296,"));
  TEST_ASSERT_TRUE(board.Said("RAW,1,4294967796,"));
}

static void AnyBytesOnTheLineAreSafe() {
  SampleDetector detector(kConfig, {states, calibration}, engine);
  App app(detector, {}, board.platform(), board);
  app.Start();
  uint32_t random = 99;
  char bytes[200];
  for (int string = 0; string < 2000; ++string) {
    for (size_t i = 0; i + 2 < sizeof(bytes); ++i) {
      random = random * 1664525u + 1013904223u;
      const auto byte = static_cast<char>(random >> 24);
      bytes[i] = byte == '\0' ? '\n' : byte;
    }
    bytes[sizeof(bytes) - 2] = '\n';
    bytes[sizeof(bytes) - 1] = '\0';
    Type(app, bytes);
    Run(app, 1);
  }
  board.Forget();
  Type(app, "help\n");
  TEST_ASSERT_TRUE(board.Said("OK help"));
}

static void LatencyQuantilesAreNearestRank() {
  LatencyHistory history;
  TEST_ASSERT_EQUAL_UINT32(0, history.Quantile(50));
  for (uint32_t i = 1; i <= 300; ++i) history.Add(i);
  TEST_ASSERT_EQUAL_UINT32(300, history.last());
  TEST_ASSERT_EQUAL_UINT32(172, history.Quantile(50));  // of 45..300
  TEST_ASSERT_EQUAL_UINT32(300, history.Quantile(100));
  history.Add(1000000);
  TEST_ASSERT_EQUAL_UINT32(65535, history.last());
}

static void ARefusedCommandChangesNothing() {
  SampleDetector detector(kConfig, {states, calibration}, engine);
  App app(detector, {}, board.platform(), board);
  app.Start();
  // Nine in one go, and the sampling side takes eight between two samples.
  Type(app,
       "threshold 1\nthreshold 1\nthreshold 1\nthreshold 1\nthreshold 1\nthreshold 1\nthreshold "
       "1\nthreshold 1\nthreshold 2\n");
  TEST_ASSERT_TRUE(board.Said("ERR busy, try again\r\n"));
  TEST_ASSERT_EQUAL_FLOAT(1.0f, Kept().threshold);
}

static void InjectedValuesWaitForABelievableSensor() {
  SampleDetector detector(kConfig, {states, calibration}, engine);
  App app(detector, {}, board.platform(), board);
  app.Start();
  Run(app, 5);
  board.fault = Fault::kLowRail;
  Run(app, 2);
  Type(app, "inject 50 2\n");
  Run(app, 2);
  board.fault = Fault::kNone;
  board.Forget();
  Run(app, 10);
  TEST_ASSERT_TRUE(board.Said("State: ANOMALY"));
}

static void SettingsThatNoCommandStoresAreIgnored() {
  Settings settings(kConfig, board);
  settings.record = {NAN, 1e30f, {1e-40f}};
  TEST_ASSERT_TRUE(settings.Save());
  SampleDetector detector(kConfig, {states, calibration}, engine);
  App app(detector, {}, board.platform(), board);
  app.Start();
  Run(app, 1);
  TEST_ASSERT_TRUE(board.Said("Threshold: 5.0000 | State"));
}

static void RunTests() {
  RUN_TEST(StartSaysWhatTheTutorialSays);
  RUN_TEST(AnAnomalyLightsTheLedAndCalmPutsItOut);
  RUN_TEST(InjectedValuesWaitForTheWarmupAndTakeTheWholePath);
  RUN_TEST(AFaultOfAPartSaysWhichPart);
  RUN_TEST(ASensorFaultIsNoAnomaly);
  RUN_TEST(RawReplacesReadingsUntilItIsOff);
  RUN_TEST(ThresholdIsKeptOverAReboot);
  RUN_TEST(SettingsAreWrittenAtOnceAndOnlyWhenTheyChange);
  RUN_TEST(DamagedSettingsAreForgotten);
  RUN_TEST(SettingsOfAnotherModelAreForgotten);
  RUN_TEST(CalibrateFindsTheNoiseAndKeepsIt);
  RUN_TEST(CalibrateSaysWhatIsInUseAndWhatWasBefore);
  RUN_TEST(CalibrateSaysHowLongItTakes);
  RUN_TEST(CalibrateTellsEveryChannel);
  RUN_TEST(CalibrateIsGivenUpWhenTheSignalIsNotNormal);
  RUN_TEST(CalibrateGivesWayToTheNextCommand);
  RUN_TEST(CalibrateRefusesANoiseThatIsAnotherSensors);
  RUN_TEST(EveryCommandIsAnsweredOnOneLine);
  RUN_TEST(OnRequestReadingsShowEveryChannel);
  RUN_TEST(AFailedSelfTestIsAFaultNotHealth);
  RUN_TEST(AnEngineThatFailsIsAFaultOfItsOwn);
  RUN_TEST(AFailedStartIsRepeatedAndAnswersStatus);
  RUN_TEST(ANetworkOfAnotherWidthIsAFailedStart);
  RUN_TEST(TheLedOfAFailedStartBlinksThriceEveryTwoSeconds);
  RUN_TEST(AfterThreeFailedStartsNothingIsJudgedAndThatIsSaid);
  RUN_TEST(AStartAfterTwoFailedOnesIsAStartLikeAnyOther);
  RUN_TEST(AFloodOfBytesDelaysAnswersAndNoReadings);
  RUN_TEST(WhatASlowSerialLineMissesIsCounted);
  RUN_TEST(TheStatusSaysWhichNoiseIsBelieved);
  RUN_TEST(ABlockOfSamplesIsJudgedLikeAsManyBlocksOfOne);
  RUN_TEST(WhatTheInputLostIsCounted);
  RUN_TEST(AFrameIsJudgedOnceAHop);
  RUN_TEST(AFaultOfOneSampleIsAFaultOfItsFrame);
  RUN_TEST(RawShowsEverySampleOfAFrame);
  RUN_TEST(APeriodThatIsNoWholeMillisecondIsInMicroseconds);
  RUN_TEST(AClockOf49DaysAndMoreIsNoProblem);
  RUN_TEST(AnyBytesOnTheLineAreSafe);
  RUN_TEST(LatencyQuantilesAreNearestRank);
  RUN_TEST(ARefusedCommandChangesNothing);
  RUN_TEST(InjectedValuesWaitForABelievableSensor);
  RUN_TEST(SettingsThatNoCommandStoresAreIgnored);
}

SUITE_MAIN(RunTests)
