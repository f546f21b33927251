#include "FrameDetector.h"

#include <cmath>
#include <cstring>

#include "Cause.h"
#include "Clip.h"
#include "Scaling.h"
#include "Score.h"

namespace anomaly {

namespace {

float* Part(float* memory, int begin) { return memory == nullptr ? nullptr : memory + begin; }

}  // namespace

FrameDetector::FrameDetector(const DetectorConfig& config, const FeatureConfig& features,
                             DetectorMemory memory, Autoencoder& engine)
    : trained_(config),
      config_(config),
      refit_(config, features.count, features.channels, memory.refit,
             Part(memory.refit, 2 * Fitted::Size(features.count))),
      fitted_(Part(memory.refit, Fitted::Size(features.count)), features.count),
      extractor_(features, memory.states),
      engine_(engine),
      decision_(config_.decision),
      limits_(config.learning, memory.sides, features.count),
      slow_(config.slow, memory.slow, features.channels),
      state_(decision_.state()),
      threshold_(config.decision.threshold) {}

void FrameDetector::Reset() {
  if (kWithRefit) refit_.Stop(Refit::Status::kGap);
  WarmUp();
  slow_.Resume();
  state_ = decision_.state();
}

void FrameDetector::WarmUp() {
  extractor_.Reset();
  decision_.Reset();
  limits_.Settle();
  chart_ = 0.0f;
}

void FrameDetector::Expect(float* values) const {
  const FeatureConfig& features = extractor_.config();
  for (int channel = 0; channel < features.channels; ++channel) values[channel] = NAN;
  float z[kMaxFeatures];
  Unwhiten(config_.scaling, features.count, output_, z);
  for (int i = 0; i < features.count; ++i) {
    float& value = values[features.specs[i].channel];
    if (!std::isnan(value) || !FeatureInvertible(features.specs[i].kind)) continue;
    value = extractor_.Invert(i, Unscale(config_.scaling, i, z[i]));
  }
}

FrameDetector::Scored FrameDetector::Score(const float* residuals) const {
  const ScoreKind kind = config_.score.kind;
  const int count = extractor_.count();
  Scored scored = {};
  float largest = -1.0f;
  float sum = 0.0f;
  float lively = 0.0f;
  for (int i = 0; i < count; ++i) {
    const float limit = limits_.limit(i, residuals[i]);
    const float size = std::fabs(residuals[i]) / limit;
    const float part = ScorePart(kind, size);
    if (ResidualLimits::Lively(limit)) {
      lively = std::fmax(lively, part);
    } else {
      sum += part;
    }
    if (size > largest) {
      largest = size;
      scored.cause = static_cast<int8_t>(i);
    }
  }
  scored.charted = ScoreRoot(kind, sum / static_cast<float>(count));
  scored.all =
      lively > 0.0f ? ScoreRoot(kind, (sum + lively) / static_cast<float>(count)) : scored.charted;
  return scored;
}

// Which feature names a deviation. Of several channels it is one of the channel that explains it
// best; a residual is a mixture of channels and cannot tell. Of one channel it is the one with the
// largest residual. A level that moves fills the energies as well as noise does, though; where the
// slowest trend of that channel stands out of white noise, it is the better name.
int8_t FrameDetector::Explain(int8_t largest, const float* features) const {
  if (kWithChannels && config_.cause.mean != nullptr) {
    float z[kMaxFeatures];
    Standardise(config_.scaling, extractor_.count(), features, z);
    return CauseFeature(config_.cause, extractor_.config(), z);
  }
  constexpr float kStandsOut = 6.0f;  // standard deviations
  const FeatureSpec& energy = extractor_.spec(largest);
  if (energy.kind != FeatureKind::kLevelEnergy && energy.kind != FeatureKind::kTrendEnergy) {
    return largest;
  }
  int slowest = -1;
  for (int i = 0; i < extractor_.count(); ++i) {
    const FeatureSpec& spec = extractor_.spec(i);
    if (spec.kind != FeatureKind::kTrend || spec.channel != energy.channel) continue;
    if (slowest < 0 || spec.b > extractor_.spec(slowest).b) slowest = i;
  }
  if (slowest < 0) return largest;
  const FeatureSpec& trend = extractor_.spec(slowest);
  const float noise = std::sqrt(TrendVariance(trend.a, trend.b));
  return std::fabs(features[slowest]) > kStandsOut * noise ? static_cast<int8_t>(slowest) : largest;
}

FrameVerdict FrameDetector::Update(const float* sample) {
  if (decision_.state() == State::kFault) WarmUp();
  float features[kMaxFeatures];
  float input[kMaxFeatures];
  extractor_.Update(sample, features);
  const int count = extractor_.count();
  const ScalingConfig& scaling = config_.scaling;
  Scale(scaling, count, features, input);
  FrameVerdict verdict = {};
  // No reconstruction: nothing can be said of this sample, and that must not look like health.
  if (engine_.Reconstruct(input, output_) != EngineStatus::kOk) return TakeFault();
  float residuals[kMaxFeatures];
  WeighResiduals(config_.score, count, input, output_, residuals);
  // The whitening is lower triangular, so the first output tells of the first feature alone.
  float first = output_[0];
  if (scaling.whitening != nullptr) first = first / scaling.whitening[0] + scaling.mean[0];
  verdict.reconstruction = extractor_.Invert(0, Unscale(scaling, 0, first));
  const Scored scored = Score(residuals);
  verdict.score = scored.all;
  verdict.cause = scored.cause;
  if (!std::isfinite(verdict.reconstruction) || !std::isfinite(verdict.score)) return TakeFault();
  verdict.threshold = threshold_;
  const DecisionConfig& decision = config_.decision;
  if (decision.chart_threshold > 0.0f) {
    const float most = decision.chart_cap;
    chart_ += ((scored.charted < most ? scored.charted : most) - chart_) / decision.chart_tau;
    const float level = chart_ * (decision.threshold / decision.chart_threshold);
    if (level > verdict.score) verdict.score = level;
  }
  Decide(residuals, &verdict);
  if (verdict.state == State::kAnomaly) verdict.cause = Explain(verdict.cause, features);
  slow_.Take(sample);
  Conclude(&verdict);
  const bool settled = verdict.state != State::kWarmup;
  if (kWithRefit && settled && refit_.running()) refit_.Update(sample, features, engine_);
  return verdict;
}

void FrameDetector::Decide(const float* residuals, FrameVerdict* verdict) {
  const bool alarm_before = decision_.state() == State::kAnomaly;
  limits_.Watch(residuals);
  verdict->state = decision_.Update(verdict->score, threshold_, limits_.lasts());
  const bool alarm = verdict->state == State::kAnomaly;
  if (limits_.lasts() && verdict->score <= threshold_) {
    verdict->cause = static_cast<int8_t>(limits_.oscillation());
  }
  limits_.Conclude(alarm_before, alarm, residuals);
}

FrameVerdict FrameDetector::TakeFault() {
  if (kWithRefit) refit_.Stop(Refit::Status::kFault);
  FrameVerdict verdict = {};
  verdict.state = decision_.TakeFault();
  verdict.reconstruction = verdict.score = NAN;
  verdict.threshold = threshold_;
  slow_.Take(nullptr);
  Conclude(&verdict);
  return verdict;
}

// One state of two latches. A sensor that is not believed is a FAULT whatever the hours before say.
void FrameDetector::Conclude(FrameVerdict* verdict) {
  if (slow_.exists()) verdict->slow = slow_.ratio();
  if (slow_.on() && (verdict->state == State::kNormal || verdict->state == State::kWarmup)) {
    verdict->state = State::kAnomaly;
    verdict->slow_cause = slow_.cause();
    verdict->slow_value = static_cast<int8_t>(slow_.alarm_value());
  }
  state_ = verdict->state;
}

AcceptedAlarm FrameDetector::AcceptAlarm() {
  AcceptedAlarm accepted;
  const bool fast = decision_.state() == State::kAnomaly;
  if (slow_.on()) accepted.slow = slow_.Widen();
  if (limits_.has_alarm() && (fast || accepted.slow.value < 0)) {
    accepted.feature = static_cast<int8_t>(limits_.alarm_feature());
    accepted.from = limits_.widest(accepted.feature);
    limits_.Accept();
    accepted.to = limits_.widest(accepted.feature);
    decision_.EndAlarm();
    chart_ = 0.0f;
  }
  if (state_ == State::kAnomaly && !slow_.on()) state_ = decision_.state();
  return accepted;
}

void FrameDetector::Forget() {
  limits_.Forget();
  slow_.Forget();
  WarmUp();
  state_ = decision_.state();
}

uint32_t FrameDetector::days_learnt() const {
  if (limits_.exists()) return limits_.days().days;
  return slow_.exists() ? static_cast<uint32_t>(slow_.charts(0).learnt().days) : 0;
}

// ---- fitted again

Refit::Status FrameDetector::TakeLearnt() {
  const Refit::Status status = refit_.TakeStatus();
  if (status == Refit::Status::kDone) Refitted(refit_.fitted().floats());
  return status;
}

void FrameDetector::Refitted(const void* floats) {
  std::memcpy(fitted_.floats(), floats, static_cast<size_t>(fitted_.size()) * sizeof(float));
  learnt_ = true;
  Begin(fitted_.In(trained_));
}

void FrameDetector::UseTrained() {
  learnt_ = false;
  Begin(trained_);
}

void FrameDetector::Begin(const DetectorConfig& config) {
  config_ = config;
  limits_.Forget();
  if (decision_.state() == State::kAnomaly) decision_.EndAlarm();
  chart_ = 0.0f;
}

}  // namespace anomaly
