// Turns what happened on the sampling side into lines, and counts the alarms.
#pragma once

#include "CauseNames.h"
#include "Exchange.h"
#include "Lines.h"
#include "ModelConfig.h"
#include "Platform.h"

namespace anomaly {

class EventPrinter {
 public:
  // All must outlive the printer. `line` is empty between two calls; `part` is the input's.
  EventPrinter(const ModelConfig& config, SerialLine& serial, LineBuffer& line, const char* part)
      : config_(config),
        causes_{config.features, config.value_names, config.value_causes},
        serial_(serial),
        line_(line),
        part_(part) {}

  // Any event but that of a calibration.
  void Print(const Event& event);

  // Samples instead of readings, perhaps with a check sum each.
  void SetRaw(bool on, bool crc) {
    raw_ = on;
    raw_crc_ = crc;
    next_fault_ = INT64_MIN;
  }

  // The next block of raw samples, or, where none are wanted, drops it; false: there is none.
  bool PrintBlock(BlockRing& blocks);

  uint32_t anomalies() const { return anomalies_; }
  uint32_t faults() const { return faults_; }

 private:
  void PrintFrame(const Event& event);
  void PrintSample(const Event& event);
  void PrintFaultNow(const Event& event);
  void Count(State state);
  void Flush();

  const ModelConfig& config_;
  const CauseNames causes_;
  SerialLine& serial_;
  LineBuffer& line_;
  const char* const part_;
  bool raw_ = false;
  bool raw_crc_ = false;
  int64_t next_fault_ = INT64_MIN;  // while blocks are sent: not before this time
  State last_state_ = State::kWarmup;
  uint32_t anomalies_ = 0;
  uint32_t faults_ = 0;
};

}  // namespace anomaly
