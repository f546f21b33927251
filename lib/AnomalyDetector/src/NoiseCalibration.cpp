#include "NoiseCalibration.h"

namespace anomaly {

uint32_t NoiseCalibration::Frames(uint32_t seconds, uint32_t period_us) {
  constexpr uint32_t kLeast = 4 * NoiseBlock::kSize;
  const auto frames = static_cast<uint32_t>(uint64_t{seconds} * 1000000 / period_us);
  return frames < kLeast ? kLeast : frames;
}

void NoiseCalibration::Start(uint32_t frames, float normal_score,
                             const FeatureExtractor& extractor) {
  frames_ = left_ = frames;
  normal_score_ = normal_score;
  score_sum_ = 0.0f;
  for (int i = 0; i < features_.channels; ++i) {
    values_[i].noise.Reset();
    values_[i].old_sigma = extractor.measured_sigma(i);
  }
}

NoiseCalibration::Status NoiseCalibration::Abort(Status status, FeatureExtractor& extractor) {
  // In the first half the extractor still has the old noise, and what it has learnt since.
  if (left_ <= frames_ / 2) {
    for (int i = 0; i < features_.channels; ++i) extractor.SetSigma(i, values_[i].old_sigma);
  }
  left_ = 0;
  return status;
}

void NoiseCalibration::Cancel(FeatureExtractor& extractor) {
  if (left_ > 0) (void)Abort(Status::kCancelled, extractor);
}

NoiseCalibration::Status NoiseCalibration::Update(const float* values, const FrameVerdict& verdict,
                                                  FeatureExtractor& extractor) {
  if (left_ == 0) return Status::kIdle;
  if (normal_score_ > 0.0f && verdict.state != State::kNormal)
    return Abort(Status::kLeftNormal, extractor);
  const uint32_t half = frames_ / 2;
  --left_;
  if (left_ >= half) {
    for (int i = 0; i < features_.channels; ++i) values_[i].noise.Update(values[i]);
    if (left_ > half) return Status::kRunning;
    for (int i = 0; i < features_.channels; ++i) {
      const float sigma = values_[i].noise.sigma();
      const float trained = features_.sigma[i];
      const bool known = trained > 0.0f;
      const bool near = sigma <= trained * kMaxChange && sigma >= trained / kMaxChange;
      if (!(sigma > 0.0f) || (known && !near)) {
        left_ = 0;
        return Status::kImplausible;
      }
    }
    for (int i = 0; i < features_.channels; ++i) extractor.SetSigma(i, values_[i].noise.sigma());
    return Status::kRunning;
  }
  score_sum_ += verdict.score;
  if (left_ > 0) return Status::kRunning;
  threshold_scale_ = 1.0f;
  if (normal_score_ > 0.0f) {
    const float mean = score_sum_ / static_cast<float>(half);
    const float scale = mean / normal_score_;
    threshold_scale_ = scale < kLeastScale     ? kLeastScale
                       : scale > kLargestScale ? kLargestScale
                                               : scale;
  }
  return Status::kDone;
}

}  // namespace anomaly
