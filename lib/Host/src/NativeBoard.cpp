#include "NativeBoard.h"

#include <cstdio>

NativeBoard::NativeBoard(SampleSource& source, SerialPort* port, bool timed,
                         int64_t sample_period_us)
    : source_(source), port_(port), timed_(timed), sample_period_us_(sample_period_us) {}

void NativeBoard::SetLed(bool on) {
  std::fprintf(stderr, "[board] led %s t=%.3f\n", on ? "on" : "off",
               static_cast<double>(NowMicros()) * 1e-6);
}

uint32_t NativeBoard::Stopwatch() {
  if (!timed_) return 0;
  const auto elapsed = std::chrono::steady_clock::now() - start_;
  return static_cast<uint32_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(elapsed).count());
}

void NativeBoard::Write(const char* text, size_t size) {
  if (port_ != nullptr) {
    port_->Write(text, size);
  } else {
    std::fwrite(text, 1, size, stdout);
  }
}

bool NativeBoard::LoadSetting(Setting setting, float* value) {
  const auto index = static_cast<size_t>(setting);
  if (has_setting_[index]) *value = settings_[index];
  return has_setting_[index];
}

bool NativeBoard::SaveSetting(Setting setting, float value) {
  settings_[static_cast<size_t>(setting)] = value;
  has_setting_[static_cast<size_t>(setting)] = true;
  return true;
}

void NativeBoard::EraseSetting(Setting setting) {
  has_setting_[static_cast<size_t>(setting)] = false;
}

bool NativeBoard::TakeReboot() {
  const bool requested = reboot_requested_;
  reboot_requested_ = false;
  return requested;
}
