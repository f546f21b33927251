// Where a virtual board's readings come from.
#pragma once

#include "Board.h"

class SampleSource {
 public:
  virtual ~SampleSource() = default;

  // The next sample. Not to be called when Done().
  virtual SensorSample Next() = 0;

  // There is no further sample.
  virtual bool Done() const = 0;

  // What a recording says about the time of the last sample, "" where it says nothing.
  virtual const char* time_text() const { return ""; }
};
