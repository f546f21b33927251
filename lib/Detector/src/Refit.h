// A detector fitted again where it is installed, from minutes of signal that a person says is
// normal: the scaling, the whitening, the residuals' statistics and the thresholds. The network
// stays, and features in the unit of the noise are scaled by that (NoiseCalibration.h). Sums are
// kept and no recording: the first half of the frames gives the scaling, the next quarter the
// residuals, the last quarter the scores. Minutes prove no more than the independent frames in
// them, so each figure is weighed against the trained one by how many those are. training/refit.py
// is the same in NumPy.
#pragma once

#include <cstdint>

#include "Autoencoder.h"
#include "DetectorConfig.h"
#include "Triangle.h"

namespace anomaly {

// What a fit gives, in the caller's floats: Size(features) of them.
class Fitted {
 public:
  Fitted(float* floats, int features) : floats_(floats), features_(features) {}

  float* offset() const { return floats_; }
  float* scale() const { return floats_ + features_; }
  float* residual_mean() const { return floats_ + 2 * features_; }
  float* whitening() const { return floats_ + 3 * features_; }
  float* residual_whitening() const { return whitening() + PackedSize(features_); }
  // threshold, chart_threshold and normal_score of DecisionConfig.
  float* decision() const { return residual_whitening() + PackedSize(features_); }

  float* floats() const { return floats_; }
  int size() const { return Size(features_); }
  static constexpr int Size(int features) { return 3 * features + 2 * PackedSize(features) + 3; }

  // The trained detector with it. Must outlive what is returned.
  DetectorConfig In(const DetectorConfig& trained) const;

 private:
  float* floats_;
  int features_;
};

class Refit {
 public:
  enum class Status : uint8_t {
    kIdle,
    kRunning,
    kDone,       // Fitted holds it
    kFault,      // the sensor was not believed
    kGap,        // samples are missing
    kStep,       // a value, value(), stepped from one level to another
    kNoNumber,   // what came out is none
    kNoise,      // that of a value is not the trained one, or nearly
    kCancelled,  // another command took its place
  };

  // What it works in: floats.
  static constexpr int kBlocks = 16;  // in which a step is looked for
  static constexpr int WorkFloats(int features, int values) {
    return 3 * features + PackedSize(features) + (kBlocks + 3) * values;
  }

  // `trained` must outlive it. `fitted` holds Fitted::Size(), `work` WorkFloats(); nullptr: this
  // detector cannot learn.
  Refit(const DetectorConfig& trained, int features, int values, float* fitted, float* work)
      : trained_(trained),
        features_(features),
        values_(values),
        fitted_(fitted, features),
        work_(work),
        exists_(fitted != nullptr && trained.refit != nullptr) {}

  bool exists() const { return exists_; }
  bool running() const { return left_ > 0; }
  const Fitted& fitted() const { return fitted_; }  // after kDone

  // The frames of so many seconds, or the fewest that anything is learnt from.
  static uint32_t Frames(uint32_t seconds, uint32_t period_us, const RefitConfig& config);

  // Begins with the next frame and takes so many, at least those of Frames().
  void Start(uint32_t frames);

  // Takes a frame: its values and its features. True: it has ended, see status().
  bool Update(const float* values, const float* features, Autoencoder& engine);

  // Ends it where it runs.
  void Stop(Status status);

  // How the last one ended, once: kIdle or kRunning otherwise.
  Status TakeStatus();
  int value() const { return value_; }
  uint32_t frames() const { return frames_; }

 private:
  float* mean() const { return work_; }
  float* differences() const { return work_ + features_; }
  float* previous() const { return work_ + 2 * features_; }
  float* products() const { return work_ + 3 * features_; }
  float* value_means() const { return products() + PackedSize(features_); }
  float* value_squares() const { return value_means() + values_; }
  float* firsts() const { return value_squares() + values_; }
  float* blocks() const { return firsts() + values_; }  // [kBlocks][values_], sums above the first

  void CopyTrained();
  bool Learn(uint32_t index, const float* features, Autoencoder& engine);
  void TakeValues(uint32_t index, const float* values);
  int FindStep() const;
  void TakeFeatures(uint32_t count, const float* features);
  void FitScaling(uint32_t count);
  float Independent(int feature) const;
  void FitWhitening(float weight);
  bool Weighed(const float* features, Autoencoder& engine, float* residuals) const;
  void TakeResiduals(uint32_t count, const float* residuals);
  void FitResiduals(uint32_t count);
  void TakeScore(uint32_t count, float score);
  void FitThresholds(uint32_t count);
  // What so many independent frames count for beside the trained figures.
  float Weight(float independent) const {
    return independent / (independent + static_cast<float>(features_));
  }

  const DetectorConfig& trained_;
  int features_;
  int values_;
  Fitted fitted_;
  float* work_;
  bool exists_;
  uint32_t frames_ = 0;
  uint32_t left_ = 0;
  Status status_ = Status::kIdle;
  int value_ = 0;
  float independent_ = 1.0f;  // share of the frames, of the feature that repeats itself the most
  float shown_ = 0.0f;        // the mean score as shown
  float largest_ = 0.0f;
  float chart_ = 0.0f;
  float largest_chart_ = 0.0f;
};

}  // namespace anomaly
