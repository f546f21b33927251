#include <unity.h>

#include <cmath>

#include "../../suite_main.h"
#include "Detector.h"
#include "MeanAutoencoder.h"

void setUp() {}
void tearDown() {}

static DecisionConfig Plain() {
  DecisionConfig config = {};
  config.threshold = 1.0f;
  config.alarm_count = 1;
  config.alarm_frames = 1;
  config.clear_frames = 1;
  config.clear_ratio = 1.0f;
  return config;
}

static void OneScoreOverTheThresholdIsAnAlarm() {
  const DecisionConfig config = Plain();
  Decision decision(config);
  TEST_ASSERT_TRUE(decision.Update(1.0f, 1.0f) == State::kNormal);
  TEST_ASSERT_TRUE(decision.Update(1.01f, 1.0f) == State::kAnomaly);
  TEST_ASSERT_TRUE(decision.Update(0.5f, 1.0f) == State::kNormal);
}

static void TwoOfThreeMustExceed() {
  DecisionConfig config = Plain();
  config.alarm_count = 2;
  config.alarm_frames = 3;
  Decision decision(config);
  TEST_ASSERT_TRUE(decision.Update(2.0f, 1.0f) == State::kNormal);
  TEST_ASSERT_TRUE(decision.Update(0.0f, 1.0f) == State::kNormal);
  TEST_ASSERT_TRUE(decision.Update(0.0f, 1.0f) == State::kNormal);
  TEST_ASSERT_TRUE(decision.Update(2.0f, 1.0f) == State::kNormal);
  TEST_ASSERT_TRUE(decision.Update(0.0f, 1.0f) == State::kNormal);
  TEST_ASSERT_TRUE(decision.Update(2.0f, 1.0f) == State::kAnomaly);
}

static void AlarmEndsOnlyAfterCalmSamplesInARow() {
  DecisionConfig config = Plain();
  config.clear_frames = 3;
  config.clear_ratio = 0.8f;
  Decision decision(config);
  TEST_ASSERT_TRUE(decision.Update(2.0f, 1.0f) == State::kAnomaly);
  TEST_ASSERT_TRUE(decision.Update(0.1f, 1.0f) == State::kAnomaly);
  TEST_ASSERT_TRUE(decision.Update(0.1f, 1.0f) == State::kAnomaly);
  TEST_ASSERT_TRUE(decision.Update(0.9f, 1.0f) == State::kAnomaly);  // calm it is not
  TEST_ASSERT_TRUE(decision.Update(0.1f, 1.0f) == State::kAnomaly);
  TEST_ASSERT_TRUE(decision.Update(0.1f, 1.0f) == State::kAnomaly);
  TEST_ASSERT_TRUE(decision.Update(0.1f, 1.0f) == State::kNormal);
}

static void NoAlarmWhileWarmingUp() {
  DecisionConfig config = Plain();
  config.warmup_frames = 3;
  Decision decision(config);
  for (int i = 0; i < 3; ++i) TEST_ASSERT_TRUE(decision.Update(9.0f, 1.0f) == State::kWarmup);
  TEST_ASSERT_TRUE(decision.Update(0.0f, 1.0f) == State::kNormal);
}

static void AFaultIsFollowedByAWarmup() {
  DecisionConfig config = Plain();
  config.warmup_frames = 2;
  Decision decision(config);
  for (int i = 0; i < 3; ++i) decision.Update(0.0f, 1.0f);
  TEST_ASSERT_TRUE(decision.TakeFault() == State::kFault);
  TEST_ASSERT_TRUE(decision.Update(0.0f, 1.0f) == State::kWarmup);
  TEST_ASSERT_TRUE(decision.Update(0.0f, 1.0f) == State::kWarmup);
  TEST_ASSERT_TRUE(decision.Update(0.0f, 1.0f) == State::kNormal);
}

static void AScoreThatIsNoNumberIsAnAlarm() {
  const DecisionConfig config = Plain();
  Decision decision(config);
  TEST_ASSERT_TRUE(decision.Update(NAN, 1.0f) == State::kAnomaly);
  TEST_ASSERT_TRUE(decision.Update(NAN, 1.0f) == State::kAnomaly);
}

// One raw value, normalised over 10..40, judged against the mean: score = |z|.
static const FeatureSpec kValueSpec[] = {{FeatureKind::kValue, 0, 0.0f, 0.0f, 0.0f}};
static const float kSigma[] = {1.0f};
static const FeatureConfig kValueFeatures = {1, 1, kValueSpec, kSigma};
static const float kOffset[] = {25.0f};
static const float kScale[] = {0.5f};
static const float kLow[] = {-8.0f};
static const float kHigh[] = {8.0f};

static DetectorConfig ValueDetector() {
  DetectorConfig config = {};
  config.scaling.offset = kOffset;
  config.scaling.scale = kScale;
  config.scaling.clip_low = kLow;
  config.scaling.clip_high = kHigh;
  config.score.kind = ScoreKind::kAbsolute;
  config.decision = Plain();
  return config;
}

static void ScoreIsTheDistanceFromWhatTheEngineExpected() {
  const DetectorConfig config = ValueDetector();
  FeatureState states[1];
  MeanAutoencoder engine(1);
  Detector detector(config, kValueFeatures, states, engine);
  const float sample[] = {26.5f};
  const Verdict verdict = detector.Update(sample);
  TEST_ASSERT_EQUAL_FLOAT(0.75f, verdict.score);
  TEST_ASSERT_EQUAL_FLOAT(25.0f, verdict.reconstruction);
  TEST_ASSERT_TRUE(verdict.state == State::kNormal);
  const float far[] = {1000.0f};
  TEST_ASSERT_EQUAL_FLOAT(8.0f, detector.Update(far).score);  // clipped
}

static void SquashingIsUndoneForTheReconstruction() {
  DetectorConfig config = ValueDetector();
  config.scaling.squash = 2.0f;
  FeatureState states[1];
  MeanAutoencoder engine(1);
  Detector detector(config, kValueFeatures, states, engine);
  const float sample[] = {29.0f};
  const Verdict verdict = detector.Update(sample);
  TEST_ASSERT_FLOAT_WITHIN(1e-5f, 2.0f * std::asinh(1.0f), verdict.score);
  TEST_ASSERT_FLOAT_WITHIN(1e-4f, 25.0f, verdict.reconstruction);
}

static void WhitenedScoreIsARootMeanSquareOfTheMixedResidual() {
  static const FeatureSpec specs[] = {{FeatureKind::kValue, 0, 0.0f, 0.0f, 0.0f},
                                      {FeatureKind::kValue, 1, 0.0f, 0.0f, 0.0f}};
  static const float sigma[] = {1.0f, 1.0f};
  static const FeatureConfig features = {2, 2, specs, sigma};
  static const float zero[] = {0.0f, 0.0f};
  static const float one[] = {1.0f, 1.0f};
  static const float low[] = {-9.0f, -9.0f};
  static const float high[] = {9.0f, 9.0f};
  static const float mix[] = {2.0f, -1.0f, 1.0f};  // rows (2), (-1, 1)
  DetectorConfig config = {};
  config.scaling = {zero, one, 0.0f, low, high, nullptr, nullptr, 0.0f};
  config.score = {ScoreKind::kRms, nullptr, nullptr, zero, mix};
  config.decision = Plain();
  FeatureState states[2];
  MeanAutoencoder engine(2);
  Detector detector(config, features, states, engine);
  const float sample[] = {1.0f, 8.0f};
  const Verdict verdict = detector.Update(sample);
  TEST_ASSERT_FLOAT_WITHIN(1e-5f, std::sqrt((4.0f + 49.0f) / 2.0f), verdict.score);
  TEST_ASSERT_EQUAL_INT(1, verdict.cause);
  config.score.kind = ScoreKind::kQuartic;
  const Verdict quartic = detector.Update(sample);
  TEST_ASSERT_FLOAT_WITHIN(1e-4f, std::pow((16.0f + 2401.0f) / 2.0f, 0.25f), quartic.score);
}

// Two channels whose values usually are nearly equal, as the packed whitening says: correlated by
// 0.8, judged without a network.
static int8_t CauseOf(float first, float second) {
  static const FeatureSpec specs[] = {{FeatureKind::kValue, 0, 0.0f, 0.0f, 0.0f},
                                      {FeatureKind::kJump, 1, 0.0f, 0.0f, 0.0f},
                                      {FeatureKind::kValue, 1, 0.0f, 0.0f, 0.0f}};
  static const float sigma[] = {1.0f, 1.0f};
  static const FeatureConfig features = {2, 3, specs, sigma};
  static const float zero[] = {0.0f, 0.0f, 0.0f};
  static const float one[] = {1.0f, 1.0f, 1.0f};
  static const float low[] = {-9.0f, -9.0f, -9.0f};
  static const float high[] = {9.0f, 9.0f, 9.0f};
  static const float whitening[] = {1.0f, 0.0f, 1.0f, -4.0f / 3.0f, 0.0f, 5.0f / 3.0f};
  DetectorConfig config = {};
  config.scaling = {zero, one, 0.0f, low, high, zero, whitening, 16.0f};
  config.score = {ScoreKind::kRms, nullptr, nullptr, zero, whitening};
  config.decision = Plain();
  config.cause = {zero, whitening};
  FeatureState states[3];
  MeanAutoencoder engine(3);
  Detector detector(config, features, states, engine);
  const float sample[] = {first, second};
  const Verdict verdict = detector.Update(sample);
  TEST_ASSERT_TRUE(verdict.state == State::kAnomaly);
  return verdict.cause;
}

static void TheCauseIsTheChannelThatMovedAndNotTheOneThatUsuallyMovesWithIt() {
  TEST_ASSERT_EQUAL_INT(0, CauseOf(4.0f, 0.0f));
  TEST_ASSERT_EQUAL_INT(0, CauseOf(-4.0f, 0.0f));
  TEST_ASSERT_EQUAL_INT(2, CauseOf(0.0f, 4.0f));
  TEST_ASSERT_EQUAL_INT(2, CauseOf(0.0f, -4.0f));
  // The second follows the first half of the way, as it has to: the first stands out.
  TEST_ASSERT_EQUAL_INT(0, CauseOf(6.0f, 3.0f));
}

// The state and cause after 100 quiet samples and 60 that `signal` gives.
template <typename Signal>
static Verdict After(Signal signal) {
  static const FeatureSpec specs[] = {{FeatureKind::kLevelEnergy, 0, 16.0f, 32.0f, 0.0f},
                                      {FeatureKind::kTrend, 0, 4.0f, 32.0f, 0.0f},
                                      {FeatureKind::kTrend, 0, 16.0f, 128.0f, 0.0f}};
  static const float sigma[] = {1.0f};
  static const FeatureConfig features = {1, 3, specs, sigma};
  static const float zero[] = {0.0f, 0.0f, 0.0f};
  static const float scale[] = {10.0f, 0.01f, 0.01f};  // the energy always has the largest residual
  static const float low[] = {-99.0f, -99.0f, -99.0f};
  static const float high[] = {99.0f, 99.0f, 99.0f};
  DetectorConfig config = {};
  config.scaling = {zero, scale, 0.0f, low, high, nullptr, nullptr, 0.0f};
  config.score.kind = ScoreKind::kAbsolute;
  config.decision = Plain();
  FeatureState states[3];
  MeanAutoencoder engine(3);
  Detector detector(config, features, states, engine);
  Verdict verdict = {};
  for (int i = 0; i < 160; ++i) {
    const float sample[] = {i < 100 ? 0.0f : signal(i - 100)};
    verdict = detector.Update(sample);
  }
  return verdict;
}

static void ALevelThatMovesIsNamedByItsTrendAndNotByItsEnergy() {
  const Verdict drift = After([](int i) { return 0.1f * static_cast<float>(i); });
  TEST_ASSERT_TRUE(drift.state == State::kAnomaly);
  TEST_ASSERT_EQUAL_INT(2, drift.cause);
  const Verdict noise = After([](int i) { return i % 2 == 0 ? 4.0f : -4.0f; });
  TEST_ASSERT_TRUE(noise.state == State::kAnomaly);
  TEST_ASSERT_EQUAL_INT(0, noise.cause);
}

static void TheSecondChartFindsWhatLastsButIsSmall() {
  DetectorConfig config = ValueDetector();
  config.decision.threshold = 2.0f;
  config.decision.chart_tau = 4.0f;
  config.decision.chart_threshold = 0.5f;
  config.decision.chart_cap = 4.0f;
  FeatureState states[1];
  MeanAutoencoder engine(1);
  Detector detector(config, kValueFeatures, states, engine);
  const float calm[] = {25.0f};
  const float far[] = {33.0f};  // score 4, and no more than that counts
  const float off[] = {26.5f};  // score 0.75, far below 2
  for (int i = 0; i < 8; ++i) TEST_ASSERT_TRUE(detector.Update(calm).state == State::kNormal);
  State state = State::kNormal;
  for (int i = 0; i < 20; ++i) state = detector.Update(off).state;
  TEST_ASSERT_TRUE(state == State::kAnomaly);
  TEST_ASSERT_FLOAT_WITHIN(0.05f, 0.75f * 4.0f, detector.Update(off).score);
  detector.Reset();
  // The second chart starts at zero: 4 / 4, on the scale of the threshold times 2 / 0.5.
  TEST_ASSERT_FLOAT_WITHIN(1e-5f, 4.0f, detector.Update(far).score);
}

// An engine that fails, or whose answer is no number.
class FailingEngine final : public Autoencoder {
 public:
  [[nodiscard]] EngineStatus Load() override { return EngineStatus::kOk; }
  [[nodiscard]] EngineStatus Reconstruct(const float* input, float* output) override {
    output[0] = answer == 0.0f ? input[0] : answer;
    return status;
  }
  EngineStatus status = EngineStatus::kOk;
  float answer = 0.0f;  // 0: the input
  const char* name() const override { return "dead"; }
  int input_size() const override { return 1; }
  int output_size() const override { return 1; }
  int32_t memory_used() const override { return 0; }
};

static void AnEngineThatFailsIsAFaultWithoutAScore() {
  const DetectorConfig config = ValueDetector();
  FeatureState states[1];
  FailingEngine engine;
  Detector detector(config, kValueFeatures, states, engine);
  const float sample[] = {25.0f};
  const struct {
    EngineStatus status;
    float answer;
  } cases[] = {{EngineStatus::kInvokeFailed, 0.0f},
               {EngineStatus::kOk, NAN},
               {EngineStatus::kOk, INFINITY},
               {EngineStatus::kOk, -INFINITY}};
  for (const auto& each : cases) {
    engine.status = each.status;
    engine.answer = each.answer;
    TEST_ASSERT_TRUE(detector.Update(sample).state == State::kFault);
    engine = FailingEngine();
    TEST_ASSERT_TRUE(detector.Update(sample).state == State::kNormal);
  }
}

static void AUsersThresholdTakesThePlaceOfTheDefault() {
  const DetectorConfig config = ValueDetector();
  FeatureState states[1];
  MeanAutoencoder engine(1);
  Detector detector(config, kValueFeatures, states, engine);
  const float sample[] = {26.5f};
  TEST_ASSERT_TRUE(detector.Update(sample).state == State::kNormal);
  detector.SetThreshold(0.7f);
  TEST_ASSERT_TRUE(detector.Update(sample).state == State::kAnomaly);
}

static void RunTests() {
  RUN_TEST(OneScoreOverTheThresholdIsAnAlarm);
  RUN_TEST(TwoOfThreeMustExceed);
  RUN_TEST(AlarmEndsOnlyAfterCalmSamplesInARow);
  RUN_TEST(NoAlarmWhileWarmingUp);
  RUN_TEST(AFaultIsFollowedByAWarmup);
  RUN_TEST(AScoreThatIsNoNumberIsAnAlarm);
  RUN_TEST(ScoreIsTheDistanceFromWhatTheEngineExpected);
  RUN_TEST(SquashingIsUndoneForTheReconstruction);
  RUN_TEST(WhitenedScoreIsARootMeanSquareOfTheMixedResidual);
  RUN_TEST(TheCauseIsTheChannelThatMovedAndNotTheOneThatUsuallyMovesWithIt);
  RUN_TEST(ALevelThatMovesIsNamedByItsTrendAndNotByItsEnergy);
  RUN_TEST(TheSecondChartFindsWhatLastsButIsSmall);
  RUN_TEST(AnEngineThatFailsIsAFaultWithoutAScore);
  RUN_TEST(AUsersThresholdTakesThePlaceOfTheDefault);
}

SUITE_MAIN(RunTests)
