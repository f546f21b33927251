#include "Refit.h"

#include <cmath>

#include "Bounds.h"
#include "Scaling.h"
#include "Score.h"

namespace anomaly {

namespace {

constexpr float kLeast = 1e-30f;         // of what is divided by
constexpr float kMostAlike = 0.999f;     // autocorrelation
constexpr float kStep = 0.9f;            // share of a value's variance that is a step
constexpr float kLeastVariance = 0.05f;  // of a residual, as a share of the trained one
constexpr float kLeastThreshold = 1e-6f;
constexpr float kDoubt = 8.0f;  // frames: so many scores prove half as much

void CopyOr0(const float* from, int count, float* to) {
  for (int i = 0; i < count; ++i) to[i] = from != nullptr ? from[i] : 0.0f;
}

}  // namespace

DetectorConfig Fitted::In(const DetectorConfig& trained) const {
  DetectorConfig config = trained;
  ScalingConfig& scaling = config.scaling;
  scaling.offset = offset();
  scaling.scale = scale();
  if (scaling.whitening != nullptr) {
    scaling.whitening = whitening();
    if (config.cause.whitening != nullptr) config.cause = {scaling.mean, scaling.whitening};
  }
  if (config.score.residual_whitening != nullptr) {
    config.score.residual_mean = residual_mean();
    config.score.residual_whitening = residual_whitening();
  }
  const float* const fitted = decision();
  config.decision.chart_cap *= fitted[0] / config.decision.threshold;
  config.decision.threshold = fitted[0];
  config.decision.chart_threshold = fitted[1];
  config.decision.normal_score = fitted[2];
  return config;
}

uint32_t Refit::Frames(uint32_t seconds, uint32_t period_us, const RefitConfig& config) {
  const auto frames = static_cast<uint32_t>(uint64_t{seconds} * 1000000 / period_us);
  return frames < config.least_frames ? config.least_frames : frames;
}

void Refit::Start(uint32_t frames) {
  CopyTrained();
  for (int i = 0; i < WorkFloats(features_, values_); ++i) work_[i] = 0.0f;
  frames_ = left_ = frames;
  status_ = Status::kRunning;
  independent_ = 1.0f;
  shown_ = largest_ = chart_ = largest_chart_ = 0.0f;
}

void Refit::Stop(Status status) {
  if (!running()) return;
  left_ = 0;
  status_ = status;
}

Refit::Status Refit::TakeStatus() {
  const Status status = status_;
  if (!running()) status_ = Status::kIdle;
  return status;
}

void Refit::CopyTrained() {
  const ScalingConfig& scaling = trained_.scaling;
  const ScoreConfig& score = trained_.score;
  const int packed = PackedSize(features_);
  CopyOr0(scaling.offset, features_, fitted_.offset());
  CopyOr0(scaling.scale, features_, fitted_.scale());
  CopyOr0(scaling.whitening, packed, fitted_.whitening());
  CopyOr0(score.residual_mean, features_, fitted_.residual_mean());
  CopyOr0(score.residual_whitening, packed, fitted_.residual_whitening());
  float* const decision = fitted_.decision();
  decision[0] = trained_.decision.threshold;
  decision[1] = trained_.decision.chart_threshold;
  decision[2] = trained_.decision.normal_score;
}

bool Refit::Update(const float* values, const float* features, Autoencoder& engine) {
  const uint32_t index = frames_ - left_;
  TakeValues(index, values);
  if (!Learn(index, features, engine)) {
    Stop(Status::kNoNumber);
    return true;
  }
  if (--left_ > 0) return false;
  value_ = FindStep();
  status_ = value_ >= 0 ? Status::kStep : Status::kDone;
  return true;
}

// False: what came out is no number.
bool Refit::Learn(uint32_t index, const float* features, Autoencoder& engine) {
  const uint32_t half = frames_ / 2;
  const uint32_t last = frames_ * 3 / 4;
  if (index < half) {
    TakeFeatures(index + 1, features);
    if (index + 1 == half) FitScaling(half);
    return true;
  }
  float residuals[kMaxFeatures];
  if (!Weighed(features, engine, residuals)) return false;
  if (index >= last) {
    const float score = PlainScore(trained_.score.kind, features_, residuals);
    TakeScore(index - last + 1, score);
    if (index + 1 == frames_) FitThresholds(frames_ - last);
    return std::isfinite(score);
  }
  if (trained_.score.residual_whitening == nullptr) return true;
  TakeResiduals(index - half + 1, residuals);
  if (index + 1 == last) FitResiduals(last - half);
  return true;
}

// ---- a step of a value

// Mean and sum of squares about it (B. P. Welford, 1962), and the sums of blocks.
void Refit::TakeValues(uint32_t index, const float* values) {
  const auto block = static_cast<int>(uint64_t{index} * kBlocks / frames_);
  for (int i = 0; i < values_; ++i) {
    if (index == 0) firsts()[i] = values[i];
    const float value = values[i] - firsts()[i];
    const float deviation = value - value_means()[i];
    value_means()[i] += deviation / static_cast<float>(index + 1);
    value_squares()[i] += deviation * (value - value_means()[i]);
    blocks()[block * values_ + i] += value;
  }
}

// The value of which two levels, one before the edge of a block and one after it, explain nearly
// all variance; -1: there is none.
int Refit::FindStep() const {
  const auto all = static_cast<float>(frames_);
  for (int i = 0; i < values_; ++i) {
    float sum = 0.0f;  // of the deviations from the mean before the edge
    float before = 0.0f;
    float largest = 0.0f;
    for (uint32_t block = 0; block + 1 < kBlocks; ++block) {
      // The first frame of the block behind.
      const uint32_t edge =
          static_cast<uint32_t>((uint64_t{frames_} * (block + 1) + kBlocks - 1) / kBlocks);
      const float count = static_cast<float>(edge) - before;
      sum += blocks()[static_cast<int>(block) * values_ + i] - count * value_means()[i];
      before = static_cast<float>(edge);
      largest = std::fmax(largest, sum * sum / before + sum * sum / (all - before));
    }
    if (largest > kStep * value_squares()[i]) return i;
  }
  return -1;
}

// ---- the scaling

void Refit::TakeFeatures(uint32_t count, const float* features) {
  const auto n = static_cast<float>(count);
  float deviation[kMaxFeatures];
  for (int i = 0; i < features_; ++i) {
    const float step = features[i] - previous()[i];
    if (count > 1) differences()[i] += (step * step - differences()[i]) / (n - 1.0f);
    previous()[i] = features[i];
    deviation[i] = features[i] - mean()[i];
    mean()[i] += deviation[i] / n;
  }
  float* row = products();  // their mean
  for (int i = 0; i < features_; ++i) {
    for (int j = 0; j <= i; ++j) {
      row[j] += (deviation[i] * (features[j] - mean()[j]) - row[j]) / n;
    }
    row += i + 1;
  }
}

// The share of the frames that are independent: neighbours that are alike are none, and the mean
// square of their differences says how alike they are (J. von Neumann, 1941).
float Refit::Independent(int feature) const {
  const float variance = std::fmax(products()[Packed(feature, feature)], kLeast);
  const float alike = 1.0f - differences()[feature] / (2.0f * variance);
  const float most = std::fmin(std::fmax(alike, 0.0f), kMostAlike);
  return (1.0f - most) / (1.0f + most);
}

void Refit::FitScaling(uint32_t count) {
  const RefitConfig& refit = *trained_.refit;
  for (int i = 0; i < features_; ++i) {
    independent_ = std::fmin(independent_, Independent(i));
    if (refit.absolute == nullptr || !refit.absolute[i]) continue;
    const float deviation = std::sqrt(products()[Packed(i, i)]);
    fitted_.offset()[i] = mean()[i];
    fitted_.scale()[i] = 1.0f / std::fmax(deviation, refit.sd_floor);
  }
  if (trained_.scaling.whitening != nullptr && !refit.relative) {
    FitWhitening(Weight(static_cast<float>(count) * independent_));
  }
}

// The trained covariance with the correlations, by their weight, that the features have shown.
void Refit::FitWhitening(float weight) {
  float* const matrix = fitted_.whitening();
  InvertTriangle(matrix, features_);
  SquareTriangle(matrix, features_);
  const float believed = weight * (1.0f - trained_.refit->whiten_shrink);
  float kept[kMaxFeatures];
  float shown[kMaxFeatures];
  for (int i = 0; i < features_; ++i) {
    kept[i] = std::sqrt(matrix[Packed(i, i)]);
    shown[i] = std::sqrt(std::fmax(products()[Packed(i, i)], kLeast));
  }
  for (int i = 0; i < features_; ++i) {
    for (int j = 0; j < i; ++j) {
      const float correlation = products()[Packed(i, j)] / (shown[i] * shown[j]);
      float& value = matrix[Packed(i, j)];
      value = believed * correlation * kept[i] * kept[j] + (1.0f - weight) * value;
    }
  }
  FactoriseTriangle(matrix, features_);
  InvertTriangle(matrix, features_);
}

// ---- the residuals

// Those of a frame with what is fitted so far; false: the network gave none.
bool Refit::Weighed(const float* features, Autoencoder& engine, float* residuals) const {
  const DetectorConfig fitted = fitted_.In(trained_);
  float input[kMaxFeatures];
  float output[kMaxFeatures];
  Scale(fitted.scaling, features_, features, input);
  if (engine.Reconstruct(input, output) != EngineStatus::kOk) return false;
  WeighResiduals(fitted.score, features_, input, output, residuals);
  return true;
}

// The means and the mean squares take the place of those of the features.
void Refit::TakeResiduals(uint32_t count, const float* residuals) {
  const auto n = static_cast<float>(count);
  for (int i = 0; i < features_; ++i) {
    if (count == 1) mean()[i] = differences()[i] = 0.0f;
    mean()[i] += (residuals[i] - mean()[i]) / n;
    differences()[i] += (residuals[i] * residuals[i] - differences()[i]) / n;
  }
}

// Brings them to the mean and the spread that they had.
void Refit::FitResiduals(uint32_t count) {
  const float weight = Weight(static_cast<float>(count) * independent_);
  float shift[kMaxFeatures];
  float factor[kMaxFeatures];
  for (int i = 0; i < features_; ++i) {
    const float spread = trained_.refit->residual_spread[i];
    const float trained = spread * spread;
    shift[i] = weight * mean()[i];
    const float found = weight * differences()[i] + (1.0f - weight) * trained - shift[i] * shift[i];
    factor[i] = spread / std::sqrt(std::fmax(found, kLeastVariance * trained));
  }
  float* const matrix = fitted_.residual_whitening();
  SolveTriangle(matrix, features_, shift);
  for (int i = 0; i < features_; ++i) {
    fitted_.residual_mean()[i] += shift[i];
    for (int j = 0; j <= i; ++j) matrix[Packed(i, j)] *= factor[i];
  }
}

// ---- the thresholds

void Refit::TakeScore(uint32_t count, float score) {
  const DecisionConfig& decision = trained_.decision;
  float shown = score;
  if (decision.chart_threshold > 0.0f) {
    chart_ = count == 1 ? score : chart_ + (score - chart_) / decision.chart_tau;
    shown = std::fmax(score, chart_ * (decision.threshold / decision.chart_threshold));
  }
  shown_ += (shown - shown_) / static_cast<float>(count);
  largest_ = std::fmax(largest_, score);
  largest_chart_ = std::fmax(largest_chart_, chart_);
}

void Refit::FitThresholds(uint32_t count) {
  const DecisionConfig& decision = trained_.decision;
  const RefitConfig& refit = *trained_.refit;
  const float ratio = refit.proportional ? std::fmax(1.0f, shown_ / decision.normal_score) : 0.0f;
  const float doubt = 1.0f + kDoubt / static_cast<float>(count);
  float* const fitted = fitted_.decision();
  fitted[0] = std::fmax(doubt * std::fmax(decision.threshold * ratio, refit.margin * largest_),
                        kLeastThreshold);
  fitted[1] = 0.0f;
  if (decision.chart_threshold > 0.0f) {
    fitted[1] = doubt * std::fmax(decision.chart_threshold * ratio, refit.margin * largest_chart_);
  }
  fitted[2] = shown_;
}

}  // namespace anomaly
