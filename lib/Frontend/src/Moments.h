// The catalogue of what a stretch of samples can say: each is a member of Moments, and a function
// of that name in training/frames.py. A test compares the two.
#pragma once

#include <cmath>
#include <cstdint>

namespace anomaly {

// A logarithm stops here: nothing moves at all.
constexpr float kLeastAmplitude = 1e-6f;

// One channel of a stretch of a ring of samples, in the order of time.
struct RingChannel {
  const float* values;  // of the ring's first row
  int32_t rows;         // of the ring
  int32_t stride;       // floats from row to row
  int32_t oldest;       // row
  int32_t count;        // samples

  const float* row(int32_t i) const {
    const int32_t row = oldest + i;
    return values + (row < rows ? row : row - rows) * stride;
  }
  float operator[](int32_t i) const { return *row(i); }
  // How far sample `i` is from the one before.
  float Step(int32_t i) const { return std::fabs(*row(i) - *row(i - 1)); }
};

// All channels as one vector: its length.
struct RingVector : RingChannel {
  float operator[](int32_t i) const {
    const float* const sample = row(i);
    float sum = 0.0f;
    for (int32_t j = 0; j < stride; ++j) sum += sample[j] * sample[j];
    return std::sqrt(sum);
  }
  float Step(int32_t i) const {
    const float* const sample = row(i);
    const float* const before = row(i - 1);
    float sum = 0.0f;
    for (int32_t j = 0; j < stride; ++j) {
      sum += (sample[j] - before[j]) * (sample[j] - before[j]);
    }
    return std::sqrt(sum);
  }
};

// All but mean, minimum, maximum and jerk are of the samples without their mean.
struct Moments {
  float mean;
  float minimum;
  float maximum;
  float variance;            // of the samples: divided by their number
  float rms;                 // root of the variance, as a vibration meter shows it
  float peak_to_peak;        // largest minus smallest
  float crest;               // largest distance from the mean, in rms; 0 where nothing moves
  float skewness;            // third moment over the cubed rms; 0 where nothing moves
  float kurtosis;            // fourth moment over the squared variance: 3 for Gaussian noise; or 0
  float zero_crossing_rate;  // a second: pairs of neighbours that lie on either side of the mean
  float log_rms;             // decimal logarithms, of 1e-6 at least
  float log_peak_to_peak;
  float log_jerk;  // of the largest distance of two neighbours
};

// The mean of the samples less `around`.
template <typename Samples>
float MeanFrom(const Samples& samples, float around) {
  float sum = 0.0f;
  for (int32_t i = 0; i < samples.count; ++i) sum += samples[i] - around;
  return sum / static_cast<float>(samples.count);
}

inline float LogAmplitude(float size) { return std::log10(std::fmax(size, kLeastAmplitude)); }

// Of all samples, two or more. A sample that is the mean counts as above it.
template <typename Samples>
Moments MomentsOf(const Samples& samples, float sample_rate_hz) {
  // Around a first mean, and that corrected once: seven digits would else be lost to a large level,
  // or to one sample that is far away.
  const float around = samples[0] + MeanFrom(samples, samples[0]);
  const float centre = MeanFrom(samples, around);
  float low = samples[0] - around;
  float high = low;
  float squares = 0.0f;
  float cubes = 0.0f;
  float fourths = 0.0f;
  float jerk = 0.0f;
  int crossings = 0;
  bool above_before = low >= centre;
  for (int32_t i = 0; i < samples.count; ++i) {
    const float d = samples[i] - around;
    const float square = (d - centre) * (d - centre);
    squares += square;
    cubes += square * (d - centre);
    fourths += square * square;
    low = std::fmin(low, d);
    high = std::fmax(high, d);
    if (i > 0) jerk = std::fmax(jerk, samples.Step(i));
    const bool above = d >= centre;
    crossings += above != above_before ? 1 : 0;
    above_before = above;
  }
  const auto n = static_cast<float>(samples.count);
  Moments moments = {};
  moments.mean = around + centre;
  moments.minimum = around + low;
  moments.maximum = around + high;
  moments.variance = squares / n;
  moments.rms = std::sqrt(moments.variance);
  moments.peak_to_peak = high - low;
  moments.zero_crossing_rate =
      static_cast<float>(crossings) * sample_rate_hz / static_cast<float>(samples.count - 1);
  if (moments.rms > 0.0f) {
    moments.crest = std::fmax(high - centre, centre - low) / moments.rms;
    moments.skewness = cubes / n / (moments.variance * moments.rms);
    moments.kurtosis = fourths / n / (moments.variance * moments.variance);
  }
  moments.log_rms = LogAmplitude(moments.rms);
  moments.log_peak_to_peak = LogAmplitude(moments.peak_to_peak);
  moments.log_jerk = LogAmplitude(jerk);
  return moments;
}

}  // namespace anomaly
