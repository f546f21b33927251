// The chip's own curve of its ADC, for what reads it one conversion at a time or all the time.
#pragma once

#include "esp_adc/adc_cali.h"
#include "hal/adc_types.h"

namespace anomaly {

// 12 dB, for 0 to 3.1 V. Named ADC_ATTEN_DB_11 before ESP-IDF 5.2 and ADC_ATTEN_DB_12 since.
inline constexpr auto kAttenuation = static_cast<adc_atten_t>(3);

// The scheme that the chip has, or nullptr where its eFuses hold no calibration values.
adc_cali_handle_t MakeCalibration(adc_channel_t channel);

}  // namespace anomaly
