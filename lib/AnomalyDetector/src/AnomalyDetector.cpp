#include "AnomalyDetector.h"

#include <cmath>

namespace {

float Clip(float value, float low, float high) {
  return value < low ? low : value > high ? high : value;
}

}  // namespace

AnomalyDetector::AnomalyDetector(const DetectorConfig& config, const FeatureConfig& features,
                                 FeatureMemory memory, Autoencoder& engine)
    : config_(config),
      extractor_(features, memory),
      engine_(engine),
      decision_(config.decision),
      threshold_(config.decision.threshold) {}

void AnomalyDetector::Reset() {
  extractor_.Reset();
  decision_.Reset();
  chart_ = 0.0f;
}

void AnomalyDetector::Scale(const float* features, float* input) const {
  const ScalingConfig& scaling = config_.scaling;
  const int count = extractor_.count();
  float z[kMaxFeatures];
  for (int i = 0; i < count; ++i) {
    float value = (features[i] - scaling.offset[i]) * scaling.scale[i];
    if (scaling.squash > 0.0f) value = scaling.squash * std::asinh(value / scaling.squash);
    z[i] = Clip(value, scaling.clip_low[i], scaling.clip_high[i]);
  }
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

// The inverse of Scale() for feature 0, which the lower triangular whitening leaves to itself.
float AnomalyDetector::Unscale(float output) const {
  const ScalingConfig& scaling = config_.scaling;
  float z = output;
  if (scaling.whitening != nullptr) z = z / scaling.whitening[0] + scaling.mean[0];
  if (scaling.squash > 0.0f) z = scaling.squash * std::sinh(z / scaling.squash);
  return z / scaling.scale[0] + scaling.offset[0];
}

float AnomalyDetector::Score(const float* input, const float* output, int8_t* cause) const {
  const ScoreConfig& score = config_.score;
  const int count = extractor_.count();
  float residual[kMaxFeatures];
  float largest = -1.0f;
  float sum = 0.0f;
  const float* row = score.residual_whitening;
  for (int i = 0; i < count; ++i) {
    residual[i] = input[i] - output[i];
    float part = residual[i];
    if (score.kind != ScoreKind::kAbsolute) {
      residual[i] -= score.residual_mean[i];
      part = 0.0f;
      for (int j = 0; j <= i; ++j) part += row[j] * residual[j];
      row += i + 1;
    }
    const float size = std::fabs(part);
    const float square = part * part;
    sum += score.kind == ScoreKind::kAbsolute ? size
           : score.kind == ScoreKind::kRms    ? square
                                              : square * square;
    if (size > largest) {
      largest = size;
      *cause = static_cast<int8_t>(i);
    }
  }
  const float mean = sum / static_cast<float>(count);
  switch (score.kind) {
    case ScoreKind::kAbsolute:
      return mean;
    case ScoreKind::kRms:
      return std::sqrt(mean);
    case ScoreKind::kQuartic:
      return std::sqrt(std::sqrt(mean));
  }
  return mean;
}

// Which feature names a deviation: the one with the largest residual. A level that moves fills the
// energies as well as noise does, though; where the slowest trend of that channel stands out of
// white noise, it is the better name.
int8_t AnomalyDetector::Explain(int8_t largest, const float* features) const {
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

Verdict AnomalyDetector::Update(const float* sample) {
  if (decision_.state() == State::kFault) Reset();
  float features[kMaxFeatures];
  float input[kMaxFeatures];
  float output[kMaxFeatures];
  extractor_.Update(sample, features);
  Scale(features, input);
  Verdict verdict = {};
  // No reconstruction: nothing can be said of this sample, and that must not look like health.
  if (engine_.Reconstruct(input, output) != EngineStatus::kOk) return Fault();
  const ScoreConfig& score = config_.score;
  if (score.output_low != nullptr) {
    for (int i = 0; i < extractor_.count(); ++i) {
      output[i] = Clip(output[i], score.output_low[i], score.output_high[i]);
    }
  }
  verdict.reconstruction = extractor_.Invert(Unscale(output[0]));
  verdict.score = Score(input, output, &verdict.cause);
  if (!std::isfinite(verdict.reconstruction) || !std::isfinite(verdict.score)) return Fault();
  verdict.threshold = threshold_;
  const DecisionConfig& decision = config_.decision;
  if (decision.chart_threshold > 0.0f) {
    const float counted = verdict.score < decision.chart_cap ? verdict.score : decision.chart_cap;
    chart_ += (counted - chart_) / decision.chart_tau;
    const float level = chart_ * (decision.threshold / decision.chart_threshold);
    if (level > verdict.score) verdict.score = level;
  }
  verdict.state = decision_.Update(verdict.score, threshold_);
  if (verdict.state == State::kAnomaly) verdict.cause = Explain(verdict.cause, features);
  return verdict;
}

Verdict AnomalyDetector::Fault() {
  Verdict verdict = {};
  verdict.state = decision_.Fault();
  verdict.reconstruction = verdict.score = NAN;
  verdict.threshold = threshold_;
  return verdict;
}
