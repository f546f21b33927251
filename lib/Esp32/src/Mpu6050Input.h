// An MPU6050, or a part that works the same way, on I2C: lib/Inputs knows the part, this wakes up
// often enough to empty its FIFO, and gives it the bus.
#pragma once

#include "I2cMasterBus.h"
#include "Mpu6050.h"
#include "Pins.h"
#include "Platform.h"
#include "SampleInput.h"
#include "SampleTimer.h"

namespace anomaly {

class Mpu6050Input final : public SampleInput {
 public:
  using Config = Mpu6050Config;

  static constexpr bool CanRead(const Config&, int channels) {
    return channels == Mpu6050::kChannels && pins::OutputsAreNoneOfI2c();
  }

  // `config` must outlive the input.
  Mpu6050Input(const Config& config, int channels, uint32_t period_us);

  void Begin() { bus_.Begin(config_.address); }
  void Start() { timer_.Start(pace_us_); }
  const SampleBlock& Wait() override;
  uint32_t lost() const override { return part_.lost(); }
  const char* part() const override;

  // For `status`: what answers.
  SystemFigure Figure();

 private:
  const Config& config_;
  uint64_t pace_us_;
  I2cMasterBus bus_;
  Mpu6050 part_;
  SampleTimer timer_;
};

}  // namespace anomaly
