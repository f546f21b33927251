// What this device does every day, learnt as a limit for each weighed residual and each side. A
// residual is divided by its limit before it enters the score, so that doors and burners that come
// daily are no alarm, and what has stayed quiet is as sharp as it was trained. The largest value of
// a day is learnt as mean and variance, and a quantile of its Gumbel distribution is the limit,
// never below 1, which is what training takes for normal. training/limits.py is the same in NumPy.
#pragma once

#include "Bounds.h"
#include "LearningConfig.h"

namespace anomaly {

class ResidualLimits {
 public:
  static constexpr int kSides = 2;  // above and below
  static constexpr uint32_t kFreeDays = 2;

  // `config` must outlive it; without one every limit is 1 and nothing is learnt. `sides` holds
  // [count][kSides], `count` is the number of features.
  ResidualLimits(const LearningConfig* config, LearntSide* sides, int count);

  bool exists() const { return config_ != nullptr; }

  // The limit of a residual of this sign, in the unit of the trained one.
  float limit(int feature, float residual) const {
    return exists() ? side(feature, residual).now : 1.0f;
  }

  // Whether a limit is so wide that the residual belongs to the daily life of this device: those
  // rise together, and only the largest of them counts.
  static bool Lively(float limit) { return limit > 1.1f; }

  // In the first days everything is learnt as it is.
  bool learns_freely() const { return exists() && days_.days < kFreeDays; }

  // Takes the weighed residuals [count] of a frame.
  void Watch(const float* residuals);

  // Whether an oscillation, small as it may be, has lasted for longer than any day knows.
  bool lasts() const { return lasts_; }
  int oscillation() const { return exists() ? config_->oscillation : -1; }

  // What became of the frame: whether there was an alarm before it, and is one now. Ends the day
  // when it is due.
  void Conclude(bool alarm_before, bool alarm, const float* residuals);

  // What follows does not continue what came before; what was learnt stays.
  void Settle();

  // The last alarm was normal: widens what it showed, for good.
  void Accept();
  // Whether there was an alarm to accept since the start.
  bool has_alarm() const { return had_alarm_; }
  // Of the last alarm's residuals, the one that was farthest over its limit.
  int alarm_feature() const;

  // The larger of the two limits of a feature.
  float widest(int feature) const;

  // Goes on with what had been learnt before: sides [count][kSides].
  void Restore(const LearntDays& days, const LearntSide* sides);

  // Back to what the recording has taught.
  void Forget();

  const LearntDays& days() const { return days_; }
  const LearntSide* sides() const { return sides_; }
  int side_count() const { return exists() ? kSides * count_ : 0; }
  const LearntSide& side(int feature, float residual) const {
    return sides_[Place(feature, residual)];
  }

 private:
  // Where the side of a residual of this sign stands in [count][kSides].
  static int Place(int feature, float residual) {
    return kSides * feature + (residual < 0.0f ? 1 : 0);
  }
  void EndAlarm();
  void EndDay(bool alarm);
  // Both with the least standard deviation of the days that is believed.
  void Learn(LearntSide* one, float deviation) const;
  float Limit(const LearntSide& one, float deviation, float least) const;

  const LearningConfig* config_;
  LearntSide* sides_;
  int count_;
  LearntDays days_ = {};
  float last_alarm_[kSides * kMaxFeatures] = {};  // largest residuals of it
  uint32_t settling_ = 0;                         // frames left
  float lasting_ = 0.0f;                          // frames of the oscillation
  bool lasts_ = false;
  bool had_alarm_ = false;
};

}  // namespace anomaly
