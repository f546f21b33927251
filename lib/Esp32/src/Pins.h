// Which pins carry sensor and LED. Others than the defaults: build_flags = -D SENSOR_GPIO=35
// -D LED_GPIO=4 in platformio.ini; one sensor pin for each channel, -D SENSOR_GPIO=34,35,32. A part
// on I2C or I2S has pins of its own, I2C_SDA_GPIO and so on. A buzzer and a relay are there only
// with BUZZER_GPIO and RELAY_GPIO. A choice that cannot work does not compile.
#pragma once

#include <cstddef>
#include <cstdint>

#include "esp_bit_defs.h"
#include "sdkconfig.h"
#include "soc/soc_caps.h"

namespace anomaly::pins {

// What a chip has. The index of a pin in `adc1` is its channel of ADC1; ADC2 is not used, because
// Wi-Fi takes it. `kTaken` are those of the flash memory and of the console on UART0,
// `kStrapping` those that say at a reset how the chip starts.
#if CONFIG_IDF_TARGET_ESP32
#ifndef SENSOR_GPIO
#define SENSOR_GPIO 34, 35, 32, 33, 36, 39
#endif
#ifndef LED_GPIO
#define LED_GPIO 2
#endif
#ifndef I2C_SDA_GPIO
#define I2C_SDA_GPIO 21
#endif
#ifndef I2C_SCL_GPIO
#define I2C_SCL_GPIO 22
#endif
#ifndef I2S_SCK_GPIO
#define I2S_SCK_GPIO 26
#endif
#ifndef I2S_WS_GPIO
#define I2S_WS_GPIO 25
#endif
#ifndef I2S_SD_GPIO
#define I2S_SD_GPIO 27
#endif
// Of a LAN8720 or one like it (custom_interface = ethernet): its reset or the supply of its clock;
// -1: none. The rest is as ESP-IDF has it: MDC 23, MDIO 18, clock in on GPIO0.
#ifndef ETHERNET_POWER_GPIO
#define ETHERNET_POWER_GPIO 16
#endif
inline constexpr int kAdc1[] = {36, 37, 38, 39, 32, 33, 34, 35};
inline constexpr int kTaken[] = {1, 3, 6, 7, 8, 9, 10, 11};
inline constexpr int kStrapping[] = {0, 2, 5, 12, 15};
#elif CONFIG_IDF_TARGET_ESP32S3
#ifndef SENSOR_GPIO
#define SENSOR_GPIO 1, 4, 5, 6, 7, 8, 9, 10
#endif
#ifndef LED_GPIO
#define LED_GPIO 2
#endif
#ifndef I2C_SDA_GPIO
#define I2C_SDA_GPIO 11
#endif
#ifndef I2C_SCL_GPIO
#define I2C_SCL_GPIO 12
#endif
#ifndef I2S_SCK_GPIO
#define I2S_SCK_GPIO 15
#endif
#ifndef I2S_WS_GPIO
#define I2S_WS_GPIO 16
#endif
#ifndef I2S_SD_GPIO
#define I2S_SD_GPIO 17
#endif
inline constexpr int kAdc1[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
inline constexpr int kTaken[] = {26, 27, 28, 29, 30, 31, 32, 43, 44};
inline constexpr int kStrapping[] = {0, 3, 45, 46};
#elif CONFIG_IDF_TARGET_ESP32C3
#ifndef SENSOR_GPIO
#define SENSOR_GPIO 3, 1, 0, 4
#endif
#ifndef LED_GPIO
#define LED_GPIO 10
#endif
#ifndef I2C_SDA_GPIO
#define I2C_SDA_GPIO 5
#endif
#ifndef I2C_SCL_GPIO
#define I2C_SCL_GPIO 6
#endif
#ifndef I2S_SCK_GPIO
#define I2S_SCK_GPIO 5
#endif
#ifndef I2S_WS_GPIO
#define I2S_WS_GPIO 6
#endif
#ifndef I2S_SD_GPIO
#define I2S_SD_GPIO 7
#endif
inline constexpr int kAdc1[] = {0, 1, 2, 3, 4};
inline constexpr int kTaken[] = {12, 13, 14, 15, 16, 17, 20, 21};
inline constexpr int kStrapping[] = {2, 8, 9};
#else
#error "this chip is not known here: add its ADC1 pins, its taken pins and its defaults"
#endif

// -1: there is none.
#ifndef BUZZER_GPIO
#define BUZZER_GPIO -1
#endif
#ifndef BUZZER_ACTIVE_LOW
#define BUZZER_ACTIVE_LOW 0
#endif
#ifndef RELAY_GPIO
#define RELAY_GPIO -1
#endif
#ifndef RELAY_ACTIVE_LOW
#define RELAY_ACTIVE_LOW 0
#endif

inline constexpr int kSensor[] = {SENSOR_GPIO};
inline constexpr int kSensorCount = sizeof(kSensor) / sizeof(kSensor[0]);
inline constexpr int kLed = LED_GPIO;
inline constexpr int kBuzzer = BUZZER_GPIO;
inline constexpr bool kBuzzerIsActiveLow = BUZZER_ACTIVE_LOW != 0;
inline constexpr int kRelay = RELAY_GPIO;
inline constexpr bool kRelayIsActiveLow = RELAY_ACTIVE_LOW != 0;
inline constexpr int kI2c[] = {I2C_SDA_GPIO, I2C_SCL_GPIO};
inline constexpr int kI2s[] = {I2S_SCK_GPIO, I2S_WS_GPIO, I2S_SD_GPIO};

// What a fault says of a part's pins.
#define PINS_TEXT_OF(pin) #pin
#define PINS_TEXT(pin) "GPIO" PINS_TEXT_OF(pin)
#define PINS_I2C_TEXT "SDA " PINS_TEXT(I2C_SDA_GPIO) ", SCL " PINS_TEXT(I2C_SCL_GPIO)
#define PINS_I2S_TEXT \
  "SCK " PINS_TEXT(I2S_SCK_GPIO) ", WS " PINS_TEXT(I2S_WS_GPIO) ", SD " PINS_TEXT(I2S_SD_GPIO)

template <size_t kSize>
constexpr int IndexOf(int pin, const int (&list)[kSize]) {
  for (size_t i = 0; i < kSize; ++i) {
    if (list[i] == pin) return static_cast<int>(i);
  }
  return -1;
}

// The channel of ADC1 that a pin has, or -1.
constexpr int AdcChannel(int pin) { return IndexOf(pin, kAdc1); }

constexpr bool SensorPinsAreAdc1() {
  for (const int pin : kSensor) {
    if (AdcChannel(pin) < 0) return false;
  }
  return true;
}

template <size_t kSize>
constexpr bool Differ(const int (&list)[kSize]) {
  for (size_t i = 0; i < kSize; ++i) {
    if (IndexOf(list[i], list) != static_cast<int>(i)) return false;
  }
  return true;
}

constexpr bool CanOutput(int pin) {
  return pin >= 0 && pin < 64 && ((uint64_t{SOC_GPIO_VALID_OUTPUT_GPIO_MASK} >> pin) & 1) != 0;
}

static_assert(SensorPinsAreAdc1(), "SENSOR_GPIO: not a pin of ADC1 on this chip (see kAdc1)");
constexpr bool CanInput(int pin) {
  return pin >= 0 && pin < 64 && ((uint64_t{SOC_GPIO_VALID_GPIO_MASK} >> pin) & 1) != 0;
}

template <size_t kSize>
constexpr bool AnyTaken(const int (&list)[kSize]) {
  for (const int pin : list) {
    if (IndexOf(pin, kTaken) >= 0) return true;
  }
  return false;
}

template <size_t kSize>
constexpr bool OutputsAreNoneOf(const int (&list)[kSize]) {
  return IndexOf(kLed, list) < 0 && IndexOf(kBuzzer, list) < 0 && IndexOf(kRelay, list) < 0;
}

// Asked only where there is such a part: the outputs of an analog sensor may be on pins of theirs.
constexpr bool OutputsAreNoneOfI2c() { return OutputsAreNoneOf(kI2c); }
constexpr bool OutputsAreNoneOfI2s() { return OutputsAreNoneOf(kI2s); }

// A buzzer or a relay may pull its pin either way while the chip starts.
constexpr bool IsFree(int pin) { return IndexOf(pin, kTaken) < 0 && IndexOf(pin, kStrapping) < 0; }

static_assert(Differ(kSensor), "SENSOR_GPIO: the same pin twice");
static_assert(IndexOf(kLed, kSensor) < 0, "LED_GPIO: the same pin as a sensor");
static_assert(CanOutput(kLed), "LED_GPIO: not an output of this chip");
static_assert(IndexOf(kLed, kTaken) < 0, "LED_GPIO: taken by the flash memory or the console");

static_assert(kBuzzer < 0 || CanOutput(kBuzzer), "BUZZER_GPIO: not an output of this chip");
static_assert(
    kBuzzer < 0 || IsFree(kBuzzer),
    "BUZZER_GPIO: taken by the flash memory or the console, or read when the chip starts");
static_assert(kBuzzer < 0 || IndexOf(kBuzzer, kSensor) < 0,
              "BUZZER_GPIO: the same pin as a sensor");
static_assert(kBuzzer < 0 || kBuzzer != kLed, "BUZZER_GPIO: the same pin as LED_GPIO");
static_assert(kRelay < 0 || CanOutput(kRelay), "RELAY_GPIO: not an output of this chip");
static_assert(kRelay < 0 || IsFree(kRelay),
              "RELAY_GPIO: taken by the flash memory or the console, or read when the chip starts");
static_assert(kRelay < 0 || IndexOf(kRelay, kSensor) < 0, "RELAY_GPIO: the same pin as a sensor");
static_assert(kRelay < 0 || (kRelay != kLed && kRelay != kBuzzer),
              "RELAY_GPIO: the same pin as LED_GPIO or BUZZER_GPIO");

// The clock of I2C is an output, and so is its data, half of the time.
static_assert(CanOutput(kI2c[0]), "I2C_SDA_GPIO: not an output of this chip");
static_assert(CanOutput(kI2c[1]), "I2C_SCL_GPIO: not an output of this chip");
static_assert(Differ(kI2c), "I2C_SDA_GPIO, I2C_SCL_GPIO: the same pin twice");
static_assert(!AnyTaken(kI2c), "I2C_..._GPIO: taken by the flash memory or the console");
static_assert(CanOutput(kI2s[0]), "I2S_SCK_GPIO: not an output of this chip");
static_assert(CanOutput(kI2s[1]), "I2S_WS_GPIO: not an output of this chip");
static_assert(CanInput(kI2s[2]), "I2S_SD_GPIO: not a pin of this chip");
static_assert(Differ(kI2s), "I2S_..._GPIO: the same pin twice");
static_assert(!AnyTaken(kI2s), "I2S_..._GPIO: taken by the flash memory or the console");

}  // namespace anomaly::pins
