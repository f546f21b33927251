#include "AdcInput.h"

#include "AdcCalibration.h"
#include "Oversampling.h"
#include "SamplingMoment.h"
#include "Transfer.h"

namespace anomaly {

SamplingMoment sampling_moment;

namespace {

// Wi-Fi is in the build where its headers are.
#if __has_include("esp_wifi.h")
constexpr bool kHasRadio = true;
#else
constexpr bool kHasRadio = false;
#endif

adc_channel_t Channel(int index) {
  return static_cast<adc_channel_t>(pins::AdcChannel(pins::kSensor[index]));
}

}  // namespace

void AdcInput::Begin() {
  adc_oneshot_unit_init_cfg_t unit = {};
  unit.unit_id = ADC_UNIT_1;
  if (adc_oneshot_new_unit(&unit, &adc_) != ESP_OK) return;
  adc_oneshot_chan_cfg_t channel = {};
  channel.atten = kAttenuation;
  channel.bitwidth = ADC_BITWIDTH_12;
  for (int i = 0; i < channels_; ++i) {
    ESP_ERROR_CHECK_WITHOUT_ABORT(adc_oneshot_config_channel(adc_, Channel(i), &channel));
    calibration_[i] = MakeCalibration(Channel(i));
  }
}

void AdcInput::Start() { timer_.Start(period_us_); }

const SampleBlock& AdcInput::Wait() {
  const uint32_t periods = timer_.Wait();
  if (periods > 1) lost_ += periods - 1;
  sampling_moment.Begin(esp_timer_get_time(), period_us_);
  Fault fault = Fault::kNone;
  for (int i = 0; i < channels_ && fault == Fault::kNone; ++i) {
    fault = ReadChannel(i, &values_[i]);
  }
  sampling_moment.End();
  block_ = {values_, 1, fault, false, esp_timer_get_time()};
  return block_;
}

Fault AdcInput::ReadChannel(int index, float* value) {
  if (adc_ == nullptr) return Fault::kNotANumber;
  Oversampling counts(config_.oversampling, kHasRadio);
  Oversampling millivolts(config_.oversampling, kHasRadio);
  for (int i = 0; i < config_.oversampling; ++i) {
    int raw = 0;
    int voltage = 0;
    if (adc_oneshot_read(adc_, Channel(index), &raw) != ESP_OK) return Fault::kNotANumber;
    if (calibration_[index] != nullptr &&
        adc_cali_raw_to_voltage(calibration_[index], raw, &voltage) != ESP_OK) {
      return Fault::kNotANumber;
    }
    counts.Add(raw);
    millivolts.Add(voltage);
  }
  const AnalogChannel& channel = config_.channels[index];
  const float mean = counts.Mean();
  const float volts = calibration_[index] != nullptr
                          ? millivolts.Mean() / 1000.0f
                          : mean * channel.full_scale_volts / static_cast<float>(config_.adc_max);
  *value = VoltsToUnit(channel, volts);
  return RailFault(config_, mean);
}

}  // namespace anomaly
