// The virtual board: a sample source for a sensor, a serial port or standard output for a UART, and
// a line on stderr for the LED.
#pragma once

#include <chrono>
#include <cstdint>

#include "Board.h"
#include "SampleSource.h"
#include "SerialPort.h"

class NativeBoard final : public Board {
 public:
  // `port` may be nullptr: then the lines go to standard output and nothing is read. `timed`: the
  // stopwatch runs; it costs more than the inference.
  NativeBoard(SampleSource& source, SerialPort* port, bool timed, int64_t sample_period_us);

  // The next sample period begins: the board's clock stands at its start until the next call.
  void Tick() { ++ticks_; }

  SensorSample ReadSensor() override { return source_.Next(); }
  void SetLed(bool on) override;
  uint32_t Stopwatch() override;
  int64_t NowMicros() const override { return ticks_ > 0 ? (ticks_ - 1) * sample_period_us_ : 0; }
  void Write(const char* text, size_t size) override;
  int ReadByte() override { return port_ == nullptr ? -1 : port_->ReadByte(); }
  bool LoadSetting(Setting setting, float* value) override;
  bool SaveSetting(Setting setting, float value) override;
  void EraseSetting(Setting setting) override;
  void Reboot() override { reboot_requested_ = true; }

  // True once after a Reboot().
  bool TakeReboot();

 private:
  SampleSource& source_;
  SerialPort* port_;
  bool timed_;
  int64_t sample_period_us_;
  int64_t ticks_ = 0;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  // Kept over a reboot of the virtual board, gone with the process.
  float settings_[kSettingCount] = {};
  bool has_setting_[kSettingCount] = {};
  bool reboot_requested_ = false;
};
