#include "AdcInput.h"

#include "Transfer.h"
#include "esp_adc/adc_cali_scheme.h"
#include "esp_timer.h"

namespace {

// 12 dB, for 0 to 3.1 V. Named ADC_ATTEN_DB_11 before ESP-IDF 5.2 and ADC_ATTEN_DB_12 since.
constexpr auto kAttenuation = static_cast<adc_atten_t>(3);

adc_channel_t Channel(int index) {
  return static_cast<adc_channel_t>(pins::AdcChannel(pins::kSensor[index]));
}

// The scheme that the chip has, or nullptr where its eFuses hold no calibration values.
adc_cali_handle_t MakeCalibration(adc_channel_t channel) {
  adc_cali_handle_t handle = nullptr;
#if ADC_CALI_SCHEME_CURVE_FITTING_SUPPORTED
  adc_cali_curve_fitting_config_t config = {};
  config.unit_id = ADC_UNIT_1;
  config.chan = channel;
  config.atten = kAttenuation;
  config.bitwidth = ADC_BITWIDTH_12;
  return adc_cali_create_scheme_curve_fitting(&config, &handle) == ESP_OK ? handle : nullptr;
#elif ADC_CALI_SCHEME_LINE_FITTING_SUPPORTED
  static_cast<void>(channel);
  adc_cali_line_fitting_efuse_val_t source = ADC_CALI_LINE_FITTING_EFUSE_VAL_DEFAULT_VREF;
  if (adc_cali_scheme_line_fitting_check_efuse(&source) != ESP_OK ||
      source == ADC_CALI_LINE_FITTING_EFUSE_VAL_DEFAULT_VREF) {
    return nullptr;
  }
  adc_cali_line_fitting_config_t config = {};
  config.unit_id = ADC_UNIT_1;
  config.atten = kAttenuation;
  config.bitwidth = ADC_BITWIDTH_12;
  return adc_cali_create_scheme_line_fitting(&config, &handle) == ESP_OK ? handle : nullptr;
#else
  static_cast<void>(channel);
  return handle;
#endif
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

void AdcInput::Start() {
  // The timer counts on from its last due time, not from now.
  esp_timer_create_args_t args = {};
  args.callback = [](void* to_release) { xTaskNotifyGive(static_cast<TaskHandle_t>(to_release)); };
  args.arg = xTaskGetCurrentTaskHandle();
  args.name = "sampling";
  esp_timer_handle_t timer = nullptr;
  ESP_ERROR_CHECK_WITHOUT_ABORT(esp_timer_create(&args, &timer));
  ESP_ERROR_CHECK_WITHOUT_ABORT(esp_timer_start_periodic(timer, period_us_));
}

const SampleBlock& AdcInput::Wait() {
  const uint32_t periods = ulTaskNotifyTake(pdTRUE, portMAX_DELAY);
  if (periods > 1) lost_ += periods - 1;
  Fault fault = Fault::kNone;
  for (int i = 0; i < channels_ && fault == Fault::kNone; ++i) {
    fault = ReadChannel(i, &values_[i]);
  }
  block_ = {values_, 1, fault, false, esp_timer_get_time()};
  return block_;
}

Fault AdcInput::ReadChannel(int index, float* value) {
  if (adc_ == nullptr) return Fault::kNotANumber;
  int32_t counts = 0;
  int32_t millivolts = 0;
  for (int i = 0; i < config_.oversampling; ++i) {
    int raw = 0;
    int voltage = 0;
    if (adc_oneshot_read(adc_, Channel(index), &raw) != ESP_OK) return Fault::kNotANumber;
    if (calibration_[index] != nullptr &&
        adc_cali_raw_to_voltage(calibration_[index], raw, &voltage) != ESP_OK) {
      return Fault::kNotANumber;
    }
    counts += raw;
    millivolts += voltage;
  }
  const AnalogChannel& channel = config_.channels[index];
  const auto conversions = static_cast<float>(config_.oversampling);
  const float mean = static_cast<float>(counts) / conversions;
  const float volts = calibration_[index] != nullptr
                          ? static_cast<float>(millivolts) / (1000.0f * conversions)
                          : mean * channel.full_scale_volts / static_cast<float>(config_.adc_max);
  *value = VoltsToUnit(channel, volts);
  return RailFault(config_, mean);
}
