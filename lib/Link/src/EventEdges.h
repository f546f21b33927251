// From the state of each frame to what begins and ends. A fault ends where the detector judges
// again, so that a loose contact is one fault and not a hundred.
#pragma once

#include "LinkQueue.h"

namespace anomaly {

class EventEdges {
 public:
  static constexpr int kMost = 2;  // of one frame

  // Writes what this frame begins or ends, in order; how many they are.
  int Take(const LinkFrame& frame, EventKind* kinds) {
    int count = 0;
    const bool anomaly = frame.state == State::kAnomaly;
    if (anomaly_ && !anomaly) kinds[count++] = EventKind::kEnd;
    if (!fault_ && frame.state == State::kFault) {
      fault_ = true;
      kinds[count++] = EventKind::kFault;
    }
    if (fault_ && (anomaly || frame.state == State::kNormal)) {
      fault_ = false;
      kinds[count++] = EventKind::kFaultEnd;
    }
    if (!anomaly_ && anomaly) kinds[count++] = EventKind::kStart;
    anomaly_ = anomaly;
    return count;
  }

 private:
  bool anomaly_ = false;
  bool fault_ = false;
};

}  // namespace anomaly
