// What the causes of an anomaly are called.
#pragma once

#include "FeatureSpec.h"
#include "FrameDetector.h"

namespace anomaly {

// What a reading names as its cause: "jump", the name of a channel, or "drift of <channel>".
struct CauseText {
  CauseText(const char* own_what, const char* own_channel = nullptr)
      : what(own_what), channel(own_channel) {}

  const char* what;
  const char* channel;  // nullptr: not said
};

struct CauseNames {
  const FeatureConfig& features;
  const char* const* values;  // [features.channels]
  // [features.channels] what comes from a value is called, where there are several; nullptr: by its
  // name.
  const char* const* causes;

  CauseText OfFeature(int feature) const;
  CauseText OfSlow(SlowCause cause, int value) const;
  CauseText Of(const FrameVerdict& verdict) const {
    return verdict.slow_cause != SlowCause::kNone ? OfSlow(verdict.slow_cause, verdict.slow_value)
                                                  : OfFeature(verdict.cause);
  }
};

}  // namespace anomaly
