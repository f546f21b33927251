// What is fitted to normal signal when a person asks for it, one thing at a time: a calibration
// (NoiseCalibration.h), or all that can be fitted again (Refit.h).
#pragma once

#include "FrameDetector.h"
#include "ModelConfig.h"
#include "NoiseCalibration.h"

namespace anomaly {

// What the detector's threshold, a user's own (0 where there is none) and a calibration's scale
// come to.
constexpr float ThresholdInUse(float detectors, float own, float scale) {
  return own > 0.0f ? own : detectors * scale;
}

// Who is told how one of them ended.
class CalibrationSink {
 public:
  virtual ~CalibrationSink() = default;
  virtual void Calibrated(NoiseCalibration::Status status) = 0;
  // kDone, why not, or kIdle where what was learnt has been forgotten; `frames` were asked for.
  virtual void Learnt(Refit::Status status, uint32_t frames) = 0;
};

class Calibrator {
 public:
  // All must outlive it; `memory` is one of each value of a frame.
  Calibrator(const ModelConfig& config, FrameDetector& detector, CalibrationMemory* memory)
      : config_(config), detector_(detector), calibration_(config.features, memory) {}

  // Must outlive it; nullptr: nobody is told.
  void SetSink(CalibrationSink* sink) { sink_ = sink; }

  // Each ends what runs, and begins with the next frame.
  void StartCalibration(uint32_t frames);
  void StartLearning(uint32_t frames);

  // Back to what was trained, in noise and scale; and in all that was fitted again.
  void ForgetCalibration();
  void ForgetLearning();

  // After each frame. True: the detector's threshold is another now.
  bool TakeFrame(const float* values, const FrameVerdict& verdict);

  // What follows does not continue what came before.
  void Interrupt() { Cancel(Refit::Status::kGap); }

  // Of the detector's threshold.
  float threshold_scale() const { return threshold_scale_; }
  void SetThresholdScale(float scale) { threshold_scale_ = scale; }

  // How the last StartLearning() went on: kIdle before it, kRunning while it runs.
  Refit::Status learnt() const { return learnt_; }

 private:
  void Cancel(Refit::Status why);
  bool Calibrate(const float* values, const FrameVerdict& verdict);
  bool Learn(const float* values, const FrameVerdict& verdict);
  bool EndLearning(Refit::Status status);
  void UseTrainedNoise();
  void Tell(NoiseCalibration::Status status);

  const ModelConfig& config_;
  FrameDetector& detector_;
  CalibrationSink* sink_ = nullptr;
  NoiseCalibration calibration_;
  float threshold_scale_ = 1.0f;
  uint32_t learn_frames_ = 0;  // of the learning that runs; 0: none does
  Refit::Status learnt_ = Refit::Status::kIdle;
};

}  // namespace anomaly
