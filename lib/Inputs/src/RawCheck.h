// What a converter's own numbers say of its health, before they become a unit: a part that lives
// has noise, so that it neither repeats itself for long nor stays at its end.
#pragma once

#include <cstdint>

#include "Bounds.h"
#include "Fault.h"

namespace anomaly {

class RawCheck {
 public:
  // Largest and smallest number of the converter; so many samples in a row are too long.
  RawCheck(int32_t low, int32_t high, uint32_t longest)
      : low_(low), high_(high), longest_(longest) {}

  // One sample, a number a channel. `longest` samples that are equal in all channels are kStuck, or
  // kSilent where they are 0; those with one channel at its end are kFullScale. The first sample
  // that is otherwise ends it.
  Fault Update(const int32_t* numbers, int channels);

  void Reset() { equal_ = full_ = 0; }

 private:
  int32_t low_;
  int32_t high_;
  uint32_t longest_;
  int32_t before_[kMaxChannels] = {};
  uint32_t equal_ = 0;  // samples in a row, this one included
  uint32_t full_ = 0;
};

}  // namespace anomaly
