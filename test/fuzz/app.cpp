// The whole path: any readings (NaN, infinities, denormals, rails), any bytes on the serial line
// and any settings in the flash, in any order. Input: which detector, the settings, then what
// happens.
#include <cmath>

#include "../host/everything_config.h"
#include "../test_board.h"
#include "SimulatedInput.h"
#include "app_config.h"
#include "fuzz.h"

using namespace anomaly;

namespace {

class FuzzBoard final : public TestBoard {
 public:
  Sample ReadSensor() override {
    micros_ += 500000;
    return sample;
  }
  void Set(bool on) override { led = on; }
  uint32_t Stopwatch() override { return stopwatch; }
  int64_t NowMicros() const override { return micros_; }
  void Write(const char* text, size_t length) override {
    Require(length >= 2 && length <= LineBuffer::kCapacity, "a write is a line");
    Require(text[length - 2] == '\r' && text[length - 1] == '\n', "a line has its end");
    for (size_t i = 0; i < length; ++i) {
      const bool plain = text[i] >= ' ' && text[i] <= '~';
      const bool end = (text[i] == '\r' && text[i + 1] == '\n') ||
                       (text[i] == '\n' && i > 0 && text[i - 1] == '\r');
      Require(plain || end, "a line is printable ASCII");
    }
  }
  int ReadByte() override {
    if (position >= size) return -1;
    return static_cast<unsigned char>(typed[position++]);
  }
  void Reboot() override {}

  void Type(const char* text, size_t length) {
    size = length < sizeof(typed) ? length : sizeof(typed);
    std::memcpy(typed, text, size);
    position = 0;
  }
  void Advance(uint32_t seconds) { micros_ += int64_t{seconds} * 1000000; }

  Sample sample = {};
  bool led = false;
  uint32_t stopwatch = 0;
  char typed[256] = {};
  size_t size = 0;
  size_t position = 0;

 private:
  int64_t micros_ = 0;
};

const char* const kCommands[] = {"help",
                                 "status",
                                 "model",
                                 "raw on",
                                 "raw on crc",
                                 "raw off",
                                 "baud 921600",
                                 "channels on",
                                 "inject 50 4",
                                 "inject -1e30",
                                 "threshold 1e-45",
                                 "threshold 3e38",
                                 "threshold default",
                                 "calibrate 10",
                                 "calibrate default",
                                 "learn 10",
                                 "learn default",
                                 "selftest",
                                 "reboot",
                                 "inject 25 100000",
                                 "normal",
                                 "accept",
                                 "forget",
                                 "learnt"};
constexpr size_t kCommandCount = sizeof(kCommands) / sizeof(kCommands[0]);

const float kValues[] = {0.0f,  -0.0f,  25.0f, -40.0f,   125.0f,    50.0f,    1e-45f, -1e-38f,
                         3e38f, -3e38f, NAN,   INFINITY, -INFINITY, 24.9999f, 1e30f,  25.0001f};

void TypeLine(FuzzBoard& board, App& app, const char* line) {
  board.Type(line, std::strlen(line));
  app.Poll();
  board.Type("\n", 1);
  app.Poll();
}

void Sample(FuzzBoard& board, App& app) {
  app.Step();
  const State state = app.state();
  Require(board.led == (state == State::kAnomaly), "the LED shows an anomaly and nothing else");
  const FrameVerdict& verdict = app.verdict();
  Require(verdict.state == state, "state and verdict are one");
  Require(state == State::kFault || !std::isnan(verdict.score), "a believable reading has a score");
  Require(verdict.threshold > 0.0f, "a threshold is above 0");
}

// One thing that happens.
void Step(Input& input, FuzzBoard& board, App& app, int channels) {
  const auto what = input.Take<uint8_t>();
  switch (what & 7) {
    case 0:  // a reading of any bits
      for (int i = 0; i < channels; ++i) board.sample.values[i] = input.Take<float>();
      break;
    case 1:  // a chosen one
      for (int i = 0; i < channels; ++i) board.sample.values[i] = kValues[(what >> 3) & 15];
      break;
    case 2:  // what the board itself notices
      board.sample.fault = static_cast<Fault>((what >> 3) % 3);
      break;
    case 3:
      TypeLine(board, app, kCommands[(what >> 3) % kCommandCount]);
      return;  // requests pile up until something is sampled
    case 4: {  // any bytes on the line
      char typed[32];
      const size_t count = what >> 3;
      input.TakeBytes(typed, count);
      board.Type(typed, count);
      app.Poll();
      break;
    }
    case 5:  // the console is busy for some samples
      for (int i = 0; i < (what >> 3); ++i) Sample(board, app);
      return;
    case 6:  // time goes by
      board.Advance(input.Take<uint32_t>());
      board.stopwatch += input.Take<uint32_t>();
      board.lost_samples += what >> 3;
      break;
    case 7:  // a lively reading again and again
      for (int i = 0; i < (what >> 3); ++i) {
        for (int j = 0; j < channels; ++j) {
          board.sample.values[j] = 25.0f + 0.01f * static_cast<float>((i * 7 + j) % 11);
        }
        Sample(board, app);
        app.Poll();
      }
      break;
  }
  Sample(board, app);
  if ((what & 0x80) != 0) app.Poll();
}

// Whatever happened: after a fault, defaults and a calm signal all is well again.
void Recover(FuzzBoard& board, App& app, const ModelConfig& config, const NormalSignal& normal) {
  for (int i = 0; i < 9; ++i) {  // takes the requests that wait
    Sample(board, app);
    app.Poll();
  }
  board.Type("\n", 1);
  app.Poll();
  TypeLine(board, app, "threshold default");
  TypeLine(board, app, "calibrate default");
  TypeLine(board, app, "learn default");
  TypeLine(board, app, "inject 25 1");
  TypeLine(board, app, "forget");
  board.sample = {};
  board.sample.fault = Fault::kLowRail;
  Sample(board, app);
  Sample(board, app);
  SimulatedInput simulation(config.sensor, normal, 0, Scenario::kNormal, 1,
                            config.sample_period_us);
  const int hop = config.frame == nullptr ? 1 : config.frame->hop;
  for (int i = 0; i < 120 * hop; ++i) {
    const HostSample sample = simulation.Next();
    std::memcpy(board.sample.values, sample.values, sizeof(sample.values));
    board.sample.fault = sample.fault;
    Sample(board, app);
    app.Poll();
  }
  Require(app.state() == State::kNormal, "calm after nonsense is NORMAL");
  Require(app.verdict().threshold == config.detector.decision.threshold, "default means default");
}

void Run(Input& input, const ModelConfig& config, const NormalSignal& normal, SampleMemory memory,
         Autoencoder& engine) {
  FuzzBoard board;
  const auto set = input.Take<uint16_t>();
  if ((set & 0x4000) != 0) {  // a sound block of this model, with any figures
    board.keeps = true;
    Settings settings(config, board);
    settings.record.threshold = input.Take<float>();
    settings.record.threshold_scale = input.Take<float>();
    for (int i = 0; i < config.features.channels; ++i) {
      settings.record.noise[i] = input.Take<float>();
    }
    Require(settings.Save(), "there is room for the settings");
  } else if ((set & 0x2000) != 0) {  // any bytes
    board.kept_size = set & 0xFF;
    input.TakeBytes(reinterpret_cast<char*>(board.kept), board.kept_size);
  }
  board.keeps = (set & 0x8000) == 0;
  SampleDetector detector(config, memory, engine);
  App app(detector, {}, board.platform(), board);
  app.Start();
  for (int steps = 0; !input.empty() && steps < 200; ++steps) {
    Step(input, board, app, config.features.channels);
  }
  Recover(board, app, config, normal);
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Input input(data, size);
  const auto which = input.Take<uint8_t>();
  if ((which & 1) == 0) {
    static DetectorStorage<model_config::Model> storage;
    model_config::Model::Engine engine(model_config::Model::kNetwork);
    Run(input, model_config::kConfig, model_config::kNormalSignal, storage.memory(), engine);
  } else {
    static FeatureState states[everything::kCount];
    MeanAutoencoder engine(everything::kCount);
    static CalibrationMemory calibration[everything::kChannels];
    static float refit[everything::kRefitFloats];
    static float ring[everything::kFrame.samples * everything::kChannels];
    ModelConfig config = everything::kApp;
    if ((which & 2) != 0) config.frame = &everything::kFrame;
    Run(input, config, everything::kNormalSignal,
        {{states, nullptr, nullptr, refit}, calibration, {ring, nullptr}}, engine);
  }
  return 0;
}
