// What carries messages between a board and its broker, MQTT 3.1.1 as seen from above: the serial
// line with a gateway behind it, or the chip's own connection. Console thread unless it says
// otherwise; nothing here ever waits.
#pragma once

#include <cstddef>
#include <cstdint>

namespace anomaly {

// What came from the broker; both are valid until the next Receive() and need no terminator.
struct LinkMessage {
  const char* topic;
  size_t topic_size;
  const char* payload;
  size_t payload_size;
};

class Transport {
 public:
  virtual ~Transport() = default;

  // The broker takes messages. A connection that was lost and made again in between counts up
  // `connections`, so that none goes unnoticed.
  virtual bool connected() const = 0;
  virtual uint32_t connections() const = 0;

  // For `status`: "online", "offline", "wifi", ...
  virtual const char* StateText() const = 0;

  // Unix milliseconds; 0: the time is not known.
  virtual int64_t UnixMillis() const = 0;

  // Takes a message over, all of it or, where there is no room now, nothing: then false. `topic`
  // is a whole one.
  virtual bool Publish(const char* topic, const char* payload, size_t size, int qos,
                       bool retain) = 0;

  // The next message of the topics that a board wants; false: none waits.
  virtual bool Receive(LinkMessage* message) = 0;

  virtual const char* address() const { return nullptr; }  // IP, where it has one
  virtual int rssi() const { return 0; }                   // dBm, always below 0; 0: no radio
  // Any thread: a radio of this board is on the air.
  virtual bool sending() const { return false; }
};

}  // namespace anomaly
