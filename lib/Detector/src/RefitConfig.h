// How a detector is fitted again (Refit.h); N is the number of features.
#pragma once

#include <cstdint>

namespace anomaly {

struct RefitConfig {
  const bool* absolute;  // [N] in the unit of a value, so its scaling is fitted; nullptr: none is
  bool relative;         // others are in that of the noise, which is to be measured again
  const float* residual_spread;  // [N] of the weighed residuals of normal data; nullptr: no weights
  uint32_t least_frames;         // that anything is learnt from
  float sd_floor;                // of a feature, at least
  float whiten_shrink;           // share of a correlation that is not believed
  float margin;                  // of the thresholds over the largest score
  bool
      proportional;  // and they grow with the mean score, at least: it says what their tail is like
};

}  // namespace anomaly
