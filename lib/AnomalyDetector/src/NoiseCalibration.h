// `calibrate`: re-estimates the noise of each channel and the scale of the threshold on the device,
// from a stretch of signal that a person says is normal. The first half gives the noise, which is
// then used; the second half tells how large the score usually is with it.
#pragma once

#include <cstdint>

#include "FrameDetector.h"
#include "Noise.h"

namespace anomaly {

// What it works in, [values of a frame].
struct CalibrationMemory {
  NoiseEstimator noise;
  float old_sigma = 0.0f;
};

class NoiseCalibration {
 public:
  enum class Status : uint8_t {
    kIdle,
    kRunning,
    kDone,         // the new noise is in the extractor, threshold_scale() is new
    kLeftNormal,   // the signal was not normal; the old noise is back
    kCancelled,    // another command took its place; likewise
    kImplausible,  // the noise found is more than kMaxChange times larger or smaller; likewise
  };

  // A noise that differs from the trained one by a larger factor wants a new recording.
  static constexpr float kMaxChange = 4.0f;
  static constexpr float kLeastScale = 0.8f;
  static constexpr float kLargestScale = 2.0f;

  // Both must outlive it.
  NoiseCalibration(const FeatureConfig& features, CalibrationMemory* memory)
      : features_(features), values_(memory) {}

  // The frames of so many seconds, or the fewest that give a noise.
  static uint32_t Frames(uint32_t seconds, uint32_t period_us);

  // Begins with the next frame and takes so many, as Frames() says. `normal_score`: the mean score
  // that the detector's threshold is made for; 0: it need not be normal, and the scale stays 1.
  void Start(uint32_t frames, float normal_score, const FeatureExtractor& extractor);

  // Takes one frame and its verdict. What is not kRunning or kIdle is said once.
  Status Update(const float* values, const FrameVerdict& verdict, FeatureExtractor& extractor);

  // Ends a running calibration; the old noise is back.
  void Cancel(FeatureExtractor& extractor);

  bool running() const { return left_ > 0; }
  float threshold_scale() const { return threshold_scale_; }

 private:
  Status Abort(Status status, FeatureExtractor& extractor);

  const FeatureConfig& features_;
  CalibrationMemory* values_;
  uint32_t frames_ = 0;
  uint32_t left_ = 0;
  float normal_score_ = 0.0f;
  float score_sum_ = 0.0f;
  float threshold_scale_ = 1.0f;
};

}  // namespace anomaly
