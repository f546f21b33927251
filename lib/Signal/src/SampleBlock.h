// A few samples in a row as an input delivers them: one from an ADC at 2 Hz, many from a FIFO.
#pragma once

#include <cstdint>

#include "Fault.h"

namespace anomaly {

struct SampleBlock {
  const float* values;  // [count][channels], row after row, in each channel's unit
  int count;            // samples, 1 or more
  Fault fault;          // what the input itself noticed; the values then mean nothing
  bool after_gap;       // the first sample does not continue what came before: a hole
  int64_t micros;       // time of the first sample since the start
};

}  // namespace anomaly
