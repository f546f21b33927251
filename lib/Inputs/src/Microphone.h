// What a microphone with an I2S output (INMP441) sends: 24 bits in a slot of 32, in the left or the
// right one of the two, as its pin L/R says.
#pragma once

#include <atomic>
#include <cstdint>

#include "Fault.h"
#include "RawCheck.h"

namespace anomaly {

struct MicrophoneConfig {
  float rate_hz;
  bool right;  // the slot that the profile names
};

class Microphone {
 public:
  explicit Microphone(const MicrophoneConfig& config);

  // `frames` times both slots, left first, as they came. Of them becomes one sample each, full
  // scale 1; at the start none, until the microphone is awake. How many samples.
  int Take(const int32_t* slots, int frames, float* samples);

  // Of the last Take(): both slots are dead, or the one that is heard is at full scale.
  Fault fault() const { return fault_; }

  // The other slot is heard from here on, because it alone lives.
  bool changed() const { return changed_; }

  // It sleeps again, as after its clock stood still.
  void Restart() { asleep_ = wake_; }

  // Any thread: which slot is heard.
  bool right() const { return right_.load(std::memory_order_relaxed); }

 private:
  const int32_t wake_;  // frames
  int32_t asleep_;
  RawCheck slots_[2];
  Fault fault_ = Fault::kNone;
  bool changed_ = false;
  std::atomic<bool> right_;
};

}  // namespace anomaly
