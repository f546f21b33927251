// A virtual board's UART: a serial port, or only standard output where there is none.
#pragma once

#include <cstdio>

#include "Platform.h"
#include "SerialPort.h"

namespace anomaly {

class PortLine final : public SerialLine {
 public:
  explicit PortLine(SerialPort* port) : port_(port) {}

  void Write(const char* text, size_t size) override {
    if (port_ != nullptr) {
      port_->Write(text, size);
    } else {
      std::fwrite(text, 1, size, stdout);
    }
  }
  int ReadByte() override { return port_ == nullptr ? -1 : port_->ReadByte(); }

 private:
  SerialPort* port_;
};

}  // namespace anomaly
