#include "Mpu6050.h"

#include <cmath>

namespace anomaly {

namespace {

// Registers, by the names of the data sheet.
constexpr uint8_t kSampleRateDivider = 0x19;  // then CONFIG, GYRO_CONFIG, ACCEL_CONFIG
constexpr uint8_t kConfig = 0x1A;
constexpr uint8_t kGyroConfig = 0x1B;
constexpr uint8_t kAccelConfig = 0x1C;
constexpr uint8_t kAccelConfig2 = 0x1D;
constexpr uint8_t kFifoEnable = 0x23;
constexpr uint8_t kInterruptEnable = 0x38;
constexpr uint8_t kInterruptStatus = 0x3A;
constexpr uint8_t kUserControl = 0x6A;
constexpr uint8_t kPower1 = 0x6B;
constexpr uint8_t kPower2 = 0x6C;
constexpr uint8_t kFifoCount = 0x72;
constexpr uint8_t kFifo = 0x74;
constexpr uint8_t kWhoAmI = 0x75;

constexpr uint8_t kDeviceReset = 0x80;
constexpr uint8_t kClockOfGyro = 0x01;   // 1 %; the oscillator alone is 5 % off
constexpr uint8_t kOneGyroAwake = 0x03;  // the clock needs one, the other two sleep
constexpr uint8_t kAccelToFifo = 0x08;
constexpr uint8_t kOverflow = 0x10;
constexpr uint8_t kFifoOff = 0x00;
constexpr uint8_t kFifoReset = 0x04;
constexpr uint8_t kFifoOn = 0x40;
constexpr uint8_t kFifo1024 = 0x40;  // in ACCEL_CONFIG2: 1 KB of FIFO, not 512 bytes

constexpr int kSampleBytes = 2 * Mpu6050::kChannels;
constexpr int kMostBytes = 4096;  // of the largest FIFO in the family; a count above is noise
constexpr int kNearlyFull = Mpu6050::kFifoBytes * 3 / 4;
constexpr uint32_t kLongest = 64;  // samples; each axis has noise of a count or more
constexpr int kMostSkewed = 3;     // counts in a row that are no whole samples
constexpr int kErrorsToRecover = 2;
constexpr int kErrorsToLose = 4;
constexpr int64_t kResetUs = 100'000;
constexpr int64_t kRetryUs = 1'000'000;
constexpr int64_t kRateUs = 4'000'000;
constexpr int32_t kRateSamples = 100;
constexpr float kRateTolerance = 0.06f;  // its clock is 1 % off, and a sample more or less

constexpr MpuPart kParts[] = {
    {0x68, "MPU6050", false}, {0x70, "MPU6500", true},  {0x71, "MPU9250", true},
    {0x73, "MPU9255", true},  {0x98, "ICM20689", true},
};

constexpr uint16_t kLowPasses[] = {260, 184, 94, 44, 21, 10, 5};  // by DLPF_CFG

int64_t Microseconds(float samples, float rate_hz) {
  return static_cast<int64_t>(1e6f * samples / rate_hz);
}

}  // namespace

const MpuPart* FindMpuPart(uint8_t identity) {
  for (const MpuPart& part : kParts) {
    if (part.identity == identity) return &part;
  }
  return nullptr;
}

MpuRegisters RegistersFor(const Mpu6050Config& config, bool like_mpu6500) {
  uint8_t low_pass = 0;
  while (low_pass < 6 && kLowPasses[low_pass] != config.dlpf_hz) ++low_pass;
  uint8_t range = 0;
  while (range < 3 && (2 << range) != config.range_g) ++range;
  // An MPU6050 without its low-pass divides the gyroscope's 8 kHz, all else 1 kHz. An MPU6500 then
  // takes no heed of the divider, so its gyroscope keeps a low-pass: it is only the clock.
  const bool of_8khz = low_pass == 0 && !like_mpu6500;
  const float base_hz = of_8khz ? 8000.0f : 1000.0f;
  MpuRegisters registers = {};
  registers.divider = static_cast<uint8_t>(std::lround(base_hz / config.rate_hz) - 1);
  registers.config = like_mpu6500 && low_pass == 0 ? uint8_t{1} : low_pass;
  registers.accel_config = static_cast<uint8_t>(range << 3);
  registers.accel_config2 = static_cast<uint8_t>(low_pass | kFifo1024);
  return registers;
}

Mpu6050::Mpu6050(const Mpu6050Config& config, I2cBus& bus)
    : config_(config),
      bus_(bus),
      g_(static_cast<float>(config.range_g) / 32768.0f),
      silence_us_(200'000 + Microseconds(3.0f, config.rate_hz)),
      pace_(config.rate_hz),
      check_(INT16_MIN, INT16_MAX, kLongest) {}

const SampleBlock& Mpu6050::Poll(int64_t micros) {
  block_ = {values_, 0, Fault::kNone, false, micros};
  more_ = false;
  if (state_ == State::kLooksFor && micros >= next_try_) Look(micros);
  if (state_ == State::kResets && micros >= next_try_) SetUp(micros);
  if (state_ == State::kRuns) Drain(micros);
  if (block_.count > 0 || fault_ == Fault::kNone) return block_;
  block_ = pace_.TakeFault(micros, kBlock, fault_, values_);
  more_ = block_.count == kBlock;
  return block_;
}

void Mpu6050::Look(int64_t micros) {
  if (!looked_) pace_.Told(micros);
  if (looked_) bus_.Recover();
  looked_ = true;
  uint8_t identity = 0;
  if (!Read(kWhoAmI, &identity, 1)) return Lose(Fault::kNoAnswer, micros + kRetryUs);
  // What a line says that nobody drives.
  if (identity == 0x00 || identity == 0xFF) return Lose(Fault::kNoAnswer, micros + kRetryUs);
  identity_.store(identity, std::memory_order_relaxed);
  found_ = FindMpuPart(identity);
  if (found_ == nullptr) return Lose(Fault::kWrongPart, micros + kRetryUs);
  if (!Write(kPower1, kDeviceReset)) return Lose(Fault::kNoAnswer, micros + kRetryUs);
  state_ = State::kResets;
  next_try_ = micros + kResetUs;
}

void Mpu6050::SetUp(int64_t micros) {
  if (!WriteAll() || !ResetFifo()) return Lose(Fault::kNoAnswer, micros + kRetryUs);
  state_ = State::kRuns;
  if (fault_ == Fault::kNone) pace_.Told(micros);
  alive_ = micros;
  errors_ = 0;
  realign_ = false;
  gap_ = true;
  rate_since_ = 0;
  check_.Reset();
}

bool Mpu6050::WriteAll() {
  const MpuRegisters to = RegistersFor(config_, found_->like_mpu6500);
  if (!Write(kPower1, kClockOfGyro) || !Write(kPower2, kOneGyroAwake)) return false;
  if (!Write(kSampleRateDivider, to.divider) || !Write(kConfig, to.config)) return false;
  if (!Write(kGyroConfig, 0) || !Write(kAccelConfig, to.accel_config)) return false;
  if (found_->like_mpu6500 && !Write(kAccelConfig2, to.accel_config2)) return false;
  if (!Write(kInterruptEnable, kOverflow)) return false;
  uint8_t is[4] = {};
  return Read(kSampleRateDivider, is, sizeof(is)) && is[0] == to.divider && is[1] == to.config &&
         is[3] == to.accel_config;
}

// No sample may be half in it when it begins anew, so samples stop first.
bool Mpu6050::ResetFifo() {
  uint8_t status = 0;  // which reading clears
  return Write(kFifoEnable, 0) && Write(kUserControl, kFifoOff) &&
         Write(kUserControl, kFifoReset) && Write(kUserControl, kFifoOn) &&
         Read(kInterruptStatus, &status, 1) && Write(kFifoEnable, kAccelToFifo);
}

void Mpu6050::Drain(int64_t micros) {
  uint8_t status = 0;
  uint8_t counter[2] = {};
  if (!Read(kInterruptStatus, &status, 1)) return Fail(micros);
  if ((status & kOverflow) != 0) realign_ = true;
  if (!Read(kFifoCount, counter, sizeof(counter))) return Fail(micros);
  const int held = counter[0] << 8 | counter[1];
  if (held > kMostBytes) return Fail(micros);
  // While a sample is written there is a part of it: now and then, not every time.
  skewed_ = held % kSampleBytes != 0 ? skewed_ + 1 : 0;
  if (realign_ || held >= kFifoBytes || skewed_ > kMostSkewed) return Realign(micros);
  const int samples = held / kSampleBytes;
  if (samples == 0) {
    // Asleep, as after a dip of its supply: it answers, and samples nothing.
    errors_ = 0;
    if (micros - alive_ > silence_us_) Lose(Fault::kNoAnswer, micros);
    return;
  }
  const int count = samples < kBlock ? samples : kBlock;
  const auto size = static_cast<size_t>(count * kSampleBytes);
  if (!Read(kFifo, bytes_, size)) {
    realign_ = true;  // some of them may have left it
    return Fail(micros);
  }
  if (held > kNearlyFull) {  // it may have run over while it was read
    if (!Read(kInterruptStatus, &status, 1)) {
      realign_ = true;
      return Fail(micros);
    }
    if ((status & kOverflow) != 0) return Realign(micros);
  }
  errors_ = 0;
  Take(micros, samples, count);
}

void Mpu6050::Take(int64_t micros, int held, int count) {
  const int64_t first = micros - Microseconds(static_cast<float>(held), config_.rate_hz);
  Fault fault = Fault::kNone;
  for (int i = 0; i < count; ++i) {
    int32_t counts[kChannels];
    for (int axis = 0; axis < kChannels; ++axis) {
      const uint8_t* const high = bytes_ + i * kSampleBytes + 2 * axis;
      counts[axis] = static_cast<int16_t>(high[0] << 8 | high[1]);
      values_[i * kChannels + axis] = g_ * static_cast<float>(counts[axis]);
    }
    const Fault found = check_.Update(counts, kChannels);
    if (found != Fault::kNone) fault = found;
  }
  MeasureRate(micros, count, held == count);
  if (fault == Fault::kNone && wrong_rate_) fault = Fault::kWrongRate;
  block_ = {values_, count, fault, gap_, first};
  more_ = held > count;
  gap_ = false;
  fault_ = Fault::kNone;
  alive_ = micros;
  pace_.Told(micros - Microseconds(static_cast<float>(held - count), config_.rate_hz));
}

// A part that samples otherwise than it was told: all frequencies would be wrong.
void Mpu6050::MeasureRate(int64_t micros, int count, bool empty) {
  rate_samples_ += count;
  if (!empty) return;  // what the FIFO holds still is not counted
  const int64_t taken = micros - rate_since_;
  if (rate_since_ != 0 && (taken < kRateUs || rate_samples_ < kRateSamples)) return;
  const bool measured = rate_since_ != 0;
  rate_since_ = micros;
  const float rate_hz = static_cast<float>(rate_samples_) / (1e-6f * static_cast<float>(taken));
  rate_samples_ = 0;
  if (measured) wrong_rate_ = std::fabs(rate_hz / config_.rate_hz - 1.0f) > kRateTolerance;
}

// A sample has six bytes, the FIFO is no multiple of that: what it holds after it ran over begins
// anywhere.
void Mpu6050::Realign(int64_t micros) {
  realign_ = true;
  if (!ResetFifo()) return Fail(micros);
  realign_ = false;
  skewed_ = 0;
  errors_ = 0;
  const float unseen = 1e-6f * static_cast<float>(micros - pace_.told()) * config_.rate_hz;
  if (unseen > 0.0f) lost_ += static_cast<uint32_t>(unseen);
  pace_.Told(micros);
  alive_ = micros;
  gap_ = true;
  rate_since_ = 0;
  check_.Reset();
}

void Mpu6050::Fail(int64_t micros) {
  ++errors_;
  if (errors_ == kErrorsToRecover) {
    bus_.Recover();
    realign_ = true;  // the pulses may have read on
  }
  if (errors_ >= kErrorsToLose || micros - alive_ > silence_us_) Lose(Fault::kNoAnswer, micros);
}

void Mpu6050::Lose(Fault fault, int64_t next_try) {
  state_ = State::kLooksFor;
  fault_ = fault;
  next_try_ = next_try;
}

}  // namespace anomaly
