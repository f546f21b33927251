// A model of one value that is told neither unit nor noise nor pace. Its features are in units of
// the noise, so the noise is all that it has to know: it measures it first, for kFirstFrames frames
// from the first change of the value on. Everything in seconds is set for the pace of the samples.
#pragma once

#include <cstdint>

#include "DetectorConfig.h"
#include "Noise.h"

namespace anomaly {

class GenericModel {
 public:
  static constexpr uint32_t kFirstFrames = 120;
  static constexpr uint32_t kMostEqual = 90;
  // The pace that a user may ask for, seconds from sample to sample.
  static constexpr float kLeastSeconds = 0.001f;
  static constexpr float kMostSeconds = 86400.0f;

  // Begins with a model whose figures are those of a noise of 1; must outlive it.
  void Begin(const DetectorConfig& trained);

  // From sample to sample; what is out of bounds, or no number, is taken to the nearest bound.
  void SetPeriod(float seconds);

  // The constants in use. They change with noise and pace, in place.
  const DetectorConfig& detector() const { return detector_; }

  bool knows_noise() const { return sigma_ > 0.0f; }
  float sigma() const { return sigma_; }

  // Measures again, from so many frames to come; fewer than kFirstFrames are taken as these.
  void Measure(uint32_t frames);
  // The noise is known from elsewhere, > 0.
  void SetNoise(float sigma);

  // While the noise is not known: takes a finite value. True: now it is.
  bool Take(float value);
  // Before each value is judged: whether it has been exactly the same for too long. That is what
  // noise of several steps never does; a value that has done so once may do it for twice as long.
  bool IsStuck(float value);

  // After each verdict: whether an alarm of the fast part is on. True: it has been for so long that
  // it is how this thing is, and no event.
  bool Outlasts(bool alarm);

  // The next value does not follow the last one.
  void Interrupt();

 private:
  void TakeStep(float change);

  const DetectorConfig* trained_ = nullptr;
  DetectorConfig detector_ = {};
  LearningConfig learning_ = {};
  SlowConfig slow_ = {};
  SlowValueConfig value_ = {};
  SlowRule rules_[kSlowLearntCharts] = {};
  NoiseEstimator noise_;
  float sigma_ = 0.0f;
  float previous_ = 0.0f;
  float step_ = 0.0f;  // the smallest change so far; 0: there was none
  bool has_previous_ = false;
  uint32_t left_ = kFirstFrames;
  uint32_t equal_ = 0;  // values in a row
  uint32_t most_equal_ = kMostEqual;
  uint32_t alarm_ = 0;  // frames that an alarm has been on
};

}  // namespace anomaly
