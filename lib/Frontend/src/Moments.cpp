#include "Moments.h"

#include <cmath>

namespace {

// The mean of the samples less `around`.
float MeanFrom(const RingChannel& samples, float around) {
  float sum = 0.0f;
  for (int32_t i = 0; i < samples.count; ++i) sum += samples[i] - around;
  return sum / static_cast<float>(samples.count);
}

}  // namespace

Moments MomentsOf(const RingChannel& samples) {
  // Around a first mean, and that corrected once: seven digits would else be lost to a large level,
  // or to one sample that is far away.
  const float around = samples[0] + MeanFrom(samples, samples[0]);
  const float centre = MeanFrom(samples, around);
  float low = samples[0] - around;
  float high = low;
  float squares = 0.0f;
  float fourths = 0.0f;
  int crossings = 0;
  bool above_before = low >= centre;
  for (int32_t i = 0; i < samples.count; ++i) {
    const float d = samples[i] - around;
    const float square = (d - centre) * (d - centre);
    squares += square;
    fourths += square * square;
    low = std::fmin(low, d);
    high = std::fmax(high, d);
    const bool above = d >= centre;
    crossings += above != above_before ? 1 : 0;
    above_before = above;
  }
  const auto n = static_cast<float>(samples.count);
  Moments moments = {};
  moments.mean = around + centre;
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
