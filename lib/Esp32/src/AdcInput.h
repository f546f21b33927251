// Analog sensors on ADC1, one pin a channel (Pins.h), read one conversion after the other. A timer
// says when a sample is due, so that the period does not drift.
#pragma once

#include "Bounds.h"
#include "SampleInput.h"
#include "SensorConfig.h"
#include "esp_adc/adc_cali.h"
#include "esp_adc/adc_oneshot.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"

class AdcInput final : public SampleInput {
 public:
  // `sensor` must outlive the input.
  AdcInput(const SensorConfig& sensor, int channels, uint32_t period_us)
      : sensor_(sensor), channels_(channels), period_us_(period_us) {}

  // Sets up the hardware; call once, before anything else. What fails here shows as a FAULT later.
  void Begin();

  // The pace begins: call once, in the task that waits.
  void Start();

  const SampleBlock& Wait() override;
  uint32_t lost() const override { return lost_; }

  // Whether the chip's eFuses hold calibration values of its ADC.
  bool calibrated() const { return calibration_[0] != nullptr; }

 private:
  Fault ReadChannel(int index, float* value);

  const SensorConfig& sensor_;
  int channels_;
  uint32_t period_us_;
  adc_oneshot_unit_handle_t adc_ = nullptr;
  adc_cali_handle_t calibration_[kMaxChannels] = {};  // nullptr: no calibration values
  float values_[kMaxChannels] = {};
  SampleBlock block_ = {};
  uint32_t lost_ = 0;
};
