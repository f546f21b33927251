// Which channel an anomaly of several channels comes from.
#pragma once

#include "DetectorConfig.h"
#include "FeatureSpec.h"

namespace anomaly {

// The feature that stands out most in the channel whose own deviation explains a sample best: the
// channel without whose features the sample would be nearest to normal data. A channel that is
// merely correlated with it stays as far away as before. Of frames, whose values move together, it
// is the feature that stands out most of all. `z` are the features as CauseConfig wants them,
// [features.count]; costs count^3 multiplications at most.
int8_t CauseFeature(const CauseConfig& config, const FeatureConfig& features, const float* z);

}  // namespace anomaly
