// Analog sensors on ADC1, one pin a channel (Pins.h), read one conversion after the other. A timer
// says when a sample is due, so that the period does not drift.
#pragma once

#include "AnalogConfig.h"
#include "Bounds.h"
#include "Pins.h"
#include "Platform.h"
#include "SampleInput.h"
#include "SampleTimer.h"
#include "esp_adc/adc_cali.h"
#include "esp_adc/adc_oneshot.h"

namespace anomaly {

class AdcInput final : public SampleInput {
 public:
  using Config = AnalogConfig;

  // What it can read, asked at compile time: a pin for each channel, counts of 12 bits.
  static constexpr bool CanRead(const Config& config, int channels) {
    return channels <= pins::kSensorCount && config.adc_max == 4095;
  }

  // `config` must outlive the input.
  AdcInput(const Config& config, int channels, uint32_t period_us)
      : config_(config), channels_(channels), period_us_(period_us) {}

  // Sets up the hardware; call once, before anything else. What fails here shows as a FAULT later.
  void Begin();

  // The pace begins: call once, in the task that waits.
  void Start();

  const SampleBlock& Wait() override;
  uint32_t lost() const override { return lost_; }

  // For `status`: whether the chip's eFuses hold calibration values of its ADC.
  SystemFigure Figure() const {
    return {"adc", 0, calibration_[0] != nullptr ? "calibrated" : "raw"};
  }

 private:
  Fault ReadChannel(int index, float* value);

  const Config& config_;
  int channels_;
  uint32_t period_us_;
  SampleTimer timer_;
  adc_oneshot_unit_handle_t adc_ = nullptr;
  adc_cali_handle_t calibration_[kMaxChannels] = {};  // nullptr: no calibration values
  float values_[kMaxChannels] = {};
  SampleBlock block_ = {};
  uint32_t lost_ = 0;
};

}  // namespace anomaly
