#include "Detector.h"

#include <cmath>

#include "Cause.h"

namespace {

float Clip(float value, float low, float high) {
  return value < low ? low : value > high ? high : value;
}

// From the mean of the parts to the score.
float Root(ScoreKind kind, float mean) {
  switch (kind) {
    case ScoreKind::kAbsolute:
      return mean;
    case ScoreKind::kRms:
      return std::sqrt(mean);
    case ScoreKind::kQuartic:
      return std::sqrt(std::sqrt(mean));
  }
  return mean;
}

}  // namespace

Detector::Detector(const DetectorConfig& config, const FeatureConfig& features,
                   DetectorMemory memory, Autoencoder& engine)
    : config_(config),
      extractor_(features, memory.states),
      engine_(engine),
      decision_(config.decision),
      limits_(config.learning, memory.sides, features.count),
      slow_(config.slow, memory.slow, features.channels),
      state_(decision_.state()),
      threshold_(config.decision.threshold) {}

void Detector::Reset() {
  WarmUp();
  slow_.Resume();
  state_ = decision_.state();
}

void Detector::WarmUp() {
  extractor_.Reset();
  decision_.Reset();
  limits_.Settle();
  chart_ = 0.0f;
}

void Detector::Standardise(const float* features, float* z) const {
  const ScalingConfig& scaling = config_.scaling;
  for (int i = 0; i < extractor_.count(); ++i) {
    float value = (features[i] - scaling.offset[i]) * scaling.scale[i];
    if (scaling.squash > 0.0f) value = scaling.squash * std::asinh(value / scaling.squash);
    z[i] = Clip(value, scaling.clip_low[i], scaling.clip_high[i]);
  }
}

void Detector::Scale(const float* features, float* input) const {
  const ScalingConfig& scaling = config_.scaling;
  const int count = extractor_.count();
  float z[kMaxFeatures];
  Standardise(features, z);
  if (scaling.whitening == nullptr) {
    for (int i = 0; i < count; ++i) input[i] = z[i];
    return;
  }
  for (int i = 0; i < count; ++i) z[i] -= scaling.mean[i];
  const float* row = scaling.whitening;
  for (int i = 0; i < count; ++i) {
    float sum = 0.0f;
    for (int j = 0; j <= i; ++j) sum += row[j] * z[j];
    row += i + 1;
    input[i] = Clip(sum, -scaling.whitening_clip, scaling.whitening_clip);
  }
}

// The inverse of Standardise() for one feature.
float Detector::Unscale(int feature, float z) const {
  const ScalingConfig& scaling = config_.scaling;
  if (scaling.squash > 0.0f) z = scaling.squash * std::sinh(z / scaling.squash);
  return z / scaling.scale[feature] + scaling.offset[feature];
}

void Detector::Expect(float* values) const {
  const ScalingConfig& scaling = config_.scaling;
  const FeatureConfig& features = extractor_.config();
  for (int channel = 0; channel < features.channels; ++channel) values[channel] = NAN;
  float centred[kMaxFeatures];  // the whitening, which is lower triangular, undone row by row
  const float* row = scaling.whitening;
  for (int i = 0; i < features.count; ++i) {
    float z = output_[i];
    if (row != nullptr) {
      for (int j = 0; j < i; ++j) z -= row[j] * centred[j];
      centred[i] = z / row[i];
      z = centred[i] + scaling.mean[i];
      row += i + 1;
    }
    float& value = values[features.specs[i].channel];
    if (!std::isnan(value) || !FeatureInvertible(features.specs[i].kind)) continue;
    value = extractor_.Invert(i, Unscale(i, z));
  }
}

void Detector::Weigh(const float* input, const float* output, float* residuals) const {
  const ScoreConfig& score = config_.score;
  float plain[kMaxFeatures];
  const float* row = score.residual_whitening;
  for (int i = 0; i < extractor_.count(); ++i) {
    plain[i] = input[i] - output[i];
    residuals[i] = plain[i];
    if (score.kind == ScoreKind::kAbsolute) continue;
    plain[i] -= score.residual_mean[i];
    residuals[i] = 0.0f;
    for (int j = 0; j <= i; ++j) residuals[i] += row[j] * plain[j];
    row += i + 1;
  }
}

Detector::Scored Detector::Score(const float* residuals) const {
  const ScoreKind kind = config_.score.kind;
  const int count = extractor_.count();
  Scored scored = {};
  float largest = -1.0f;
  float sum = 0.0f;
  float lively = 0.0f;
  for (int i = 0; i < count; ++i) {
    const float limit = limits_.limit(i, residuals[i]);
    const float size = std::fabs(residuals[i]) / limit;
    const float square = size * size;
    const float part = kind == ScoreKind::kAbsolute ? size
                       : kind == ScoreKind::kRms    ? square
                                                    : square * square;
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
  scored.charted = Root(kind, sum / static_cast<float>(count));
  scored.all =
      lively > 0.0f ? Root(kind, (sum + lively) / static_cast<float>(count)) : scored.charted;
  return scored;
}

// Which feature names a deviation. Of several channels it is one of the channel that explains it
// best; a residual is a mixture of channels and cannot tell. Of one channel it is the one with the
// largest residual. A level that moves fills the energies as well as noise does, though; where the
// slowest trend of that channel stands out of white noise, it is the better name.
int8_t Detector::Explain(int8_t largest, const float* features) const {
  if (config_.cause.whitening != nullptr) {
    float z[kMaxFeatures];
    Standardise(features, z);
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

Verdict Detector::Update(const float* sample) {
  if (decision_.state() == State::kFault) WarmUp();
  float features[kMaxFeatures];
  float input[kMaxFeatures];
  extractor_.Update(sample, features);
  Scale(features, input);
  Verdict verdict = {};
  // No reconstruction: nothing can be said of this sample, and that must not look like health.
  if (engine_.Reconstruct(input, output_) != EngineStatus::kOk) return TakeFault();
  const ScoreConfig& score = config_.score;
  if (score.output_low != nullptr) {
    for (int i = 0; i < extractor_.count(); ++i) {
      output_[i] = Clip(output_[i], score.output_low[i], score.output_high[i]);
    }
  }
  // The whitening is lower triangular, so the first output tells of the first feature alone.
  const ScalingConfig& scaling = config_.scaling;
  float first = output_[0];
  if (scaling.whitening != nullptr) first = first / scaling.whitening[0] + scaling.mean[0];
  verdict.reconstruction = extractor_.Invert(0, Unscale(0, first));
  float residuals[kMaxFeatures];
  Weigh(input, output_, residuals);
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
  return verdict;
}

void Detector::Decide(const float* residuals, Verdict* verdict) {
  const bool alarm_before = decision_.state() == State::kAnomaly;
  limits_.Watch(residuals);
  verdict->state = decision_.Update(verdict->score, threshold_, limits_.lasts());
  const bool alarm = verdict->state == State::kAnomaly;
  if (limits_.lasts() && verdict->score <= threshold_) {
    verdict->cause = static_cast<int8_t>(limits_.oscillation());
  }
  limits_.Conclude(alarm_before, alarm, residuals);
}

Verdict Detector::TakeFault() {
  Verdict verdict = {};
  verdict.state = decision_.TakeFault();
  verdict.reconstruction = verdict.score = NAN;
  verdict.threshold = threshold_;
  slow_.Take(nullptr);
  Conclude(&verdict);
  return verdict;
}

// One state of two latches. A sensor that is not believed is a FAULT whatever the hours before say.
void Detector::Conclude(Verdict* verdict) {
  if (slow_.exists()) verdict->slow = slow_.ratio();
  if (slow_.on() && (verdict->state == State::kNormal || verdict->state == State::kWarmup)) {
    verdict->state = State::kAnomaly;
    verdict->slow_cause = slow_.cause();
    verdict->slow_value = static_cast<int8_t>(slow_.alarm_value());
  }
  state_ = verdict->state;
}

AcceptedAlarm Detector::AcceptAlarm() {
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

void Detector::Forget() {
  limits_.Forget();
  slow_.Forget();
  WarmUp();
  state_ = decision_.state();
}

uint32_t Detector::days_learnt() const {
  if (limits_.exists()) return limits_.days().days;
  return slow_.exists() ? static_cast<uint32_t>(slow_.charts(0).learnt().days) : 0;
}
