// An MPU6050 on its bus, as far as its accelerometer and its FIFO go. Time passes only when a test
// says so, and while bytes are on the bus. Its samples count up, so that a wrong one shows.
#pragma once

#include <cstring>

#include "I2cBus.h"

using namespace anomaly;

class SimulatedMpu6050 final : public I2cBus {
 public:
  // ---- what a test may do to it
  int64_t now = 0;  // microseconds
  bool attached = true;
  uint8_t identity = 0x68;
  float clock = 1.0f;          // its own time, in real time
  uint32_t errors_of_256 = 0;  // so many of 256 transfers go wrong somewhere
  bool hangs = false;          // it holds the data line down until there are nine clock pulses
  bool frozen = false;         // it repeats one sample
  int recoveries = 0;
  uint32_t made = 0;  // samples since the first, all it ever had

  SimulatedMpu6050() { PowerUp(); }

  void PowerUp() {
    std::memset(registers_, 0, sizeof(registers_));
    registers_[0x6B] = 0x40;
    count_ = 0;
    part_ = 0.0f;
    byte_ = 6;
  }
  void LoseByte() { Get(0x74); }
  void PullOut() { attached = false; }
  void PutBack() {
    attached = true;
    PowerUp();
  }

  void Pass(int64_t micros) {
    for (const int64_t end = now + micros; now < end;) {
      if (!attached || (registers_[0x6B] & 0x40) != 0) {
        now = end;
        return;
      }
      if (byte_ < 6) {  // one a microsecond
        MakeByte();
        Step(1);
      } else {
        const auto due = static_cast<int64_t>((1.0f - part_) / (1e-6f * clock * rate_hz()));
        Step(due < end - now ? due + 1 : end - now);
      }
    }
  }

  float rate_hz() const {
    const float base = (registers_[0x1A] & 7) == 0 ? 8000.0f : 1000.0f;
    return base / static_cast<float>(1 + registers_[0x19]);
  }
  uint8_t at(uint8_t address) const { return registers_[address]; }

  // The sample with a number.
  static int16_t Axis(uint32_t number, int axis) {
    const uint32_t value = axis == 0 ? number : axis == 1 ? number * 7 + 3 : ~number * 5;
    return static_cast<int16_t>(value % 60000 - 30000);
  }

  // ---- I2cBus
  bool Write(uint8_t address, uint8_t first, uint8_t value) override {
    Pass(3 * kByteUs);
    if (!Answers(address) || Fails()) return false;
    if (first == 0x6B && (value & 0x80) != 0) {
      PowerUp();
      return true;
    }
    registers_[first] = value;
    if (first == 0x6A && (value & 0x04) != 0 && (value & 0x40) == 0) {
      count_ = 0;
      registers_[first] &= 0xFB;
    }
    return true;
  }

  bool Read(uint8_t address, uint8_t first, uint8_t* bytes, size_t size) override {
    Pass(3 * kByteUs);
    if (!Answers(address)) return false;
    size_t good = size;
    const bool fails = Fails();
    if (fails) good = Random() % (size + 1);
    for (size_t i = 0; i < good; ++i) {
      bytes[i] = Get(first == 0x74 ? first : static_cast<uint8_t>(first + i));
      Pass(kByteUs);
    }
    return !fails;
  }

  void Recover() override {
    ++recoveries;
    hangs = false;
    Pass(200);
  }

  uint32_t Random() {
    random_ = random_ * 1664525u + 1013904223u;
    return random_ >> 8;
  }

 private:
  static constexpr int64_t kByteUs = 23;  // at 400 kHz
  static constexpr int kSize = 1024;

  bool Answers(uint8_t address) const { return attached && !hangs && address == 0x68; }
  // No further than to the next sample.
  void Step(int64_t micros) {
    now += micros;
    part_ += 1e-6f * static_cast<float>(micros) * clock * rate_hz();
    if (part_ < 1.0f) return;
    part_ -= 1.0f;
    if ((registers_[0x23] & 0x08) != 0 && (registers_[0x6A] & 0x40) != 0) byte_ = 0;
  }

  bool Fails() { return Random() % 256 < errors_of_256; }

  void MakeByte() {
    const uint32_t number = frozen ? 7 : made;
    const auto value = static_cast<uint16_t>(Axis(number, byte_ / 2));
    const int which = byte_++;
    if (byte_ == 6) ++made;
    if ((registers_[0x6A] & 0x40) == 0) return;
    if (count_ == kSize) {
      first_ = (first_ + 1) % kSize;
      --count_;
      if ((registers_[0x38] & 0x10) != 0) registers_[0x3A] |= 0x10;
    }
    fifo_[(first_ + count_) % kSize] =
        static_cast<uint8_t>(which % 2 == 0 ? value >> 8 : value & 0xFF);
    ++count_;
  }

  uint8_t Get(uint8_t which) {
    switch (which) {
      case 0x75:
        return identity;
      case 0x3A: {
        const uint8_t status = registers_[which];
        registers_[which] = 0;
        return status;
      }
      case 0x72:
        return static_cast<uint8_t>(count_ >> 8);
      case 0x73:
        return static_cast<uint8_t>(count_ & 0xFF);
      case 0x74: {
        const uint8_t value = fifo_[first_];
        if (count_ > 0) {
          first_ = (first_ + 1) % kSize;
          --count_;
        }
        return value;
      }
      default:
        return registers_[which];
    }
  }

  uint8_t registers_[128] = {};
  uint8_t fifo_[kSize] = {};
  int first_ = 0;
  int count_ = 0;
  int byte_ = 6;  // of the sample that is being written; 6: none is
  float part_ = 0.0f;
  uint32_t random_ = 1;
};
