#include "Moments.h"

#include <cmath>

Moments MomentsOf(const RingChannel& samples) {
  const auto n = static_cast<float>(samples.count);
  // Around the first sample, so that a large level leaves room for the digits of what moves.
  const float first = samples[0];
  float sum = 0.0f;
  float low = 0.0f;
  float high = 0.0f;
  for (int32_t i = 0; i < samples.count; ++i) {
    const float d = samples[i] - first;
    sum += d;
    low = std::fmin(low, d);
    high = std::fmax(high, d);
  }
  const float centre = sum / n;
  float squares = 0.0f;
  float fourths = 0.0f;
  int crossings = 0;
  bool above_before = 0.0f >= centre;
  for (int32_t i = 0; i < samples.count; ++i) {
    const float d = samples[i] - first;
    const float square = (d - centre) * (d - centre);
    squares += square;
    fourths += square * square;
    const bool above = d >= centre;
    crossings += above != above_before ? 1 : 0;
    above_before = above;
  }
  Moments moments = {};
  moments.mean = first + centre;
  moments.variance = squares / n;
  moments.rms = std::sqrt(moments.variance);
  moments.peak_to_peak = high - low;
  moments.zero_crossings = static_cast<float>(crossings);
  if (moments.rms > 0.0f) {
    moments.crest = std::fmax(high - centre, centre - low) / moments.rms;
    moments.kurtosis = fourths / n / (moments.variance * moments.variance);
  }
  return moments;
}
