#include "Mpu6050Input.h"

namespace anomaly {

// Neither component of the registry is taken. espressif/mpu6050 (1.2.1) allocates memory for each
// transfer, waits a second for each, needs the old driver, and has no FIFO. esp-idf-lib/mpu6050
// (2.1.8) has one, and brings two more components, a lock and a read before each write. Neither
// knows of an overflow, of the alignment after it, of the other parts, or of one that is pulled
// out: what would be left of them is the list of registers.

namespace {

constexpr uint64_t kSamplesOfAPace = 16;  // a tenth of the FIFO
constexpr uint64_t kSlowestUs = 100'000;

}  // namespace

Mpu6050Input::Mpu6050Input(const Config& config, int, uint32_t period_us)
    : config_(config),
      pace_us_(kSamplesOfAPace * period_us < kSlowestUs ? kSamplesOfAPace * period_us : kSlowestUs),
      part_(config, bus_) {}

const SampleBlock& Mpu6050Input::Wait() {
  for (;;) {
    if (!part_.more()) timer_.Wait();
    const SampleBlock& block = part_.Poll(esp_timer_get_time());
    if (block.count > 0) return block;
  }
}

const char* Mpu6050Input::part() const {
  return config_.address == 0x69 ? "MPU6050 at 0x69, " PINS_I2C_TEXT
                                 : "MPU6050 at 0x68, " PINS_I2C_TEXT;
}

SystemFigure Mpu6050Input::Figure() {
  const int identity = part_.identity();
  if (identity < 0) return {"part", 0, "none"};
  const MpuPart* const known = FindMpuPart(static_cast<uint8_t>(identity));
  if (known != nullptr) return {"part", 0, known->name};
  return {"part", identity, nullptr};
}

}  // namespace anomaly
