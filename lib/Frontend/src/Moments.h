// What a stretch of one channel's samples comes to. training/frames.py computes the same.
#pragma once

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

struct Moments {
  float mean;
  float variance;        // of the samples: divided by their number
  float rms;             // root of the variance: without the mean, as a vibration meter shows it
  float peak_to_peak;    // largest minus smallest
  float crest;           // largest distance from the mean, in rms; 0 where nothing moves
  float kurtosis;        // fourth moment over the squared variance: 3 for Gaussian noise; or 0
  float zero_crossings;  // of the mean: so many pairs of neighbours lie on either side of it
};

// Of all samples, two or more. A sample that is the mean counts as above it.
Moments MomentsOf(const RingChannel& samples);
