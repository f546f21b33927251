#include "Calibrator.h"

namespace anomaly {

bool Calibrator::TakeFrame(const float* values, const FrameVerdict& verdict) {
  if (learn_frames_ > 0) return Learn(values, verdict);
  return calibration_.running() && Calibrate(values, verdict);
}

void Calibrator::Cancel(Refit::Status why) {
  if (learn_frames_ > 0) {
    detector_.StopLearning(why);
    EndLearning(detector_.TakeLearnt());
  } else if (calibration_.running()) {
    calibration_.Cancel(detector_.extractor());
    Tell(NoiseCalibration::Status::kCancelled);
  }
}

void Calibrator::UseTrainedNoise() {
  threshold_scale_ = 1.0f;
  for (int i = 0; i < config_.features.channels; ++i) {
    detector_.extractor().SetSigma(i, config_.features.sigma[i]);
  }
}

void Calibrator::Tell(NoiseCalibration::Status status) {
  if (sink_ != nullptr) sink_->Calibrated(status);
}

// ---- the noise and the scale of the threshold

void Calibrator::StartCalibration(uint32_t frames) {
  Cancel(Refit::Status::kCancelled);
  if (detector_.state() != State::kNormal) return Tell(NoiseCalibration::Status::kLeftNormal);
  calibration_.Start(frames, detector_.decision().normal_score, detector_.extractor());
}

void Calibrator::ForgetCalibration() {
  Cancel(Refit::Status::kCancelled);
  UseTrainedNoise();
}

bool Calibrator::Calibrate(const float* values, const FrameVerdict& verdict) {
  const auto status = calibration_.Update(values, verdict, detector_.extractor());
  if (status == NoiseCalibration::Status::kRunning) return false;
  const bool done = status == NoiseCalibration::Status::kDone;
  if (done) threshold_scale_ = calibration_.threshold_scale();
  Tell(status);
  return done;
}

// ---- all that can be fitted again

// Where features are in the unit of the noise, that is measured beside.
void Calibrator::StartLearning(uint32_t frames) {
  Cancel(Refit::Status::kCancelled);
  learn_frames_ = frames;
  learnt_ = Refit::Status::kRunning;
  detector_.Learn(frames);
  if (detector_.state() == State::kFault) return Cancel(Refit::Status::kFault);
  if (config_.detector.refit->relative) calibration_.Start(frames, 0.0f, detector_.extractor());
}

void Calibrator::ForgetLearning() {
  Cancel(Refit::Status::kCancelled);
  UseTrainedNoise();
  detector_.UseTrained();
  EndLearning(Refit::Status::kIdle);
}

bool Calibrator::Learn(const float* values, const FrameVerdict& verdict) {
  const bool judged = verdict.state == State::kNormal || verdict.state == State::kAnomaly;
  if (calibration_.running() && judged) {
    const auto noise = calibration_.Update(values, verdict, detector_.extractor());
    if (noise == NoiseCalibration::Status::kImplausible) {
      detector_.StopLearning(Refit::Status::kNoise);
    }
  }
  const Refit::Status status = detector_.TakeLearnt();
  return status != Refit::Status::kRunning && EndLearning(status);
}

// True: the detector is another. What was calibrated for the one before does not hold for it.
bool Calibrator::EndLearning(Refit::Status status) {
  const uint32_t frames = learn_frames_;
  learn_frames_ = 0;
  learnt_ = status;
  const bool another = status == Refit::Status::kDone || status == Refit::Status::kIdle;
  if (another) {
    threshold_scale_ = 1.0f;
  } else {
    calibration_.Cancel(detector_.extractor());
  }
  if (sink_ != nullptr) sink_->Learnt(status, frames);
  return another;
}

}  // namespace anomaly
