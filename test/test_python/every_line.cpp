// Writes every line that the firmware can write, with values of any kind: `every_line SEED`.
// test_every_line.py reads them with the monitor's parser.
#include <cfloat>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "App.h"
#include "Link.h"
#include "simulated_flash.h"
#include "test_board.h"

using namespace anomaly;

namespace {

constexpr int kChannels = kMaxChannels;
uint32_t state = 1;

uint32_t Random() {
  state = state * 1664525u + 1013904223u;
  return state >> 8;
}

// Of any size that a float can have, or of none.
float AnyFloat() {
  const float extremes[] = {0.0f,   -0.0f,    FLT_MAX, -FLT_MAX, FLT_TRUE_MIN, 1e12f,
                            -1e18f, 999.995f, 25.0f,   NAN,      INFINITY,     -INFINITY};
  if (Random() % 3 == 0) return extremes[Random() % (sizeof(extremes) / sizeof(extremes[0]))];
  const uint32_t bits = (Random() << 16) ^ Random();
  float value = 0.0f;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

float AnyFinite() {
  float value = AnyFloat();
  while (!std::isfinite(value)) value = AnyFloat();
  return value;
}

class PrintingBoard final : public TestBoard {
 public:
  Sample ReadSensor() override {
    micros += 500000;
    Sample sample = {};
    for (float& value : sample.values) {
      value = wild ? AnyFloat() : 25.0f + 1e-3f * static_cast<float>(Random() % 1000);
    }
    sample.fault = fault;
    return sample;
  }
  void Set(bool) override {}
  uint32_t Stopwatch() override { return Random(); }
  int64_t NowMicros() const override { return micros; }
  void Write(const char* text, size_t size) override { std::fwrite(text, 1, size, stdout); }
  int ReadByte() override { return *input == '\0' ? -1 : static_cast<unsigned char>(*input++); }
  void Reboot() override {}
  const char* ResetReason() const override { return "power-on"; }
  uint32_t CountStart() override { return starts; }

  bool wild = false;
  uint32_t starts = 1;
  Fault fault = Fault::kNone;
  int64_t micros = 0;
  const char* input = "";
};

class AnyEngine final : public Autoencoder {
 public:
  [[nodiscard]] EngineStatus Load() override { return loads; }
  [[nodiscard]] EngineStatus Reconstruct(const float* input, float* output) override {
    for (int i = 0; i < kChannels; ++i) output[i] = wild ? AnyFloat() : input[i];
    return wild && Random() % 4 == 0 ? EngineStatus::kInvokeFailed : EngineStatus::kOk;
  }
  const char* detail() const override { return "CRC-32 01234567, expected 89abcdef"; }
  const char* name() const override { return "any int8"; }
  int input_size() const override { return kChannels; }
  int output_size() const override { return kChannels; }
  int32_t memory_used() const override { return INT32_MAX; }
  EngineStatus loads = EngineStatus::kOk;
  bool wild = false;
};

const char* const kNames[] = {"a name of thirty-two characters!",
                              "Motor current [A]",
                              "c",
                              "d = 1",
                              "e/f",
                              "another of thirty-two characters",
                              "the first: of {curly} brace(1) ;",
                              "h"};
const char* const kUnits[] = {"C", "A", "", "8 chars!", "%", "l/min", "g", "m/s2"};
const FeatureSpec kSpecs[] = {
    {FeatureKind::kValue, 0, 0.0f, 0.0f, 0.0f}, {FeatureKind::kValue, 1, 0.0f, 0.0f, 0.0f},
    {FeatureKind::kValue, 2, 0.0f, 0.0f, 0.0f}, {FeatureKind::kValue, 3, 0.0f, 0.0f, 0.0f},
    {FeatureKind::kValue, 4, 0.0f, 0.0f, 0.0f}, {FeatureKind::kValue, 5, 0.0f, 0.0f, 0.0f},
    {FeatureKind::kValue, 6, 0.0f, 0.0f, 0.0f}, {FeatureKind::kValue, 7, 0.0f, 0.0f, 0.0f}};
const float kSigma[] = {0.3f, 0.3f, 0.3f, 0.3f, 0.3f, 0.3f, 0.3f, 0.3f};
const float kOffset[] = {25.5f, 25.5f, 25.5f, 25.5f, 25.5f, 25.5f, 25.5f, 25.5f};
const float kOne[] = {1.0f, 1.0f, 1.0f, 1.0f, 1.0f, 1.0f, 1.0f, 1.0f};
const float kLow[] = {-1e9f, -1e9f, -1e9f, -1e9f, -1e9f, -1e9f, -1e9f, -1e9f};
const float kHigh[] = {1e9f, 1e9f, 1e9f, 1e9f, 1e9f, 1e9f, 1e9f, 1e9f};
const float kGolden[kChannels] = {};
const FeatureConfig kFeatures = {kChannels, kChannels, kSpecs, kSigma};

struct Configs {
  ChannelConfig channels[kChannels] = {};
  SensorConfig sensor = {3, channels, nullptr};
  DetectorConfig detector = {};
  Configs() {
    for (ChannelConfig& channel : channels) {
      channel.valid_low = -FLT_MAX;
      channel.valid_high = FLT_MAX;
    }
    detector.scaling.offset = kOffset;
    detector.scaling.scale = kOne;
    detector.scaling.clip_low = kLow;
    detector.scaling.clip_high = kHigh;
    detector.decision.threshold = 5.0f;
    detector.decision.normal_score = 1.0f;
    detector.decision.alarm_count = 1;
    detector.decision.alarm_frames = 1;
    detector.decision.clear_frames = 1;
    detector.decision.clear_ratio = 1.0f;
    detector.decision.warmup_frames = 2;
  }
};
const Configs kConfigs;
const ModelConfig kApp = {
    .profile = "every_line",
    .fingerprint = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    .channel_names = kNames,
    .channel_units = kUnits,
    .channels = kChannels,
    .value_names = kNames,
    .value_units = kUnits,
    .sample_period_us = 500000,
    .frame = nullptr,
    .model_bytes = INT32_MAX,
    .sensor = kConfigs.sensor,
    .features = kFeatures,
    .detector = kConfigs.detector,
    .golden_count = 1,
    .golden_inputs = kGolden,
    .golden_outputs = kGolden,
    .golden_tolerance = 1e-4f,
};

const LinkConfig kLink = {.id = "0200000000aa",
                          .firmware = "1.0.0",
                          .profile = kApp.profile,
                          .model = kApp.fingerprint,
                          .units = kUnits,
                          .causes = {kFeatures, kNames, nullptr},
                          .period_us = 500000,
                          .allows_reboot = false};

// An app's platform, with the link's console for its serial line.
Platform Linked(PrintingBoard& board, Link& link) {
  const Platform own = board.platform();
  return {own.clock, own.led, link.console(), own.settings, own.system, own.learnt};
}

void Run(App& app, int samples) {
  for (int i = 0; i < samples; ++i) {
    app.Step();
    while (app.Poll()) {
    }
  }
}

void Type(App& app, PrintingBoard& board, const char* text) {
  board.input = text;
  while (app.Poll()) {
  }
}

const char* const kCommands[] = {
    "help\n",
    "status\n",
    "model\n",
    "channels on\n",
    "channels off\n",
    "raw on\n",
    "raw on crc\n",
    "raw off\n",
    "raw\n",
    "baud 921600\n",
    "baud 9600\n",
    "threshold 1e-45\n",
    "threshold 1\n",
    "inject 50\n",
    "inject x\n",
    "inject\n",
    "\xff\n",
    "selftest\n",
    "calibrate 5\n",
    "learn\n",
    "learn 5\n",
    "learn default\n",
    "learnt\n",
    "normal\n",
    "accept\n",
    "forget\n",
    "reboot\n",
    "help me\n",
    "calibrate\n",
    "threshold 3e38\n",
    "threshold default\n",
    "calibrate default\n",
    "inject -3e38 100000\n",
    "link id\n",
    "link on 1700000000000\n",
    "link on 5\n",
    "link\n",
    "link homeassistant/status online\n",
    "link anomaly/v1/0200000000aa/cmd {\"id\":\"\\u00e9\",\"cmd\":\"threshold 2\","
    "\"exp\":1800000000}\n",
    "link anomaly/v1/0200000000aa/cmd {\"id\":\"2\",\"cmd\":\"raw on\",\"exp\":1800000000}\n",
    "link anomaly/v1/0200000000aa/ack {\"boot\":1,\"seq\":1}\n",
    "link anomaly/v1/0200000000aa/ack {}\n",
    "a line that is longer than what is allowed, which is eighty characters, and so it is none\n"};

void TypeAll(App& app, PrintingBoard& board) {
  for (const char* command : kCommands) {
    Type(app, board, command);
    Run(app, 1);
  }
}

void Lines() {
  LineBuffer line;
  const auto print = [&line] {
    std::fwrite(line.text(), 1, line.size(), stdout);
    line.Clear();
  };
  for (int i = 0; i < 500; ++i) {
    const float wild[] = {AnyFloat(), AnyFloat(), AnyFloat(), AnyFloat(),
                          AnyFloat(), AnyFloat(), AnyFloat(), AnyFloat()};
    const int channels = 1 + i % kChannels;
    AddRaw(line, Random() * 256 + 255, int64_t{Random()} * Random(), wild, channels, i % 2 == 0);
    print();
    int16_t numbers[PackingConfig::kBlockValues];
    for (int16_t& number : numbers) number = static_cast<int16_t>(Random());
    AddRawBlock(line, Random() * 256 + 255, int64_t{Random()} * Random(), numbers,
                1 + static_cast<int>(Random() % PackingConfig::kBlockValues));
    print();
    FrameVerdict verdict = {};
    verdict.state = static_cast<State>(i % 3);
    verdict.reconstruction = AnyFinite();
    verdict.score = AnyFinite();
    verdict.threshold = AnyFinite();
    verdict.slow = i % 3 == 0 ? NAN : std::fabs(AnyFinite());
    const char* const name = kNames[i % kChannels];
    const CauseText cause = i % 2 == 0 ? CauseText(name) : CauseText("activity", name);
    AddReading(line, verdict, AnyFinite(), cause, channels);
    print();
  }
  for (int i = 0; i < 100; ++i) {
    const CauseText what = {SlowChartName(i % kSlowCharts), i % 3 == 0 ? nullptr : kNames[i % 8]};
    SlowCharts::Standing standing;
    standing.judged = i % 2 == 0;
    standing.alarm = i % 5 == 0;
    standing.value = AnyFinite();
    standing.low = i % 7 == 0 ? -INFINITY : AnyFinite();
    standing.high = i % 7 == 1 ? INFINITY : AnyFinite();
    AddLearntChart(line, what, standing, kUnits[i % 8]);
    AddLearntLimit(line, i % 16, what, AnyFinite(), AnyFinite());
    AddLearntDone(line, static_cast<uint32_t>(Random()), std::fabs(AnyFinite()));
    AddAccepted(line, what, AnyFinite(), AnyFinite());
    AddLevelAccepted(line, what.channel, AnyFinite(), AnyFinite());
    AddForgot(line, static_cast<uint32_t>(Random()));
    print();
  }
  for (int i = 0; i < 20; ++i) {
    const FitChange change = {std::fabs(AnyFinite()), std::fabs(AnyFinite()),
                              static_cast<uint32_t>(Random()), i % 2 == 0, i % 3 == 0};
    AddLearning(line, 1 + static_cast<uint32_t>(Random()) / 1000, 640000, i % 2 == 0 ? 10 : 3600);
    print();
    AddFitted(line, change);
    AddSteppedError(line, kNames[i % 8]);
    print();
  }
  for (const char* what : {"Settings", "Learnt limits"}) {
    for (const char* why : {kOfAnotherModelText, kOfAnotherVersionText, kDamagedText}) {
      AddForgotten(line, what, why);
      print();
    }
  }
  AddRawSet(line, true, true, "scale=0.000244140625,0.5 rate_hz=1000");
  AddAnomalyMarker(line);
  print();
  for (int i = 0; std::strcmp(FaultText(static_cast<Fault>(i)), "unknown") != 0; ++i) {
    for (const char* part : {static_cast<const char*>(nullptr), "MPU6050 at 0x68, SDA GPIO21"}) {
      AddFault(line, static_cast<Fault>(i), part);
      print();
    }
  }
}

// A start that fails in every way there is, and then every command.
void FailedStarts() {
  static FeatureState states[kChannels];
  static CalibrationMemory calibration[kChannels];
  for (int i = 1;; ++i) {
    PrintingBoard board;
    AnyEngine engine;
    engine.loads = static_cast<EngineStatus>(i);
    const bool last = std::strcmp(EngineStatusText(engine.loads), "unknown error") == 0;
    if (last) board.starts = 4;
    SampleDetector detector(kApp, {states, calibration}, engine);
    App app(detector, {}, board.platform(), board);
    app.Start();
    board.micros += 5000000;
    TypeAll(app, board);
    if (last) return;
  }
}

void WholeRuns() {
  static FeatureState states[kChannels];
  static CalibrationMemory calibration[kChannels];
  SimulatedFlash flash(4);
  PrintingBoard board;
  AnyEngine engine;
  {
    ModelConfig other = kApp;
    other.fingerprint = "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210";
    (void)Settings(other, board).Save();
  }
  for (int start = 0; start < 4; ++start) {
    engine.wild = start == 2;
    board.keeps = start != 1;
    if (start == 2) board.kept[30] ^= 1;
    if (start == 3) board.kept_size = 1;
    Link link(kLink, board.platform(), flash);
    SampleDetector detector(kApp, {states, calibration}, engine);
    App app(detector, {}, Linked(board, link), board, &link);
    app.Start();
    Run(app, 4);
    Type(app, board, "link on 1700000000000\nthreshold 3\ninject 50 3\n");
    Run(app, 40);
    TypeAll(app, board);
    Type(app, board, "raw off\ninject 25 1\n");
    Run(app, 10);
    engine.wild = board.wild = false;
    Run(app, 5);
    Type(app, board, "calibrate\n");
    Run(app, 130);
    Type(app, board, "calibrate\ncalibrate\n");
    Run(app, 2);
    Type(app, board, "threshold 12.5\n");
    Run(app, 130);
    Type(app, board, "calibrate\ninject 50\n");
    Run(app, 10);
    board.wild = engine.wild = true;
    Run(app, 200);
    TypeAll(app, board);
    for (int i = 0; i < 100; ++i) app.Step();
    board.wild = engine.wild = false;
    Type(app, board, "status\nthreshold 2.5\n");
    if (start == 3) Type(app, board, "factory-reset\n");
    Run(app, 10);
  }
}

}  // namespace

int main(int, char** arguments) {
  state = static_cast<uint32_t>(std::strtoul(arguments[1], nullptr, 10));
  Lines();
  FailedStarts();
  WholeRuns();
  return 0;
}
