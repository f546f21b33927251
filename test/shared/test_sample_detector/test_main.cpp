// The detector as other programs use it: what it says of samples, what it learns, what it keeps.
#include <unity.h>

#include <cmath>
#include <cstring>

#include "../../one_value.h"
#include "../../suite_main.h"
#include "anomaly_detector.h"

using namespace anomaly;
using namespace one_value;

namespace {

constexpr bool kAbsolute[] = {true};
constexpr RefitConfig kRefit = {kAbsolute, false, nullptr, 40, 0.05f, 0.05f, 1.1f, false};
constexpr DetectorConfig kDetector = MakeDetector(&kRefit);
constexpr float kZero[] = {0.0f};
constexpr FrameValueSpec kMean[] = {{&Moments::mean, 0}};
constexpr FrameConfig kFrames = {4, 2, 1, 1, 2.0f, kMean};
constexpr FrameConfig kNoFrames = {};

constexpr ModelConfig Config(const char* fingerprint, const FrameConfig* frame) {
  return {"test",
          fingerprint,
          kChannelNames,
          kChannelUnits,
          1,
          kChannelNames,
          kChannelUnits,
          500000,
          frame,
          0,
          kSensor,
          kFeatures,
          kDetector,
          1,
          kZero,
          kZero,
          1e-4f};
}
constexpr char kAnother[] = "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210";
constexpr ModelConfig kPlain = Config(kFingerprint, nullptr);
constexpr ModelConfig kFramed = Config(kFingerprint, &kFrames);
constexpr ModelConfig kOther = Config(kAnother, nullptr);

// As it is generated.
template <const ModelConfig& kOwn, bool kFrame>
struct TestModel {
  using Engine = MeanAutoencoder;
  static constexpr int kNetwork = 1;
  static constexpr const ModelConfig& kConfig = kOwn;
  static constexpr int kChannels = 1;
  static constexpr int kValues = 1;
  static constexpr int kFeatureCount = 1;
  static constexpr bool kHasFrames = kFrame;
  static constexpr bool kIsGeneric = false;
  static constexpr bool kHasLearning = false;
  static constexpr bool kHasRefit = true;
  static constexpr bool kHasSlow = false;
};
struct Plain : TestModel<kPlain, false> {
  static constexpr const FrameConfig& kFrame = kNoFrames;
};
struct Framed : TestModel<kFramed, true> {
  static constexpr const FrameConfig& kFrame = kFrames;
};
struct Other : TestModel<kOther, false> {
  static constexpr const FrameConfig& kFrame = kNoFrames;
};

class Signal {
 public:
  float Next(float mean = 25.0f, float spread = 1.0f) {
    random_ = random_ * 1664525u + 1013904223u;
    return mean + spread * (static_cast<float>(random_ >> 8) / 8388608.0f - 1.0f);
  }

 private:
  uint32_t random_ = 1;
};

template <class Model>
Verdict Run(Detector<Model>& detector, Signal& signal, int samples, float mean = 25.0f) {
  Verdict verdict = {};
  for (int i = 0; i < samples; ++i) verdict = detector.Update(signal.Next(mean));
  return verdict;
}

}  // namespace

void setUp() {}
void tearDown() {}

static void AVerdictSaysWhatIsWrong() {
  Detector<Plain> detector;
  Signal signal;
  TEST_ASSERT_EQUAL_STRING("", detector.error());
  Verdict verdict = detector.Update(25.0f);
  TEST_ASSERT_TRUE(verdict.state == State::kWarmup);
  verdict = Run(detector, signal, 10);
  TEST_ASSERT_TRUE(verdict.state == State::kNormal && verdict.is_new);
  TEST_ASSERT_EQUAL_STRING("", verdict.cause);
  TEST_ASSERT_EQUAL_FLOAT(25.0f, verdict.expected);
  TEST_ASSERT_EQUAL_FLOAT(5.0f, verdict.threshold);
  TEST_ASSERT_TRUE(std::isnan(verdict.slow));
  verdict = detector.Update(35.0f);
  TEST_ASSERT_TRUE(verdict.state == State::kAnomaly && verdict.fault == Fault::kNone);
  TEST_ASSERT_EQUAL_FLOAT(10.0f, verdict.score);
  TEST_ASSERT_EQUAL_STRING("level", verdict.cause);
  TEST_ASSERT_EQUAL_STRING("", verdict.channel);
}

static void WhatCannotBeBelievedIsAFault() {
  Detector<Plain> detector;
  Signal signal;
  Run(detector, signal, 10);
  Verdict verdict = detector.Update(NAN);
  TEST_ASSERT_TRUE(verdict.state == State::kFault && verdict.fault == Fault::kNotANumber);
  TEST_ASSERT_TRUE(std::isnan(verdict.score) && std::isnan(verdict.expected));
  TEST_ASSERT_EQUAL_STRING("", verdict.cause);
  verdict = detector.Update(200.0f);
  TEST_ASSERT_TRUE(verdict.fault == Fault::kOutOfRange);
  verdict = detector.TakeFault();
  TEST_ASSERT_TRUE(verdict.fault == Fault::kNoAnswer);
  TEST_ASSERT_FALSE(detector.Learn(100));
  verdict = Run(detector, signal, 10);
  TEST_ASSERT_TRUE(verdict.state == State::kNormal && verdict.fault == Fault::kNone);
}

static void AFrameHasOneVerdict() {
  Detector<Framed> detector;
  Signal signal;
  int news = 0;
  for (int i = 0; i < 24; ++i) news += detector.Update(signal.Next()).is_new ? 1 : 0;
  TEST_ASSERT_EQUAL_INT(11, news);  // after four samples, then every two
  detector.Update(NAN);             // the frame that it is in is a FAULT, when it is due
  const Verdict verdict = detector.Update(signal.Next());
  TEST_ASSERT_TRUE(verdict.is_new && verdict.fault == Fault::kNotANumber);
  detector.Interrupt();
  TEST_ASSERT_FALSE(detector.Update(signal.Next()).is_new);
}

static void AThresholdOfOnesOwn() {
  Detector<Plain> detector;
  Signal signal;
  Run(detector, signal, 10);
  detector.SetThreshold(12.0f);
  TEST_ASSERT_TRUE(detector.Update(35.0f).state == State::kNormal);
  TEST_ASSERT_EQUAL_FLOAT(5.0f, detector.default_threshold());
  detector.SetThreshold(0.0f);
  TEST_ASSERT_TRUE(detector.Update(35.0f).state == State::kAnomaly);
}

static void WhatItLearntOutlivesIt() {
  static uint8_t kept[Detector<Plain>::kSavedBytes];
  Signal signal;
  float threshold = 0.0f;
  {
    Detector<Plain> detector;
    Run(detector, signal, 10);
    TEST_ASSERT_TRUE(detector.learnt() == LearnStatus::kIdle);
    TEST_ASSERT_TRUE(detector.Learn(200));
    Run(detector, signal, 199, 60.0f);
    TEST_ASSERT_TRUE(detector.learning());
    Run(detector, signal, 1, 60.0f);
    TEST_ASSERT_TRUE(detector.learnt() == LearnStatus::kDone);
    TEST_ASSERT_TRUE(Run(detector, signal, 20, 60.0f).state == State::kNormal);
    TEST_ASSERT_TRUE(Run(detector, signal, 1, 25.0f).state == State::kAnomaly);
    threshold = detector.threshold();
    TEST_ASSERT_EQUAL_size_t(0, detector.Save(kept, sizeof(kept) - 1));
    TEST_ASSERT_EQUAL_size_t(sizeof(kept), detector.Save(kept, sizeof(kept)));
  }
  Detector<Plain> again;
  TEST_ASSERT_TRUE(again.Load(kept, 0) == BlockFound::kNothing);
  TEST_ASSERT_TRUE(again.Load(kept, sizeof(kept)) == BlockFound::kUsable);
  TEST_ASSERT_EQUAL_FLOAT(threshold, again.threshold());
  TEST_ASSERT_TRUE(Run(again, signal, 20, 60.0f).state == State::kNormal);
  again.Forget();
  TEST_ASSERT_EQUAL_FLOAT(5.0f, again.threshold());
  TEST_ASSERT_TRUE(Run(again, signal, 5, 60.0f).state == State::kAnomaly);

  Detector<Other> other;
  TEST_ASSERT_TRUE(other.Load(kept, sizeof(kept)) == BlockFound::kOfAnotherModel);
  kept[sizeof(BlockHead)] ^= 1;
  TEST_ASSERT_TRUE(again.Load(kept, sizeof(kept)) == BlockFound::kDamaged);
  TEST_ASSERT_TRUE(again.Load(kept, sizeof(kept) - 1) == BlockFound::kOfAnotherVersion);
}

static void WhatIsNotNormalIsNotLearnt() {
  Detector<Plain> detector;
  Signal signal;
  Run(detector, signal, 10);
  TEST_ASSERT_TRUE(detector.Learn(200));
  Run(detector, signal, 100, 25.0f);
  Run(detector, signal, 100, 60.0f);
  TEST_ASSERT_EQUAL_STRING("the signal stepped from one level to another",
                           LearnStatusText(detector.learnt()));
  TEST_ASSERT_EQUAL_FLOAT(5.0f, detector.threshold());
  TEST_ASSERT_TRUE(detector.Learn(200));
  detector.Update(NAN);
  TEST_ASSERT_TRUE(detector.learnt() == LearnStatus::kFault);
  Run(detector, signal, 10);
  TEST_ASSERT_TRUE(detector.Learn(200));
  detector.Interrupt();
  TEST_ASSERT_TRUE(detector.learnt() == LearnStatus::kGap);
  TEST_ASSERT_FALSE(detector.Normal());  // this model has no limits that it widens
}

static void AnEngineThatFailsJudgesNothing() {
  class Failing final : public Autoencoder {
   public:
    EngineStatus Load() override { return loads; }
    EngineStatus Reconstruct(const float* input, float* output) override {
      *output = *input + error;
      return EngineStatus::kOk;
    }
    const char* name() const override { return "failing"; }
    int input_size() const override { return 1; }
    int output_size() const override { return 1; }
    int32_t memory_used() const override { return 0; }
    EngineStatus loads = EngineStatus::kOk;
    float error = 0.0f;
  } engine;
  Detector<Plain, Autoencoder&> detector(engine);
  detector.Begin();
  TEST_ASSERT_EQUAL_STRING("", detector.error());
  engine.error = 1.0f;
  detector.Begin();
  TEST_ASSERT_EQUAL_STRING("the engine failed its self-test", detector.error());
  const Verdict verdict = detector.Update(25.0f);
  TEST_ASSERT_TRUE(verdict.state == State::kFault && verdict.fault == Fault::kSelfTest);
  engine.loads = EngineStatus::kArenaTooSmall;
  detector.Begin();
  TEST_ASSERT_EQUAL_STRING(EngineStatusText(EngineStatus::kArenaTooSmall), detector.error());
  TEST_ASSERT_TRUE(detector.Update(25.0f).state == State::kFault);
}

static void RunTests() {
  RUN_TEST(AVerdictSaysWhatIsWrong);
  RUN_TEST(WhatCannotBeBelievedIsAFault);
  RUN_TEST(AFrameHasOneVerdict);
  RUN_TEST(AThresholdOfOnesOwn);
  RUN_TEST(WhatItLearntOutlivesIt);
  RUN_TEST(WhatIsNotNormalIsNotLearnt);
  RUN_TEST(AnEngineThatFailsJudgesNothing);
}

SUITE_MAIN(RunTests)
