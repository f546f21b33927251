#include <unity.h>

#include <cmath>

#include "../../suite_main.h"
#include "FrameDetector.h"
#include "MeanAutoencoder.h"

using namespace anomaly;

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
  FrameDetector detector(config, kValueFeatures, states, engine);
  const float sample[] = {26.5f};
  const FrameVerdict verdict = detector.Update(sample);
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
  FrameDetector detector(config, kValueFeatures, states, engine);
  const float sample[] = {29.0f};
  const FrameVerdict verdict = detector.Update(sample);
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
  FrameDetector detector(config, features, states, engine);
  const float sample[] = {1.0f, 8.0f};
  const FrameVerdict verdict = detector.Update(sample);
  TEST_ASSERT_FLOAT_WITHIN(1e-5f, std::sqrt((4.0f + 49.0f) / 2.0f), verdict.score);
  TEST_ASSERT_EQUAL_INT(1, verdict.cause);
  config.score.kind = ScoreKind::kQuartic;
  FrameDetector another(config, features, states, engine);
  const FrameVerdict quartic = another.Update(sample);
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
  FrameDetector detector(config, features, states, engine);
  const float sample[] = {first, second};
  const FrameVerdict verdict = detector.Update(sample);
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
static FrameVerdict After(Signal signal) {
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
  FrameDetector detector(config, features, states, engine);
  FrameVerdict verdict = {};
  for (int i = 0; i < 160; ++i) {
    const float sample[] = {i < 100 ? 0.0f : signal(i - 100)};
    verdict = detector.Update(sample);
  }
  return verdict;
}

static void ALevelThatMovesIsNamedByItsTrendAndNotByItsEnergy() {
  const FrameVerdict drift = After([](int i) { return 0.1f * static_cast<float>(i); });
  TEST_ASSERT_TRUE(drift.state == State::kAnomaly);
  TEST_ASSERT_EQUAL_INT(2, drift.cause);
  const FrameVerdict noise = After([](int i) { return i % 2 == 0 ? 4.0f : -4.0f; });
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
  FrameDetector detector(config, kValueFeatures, states, engine);
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
  FrameDetector detector(config, kValueFeatures, states, engine);
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
  FrameDetector detector(config, kValueFeatures, states, engine);
  const float sample[] = {26.5f};
  TEST_ASSERT_TRUE(detector.Update(sample).state == State::kNormal);
  detector.SetThreshold(0.7f);
  TEST_ASSERT_TRUE(detector.Update(sample).state == State::kAnomaly);
}

// Two values, a frame every half second, and a span of 10 about 25.
static const SlowRule kSlowRules[kSlowLearntCharts] = {
    {5, 7, 0.2f}, {5, 7, 0.2f}, {5, 7, 0.2f}, {5, 7, 0.2f}, {5, 7, 0.2f},
    {5, 7, 0.2f}, {5, 7, 0.2f}, {5, 7, 0.2f}, {5, 7, 0.2f}, {5, 7, 0.2f},
    {5, 7, 0.2f}, {5, 7, 0.2f}, {5, 7, 0.2f}, {5, 7, 0.2f}};
static constexpr float kSlowLevel0 = 25.0f;

static SlowLearnt TrainedSlow() {
  SlowLearnt learnt = {};
  learnt.bounds[0] = kSlowLevel0 + 10.0f;
  learnt.bounds[1] = kSlowLevel0 - 10.0f;
  for (auto& today : learnt.today) {
    today[0] = -kSlowNever;
    today[1] = kSlowNever;
  }
  return learnt;
}

static const SlowLearnt kTrainedSlow = TrainedSlow();
static const SlowValueConfig kSlowValues[] = {
    {10.0f, true, false, 1e-4f, kSlowRules, &kTrainedSlow},
    {10.0f, true, false, 1e-4f, kSlowRules, &kTrainedSlow}};
static const SlowConfig kSlow = {kSlowValues, 7.0f, 500000};
constexpr int kMinute = 120;  // frames

static void TakeFor(SlowWatch& watch, int frames, float first, float second) {
  const float frame[] = {first, second};
  for (int i = 0; i < frames; ++i) watch.Take(frame);
}

static void SlowChartsJudgeEachMinuteAndNameTheirValue() {
  SlowValue values[2];
  SlowWatch watch(&kSlow, values, 2);
  TakeFor(watch, kMinute - 1, 25.0f, 60.0f);
  TEST_ASSERT_FALSE(watch.on());
  TakeFor(watch, 1, 25.0f, 60.0f);
  TEST_ASSERT_TRUE(watch.on());
  TEST_ASSERT_EQUAL_INT(1, watch.alarm_value());
  TEST_ASSERT_TRUE(watch.cause() == SlowCause::kLevel);
  TEST_ASSERT_FLOAT_WITHIN(1e-4f, 3.5f, watch.ratio());  // the slower means are at 60 at once
}

static void AMinuteThatIsHalfMissingDoesNotCount() {
  SlowValue values[2];
  SlowWatch watch(&kSlow, values, 2);
  for (int i = 0; i < kMinute / 2 + 1; ++i) watch.Take(nullptr);
  TakeFor(watch, kMinute / 2 - 1, 60.0f, 60.0f);
  TEST_ASSERT_FALSE(watch.on());
  TEST_ASSERT_EQUAL_FLOAT(0.0f, watch.charts(0).learnt().minutes);
  for (int i = 0; i < kMinute / 2; ++i) watch.Take(nullptr);
  TakeFor(watch, kMinute / 2, 60.0f, 60.0f);
  TEST_ASSERT_TRUE(watch.on());
}

static void AFrameThatIsLongerThanAMinuteStandsForAllOfIt() {
  SlowConfig hourly = kSlow;
  hourly.frame_us = 3600LL * 1000 * 1000;
  SlowValue values[2];
  SlowWatch watch(&hourly, values, 2);
  TakeFor(watch, 25, 25.0f, 25.0f);
  TEST_ASSERT_EQUAL_FLOAT(1500.0f, watch.charts(1).learnt().minutes);
  TEST_ASSERT_EQUAL_FLOAT(1.0f, watch.charts(1).learnt().days);
}

static void SlowChartsOnlyReadWhatTheScoreIsMadeOf() {
  DetectorConfig with = ValueDetector();
  with.slow = &kSlow;
  const DetectorConfig without = ValueDetector();
  FeatureState states[2][1];
  SlowValue values[1];
  MeanAutoencoder engine(1);
  FrameDetector watched(with, kValueFeatures, {states[0], values}, engine);
  FrameDetector plain(without, kValueFeatures, states[1], engine);
  int slow_alarms = 0;
  for (int i = 0; i < 5 * kMinute; ++i) {
    const float sample[] = {i % 7 == 0 ? 45.0f : 44.9f + 0.01f * static_cast<float>(i % 11)};
    const FrameVerdict verdict = watched.Update(sample);
    const FrameVerdict expected = plain.Update(sample);
    TEST_ASSERT_EQUAL_MEMORY(&expected.score, &verdict.score, sizeof(float));
    TEST_ASSERT_EQUAL_MEMORY(&expected.reconstruction, &verdict.reconstruction, sizeof(float));
    TEST_ASSERT_TRUE(std::isnan(expected.slow));
    slow_alarms += verdict.slow > 1.0f ? 1 : 0;
  }
  TEST_ASSERT_EQUAL_INT(4 * kMinute + 1, slow_alarms);
}

static void EitherLatchIsAnAnomalyAndAFaultIsAFault() {
  DetectorConfig config = ValueDetector();
  config.slow = &kSlow;
  config.decision.threshold = 7.5f;  // (45 - 25) / 2 is cut to 8
  config.decision.warmup_frames = 10;
  FeatureState states[1];
  SlowValue values[1];
  MeanAutoencoder engine(1);
  FrameDetector detector(config, kValueFeatures, {states, values}, engine);
  const float near[] = {36.0f};  // a score of 5.5, outside of the span
  FrameVerdict verdict = {};
  for (int i = 0; i < kMinute - 1; ++i) verdict = detector.Update(near);
  TEST_ASSERT_TRUE(verdict.state == State::kNormal);
  verdict = detector.Update(near);
  TEST_ASSERT_TRUE(verdict.state == State::kAnomaly);
  TEST_ASSERT_TRUE(verdict.slow_cause == SlowCause::kLevel);
  const float far[] = {45.0f};
  verdict = detector.Update(far);
  TEST_ASSERT_TRUE(verdict.state == State::kAnomaly);
  TEST_ASSERT_TRUE(verdict.slow_cause == SlowCause::kNone);  // the score says it
  TEST_ASSERT_TRUE(detector.TakeFault().state == State::kFault);
  TEST_ASSERT_TRUE(detector.Update(near).state == State::kAnomaly);  // even in the warm-up
  detector.Reset();
  TEST_ASSERT_TRUE(detector.state() == State::kWarmup);
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
  RUN_TEST(SlowChartsJudgeEachMinuteAndNameTheirValue);
  RUN_TEST(AMinuteThatIsHalfMissingDoesNotCount);
  RUN_TEST(AFrameThatIsLongerThanAMinuteStandsForAllOfIt);
  RUN_TEST(SlowChartsOnlyReadWhatTheScoreIsMadeOf);
  RUN_TEST(EitherLatchIsAnAnomalyAndAFaultIsAFault);
}

SUITE_MAIN(RunTests)
