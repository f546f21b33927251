// Where a virtual board's samples come from: one a block, as many as there are at any pace.
#pragma once

#include "Bounds.h"
#include "SampleInput.h"

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

  // What a recording says about the time of the last sample, "" where it says nothing.
  virtual const char* time_text() const { return ""; }

  // Microseconds from sample to sample.
  int64_t interval_us() const { return interval_us_; }

  const SampleBlock& Wait() final {
    sample_ = Next();
    block_ = {sample_.values, 1, sample_.fault, sample_.after_gap, index_++ * interval_us_};
    return block_;
  }

 protected:
  int64_t interval_us_ = 0;

 private:
  HostSample sample_ = {};
  SampleBlock block_ = {};
  int64_t index_ = 0;
};
