// The slow charts of all values of a frame: gathers frames into minutes. It only reads what the
// fast part judges, which stays as it would be without it.
#pragma once

#include "SlowCharts.h"

namespace anomaly {

// What one value of a frame needs.
struct SlowValue {
  SlowCharts charts;
  float first = 0.0f;  // of the minute
  float sum = 0.0f;    // of what the others differ from it
};

class SlowWatch {
 public:
  // `config` and its `count` values, one for each of a frame, must outlive it. Without a `config`
  // there are no slow charts.
  SlowWatch(const SlowConfig* config, SlowValue* values, int count);

  // A frame of finite values, or nullptr for one that cannot be believed. A minute of which less
  // than half is there is left out, and is no time that passed. A frame longer than a minute
  // stands for all minutes until the next.
  void Take(const float* frame);

  // What follows comes after a pause of unknown length.
  void Resume();

  bool exists() const { return config_ != nullptr; }

  // Whether a chart of any value is in alarm.
  bool on() const { return alarm_ >= 0; }
  SlowCause cause() const { return on() ? values_[alarm_].charts.cause() : SlowCause::kNone; }
  int alarm_value() const { return alarm_; }  // whose alarm is the farthest over; -1: none

  // Of the value that is nearest to a limit, or farthest over it; see SlowCharts::ratio().
  float ratio() const { return exists() ? values_[nearest_].charts.ratio() : 0.0f; }
  SlowCause nearest() const {
    return exists() ? values_[nearest_].charts.nearest() : SlowCause::kNone;
  }

  // What SlowCharts::Widen() and MoveLevel() do, for all values; of a `value` of -1 nothing
  // changed.
  struct Change {
    int8_t value = -1;  // whose change is shown
    SlowCharts::Change chart;
  };
  Change Widen();
  Change MoveLevel();

  // Goes on with what a value had learnt before; all go back to what the recording taught.
  void Restore(int value, const SlowLearnt& learnt) { values_[value].charts.Resume(learnt); }
  void Forget();

  int count() const { return count_; }
  const SlowCharts& charts(int value) const { return values_[value].charts; }

 private:
  void EndMinutes();
  void Find();

  const SlowConfig* config_;
  SlowValue* values_;
  int count_;
  int64_t elapsed_us_ = 0;  // of the minute
  float frames_ = 0.0f;     // of the minute, and those of them with values
  float taken_ = 0.0f;
  int nearest_ = 0;
  int alarm_ = -1;
};

}  // namespace anomaly
