#include "AdcCalibration.h"

#include "esp_adc/adc_cali_scheme.h"

namespace anomaly {

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

}  // namespace anomaly
