#include "I2cMasterBus.h"

#include "Pins.h"
#include "driver/gpio.h"
#if ESP_IDF_VERSION >= ESP_IDF_VERSION_VAL(5, 2, 0)
#include "esp_log.h"
#else
#include "driver/i2c.h"
#include "esp_intr_alloc.h"
#include "esp_rom_sys.h"
#endif

namespace anomaly {

namespace {

constexpr auto kSda = static_cast<gpio_num_t>(pins::kI2c[0]);
constexpr auto kScl = static_cast<gpio_num_t>(pins::kI2c[1]);
constexpr uint32_t kSpeedHz = 400'000;
constexpr int kTimeoutMs = 50;  // a FIFO of 1 KB takes 23 ms

}  // namespace

bool I2cMasterBus::Idle() const { return gpio_get_level(kSda) != 0 && gpio_get_level(kScl) != 0; }

#if ESP_IDF_VERSION >= ESP_IDF_VERSION_VAL(5, 2, 0)

void I2cMasterBus::Begin(uint8_t address) {
  esp_log_level_set("i2c.master", ESP_LOG_NONE);  // it tells of every part that is not there
  i2c_master_bus_config_t bus = {};
  bus.i2c_port = 0;
  bus.sda_io_num = kSda;
  bus.scl_io_num = kScl;
  bus.clk_source = I2C_CLK_SRC_DEFAULT;
  bus.glitch_ignore_cnt = 7;
  bus.flags.enable_internal_pullup = 1;
  i2c_device_config_t part = {};
  part.dev_addr_length = I2C_ADDR_BIT_LEN_7;
  part.device_address = address;
  part.scl_speed_hz = kSpeedHz;
  ready_ = i2c_new_master_bus(&bus, &bus_) == ESP_OK &&
           i2c_master_bus_add_device(bus_, &part, &part_) == ESP_OK;
}

bool I2cMasterBus::Write(uint8_t, uint8_t first, uint8_t value) {
  const uint8_t bytes[] = {first, value};
  return ready_ && Idle() && i2c_master_transmit(part_, bytes, sizeof(bytes), kTimeoutMs) == ESP_OK;
}

bool I2cMasterBus::Read(uint8_t, uint8_t first, uint8_t* bytes, size_t size) {
  return ready_ && Idle() &&
         i2c_master_transmit_receive(part_, &first, 1, bytes, size, kTimeoutMs) == ESP_OK;
}

// The driver gives the nine pulses itself, and sets its hardware up again.
void I2cMasterBus::Recover() {
  if (ready_) ESP_ERROR_CHECK_WITHOUT_ABORT(i2c_master_bus_reset(bus_));
}

#else

namespace {

constexpr i2c_port_t kPort = I2C_NUM_0;
constexpr int kPulses = 9;
constexpr uint32_t kHalfPulseUs = 5;

void Put(gpio_num_t pin, uint32_t level) {
  gpio_set_level(pin, level);
  esp_rom_delay_us(kHalfPulseUs);
}

}  // namespace

void I2cMasterBus::Begin(uint8_t) {
  i2c_config_t config = {};
  config.mode = I2C_MODE_MASTER;
  config.sda_io_num = kSda;
  config.scl_io_num = kScl;
  config.sda_pullup_en = true;
  config.scl_pullup_en = true;
  config.master.clk_speed = kSpeedHz;
  // In RAM, so that a transfer goes on while the flash is written.
  ready_ = i2c_param_config(kPort, &config) == ESP_OK &&
           i2c_driver_install(kPort, I2C_MODE_MASTER, 0, 0, ESP_INTR_FLAG_IRAM) == ESP_OK;
}

bool I2cMasterBus::Write(uint8_t address, uint8_t first, uint8_t value) {
  const uint8_t bytes[] = {first, value};
  return ready_ && Idle() &&
         i2c_master_write_to_device(kPort, address, bytes, sizeof(bytes),
                                    pdMS_TO_TICKS(kTimeoutMs)) == ESP_OK;
}

bool I2cMasterBus::Read(uint8_t address, uint8_t first, uint8_t* bytes, size_t size) {
  return ready_ && Idle() &&
         i2c_master_write_read_device(kPort, address, &first, 1, bytes, size,
                                      pdMS_TO_TICKS(kTimeoutMs)) == ESP_OK;
}

void I2cMasterBus::Recover() {
  if (!ready_) return;
  gpio_set_level(kSda, 1);
  gpio_set_level(kScl, 1);
  gpio_set_direction(kSda, GPIO_MODE_INPUT_OUTPUT_OD);
  gpio_set_direction(kScl, GPIO_MODE_INPUT_OUTPUT_OD);
  for (int i = 0; i < kPulses; ++i) {
    Put(kScl, 0);
    Put(kScl, 1);
  }
  // A stop: the data line rises while the clock is up.
  Put(kScl, 0);
  Put(kSda, 0);
  Put(kScl, 1);
  Put(kSda, 1);
  // The pins are the peripheral's again. What it still believes of the bus it clears by itself.
  ESP_ERROR_CHECK_WITHOUT_ABORT(i2c_set_pin(kPort, kSda, kScl, true, true, I2C_MODE_MASTER));
}

#endif

}  // namespace anomaly
