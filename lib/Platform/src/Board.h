// What the detector needs of a board. Two implementations: the ESP32, and the host's virtual board.
#pragma once

#include <cstddef>
#include <cstdint>

#include "FeatureSpec.h"
#include "LineBuffer.h"
#include "Sensor.h"

// One reading of every channel, in the sensor's unit; `fault` is what the board itself noticed
// (a rail), and then the values mean nothing.
struct SensorSample {
  float values[kMaxChannels];
  SensorFault fault;
  bool after_gap;  // it does not continue the sample before it: a hole in a recording
};

// What survives a reboot. The number is the key under which a board stores it.
enum class Setting : uint8_t {
  kModel,           // which model the others belong to
  kThreshold,       // a user's own
  kThresholdScale,  // found by `calibrate`
  kNoise,           // found by `calibrate`, of channel 0; the other channels follow
};
constexpr int kSettingCount = static_cast<int>(Setting::kNoise) + kMaxChannels;

constexpr Setting NoiseSetting(int channel) {
  return static_cast<Setting>(static_cast<int>(Setting::kNoise) + channel);
}

class Board {
 public:
  virtual ~Board() = default;

  // Sampling thread.
  virtual SensorSample ReadSensor() = 0;
  virtual void SetLed(bool on) = 0;  // after a failed start the console thread
  // A free-running clock for measuring the inference, microseconds; may wrap.
  virtual uint32_t Stopwatch() = 0;

  // Any thread: microseconds since the start, never wraps.
  virtual int64_t NowMicros() const = 0;

  // Console thread.
  virtual void Write(const char* text, size_t size) = 0;
  virtual int ReadByte() = 0;  // 0..255, or -1 when nothing waits
  virtual bool LoadSetting(Setting setting, float* value) = 0;
  virtual bool SaveSetting(Setting setting, float value) = 0;  // false: not kept
  virtual void EraseSetting(Setting setting) = 0;
  virtual void Reboot() = 0;
  // "power-on", "watchdog", ... or nullptr where a board has no such notion.
  virtual const char* ResetReason() const { return nullptr; }
  // Called once at the beginning of a start: how many in a row have not come to StartDone(), this
  // one included. 1 where a board cannot tell.
  virtual uint32_t CountStart() { return 1; }
  virtual void StartDone() {}
  // Further fields of `status`, each " name=value".
  virtual void AddStatus(LineBuffer&) {}
};
