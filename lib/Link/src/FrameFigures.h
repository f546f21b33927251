// What the frames since the last report come to.
#pragma once

#include <cmath>

#include "LinkQueue.h"

namespace anomaly {

struct FrameFigures {
  uint32_t count = 0;
  float score_max = NAN;  // NaN, here and below: there was no number
  float min = NAN;
  float max = NAN;
  float mean = NAN;

  void Add(const LinkFrame& frame) {
    ++count;
    if (std::isfinite(frame.score)) score_max = std::fmax(score_max, frame.score);
    if (!std::isfinite(frame.value)) return;
    min = std::fmin(min, frame.value);
    max = std::fmax(max, frame.value);
    ++numbers_;
    if (numbers_ == 1) mean = frame.value;
    mean += (frame.value - mean) / static_cast<float>(numbers_);
  }

 private:
  uint32_t numbers_ = 0;
};

}  // namespace anomaly
