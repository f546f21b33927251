// How samples become frames, and what a frame says, as generated into include/model_config.h.
#pragma once

#include <cstdint>

#include "Bounds.h"
#include "Moments.h"
#include "RealFft.h"

namespace anomaly {

// Instead of a channel: of all of them as one vector, its length or the sum of their powers.
constexpr uint8_t kVector = 255;

// What is made of the windows of a frame; of the frame as a whole without windows.
enum class Take : uint8_t {
  kWhole,
  kTilt,  // angle between the mean vectors of the frame's two halves, degrees
  kMean,
  kMax,
  kDeviation,  // standard, divided by the number of windows
  kWeighted,   // the sum of the means of some columns, weighed: a cepstral coefficient
};

struct FrameValueSpec {
  float Moments::* moment;  // kWhole: which of them,
  uint8_t channel;          // and of which channel, or kVector
  Take take = Take::kWhole;
  uint8_t column = 0;              // of windows: the first column,
  uint8_t columns = 0;             // how many,
  const float* weights = nullptr;  // and their weights, for kWeighted
};

// A part of the spectrum: the sum of `count` bins from `first` on, times `scale`.
struct BinFilter {
  int16_t first;
  int16_t count;
  const float* weights;  // [count]; nullptr: each is 1
  float scale;
};

// One number of a window: a moment, the logarithm of what a filter lets through, or the spectrum's
// centroid.
struct WindowColumn {
  float Moments::* moment;  // nullptr: of the spectrum
  int16_t filter;           // of the spectrum: which; -1: the centroid
  uint8_t channel;          // or kVector
};

// Windows that a frame is looked at through, each with an FFT. They begin with the frame.
struct WindowsConfig {
  int32_t size;       // samples, a power of two
  int32_t hop;        // from window to window; divides the frame's hop
  int32_t per_frame;  // (samples - size) / hop + 1
  int32_t count;      // columns
  const WindowColumn* columns;
  const BinFilter* filters;
  const float* shape;  // [size]: what samples are multiplied with before the FFT
  const float* turns;  // [size]: see PlainFft
};

struct FrameConfig {
  int32_t samples;   // length of a frame, 2 or more
  int32_t hop;       // from the start of one frame to that of the next, 1..samples
  int32_t channels;  // of a sample, 1..kMaxChannels
  int32_t count;     // values of a frame, 1..kMaxValues
  float sample_rate_hz;
  const FrameValueSpec* specs;             // [count]
  const WindowsConfig* windows = nullptr;  // nullptr: none
  bool keeps_frame = true;                 // a value is of the whole frame: all its samples wait

  // What a Framer works in, floats.
  constexpr int32_t ring_rows() const { return keeps_frame ? samples : windows->size; }
  constexpr int32_t ring_floats() const { return ring_rows() * channels; }
  constexpr int32_t column_floats() const {
    return windows == nullptr ? 0 : windows->per_frame * windows->count;
  }
  constexpr int32_t fft_floats() const {
    return windows == nullptr ? 0 : windows->size + windows->size / 2 + 1;
  }
  constexpr int32_t memory_floats() const { return ring_floats() + column_floats() + fft_floats(); }
  constexpr int32_t fft_size() const { return windows == nullptr ? 0 : windows->size; }
  constexpr const float* turns() const { return windows == nullptr ? nullptr : windows->turns; }
};

// What frames are made in, by the caller.
struct FrameMemory {
  float* floats = nullptr;  // [FrameConfig::memory_floats()]; nullptr without frames
  RealFft* fft = nullptr;   // of the windows' size
};

}  // namespace anomaly
