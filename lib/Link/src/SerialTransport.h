// The serial line with a gateway behind it: a message is one line, `LINK,<topic>,<qos>,<retain>,
// <payload>*<crc>`, and what comes from the broker is a command, `link <topic> <payload>`. Nothing
// is sent unless a gateway says once a minute that it is there. Console thread.
#pragma once

#include "LineBuffer.h"
#include "LinkConfig.h"
#include "Platform.h"
#include "Transport.h"

namespace anomaly {

class SerialTransport final : public Transport {
 public:
  static constexpr int64_t kLeaseSeconds = 60;

  // Both must outlive it.
  SerialTransport(const LinkConfig& config, Clock& clock, SerialLine& line)
      : config_(config), clock_(clock), line_(line) {}

  // Where lines are made; empty between two calls.
  void SetBuffer(LineBuffer* buffer) { buffer_ = buffer; }

  // What stands behind `link `: true: a message is there to be received, else the answer is in
  // `line`.
  bool Take(const char* text, LineBuffer& line);

  bool connected() const override { return now() < lease_ends_; }
  uint32_t connections() const override { return connections_; }
  const char* StateText() const override { return connected() ? "online" : "off"; }
  int64_t UnixMillis() const override { return clock_is_set_ ? unix_offset_ms_ + now() : 0; }
  bool Publish(const char* topic, const char* payload, size_t size, int qos, bool retain) override;
  bool Receive(LinkMessage* message) override;

 private:
  int64_t now() const { return clock_.NowMicros() / 1000; }
  bool TakeOn(const char* number, LineBuffer& line);

  const LinkConfig& config_;
  Clock& clock_;
  SerialLine& line_;
  LineBuffer* buffer_ = nullptr;
  int64_t lease_ends_ = INT64_MIN;  // ms
  int64_t unix_offset_ms_ = 0;
  bool clock_is_set_ = false;
  uint32_t connections_ = 0;
  LinkMessage message_ = {};
  bool waits_ = false;
};

}  // namespace anomaly
