// `calibrate`: re-estimates the noise of each channel and the scale of the threshold on the device,
// from a stretch of signal that a person says is normal. The first half gives the noise, which is
// then used; the second half tells how large the score usually is with it.
#pragma once

#include <cstdint>

#include "AnomalyDetector.h"
#include "Noise.h"

class Calibration {
 public:
  enum class Status : uint8_t {
    kIdle,
    kRunning,
    kDone,         // the new noise is in the extractor, threshold_scale() is new
    kLeftNormal,   // the signal was not normal; the old noise is back
    kCancelled,    // another command took its place; likewise
    kImplausible,  // the noise found is more than kMaxChange times larger or smaller; likewise
  };

  // So far may the noise be from the trained one; what is further away wants a new recording.
  static constexpr float kMaxChange = 4.0f;
  static constexpr float kLeastScale = 0.8f;
  static constexpr float kLargestScale = 2.0f;

  explicit Calibration(const DetectorConfig& detector, const FeatureConfig& features)
      : detector_(detector), features_(features) {}

  // The samples of so many seconds, or the fewest that give a noise.
  static uint32_t Samples(uint32_t seconds, uint32_t sample_period_us);

  // Begins with the next sample and takes so many, as Samples() says.
  void Start(uint32_t samples, const FeatureExtractor& extractor);

  // Takes one sample and its verdict. What is not kRunning or kIdle is said once.
  Status Update(const float* sample, const Verdict& verdict, FeatureExtractor& extractor);

  // Ends a running calibration; the old noise is back.
  void Cancel(FeatureExtractor& extractor);

  bool running() const { return left_ > 0; }
  float threshold_scale() const { return threshold_scale_; }

 private:
  Status Abort(Status status, FeatureExtractor& extractor);

  const DetectorConfig& detector_;
  const FeatureConfig& features_;
  NoiseEstimator noise_[kMaxChannels];
  float old_sigma_[kMaxChannels] = {};
  uint32_t samples_ = 0;
  uint32_t left_ = 0;
  float score_sum_ = 0.0f;
  float threshold_scale_ = 1.0f;
};
