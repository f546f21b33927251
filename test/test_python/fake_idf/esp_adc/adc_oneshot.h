// An ADC whose counts are the standard input; the program ends with them.
#pragma once

#include <cstdio>
#include <cstdlib>

using esp_err_t = int;
#define ESP_ERROR_CHECK(call) \
  if ((call) != 0) std::abort()

enum adc_unit_t { ADC_UNIT_1 };
enum adc_channel_t { ADC_CHANNEL_6 = 6 };
enum adc_atten_t { ADC_ATTEN_DB_12 = 3 };
enum adc_bitwidth_t { ADC_BITWIDTH_12 = 12 };
using adc_oneshot_unit_handle_t = void*;
struct adc_oneshot_unit_init_cfg_t {
  adc_unit_t unit_id;
};
struct adc_oneshot_chan_cfg_t {
  adc_atten_t atten;
  adc_bitwidth_t bitwidth;
};
inline esp_err_t adc_oneshot_new_unit(const adc_oneshot_unit_init_cfg_t*,
                                      adc_oneshot_unit_handle_t*) {
  return 0;
}
inline esp_err_t adc_oneshot_config_channel(adc_oneshot_unit_handle_t, adc_channel_t,
                                            const adc_oneshot_chan_cfg_t*) {
  return 0;
}
inline esp_err_t adc_oneshot_read(adc_oneshot_unit_handle_t, adc_channel_t, int* counts) {
  if (std::scanf("%d", counts) != 1) std::exit(0);
  return 0;
}
