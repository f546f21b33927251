// From a sample to a verdict: a sample goes in, a verdict comes out. Features are scaled,
// reconstructed by the engine, and what the engine could not reconstruct is the score.
#pragma once

#include <cmath>
#include <cstdint>

#include "Autoencoder.h"
#include "Decision.h"
#include "DetectorConfig.h"
#include "FeatureExtractor.h"
#include "Parts.h"
#include "Refit.h"
#include "ResidualLimits.h"
#include "SlowWatch.h"

namespace anomaly {

struct FrameVerdict {
  State state;           // ANOMALY where the score says so, or the slow charts do
  int8_t cause;          // index of the feature that names the deviation; see Explain()
  float reconstruction;  // what the model expected channel 0 to be, in the sensor's unit
  float score;           // the larger of both charts, on the scale of `threshold`
  float threshold;
  uint32_t frame;        // since the start, wraps; this and its time are the caller's to fill in
  int64_t micros;        // since the start
  SlowCause slow_cause;  // kNone, or the slow charts alone say ANOMALY
  int8_t slow_value;     // then, which value of the frame it is
  float slow = NAN;      // how near the nearest slow limit is, 1 at the limit; NaN: no slow charts
};

// What a detector works in, sized by the caller.
struct DetectorMemory {
  DetectorMemory(FeatureState* own_states, SlowValue* own_slow = nullptr,
                 LearntSide* own_sides = nullptr, float* own_refit = nullptr)
      : states(own_states), slow(own_slow), sides(own_sides), refit(own_refit) {}

  // Floats of `refit`: what is fitted, twice, and what it takes to fit it.
  static constexpr int RefitFloats(int features, int values) {
    return 2 * Fitted::Size(features) + Refit::WorkFloats(features, values);
  }

  FeatureState* states;  // [features.count]
  SlowValue* slow;       // [features.channels], where there are slow charts
  LearntSide* sides;     // [features.count][2], where limits are learnt
  float* refit;          // [RefitFloats()], where it can be fitted again
};

// What became of an alarm that was normal.
struct AcceptedAlarm {
  int8_t feature = -1;  // of the fast part, whose limit went from ... to; -1: none
  float from = 0.0f;
  float to = 0.0f;
  SlowWatch::Change slow;
};

class FrameDetector {
 public:
  // All that is pointed to must outlive the detector; `engine` must be loaded before the first
  // Update().
  FrameDetector(const DetectorConfig& config, const FeatureConfig& features, DetectorMemory memory,
                Autoencoder& engine);
  FrameDetector(const FrameDetector&) = delete;
  FrameDetector& operator=(const FrameDetector&) = delete;

  // What follows does not continue what came before: forgets all samples and warms up again. What
  // was learnt stays.
  void Reset();

  // Takes one believable sample: `channels` finite values. State kFault: the engine failed, or what
  // it gave is no number.
  FrameVerdict Update(const float* sample);

  // What the model expected each channel to be at the last Update(), in the sensor's unit
  // [channels]; NaN for a channel without a feature that can be inverted.
  void Expect(float* values) const;

  // Instead of Update() where the sample is not believable. All samples are forgotten.
  FrameVerdict TakeFault();

  // A user's own threshold, on the scale of the score, > 0; the second chart follows in proportion.
  void SetThreshold(float threshold) { threshold_ = threshold; }
  float threshold() const { return threshold_; }

  // The alarm that is on, or else the last one of the fast part, was normal: ends it and widens
  // what raised it. Nothing changes where there was none, or where nothing is learnt.
  AcceptedAlarm AcceptAlarm();

  // Back to what the recording has taught, in limits and slow charts.
  void Forget();

  // Fits itself again from so many frames to come, see Refit.h; judges as before meanwhile.
  // TakeLearnt() says once how that ended; after kDone it judges with what was fitted. Limits that
  // were learnt for the one before are forgotten.
  bool can_learn() const { return kWithRefit && refit_.exists(); }
  void Learn(uint32_t frames) { refit_.Start(frames); }
  void StopLearning(Refit::Status why) { refit_.Stop(why); }
  bool learning() const { return refit_.running(); }
  Refit::Status TakeLearnt();
  int step_value() const { return refit_.value(); }  // after kStep

  // What is in use of that, nullptr: it judges as it was trained.
  const Fitted* fitted() const { return learnt_ ? &fitted_ : nullptr; }
  // Goes on with what had been fitted before, [Fitted::Size()].
  void Refitted(const void* floats);
  void UseTrained();

  State state() const { return state_; }
  uint32_t warmup_left() const { return decision_.warmup_left(); }
  FeatureExtractor& extractor() { return extractor_; }
  const DecisionConfig& decision() const { return config_.decision; }  // in use
  SlowWatch& slow() { return slow_; }
  ResidualLimits& limits() { return limits_; }
  // Whole days of running time; the recording counts.
  uint32_t days_learnt() const;

 private:
  void WarmUp();
  void Decide(const float* residuals, FrameVerdict* verdict);
  void Conclude(FrameVerdict* verdict);
  // Of a frame: the score, what of it counts in the second chart, and the feature behind it.
  struct Scored {
    float all;
    float charted;
    int8_t cause;
  };
  Scored Score(const float* residuals) const;
  int8_t Explain(int8_t largest, const float* features) const;

  void Begin(const DetectorConfig& config);

  const DetectorConfig& trained_;
  DetectorConfig config_;  // in use
  Refit refit_;
  Fitted fitted_;
  bool learnt_ = false;
  FeatureExtractor extractor_;
  Autoencoder& engine_;
  Decision decision_;
  ResidualLimits limits_;
  SlowWatch slow_;
  State state_;  // of both
  float threshold_;
  float chart_ = 0.0f;               // the second chart
  float output_[kMaxFeatures] = {};  // of the network, at the last Update()
};

}  // namespace anomaly
