#include "RawCheck.h"

namespace anomaly {

namespace {

uint32_t Next(uint32_t run) { return run < UINT32_MAX ? run + 1 : run; }

}  // namespace

Fault RawCheck::Update(const int32_t* numbers, int channels) {
  bool equal = equal_ > 0;
  bool zero = true;
  bool full = false;
  for (int i = 0; i < channels; ++i) {
    equal = equal && numbers[i] == before_[i];
    zero = zero && numbers[i] == 0;
    full = full || numbers[i] <= low_ || numbers[i] >= high_;
    before_[i] = numbers[i];
  }
  equal_ = equal ? Next(equal_) : 1;
  full_ = full ? Next(full_) : 0;
  if (full_ >= longest_) return Fault::kFullScale;
  if (equal_ >= longest_) return zero ? Fault::kSilent : Fault::kStuck;
  return Fault::kNone;
}

}  // namespace anomaly
