// A board for long runs: the room's simulation for a sensor, a clock that may start late, commands
// from a text, and of the output only what a test looks for.
#pragma once

#include <cstring>

#include "../test_board.h"
#include "SimulatedInput.h"

using namespace anomaly;

class SimulatedBoard final : public TestBoard {
 public:
  SimulatedBoard(uint32_t period_us, int64_t start_micros)
      : period_us_(period_us), micros_(start_micros) {}

  Sample ReadSensor() override {
    micros_ += period_us_;
    const HostSample sample = source->Next();
    Sample own = {};
    std::memcpy(own.values, sample.values, sizeof(own.values));
    own.fault = sample.fault;
    return own;
  }
  void Set(bool on) override { led_changes += on != led_ ? 1 : 0, led_ = on; }
  uint32_t Stopwatch() override { return stopwatch += 7; }
  int64_t NowMicros() const override { return micros_; }
  void Write(const char* text, size_t size) override {
    bytes += static_cast<int64_t>(size);
    if (size >= sizeof(last_answer)) size = sizeof(last_answer) - 1;
    const bool answer = std::strncmp(text, "OK ", 3) == 0 || std::strncmp(text, "ERR ", 4) == 0;
    if (!answer) return;
    std::memcpy(last_answer, text, size);
    last_answer[size] = '\0';
    if (std::strncmp(text, "ERR ", 4) == 0) ++errors;
  }
  int ReadByte() override { return *input == '\0' ? -1 : static_cast<unsigned char>(*input++); }
  void Reboot() override { ++reboots; }

  bool Answered(const char* text) const { return std::strstr(last_answer, text) != nullptr; }
  bool led() const { return led_; }

  SimulatedInput* source = nullptr;
  const char* input = "";
  uint32_t stopwatch = 0;
  int64_t bytes = 0;
  int64_t led_changes = 0;
  int errors = 0;
  int reboots = 0;
  char last_answer[600] = {};

 private:
  uint32_t period_us_;
  int64_t micros_;
  bool led_ = false;
};
