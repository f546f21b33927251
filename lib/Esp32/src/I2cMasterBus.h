// I2C as a master at 400 kHz, on the pins of Pins.h, for one part. ESP-IDF changed its driver with
// 5.2, and the two do not go together in one program.
#pragma once

#include "I2cBus.h"
#include "esp_idf_version.h"

#if ESP_IDF_VERSION >= ESP_IDF_VERSION_VAL(5, 2, 0)
#include "driver/i2c_master.h"
#endif

namespace anomaly {

class I2cMasterBus final : public I2cBus {
 public:
  // Once, before anything else. What fails here shows as no answer later.
  void Begin(uint8_t address);

  [[nodiscard]] bool Write(uint8_t address, uint8_t first, uint8_t value) override;
  [[nodiscard]] bool Read(uint8_t address, uint8_t first, uint8_t* bytes, size_t size) override;
  void Recover() override;

 private:
  // Both lines are up, as between two transfers: a driver waits a second for one that is not.
  bool Idle() const;

  bool ready_ = false;
#if ESP_IDF_VERSION >= ESP_IDF_VERSION_VAL(5, 2, 0)
  i2c_master_bus_handle_t bus_ = nullptr;
  i2c_master_dev_handle_t part_ = nullptr;
#endif
};

}  // namespace anomaly
