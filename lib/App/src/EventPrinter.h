// Turns what happened on the sampling side into lines, and counts the alarms.
#pragma once

#include "AppConfig.h"
#include "Exchange.h"
#include "Lines.h"
#include "Platform.h"

class EventPrinter {
 public:
  // All must outlive the printer. `line` is empty between two calls; `part` is the input's.
  EventPrinter(const AppConfig& config, SerialLine& serial, LineBuffer& line, const char* part)
      : config_(config), serial_(serial), line_(line), part_(part) {}

  // Any event but that of a calibration.
  void Print(const Event& event);

  // Samples instead of readings, perhaps with a check sum each.
  void SetRaw(bool on, bool crc) {
    raw_ = on;
    raw_crc_ = crc;
  }

  uint32_t anomalies() const { return anomalies_; }
  uint32_t faults() const { return faults_; }

 private:
  void PrintFrame(const Event& event);
  void PrintSample(const Event& event);
  void Count(State state);
  CauseText Cause(const Verdict& verdict) const;
  void Flush();

  const AppConfig& config_;
  SerialLine& serial_;
  LineBuffer& line_;
  const char* const part_;
  bool raw_ = false;
  bool raw_crc_ = false;
  State last_state_ = State::kWarmup;
  uint32_t anomalies_ = 0;
  uint32_t faults_ = 0;
};
