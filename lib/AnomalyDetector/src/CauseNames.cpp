#include "CauseNames.h"

#include "FeatureExtractor.h"

namespace anomaly {

CauseText CauseNames::OfFeature(int feature) const {
  const FeatureSpec& spec = features.specs[feature];
  if (features.channels == 1) return {FeatureBehaviour(spec.kind)};
  return {causes != nullptr ? causes[spec.channel] : values[spec.channel]};
}

CauseText CauseNames::OfSlow(SlowCause cause, int value) const {
  return {SlowCauseText(cause), features.channels > 1 ? values[value] : nullptr};
}

}  // namespace anomaly
