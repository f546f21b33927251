// What the detector needs of a board, one small role each. Two implementations of each: the ESP32
// (lib/Esp32), and the host's virtual board (lib/Host).
#pragma once

#include <cstddef>
#include <cstdint>

namespace anomaly {

class Clock {
 public:
  virtual ~Clock() = default;
  // Any thread: microseconds since the start, never wraps.
  virtual int64_t NowMicros() const = 0;
  // Sampling thread: a free-running clock for measuring the inference, microseconds; may wrap.
  virtual uint32_t Stopwatch() = 0;
};

// What is on or off: an LED, a buzzer, a relay.
class Switch {
 public:
  virtual ~Switch() = default;
  // One thread at a time: sampling, or console for a buzzer and after a failed start.
  virtual void Set(bool on) = 0;
};

// Console thread.
class SerialLine {
 public:
  static constexpr uint32_t kBaud = 115200;  // after a reset, and usually

  virtual ~SerialLine() = default;
  virtual void Write(const char* text, size_t size) = 0;
  virtual int ReadByte() = 0;  // 0..255, or -1 when nothing waits
  // After all that was written has gone out; nothing where a line has no speed.
  virtual void SetBaud(uint32_t) {}
};

// Keeps one block of bytes over a reboot, all of it or nothing. Console thread.
class SettingsStore {
 public:
  virtual ~SettingsStore() = default;
  // The bytes that are kept, 0 where there are none. More than `room` are not read, only counted.
  virtual size_t Load(void* bytes, size_t room) = 0;
  virtual bool Save(const void* bytes, size_t size) = 0;  // false: not kept
  virtual bool Erase() { return Save("", 0); }            // then there are none
};

// A stretch of NOR flash: a write turns ones into zeros only, an erase turns a whole sector into
// ones. Either may be cut off at any byte by a loss of power. Console thread.
class Flash {
 public:
  static constexpr uint32_t kSector = 4096;

  virtual ~Flash() = default;
  virtual uint32_t size() const = 0;  // bytes, whole sectors
  // Each is within one sector. False: not done, or not all of it.
  virtual bool Read(uint32_t offset, void* bytes, size_t size) = 0;
  virtual bool Write(uint32_t offset, const void* bytes, size_t size) = 0;
  virtual bool Erase(uint32_t sector_offset) = 0;
};

// A figure of the board for `status`: a number, or a word where `text` is not nullptr.
struct SystemFigure {
  const char* name;
  int64_t number;
  const char* text;
};

// Console thread.
class System {
 public:
  static constexpr int kMaxFigures = 8;

  virtual ~System() = default;
  virtual void Reboot() = 0;
  // "power-on", "watchdog", ... or nullptr where a board has no such notion.
  virtual const char* ResetReason() const { return nullptr; }
  // Called once at the beginning of a start: how many in a row have not come to StartDone(), this
  // one included. 1 where a board cannot tell.
  virtual uint32_t CountStart() { return 1; }
  virtual void StartDone() {}
  // At a factory reset: what a board keeps beside its settings, as credentials of a network.
  virtual void ForgetCredentials() {}
  // Writes at most kMaxFigures; how many they are.
  virtual int Figures(SystemFigure*) const { return 0; }
};

struct Platform {
  Clock& clock;
  Switch& led;
  SerialLine& serial;
  SettingsStore& settings;
  System& system;
  SettingsStore* learnt = nullptr;  // what was learnt on this board; nullptr: it is not kept
  Switch* buzzer = nullptr;         // nullptr: there is none
  Switch* relay = nullptr;          // the same
};

}  // namespace anomaly
