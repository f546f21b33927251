// A board in memory, all its roles in one: settings that a test can look into, a clock that it
// moves, and a sensor that gives one sample a block.
#pragma once

#include <cstring>

#include "Bounds.h"
#include "Platform.h"
#include "SampleInput.h"

using namespace anomaly;

class TestBoard : public Clock,
                  public Switch,
                  public SerialLine,
                  public SettingsStore,
                  public System,
                  public SampleInput {
 public:
  Platform platform() { return {*this, *this, *this, *this, *this}; }

  // A test's own sensor; the values of each channel, and perhaps a fault.
  struct Sample {
    float values[kMaxChannels];
    Fault fault;
  };
  virtual Sample ReadSensor() = 0;

  const SampleBlock& Wait() override {
    sample_ = ReadSensor();
    block_ = {sample_.values, 1, sample_.fault, false, NowMicros()};
    return block_;
  }
  uint32_t lost() const override { return lost_samples; }
  const char* part() const override { return part_text; }

  size_t Load(void* bytes, size_t room) override {
    if (kept_size <= room) std::memcpy(bytes, kept, kept_size);
    return kept_size;
  }
  bool Save(const void* bytes, size_t size) override {
    if (!keeps) return false;
    std::memcpy(kept, bytes, size);
    kept_size = size;
    ++saves;
    return true;
  }
  void Reboot() override {}

  bool keeps = true;
  unsigned char kept[512] = {};
  size_t kept_size = 0;
  int saves = 0;
  uint32_t lost_samples = 0;
  const char* part_text = nullptr;

 private:
  Sample sample_ = {};
  SampleBlock block_ = {};
};
