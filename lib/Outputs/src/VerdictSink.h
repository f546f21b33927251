// Who is told of each frame's verdict. Sampling thread: a sink never waits.
#pragma once

#include "Fault.h"
#include "FrameDetector.h"

namespace anomaly {

struct JudgedFrame {
  const FrameVerdict& verdict;
  Fault fault;            // kNone unless the state is FAULT
  const float* values;    // [channels] of the sensor
  const float* expected;  // [channels], see FrameDetector::Expect(); nullptr where nobody asked
};

class VerdictSink {
 public:
  virtual ~VerdictSink() = default;
  virtual void Take(const JudgedFrame& frame) = 0;
};

}  // namespace anomaly
