#include "BoardEsp32.h"

#include <cstring>

#include "Pins.h"
#include "driver/gpio.h"
#include "driver/uart.h"
#include "esp_adc/adc_cali_scheme.h"
#include "esp_attr.h"
#include "esp_heap_caps.h"
#include "esp_system.h"
#include "esp_timer.h"
#include "nvs_flash.h"

// ESP-IDF has set UART0 up for its own messages before our first line; the driver takes it over as
// it is, so that nothing on its way out is cut.
static_assert(CONFIG_ESP_CONSOLE_UART_NUM == 0 && CONFIG_ESP_CONSOLE_UART_BAUDRATE == 115200,
              "sdkconfig: the console must be UART0 at 115200 baud");

namespace {

constexpr uart_port_t kUart = UART_NUM_0;
constexpr int kReceiveBuffer = 1024;
constexpr auto kLed = static_cast<gpio_num_t>(pins::kLed);

// 12 dB, for 0 to 3.1 V. Named ADC_ATTEN_DB_11 before ESP-IDF 5.2 and ADC_ATTEN_DB_12 since.
constexpr auto kAttenuation = static_cast<adc_atten_t>(3);

constexpr char kNamespace[] = "detector";

// Starts that have not come to StartDone(). They survive every reset but a loss of power, after
// which they hold anything: each must be the other's complement.
RTC_NOINIT_ATTR uint32_t starts;
RTC_NOINIT_ATTR uint32_t starts_inverse;

void SetStarts(uint32_t count) {
  starts = count;
  starts_inverse = ~count;
}

// NVS wants a text where Setting has a number.
struct Key {
  explicit Key(Setting setting) : text{'s', static_cast<char>('a' + static_cast<int>(setting))} {
    static_assert(kSettingCount <= 26);
  }
  char text[3];
};

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

void BoardEsp32::Begin() {
  gpio_config_t led = {};
  led.pin_bit_mask = uint64_t{1} << pins::kLed;
  led.mode = GPIO_MODE_OUTPUT;
  gpio_set_level(kLed, 0);
  ESP_ERROR_CHECK_WITHOUT_ABORT(gpio_config(&led));
  ESP_ERROR_CHECK_WITHOUT_ABORT(uart_driver_install(kUart, kReceiveBuffer, 0, 0, nullptr, 0));
  BeginSensor();
  BeginSettings();
}

void BoardEsp32::BeginSensor() {
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

void BoardEsp32::BeginSettings() {
  esp_err_t status = nvs_flash_init();
  if (status == ESP_ERR_NVS_NO_FREE_PAGES || status == ESP_ERR_NVS_NEW_VERSION_FOUND) {
    status = nvs_flash_erase();
    if (status == ESP_OK) status = nvs_flash_init();
  }
  settings_open_ = status == ESP_OK && nvs_open(kNamespace, NVS_READWRITE, &settings_) == ESP_OK;
}

void BoardEsp32::SetTasks(TaskHandle_t sampling, TaskHandle_t console) {
  sampling_ = sampling;
  console_ = console;
}

// ---- sampling task

SensorSample BoardEsp32::ReadSensor() {
  SensorSample sample = {};
  for (int i = 0; i < channels_ && sample.fault == SensorFault::kNone; ++i) {
    sample.fault = ReadChannel(i, &sample.values[i]);
  }
  return sample;
}

SensorFault BoardEsp32::ReadChannel(int index, float* value) {
  if (adc_ == nullptr) return SensorFault::kNotANumber;
  int32_t counts = 0;
  int32_t millivolts = 0;
  for (int i = 0; i < sensor_.oversampling; ++i) {
    int raw = 0;
    int voltage = 0;
    if (adc_oneshot_read(adc_, Channel(index), &raw) != ESP_OK) return SensorFault::kNotANumber;
    if (calibration_[index] != nullptr &&
        adc_cali_raw_to_voltage(calibration_[index], raw, &voltage) != ESP_OK) {
      return SensorFault::kNotANumber;
    }
    counts += raw;
    millivolts += voltage;
  }
  const auto conversions = static_cast<float>(sensor_.oversampling);
  const float mean = static_cast<float>(counts) / conversions;
  const float volts = calibration_[index] != nullptr
                          ? static_cast<float>(millivolts) / (1000.0f * conversions)
                          : mean * sensor_.full_scale_volts / static_cast<float>(sensor_.adc_max);
  *value = VoltsToUnit(sensor_, volts);
  return RailFault(sensor_, mean);
}

void BoardEsp32::SetLed(bool on) { gpio_set_level(kLed, on ? 1 : 0); }

uint32_t BoardEsp32::Stopwatch() { return static_cast<uint32_t>(esp_timer_get_time()); }

// ---- any task

int64_t BoardEsp32::NowMicros() const { return esp_timer_get_time(); }

// ---- console task

void BoardEsp32::Write(const char* text, size_t size) { uart_write_bytes(kUart, text, size); }

int BoardEsp32::ReadByte() {
  uint8_t byte = 0;
  return uart_read_bytes(kUart, &byte, 1, 0) == 1 ? byte : -1;
}

bool BoardEsp32::LoadSetting(Setting setting, float* value) {
  uint32_t bits = 0;
  if (!settings_open_ || nvs_get_u32(settings_, Key(setting).text, &bits) != ESP_OK) return false;
  std::memcpy(value, &bits, sizeof(*value));
  return true;
}

bool BoardEsp32::SaveSetting(Setting setting, float value) {
  uint32_t bits = 0;
  std::memcpy(&bits, &value, sizeof(bits));
  return settings_open_ && nvs_set_u32(settings_, Key(setting).text, bits) == ESP_OK &&
         nvs_commit(settings_) == ESP_OK;
}

void BoardEsp32::EraseSetting(Setting setting) {
  if (settings_open_ && nvs_erase_key(settings_, Key(setting).text) == ESP_OK)
    nvs_commit(settings_);
}

void BoardEsp32::Reboot() {
  uart_wait_tx_done(kUart, pdMS_TO_TICKS(1000));
  esp_restart();
}

const char* BoardEsp32::ResetReason() const {
  switch (esp_reset_reason()) {
    case ESP_RST_POWERON:
      return "power-on";
    case ESP_RST_EXT:
      return "reset pin";
    case ESP_RST_SW:
      return "reboot";
    case ESP_RST_PANIC:
      return "panic";
    case ESP_RST_INT_WDT:
    case ESP_RST_TASK_WDT:
    case ESP_RST_WDT:
      return "watchdog";
    case ESP_RST_DEEPSLEEP:
      return "deep sleep";
    case ESP_RST_BROWNOUT:
      return "brownout";
    default:
      return "unknown";
  }
}

uint32_t BoardEsp32::CountStart() {
  const esp_reset_reason_t reason = esp_reset_reason();
  const bool by_hand = reason == ESP_RST_POWERON || reason == ESP_RST_EXT;
  SetStarts(!by_hand && starts == ~starts_inverse ? starts + 1 : 1);
  return starts;
}

void BoardEsp32::StartDone() { SetStarts(0); }

void BoardEsp32::AddStatus(LineBuffer& line) {
  line.Add(" heap_free=").AddInteger(esp_get_free_heap_size());
  line.Add(" heap_min=").AddInteger(esp_get_minimum_free_heap_size());
  line.Add(" stack_sampling=").AddInteger(uxTaskGetStackHighWaterMark(sampling_));
  line.Add(" stack_console=").AddInteger(uxTaskGetStackHighWaterMark(console_));
  line.Add(" adc=").Add(calibration_[0] != nullptr ? "calibrated" : "raw");
}
