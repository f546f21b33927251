// Gathers samples into frames that overlap, and says what each frame comes to.
#pragma once

#include "FrameSpec.h"

class Framer {
 public:
  // Both must outlive the framer. `ring` takes samples * channels floats.
  Framer(const FrameConfig& config, float* ring) : config_(config), ring_(ring) {}

  // Takes one sample of `channels` values. True when a frame is due: after the first `samples`
  // samples, and then once every hop.
  bool Add(const float* sample);

  // Instead of Add() where the sample is not believable: the frame is empty again, and it is due as
  // before.
  bool Skip();

  // Forgets all samples and the pace.
  void Reset() {
    filled_ = next_ = since_ = 0;
    started_ = false;
  }

  // Whether a frame that is due has all its samples.
  bool full() const { return filled_ == config_.samples; }

  // What the last `samples` samples come to, [count].
  void Values(float* values) const;

 private:
  bool Tick();

  const FrameConfig& config_;
  float* ring_;
  int32_t filled_ = 0;
  int32_t next_ = 0;   // row of the ring that the next sample takes
  int32_t since_ = 0;  // samples since a frame was due
  bool started_ = false;
};
