#include "GpioLed.h"

#include "Pins.h"
#include "driver/gpio.h"

namespace {
constexpr auto kLed = static_cast<gpio_num_t>(pins::kLed);
}

void GpioLed::Begin() {
  gpio_config_t led = {};
  led.pin_bit_mask = uint64_t{1} << pins::kLed;
  led.mode = GPIO_MODE_OUTPUT;
  gpio_set_level(kLed, 0);
  ESP_ERROR_CHECK_WITHOUT_ABORT(gpio_config(&led));
}

void GpioLed::Set(bool on) { gpio_set_level(kLed, on ? 1 : 0); }
