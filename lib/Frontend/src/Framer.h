// Gathers samples into frames that overlap, and says what each frame comes to.
#pragma once

#include "FrameSpec.h"

namespace anomaly {

class Framer {
 public:
  // All must outlive the framer. Without windows there may be no FFT.
  Framer(const FrameConfig& config, FrameMemory memory)
      : config_(config),
        ring_(memory.floats),
        columns_(ring_ + config.ring_floats()),
        work_(columns_ + config.column_floats()),
        fft_(memory.fft) {
    Reset();
  }

  // Takes one sample of `channels` values. True when a frame is due: after the first `samples`
  // samples, and then once every hop.
  bool Add(const float* sample);

  // Instead of Add() where the sample is not believable: the frame is empty again, and it is due as
  // before.
  bool Skip();

  // Forgets all samples and the pace.
  void Reset() {
    filled_ = next_ = next_window_ = 0;
    until_due_ = config_.samples;
    until_window_ = config_.windows != nullptr ? config_.windows->size : 0;
  }

  // Whether a frame that is due has all its samples.
  bool full() const { return filled_ == config_.samples; }

  // What the last `samples` samples come to, [count].
  void Values(float* values) const;

 private:
  bool Tick();
  RingChannel Last(int32_t count, int32_t channel) const;
  Moments MomentsOfLast(int32_t count, uint8_t channel) const;
  void TakeWindow();
  void Transform(uint8_t channel);
  float FromSpectrum(int32_t filter) const;
  float FromWindows(const FrameValueSpec& spec) const;
  float Mean(int32_t column) const;
  float Tilt() const;

  const FrameConfig& config_;
  float* ring_;     // [rows][channels]
  float* columns_;  // [windows of a frame][columns]
  float* work_;     // [size], then the power of the bins [size/2 + 1]
  RealFft* fft_;
  int32_t filled_ = 0;        // samples without a hole, those of a frame at most
  int32_t next_ = 0;          // row of the ring that the next sample takes
  int32_t next_window_ = 0;   // row of columns_
  int32_t until_due_ = 0;     // samples until a frame is due,
  int32_t until_window_ = 0;  // and a window
};

}  // namespace anomaly
