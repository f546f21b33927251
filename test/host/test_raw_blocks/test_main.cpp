// Fast raw samples on their way to a slow line, and the speed of that line: what the sampling side
// and the console side of an app do while a UART takes its time.
#include <unity.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "../../suite_main.h"
#include "../../test_board.h"
#include "App.h"
#include "Crc.h"
#include "MeanAutoencoder.h"

using namespace anomaly;

namespace {

constexpr int kChannels = 3;
constexpr float kFramesHz = 16.0f;
constexpr int64_t kPauseMicros = 10'000;  // of the console's task, src/main_esp32.cpp
constexpr int64_t kFlashMicros = 150'000;

const FeatureSpec kSpecs[kChannels] = {{FeatureKind::kValue, 0, 0.0f, 0.0f, 0.0f},
                                       {FeatureKind::kValue, 1, 0.0f, 0.0f, 0.0f},
                                       {FeatureKind::kValue, 2, 0.0f, 0.0f, 0.0f}};
const float kOnes[] = {1.0f, 1.0f, 1.0f};
const float kZeros[] = {0.0f, 0.0f, 0.0f};
const float kLow[] = {-1e9f, -1e9f, -1e9f};
const float kHigh[] = {1e9f, 1e9f, 1e9f};
const FeatureConfig kFeatures = {kChannels, kChannels, kSpecs, kOnes};
const ChannelConfig kRanges[kChannels] = {{-8.0f, 8.0f}, {-8.0f, 8.0f}, {-8.0f, 8.0f}};
const SensorConfig kSensor = {0, kRanges, nullptr};
const FrameValueSpec kValues[kChannels] = {
    {&Moments::mean, 0}, {&Moments::mean, 1}, {&Moments::mean, 2}};
const char* const kNames[] = {"x", "y", "z"};
const char* const kUnits[] = {"g", "g", "g"};
const float kScales[] = {8.0f / 32768.0f, 8.0f / 32768.0f, 8.0f / 32768.0f};
const float kGolden[kChannels] = {};

DetectorConfig FrameDetector() {
  DetectorConfig detector = {};
  detector.scaling = {kZeros, kOnes, 0.0f, kLow, kHigh, kZeros, nullptr, 0.0f};
  detector.decision.threshold = 1e6f;
  detector.decision.alarm_count = 1;
  detector.decision.alarm_frames = 1;
  detector.decision.clear_frames = 1;
  return detector;
}
const DetectorConfig kDetector = FrameDetector();

// A board whose samples count, and whose UART takes its time: while it sends, samples go on.
class UartBoard final : public TestBoard {
 public:
  UartBoard(float rate_hz, int channels)
      : period_us_(1e6f / rate_hz),
        packing_{rate_hz, channels, kScales, "scale=0.000244140625 rate_hz=1000"},
        frame_{static_cast<int32_t>(rate_hz / kFramesHz),
               static_cast<int32_t>(rate_hz / kFramesHz),
               channels,
               channels,
               rate_hz,
               kValues},
        features_(kFeatures),
        blocks_(static_cast<size_t>(packing_.blocks())),
        packed_(static_cast<size_t>(packing_.memory_values())),
        ring_(static_cast<size_t>(frame_.memory_floats())),
        engine_(channels),
        config_(Config()) {
    features_.channels = features_.count = static_cast<int8_t>(channels);
    detector_.reset(
        new SampleDetector(config_, {states_, calibration_, {ring_.data(), nullptr}}, engine_));
    app_.reset(new App(*detector_, {nullptr, {blocks_.data(), packed_.data()}}, platform(), *this));
    app_->Start();
    output.clear();
  }

  Sample ReadSensor() override {
    Sample sample = {};
    for (int i = 0; i < packing_.channels; ++i) {
      sample.values[i] = static_cast<float>(Number(taken_, i)) * kScales[i];
    }
    ++taken_;
    sample.fault = fault;
    return sample;
  }
  static int16_t Number(int64_t sample, int channel) {
    return static_cast<int16_t>(sample * 3 + channel * 1000);
  }
  void Set(bool) override {}
  uint32_t Stopwatch() override { return 0; }
  int64_t NowMicros() const override { return static_cast<int64_t>(now_us_); }
  void Write(const char* text, size_t size) override {
    output.append(text, size);
    Advance(1e7f * static_cast<float>(size) / static_cast<float>(baud));
  }
  int ReadByte() override { return *input == '\0' ? -1 : static_cast<unsigned char>(*input++); }
  void SetBaud(uint32_t rate) override {
    baud = rate;
    changed_at = output.size();
  }

  // Time goes by, and the sampling task takes what is due.
  void Advance(float micros) {
    now_us_ += static_cast<double>(micros);
    while (app_ != nullptr && (static_cast<double>(taken_) + 1.0) * period_us_ <= now_us_) {
      app_->Step();
    }
  }
  // Nothing runs, as while the flash is written; then all that was due comes at once.
  void Stall() { Advance(kFlashMicros); }

  void Run(float seconds) {
    const double end = now_us_ + 1e6 * static_cast<double>(seconds);
    while (now_us_ < end) {
      app_->Poll();
      Advance(kPauseMicros);
    }
  }
  void Type(const char* text) {
    input = text;
    app_->Poll();
  }
  int64_t Dropped() {
    Type("status\n");
    return std::atoll(output.c_str() + output.rfind("dropped=") + 8);
  }
  size_t Count(const char* text) const {
    size_t found = 0;
    for (size_t at = output.find(text); at != std::string::npos; at = output.find(text, at + 1)) {
      ++found;
    }
    return found;
  }

  Fault fault = Fault::kNone;
  std::string output;
  const char* input = "";
  uint32_t baud = SerialLine::kBaud;
  size_t changed_at = 0;  // byte of the output

 private:
  ModelConfig Config() const {
    return {
        .profile = "raw_blocks",
        .fingerprint = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        .channel_names = kNames,
        .channel_units = kUnits,
        .channels = packing_.channels,
        .value_names = kNames,
        .value_units = kUnits,
        .sample_period_us = static_cast<uint32_t>(period_us_),
        .frame = &frame_,
        .model_bytes = 0,
        .sensor = kSensor,
        .features = features_,
        .detector = kDetector,
        .golden_count = 1,
        .golden_inputs = kGolden,
        .golden_outputs = kGolden,
        .golden_tolerance = 1.0f,
        .packing = &packing_,
    };
  }

  double period_us_;
  PackingConfig packing_;
  FrameConfig frame_;
  FeatureConfig features_;
  std::vector<PackedBlock> blocks_;
  std::vector<int16_t> packed_;
  FeatureState states_[kChannels];
  CalibrationMemory calibration_[kChannels];
  std::vector<float> ring_;
  MeanAutoencoder engine_;
  ModelConfig config_;
  std::unique_ptr<SampleDetector> detector_;
  std::unique_ptr<App> app_;
  double now_us_ = 0.0;
  int64_t taken_ = 0;
};

struct Blocks {
  int lines = 0;
  int64_t samples = 0;
  int64_t missing = 0;
  bool right = true;  // each number is the sample's
};

int Digit(char c) {
  static const char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  return static_cast<int>(std::strchr(kDigits, c) - kDigits);
}

std::string Decode(const std::string& text) {
  std::string bytes;
  for (size_t i = 0; i + 3 < text.size(); i += 4) {
    int three = 0;
    for (size_t j = 0; j < 4; ++j)
      three = three << 6 | (text[i + j] == '=' ? 0 : Digit(text[i + j]));
    for (int shift = 16; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(three >> shift));
  }
  for (size_t i = text.size(); i > 0 && text[i - 1] == '='; --i) bytes.pop_back();
  return bytes;
}

// All that was sent; every line is whole, its check sum is right, and numbers follow each other.
Blocks ReadBlocks(const std::string& output, int channels) {
  Blocks found;
  int64_t next = -1;
  for (size_t at = output.find("RAWB,"); at != std::string::npos; at = output.find("RAWB,", at)) {
    const size_t end = output.find("\r\n", at);
    const std::string line = output.substr(at, end - at);
    at = end;
    const size_t star = line.find('*');
    char crc[8];
    std::snprintf(crc, sizeof(crc), "%04x", static_cast<unsigned>(Crc16(line.c_str(), star)));
    TEST_ASSERT_EQUAL_STRING(crc, line.c_str() + star + 1);
    const int64_t sequence = std::atoll(line.c_str() + 5);
    const size_t begin = line.find(',', line.find(',', 5) + 1) + 1;
    const std::string bytes = Decode(line.substr(begin, star - begin));
    const auto count = static_cast<int64_t>(bytes.size()) / 2 / channels;
    for (int64_t i = 0; i < count * channels; ++i) {
      const auto low = static_cast<unsigned char>(bytes[static_cast<size_t>(2 * i)]);
      const auto high = static_cast<unsigned char>(bytes[static_cast<size_t>(2 * i + 1)]);
      const auto number = static_cast<int16_t>(low | high << 8);
      const auto channel = static_cast<int>(i % channels);
      found.right = found.right && number == UartBoard::Number(sequence + i / channels, channel);
    }
    if (next >= 0) found.missing += sequence - next;
    next = sequence + count;
    found.samples += count;
    ++found.lines;
  }
  return found;
}

}  // namespace

void setUp() {}
void tearDown() {}

static void SamplesGoInBlocksAndTheAnswerSaysWhatACountMeans() {
  UartBoard board(1000.0f, 3);
  board.Type("raw on\n");
  TEST_ASSERT_EQUAL_STRING("OK raw on scale=0.000244140625 rate_hz=1000\r\n", board.output.c_str());
  board.Run(2.0f);
  const Blocks found = ReadBlocks(board.output, 3);
  TEST_ASSERT_TRUE(found.right);
  TEST_ASSERT_TRUE(found.samples > 1800);
  TEST_ASSERT_EQUAL_INT(85, found.samples / found.lines);
  TEST_ASSERT_EQUAL_UINT32(0, board.Count("Real: "));
  board.output.clear();
  board.Type("raw off\n");
  board.Run(0.5f);
  TEST_ASSERT_TRUE(board.Count("RAWB,") <= 1);
  TEST_ASSERT_TRUE(board.Count("Real: ") > 3);
}

// 1 kHz of three axes take 73 % of 115200 baud, 16 kHz 49 % of 921600; blocks are lost from 92 % on
// where the flash is written once a second.
static void NothingIsLostWhereTheLineCanCarryIt() {
  const struct {
    float rate_hz;
    int channels;
    uint32_t baud;
  } cases[] = {{1000.0f, 3, 115200}, {16000.0f, 1, 921600}, {48000.0f, 1, 2000000}};
  for (const auto& each : cases) {
    UartBoard board(each.rate_hz, each.channels);
    board.baud = each.baud;
    board.Type("raw on crc\n");
    for (int second = 0; second < 20; ++second) {
      board.Run(1.0f);
      board.Stall();
      board.Type("status\n");
    }
    const Blocks found = ReadBlocks(board.output, each.channels);
    TEST_ASSERT_TRUE(found.right);
    TEST_ASSERT_EQUAL_INT64(0, found.missing);
    TEST_ASSERT_TRUE(static_cast<float>(found.samples) > 19.0f * each.rate_hz);
    TEST_ASSERT_EQUAL_INT64(0, board.Dropped());
  }
}

static void WhatIsTooFastForTheLineIsCountedAndSeenInTheSequence() {
  UartBoard board(16000.0f, 1);
  board.Type("raw on\n");
  board.Run(5.0f);
  const int64_t lost = board.Dropped();
  const Blocks found = ReadBlocks(board.output, 1);
  TEST_ASSERT_TRUE(found.right);
  TEST_ASSERT_TRUE(found.missing > found.samples);
  // Those that were lost behind the last one that was sent are not seen yet.
  TEST_ASSERT_TRUE(lost >= found.missing / 255);
  TEST_ASSERT_TRUE(lost <= found.missing / 255 + 80);
  board.output.clear();
  board.Type("raw off\n");
  TEST_ASSERT_EQUAL_UINT32(1, board.Count("OK raw off\r\n"));
}

static void FaultsAreSaidOnceASecond() {
  UartBoard board(1000.0f, 3);
  board.Type("raw on\n");
  board.Run(1.0f);
  board.fault = Fault::kNoAnswer;
  board.Run(3.0f);
  TEST_ASSERT_UINT32_WITHIN(1, 3, board.Count("Fault: "));
  const size_t before = board.Count("RAWB,");
  board.fault = Fault::kNone;
  board.Run(1.0f);
  TEST_ASSERT_TRUE(board.Count("RAWB,") > before + 5);
  const Blocks found = ReadBlocks(board.output, 3);
  TEST_ASSERT_TRUE(found.right);
  TEST_ASSERT_INT64_WITHIN(100, 3000, found.missing);
}

static void SamplesThatTheSensorLostAreMissingInTheSequence() {
  UartBoard board(1000.0f, 1);
  board.Type("raw on\n");
  board.Run(1.0f);
  board.lost_samples += 40;
  board.Run(1.0f);
  TEST_ASSERT_EQUAL_INT64(40, ReadBlocks(board.output, 1).missing);
}

// ---- the speed of the line

static void TheAnswerGoesOutBeforeTheSpeedChanges() {
  UartBoard board(1000.0f, 3);
  board.Type("baud 921600\n");
  TEST_ASSERT_EQUAL_UINT32(921600, board.baud);
  TEST_ASSERT_EQUAL_STRING("OK baud 921600\r\n", board.output.substr(0, board.changed_at).c_str());
}

static void NobodyFollowsAndItGoesBackAfterTwoSeconds() {
  UartBoard board(1000.0f, 3);
  board.Type("baud 921600\n");
  board.Run(1.9f);
  TEST_ASSERT_EQUAL_UINT32(921600, board.baud);
  board.Type("\xff\n\nnonsense\nraw maybe\n");  // nothing of it is a command
  board.Run(0.3f);
  TEST_ASSERT_EQUAL_UINT32(115200, board.baud);
}

static void ACommandKeepsTheSpeedUntilRawIsOff() {
  UartBoard board(1000.0f, 3);
  board.Type("baud 921600\n");
  board.Run(1.0f);
  board.Type("\nstatus\n");
  TEST_ASSERT_EQUAL_UINT32(1, board.Count(" baud=921600 "));
  board.Type("raw on crc\n");
  board.Run(5.0f);
  TEST_ASSERT_EQUAL_UINT32(921600, board.baud);
  board.output.clear();
  board.Type("raw off\n");
  TEST_ASSERT_EQUAL_UINT32(115200, board.baud);
  TEST_ASSERT_TRUE(board.output.find("OK raw off\r\n") + 12 <= board.changed_at);
}

static void BackToTheUsualSpeedNeedsNobodyToFollow() {
  UartBoard board(1000.0f, 3);
  board.Type("baud 460800\nbaud 115200\n");
  TEST_ASSERT_EQUAL_UINT32(115200, board.baud);
}

static void RunTests() {
  RUN_TEST(SamplesGoInBlocksAndTheAnswerSaysWhatACountMeans);
  RUN_TEST(NothingIsLostWhereTheLineCanCarryIt);
  RUN_TEST(WhatIsTooFastForTheLineIsCountedAndSeenInTheSequence);
  RUN_TEST(FaultsAreSaidOnceASecond);
  RUN_TEST(SamplesThatTheSensorLostAreMissingInTheSequence);
  RUN_TEST(TheAnswerGoesOutBeforeTheSpeedChanges);
  RUN_TEST(NobodyFollowsAndItGoesBackAfterTwoSeconds);
  RUN_TEST(ACommandKeepsTheSpeedUntilRawIsOff);
  RUN_TEST(BackToTheUsualSpeedNeedsNobodyToFollow);
}

SUITE_MAIN(RunTests)
