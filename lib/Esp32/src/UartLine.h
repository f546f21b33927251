// The console on UART0.
#pragma once

#include "Platform.h"

namespace anomaly {

class UartLine final : public SerialLine {
 public:
  void Begin();
  void Write(const char* text, size_t size) override;
  int ReadByte() override;
  void SetBaud(uint32_t baud) override;
};

}  // namespace anomaly
