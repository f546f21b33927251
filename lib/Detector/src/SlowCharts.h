// What takes from two minutes to a month: plain statistics of one value's minute means, each
// compared with a limit. A limit comes from the span that the profile states, or from the days: the
// largest and the smallest value of a day are learnt as mean and variance, and a quantile of their
// Gumbel distribution (E. J. Gumbel, "Statistics of Extremes", 1958) is the limit. No heap, no
// network; training/charts.py is the same in NumPy, and a test compares the two.
#pragma once

#include <cmath>
#include <cstdint>

#include "SlowConfig.h"

namespace anomaly {

enum class SlowCause : uint8_t { kNone, kLevel, kDrift, kActivity, kCycle };

// "level", "drift", "activity", "cycle"; "" for kNone.
const char* SlowCauseText(SlowCause cause);

// "level 2 min", ... as in docs/slow.md.
const char* SlowChartName(int chart);

class SlowCharts {
 public:
  // Where a chart stood at the last minute, and between which limits; infinite where there is none.
  struct Standing {
    bool judged = false;
    bool alarm = false;
    float value = NAN;  // before the first minute after a start
    float low = NAN;
    float high = NAN;
  };

  // Begins with what the recording has taught. Both configurations must outlive it.
  void Begin(const SlowConfig& config, const SlowValueConfig& value);

  // Goes on after a pause of unknown length with what had been learnt before it.
  void Resume(const SlowLearnt& learnt);
  void Resume() { Resume(learnt_); }

  // Takes the mean of a minute, finite, in the value's unit.
  void Minute(float mean);

  // Whether a chart is in alarm, and the cause of the one that is farthest over its limit.
  bool on() const { return on_[0] != 0 || on_[1] != 0; }
  SlowCause cause() const { return cause_; }

  // How near the nearest limit is: 0 for the middle of an ordinary day, 1 at the limit, and whose
  // limit it is.
  float ratio() const { return ratio_; }
  SlowCause nearest() const { return nearest_; }

  // The alarms that are on were normal: widens their limits, those of the span by a quarter of it
  // at most, and ends them. `chart` is -1 where none was on.
  struct Change {
    int8_t chart = -1;  // the one that was farthest over
    float from = 0.0f;  // its limit
    float to = 0.0f;
  };
  Change Widen();

  // The level of now is an ordinary one: all that is known of levels moves to it, and the span is
  // laid about it. The change is that of the ordinary level.
  Change MoveLevel();

  const SlowLearnt& learnt() const { return learnt_; }
  const Standing& standing(int chart) const { return standings_[chart]; }

 private:
  enum class Validity : uint8_t { kNo, kBoundsOnly, kYes };
  struct Middle {
    float of[kSlowSides];
  };

  void UpdateMeans(float mean);
  void UpdateActivity();
  void UpdateCycle();
  void BeginCycle();
  void Judge();
  Middle Limit(int chart);
  void SeeToday();
  void LimitLevel(int chart);
  float* Today(int chart);
  void LimitByDays(int chart);
  float Spread(int chart, int side) const;
  void Latch(int chart, const Middle& middle);
  void EndDay();
  void LearnSide(int chart, int side);
  void WidenSpan(int side);
  void WidenSide(int chart, int side);
  float Over(int chart, int side) const;
  SlowCause CauseOf(int chart, int side) const;

  const SlowConfig* config_ = nullptr;
  const SlowValueConfig* value_ = nullptr;
  SlowLearnt learnt_ = {};
  float means_[kSlowScales] = {};  // the first three begin anew at a start
  float since_boot_ = 0.0f;        // minutes
  float since_cycle_ = 0.0f;       // minutes since the last cycle began
  int8_t half_ = 0;                // of the cycle: 1 above, -1 below, 0 not known
  bool resumed_ = true;            // the next minute begins the fast means
  uint16_t on_[kSlowSides] = {};   // a bit a chart
  uint16_t calm_[kSlowCharts][kSlowSides] = {};
  Validity validity_[kSlowCharts] = {};
  Standing standings_[kSlowCharts] = {};
  float ratio_ = 0.0f;
  SlowCause nearest_ = SlowCause::kNone;
  SlowCause cause_ = SlowCause::kNone;
};

}  // namespace anomaly
