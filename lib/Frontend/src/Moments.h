// The catalogue of what a frame can say: each is a member of Moments, and a function of that name
// in training/frames.py. A test compares the two.
#pragma once

#include <cmath>
#include <cstdint>

// One channel of a ring of samples, in the order of time.
struct RingChannel {
  const float* values;  // of the ring's first row
  int32_t count;        // rows
  int32_t stride;       // floats from row to row
  int32_t oldest;       // row

  float operator[](int32_t i) const {
    const int32_t row = oldest + i;
    return values[(row < count ? row : row - count) * stride];
  }
};

// All but the mean are of the samples without their mean.
struct Moments {
  float mean;
  float variance;            // of the samples: divided by their number
  float rms;                 // root of the variance, as a vibration meter shows it
  float peak_to_peak;        // largest minus smallest
  float crest;               // largest distance from the mean, in rms; 0 where nothing moves
  float kurtosis;            // fourth moment over the squared variance: 3 for Gaussian noise; or 0
  float zero_crossing_rate;  // a second: pairs of neighbours that lie on either side of the mean
};

// The mean of the samples less `around`.
inline float MeanFrom(const RingChannel& samples, float around) {
  float sum = 0.0f;
  for (int32_t i = 0; i < samples.count; ++i) sum += samples[i] - around;
  return sum / static_cast<float>(samples.count);
}

// Of all samples, two or more. A sample that is the mean counts as above it.
inline Moments MomentsOf(const RingChannel& samples, float sample_rate_hz) {
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
  moments.zero_crossing_rate =
      static_cast<float>(crossings) * sample_rate_hz / static_cast<float>(samples.count - 1);
  if (moments.rms > 0.0f) {
    moments.crest = std::fmax(high - centre, centre - low) / moments.rms;
    moments.kurtosis = fourths / n / (moments.variance * moments.variance);
  }
  return moments;
}
