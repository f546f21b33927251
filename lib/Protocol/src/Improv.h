// Improv Wi-Fi over a serial line, version 1 (improv-wifi.com/serial): how a web page hands a
// network's name and passphrase to a board that it has just flashed. A packet is
//
//   "IMPROV" 1 type length data[length] sum
//
// where `sum` is that of all bytes before it, modulo 256.
#pragma once

#include <cstddef>
#include <cstdint>

namespace anomaly {

struct ImprovCommand {
  enum class Kind : uint8_t { kNone, kWifi, kState, kInfo, kUnknown, kInvalid };
  static constexpr size_t kMaxText = 64;

  Kind kind;
  uint8_t number;                 // of the command, for its answer
  char ssid[kMaxText + 1];        // kWifi
  char passphrase[kMaxText + 1];  // kWifi; "" for an open network
};

// Finds the packets between the lines of a console.
class ImprovReader {
 public:
  static constexpr size_t kHeader = 9;  // to the length
  static constexpr size_t kMaxPacket = kHeader + 255 + 1;

  // Takes one byte. False: it belongs to no packet, and neither do the `released()` bytes before
  // it, which are the beginning of kMark: all of them are the console's.
  bool Feed(uint8_t byte);
  size_t released() const { return released_; }

  // After a Feed() that was true: the command of a packet that is complete, once; else kNone.
  ImprovCommand::Kind Take(ImprovCommand* command);

  static const char kMark[7];  // "IMPROV", terminated

 private:
  uint8_t packet_[kMaxPacket] = {};
  size_t size_ = 0;
  size_t released_ = 0;
  bool complete_ = false;
};

// The packets that go back, each into a buffer of kMaxPacket + 1 bytes; their size. A line feed
// stands behind a packet, so that the next line is one.
enum class ImprovState : uint8_t { kReady = 2, kProvisioning = 3, kProvisioned = 4 };
enum class ImprovError : uint8_t { kNone = 0, kInvalid = 1, kUnknown = 2, kUnable = 3 };
size_t WriteImprovState(ImprovState state, uint8_t* packet);
size_t WriteImprovError(ImprovError error, uint8_t* packet);
// What a command gives: texts, cut where they are too long.
size_t WriteImprovResult(uint8_t command, const char* const* texts, int count, uint8_t* packet);

}  // namespace anomaly
