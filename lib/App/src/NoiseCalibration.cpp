#include "NoiseCalibration.h"

uint32_t NoiseCalibration::Frames(uint32_t seconds, uint32_t period_us) {
  constexpr uint32_t kLeast = 4 * NoiseBlock::kSize;
  const auto frames = static_cast<uint32_t>(uint64_t{seconds} * 1000000 / period_us);
  return frames < kLeast ? kLeast : frames;
}

void NoiseCalibration::Start(uint32_t frames, const FeatureExtractor& extractor) {
  frames_ = left_ = frames;
  score_sum_ = 0.0f;
  for (int i = 0; i < features_.channels; ++i) {
    noise_[i].Reset();
    old_sigma_[i] = extractor.measured_sigma(i);
  }
}

NoiseCalibration::Status NoiseCalibration::Abort(Status status, FeatureExtractor& extractor) {
  // In the first half the extractor still has the old noise, and what it has learnt since.
  if (left_ <= frames_ / 2) {
    for (int i = 0; i < features_.channels; ++i) extractor.SetSigma(i, old_sigma_[i]);
  }
  left_ = 0;
  return status;
}

void NoiseCalibration::Cancel(FeatureExtractor& extractor) {
  if (left_ > 0) (void)Abort(Status::kCancelled, extractor);
}

NoiseCalibration::Status NoiseCalibration::Update(const float* values, const Verdict& verdict,
                                                  FeatureExtractor& extractor) {
  if (left_ == 0) return Status::kIdle;
  if (verdict.state != State::kNormal) return Abort(Status::kLeftNormal, extractor);
  const uint32_t half = frames_ / 2;
  --left_;
  if (left_ >= half) {
    for (int i = 0; i < features_.channels; ++i) noise_[i].Update(values[i]);
    if (left_ > half) return Status::kRunning;
    for (int i = 0; i < features_.channels; ++i) {
      const float sigma = noise_[i].sigma();
      const float trained = features_.sigma[i];
      if (!(sigma <= trained * kMaxChange && sigma >= trained / kMaxChange)) {
        left_ = 0;
        return Status::kImplausible;
      }
    }
    for (int i = 0; i < features_.channels; ++i) extractor.SetSigma(i, noise_[i].sigma());
    return Status::kRunning;
  }
  score_sum_ += verdict.score;
  if (left_ > 0) return Status::kRunning;
  threshold_scale_ = 1.0f;
  if (detector_.decision.normal_score > 0.0f) {
    const float mean = score_sum_ / static_cast<float>(half);
    const float scale = mean / detector_.decision.normal_score;
    threshold_scale_ = scale < kLeastScale     ? kLeastScale
                       : scale > kLargestScale ? kLargestScale
                                               : scale;
  }
  return Status::kDone;
}
