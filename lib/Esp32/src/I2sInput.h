// A microphone with an I2S output (INMP441) on the pins of Pins.h. Both slots are read, of 32 bits
// each: lib/Inputs finds the one that it is in.
#pragma once

#include <atomic>

#include "HoleCount.h"
#include "Microphone.h"
#include "Pins.h"
#include "Platform.h"
#include "SampleInput.h"
#include "SamplePace.h"
#include "driver/i2s_std.h"

namespace anomaly {

class I2sInput final : public SampleInput {
 public:
  using Config = MicrophoneConfig;

  static constexpr bool CanRead(const Config&, int channels) {
    return channels == 1 && pins::OutputsAreNoneOfI2s();
  }

  // `config` must outlive the input.
  I2sInput(const Config& config, int channels, uint32_t period_us);

  void Begin();
  void Start();
  const SampleBlock& Wait() override;
  uint32_t lost() const override { return holes_.lost() * kFrames; }
  const char* part() const override { return "INMP441, " PINS_I2S_TEXT; }

  // For `status`: the slot that is heard.
  SystemFigure Figure() const { return {"slot", 0, microphone_.right() ? "right" : "left"}; }

 private:
  static constexpr int kFrames = 256;  // of a buffer of the DMA, and of a block

  bool ReadBuffer();
  bool GiveFault();

  const Config& config_;
  Microphone microphone_;
  SamplePace pace_;
  i2s_chan_handle_t channel_ = nullptr;
  std::atomic<uint32_t> overflows_{0};  // buffers that were written over
  HoleCount holes_;
  bool more_faults_ = false;
  bool gap_ = true;
  int32_t slots_[2 * kFrames] = {};
  float values_[kFrames] = {};
  SampleBlock block_ = {};
};

}  // namespace anomaly
