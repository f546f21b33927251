// Where samples come from, in blocks. Sampling thread only.
#pragma once

#include <cstdint>

#include "SampleBlock.h"

namespace anomaly {

class SampleInput {
 public:
  virtual ~SampleInput() = default;

  // Waits for the next block, which stays as it is until Release().
  virtual const SampleBlock& Wait() = 0;
  virtual void Release() {}

  // Samples that the sensor had and no block holds, since the start; wraps.
  virtual uint32_t lost() const { return 0; }

  // Any thread: which part it is and on which pins, for the faults that are about it; nullptr where
  // there is nothing to say. Never changes.
  virtual const char* part() const { return nullptr; }
};

}  // namespace anomaly
