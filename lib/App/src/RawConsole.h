// The console side of recording: `raw`, and `baud` for the speed that it needs. A speed other than
// the usual one lasts until `raw off`, until a reset, or until it turns out that nobody follows.
#pragma once

#include "Answers.h"
#include "Commands.h"
#include "EventPrinter.h"
#include "Exchange.h"
#include "ModelConfig.h"
#include "Platform.h"

namespace anomaly {

class RawConsole {
 public:
  // All must outlive it. `line` is empty between two calls.
  RawConsole(const ModelConfig& config, Platform platform, Exchange& exchange,
             EventPrinter& printer, LineBuffer& line)
      : config_(config),
        clock_(platform.clock),
        serial_(platform.serial),
        exchange_(exchange),
        printer_(printer),
        line_(line) {}

  // Carries out kRaw and kBaud; the answer goes out at the speed that the command came at.
  void Answer(const Command& command);

  // A command came that is one: the other side follows.
  void Heard() { falls_back_ = 0; }

  // Goes back to the usual speed where nobody followed.
  void Poll();

  uint32_t baud() const { return baud_; }

 private:
  static constexpr int64_t kPatienceMicros = 2'000'000;

  void Flush();
  void Use(uint32_t baud);

  const ModelConfig& config_;
  Clock& clock_;
  SerialLine& serial_;
  Exchange& exchange_;
  EventPrinter& printer_;
  LineBuffer& line_;
  uint32_t baud_ = SerialLine::kBaud;
  int64_t falls_back_ = 0;  // at this time; 0: not
};

}  // namespace anomaly
