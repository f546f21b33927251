// The accelerometer of an MPU6050, and of the parts that work the same way: it fills its FIFO at
// its own pace, and gives it on a bus. Without hardware of the chip; lib/Esp32 waits and asks.
#pragma once

#include <atomic>
#include <cstdint>

#include "I2cBus.h"
#include "RawCheck.h"
#include "SampleBlock.h"
#include "SamplePace.h"

namespace anomaly {

struct Mpu6050Config {
  float rate_hz;     // 1000 / n
  uint16_t range_g;  // 2, 4, 8 or 16
  uint16_t dlpf_hz;  // of the low-pass: 260, 184, 94, 44, 21, 10 or 5
  uint8_t address;   // 0x68, or 0x69 where AD0 is high
};

// What the register WHO_AM_I says.
struct MpuPart {
  uint8_t identity;
  const char* name;
  bool like_mpu6500;  // the accelerometer has a low-pass of its own, in ACCEL_CONFIG2
};

// Whom it works with; nullptr: somebody else.
const MpuPart* FindMpuPart(uint8_t identity);

struct MpuRegisters {
  uint8_t divider;
  uint8_t config;
  uint8_t accel_config;
  uint8_t accel_config2;
};

MpuRegisters RegistersFor(const Mpu6050Config& config, bool like_mpu6500);

// Looks for the part, sets it up, empties its FIFO, and begins again with whatever goes wrong.
class Mpu6050 {
 public:
  static constexpr int kChannels = 3;
  static constexpr int kBlock = 32;  // samples at most
  static constexpr int kFifoBytes = 1024;

  // Both must outlive it.
  Mpu6050(const Mpu6050Config& config, I2cBus& bus);

  // What there is at this time since the start: samples in g, or those that are due as a fault, or
  // none (a count of 0).
  const SampleBlock& Poll(int64_t micros);
  // The FIFO, or what is due, holds a block more.
  bool more() const { return more_; }

  uint32_t lost() const { return lost_; }

  // Any thread: the last identity that was read, or -1.
  int identity() const { return identity_.load(std::memory_order_relaxed); }

 private:
  enum class State : uint8_t { kLooksFor, kResets, kRuns };

  void Look(int64_t micros);
  void SetUp(int64_t micros);
  void Drain(int64_t micros);
  void Take(int64_t micros, int held, int count);
  void MeasureRate(int64_t micros, int count, bool empty);
  void Realign(int64_t micros);
  void Fail(int64_t micros);
  void Lose(Fault fault, int64_t next_try);
  bool Write(uint8_t first, uint8_t value) { return bus_.Write(config_.address, first, value); }
  bool Read(uint8_t first, uint8_t* bytes, size_t size) {
    return bus_.Read(config_.address, first, bytes, size);
  }
  bool WriteAll();
  bool ResetFifo();

  const Mpu6050Config& config_;
  I2cBus& bus_;
  const float g_;  // of one count
  const int64_t silence_us_;
  SamplePace pace_;
  RawCheck check_;
  State state_ = State::kLooksFor;
  Fault fault_ = Fault::kNone;  // since the last sample
  bool looked_ = false;
  const MpuPart* found_ = nullptr;
  int64_t next_try_ = 0;
  int64_t alive_ = 0;  // when it gave its last sample, or could first have given one
  int errors_ = 0;     // in a row
  int skewed_ = 0;
  bool realign_ = false;
  bool gap_ = false;
  bool more_ = false;
  bool wrong_rate_ = false;
  int64_t rate_since_ = 0;  // 0: with the next sample
  int32_t rate_samples_ = 0;
  uint32_t lost_ = 0;
  std::atomic<int> identity_{-1};
  uint8_t bytes_[kBlock * kChannels * 2] = {};
  float values_[kBlock * kChannels] = {};
  SampleBlock block_ = {};
};

}  // namespace anomaly
