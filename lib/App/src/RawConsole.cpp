#include "RawConsole.h"

namespace anomaly {

void RawConsole::Flush() {
  serial_.Write(line_.text(), line_.size());
  line_.Clear();
}

void RawConsole::Answer(const Command& command) {
  if (command.kind == CommandKind::kBaud) {
    AddBaudSet(line_, command.count);
    Flush();
    Use(command.count);
    if (baud_ != SerialLine::kBaud) falls_back_ = clock_.NowMicros() + kPatienceMicros;
    return;
  }
  printer_.SetRaw(command.on, command.crc);
  exchange_.raw.store(command.on, std::memory_order_relaxed);
  AddRawSet(line_, command.on, command.crc,
            config_.packing == nullptr ? nullptr : config_.packing->answer);
  Flush();
  if (!command.on) Use(SerialLine::kBaud);
}

void RawConsole::Use(uint32_t baud) {
  falls_back_ = 0;
  if (baud == baud_) return;
  baud_ = baud;
  serial_.SetBaud(baud);
}

void RawConsole::Poll() {
  if (falls_back_ != 0 && clock_.NowMicros() >= falls_back_) Use(SerialLine::kBaud);
}

}  // namespace anomaly
