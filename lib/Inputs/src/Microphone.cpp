#include "Microphone.h"

namespace anomaly {

namespace {

constexpr int32_t kFullScale = 1 << 23;
constexpr int kJunkBits = 8;          // below the 24
constexpr float kWakeSeconds = 0.3f;  // 256 ms by the data sheet, at 16 kHz
// Samples in a row that no microphone repeats: its own noise is some hundred counts.
constexpr uint32_t kLongest = 256;

}  // namespace

Microphone::Microphone(const MicrophoneConfig& config)
    : wake_(static_cast<int32_t>(kWakeSeconds * config.rate_hz)),
      asleep_(wake_),
      slots_{{-kFullScale, kFullScale - 1, kLongest}, {-kFullScale, kFullScale - 1, kLongest}},
      right_(config.right) {}

int Microphone::Take(const int32_t* slots, int frames, float* samples) {
  Fault faults[2] = {};
  const bool heard_right = right();
  int made = 0;
  fault_ = Fault::kNone;
  changed_ = false;
  for (int i = 0; i < frames; ++i) {
    if (asleep_ > 0) {
      --asleep_;
      continue;
    }
    for (int slot = 0; slot < 2; ++slot) {
      const int32_t number = slots[2 * i + slot] >> kJunkBits;
      // A slot that nobody drives repeats the last bit: all zeros, or all ones.
      const int32_t checked = number == -1 ? 0 : number;
      faults[slot] = slots_[slot].Update(&checked, 1);
      if (slot == static_cast<int>(heard_right)) {
        samples[made++] = static_cast<float>(number) / static_cast<float>(kFullScale);
      }
    }
  }
  fault_ = faults[heard_right];
  if (fault_ == Fault::kNone) return made;
  if (faults[!heard_right] == Fault::kNone) {
    right_.store(!heard_right, std::memory_order_relaxed);
    changed_ = true;
  }
  return made;
}

}  // namespace anomaly
