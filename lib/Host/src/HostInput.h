// Where a virtual board's samples come from: one a block, as many as there are at any pace.
#pragma once

#include "Bounds.h"
#include "SampleInput.h"

namespace anomaly {

struct HostSample {
  float values[kMaxChannels];
  Fault fault;
  bool after_gap;
};

class HostInput : public SampleInput {
 public:
  // The next sample. Not to be called when Done().
  virtual HostSample Next() = 0;

  // There is no further sample.
  virtual bool Done() const = 0;

  // Samples until everything that a simulation has was there once; 0: there is no such thing.
  virtual uint64_t round() const { return 0; }

  // What a recording says about the time of the last sample, "" where it says nothing.
  virtual const char* time_text() const { return ""; }

  // Microseconds from sample to sample, rounded; and seconds.
  int64_t interval_us() const { return interval_us_; }
  double period_s() const {
    return period_s_ > 0.0 ? period_s_ : 1e-6 * static_cast<double>(interval_us_);
  }
  // Where the period is no whole number of microseconds.
  void SetRate(double rate_hz) { period_s_ = 1.0 / rate_hz; }

  const SampleBlock& Wait() final {
    sample_ = Next();
    const double micros = 1e6 * period_s() * static_cast<double>(index_++);
    block_ = {sample_.values, 1, sample_.fault, sample_.after_gap,
              static_cast<int64_t>(micros + 0.5)};
    return block_;
  }

 protected:
  int64_t interval_us_ = 0;
  double period_s_ = 0.0;  // where it is known more exactly

 private:
  HostSample sample_ = {};
  SampleBlock block_ = {};
  int64_t index_ = 0;
};

}  // namespace anomaly
