#include "GpioSwitch.h"

#include "driver/gpio.h"

namespace anomaly {

void GpioSwitch::Begin() {
  gpio_config_t config = {};
  config.pin_bit_mask = uint64_t{1} << pin_;
  config.mode = GPIO_MODE_OUTPUT;
  Set(false);  // before it is an output: no pulse
  ESP_ERROR_CHECK_WITHOUT_ABORT(gpio_config(&config));
}

void GpioSwitch::Set(bool on) {
  gpio_set_level(static_cast<gpio_num_t>(pin_), on != is_active_low_ ? 1 : 0);
}

}  // namespace anomaly
