// The console's side of how a board gets to its server: `wifi`, `mqtt`, `enroll`, and the packets
// of Improv. What was set is never printed. Its functions are virtual for one reason: a firmware
// without a network of its own makes none, and links none of it.
#pragma once

#include "Improv.h"
#include "LineBuffer.h"
#include "Platform.h"
#include "Provisioning.h"

namespace anomaly {

class ProvisioningConsole {
 public:
  // All must outlive it. `chip`: as Improv names it, "ESP32-S3".
  ProvisioningConsole(const char* firmware, const char* chip, const char* id,
                      Provisioning& provisioning, SerialLine& serial)
      : firmware_(firmware), chip_(chip), id_(id), provisioning_(provisioning), serial_(serial) {}
  virtual ~ProvisioningConsole() = default;

  // The answer to `wifi ...`, `mqtt ...` or `enroll ...`.
  virtual void Answer(const char* text, LineBuffer& line);

  // Takes a byte of the serial line; false: it is the console's, after `released()` of kMark.
  virtual bool Feed(uint8_t byte);
  size_t released() const { return reader_.released(); }

 private:
  void AnswerWifi(const char* text, LineBuffer& line);
  void AnswerBroker(const char* text, LineBuffer& line);
  void AnswerEnroll(const char* text, LineBuffer& line);
  void SendRequest(LineBuffer& line);
  void Put(Provisioning::Item item, const char* text, LineBuffer& line);
  void Finish(const char* text, LineBuffer& line);
  void AnswerPacket(const ImprovCommand& command);
  void SendState();
  void Send(size_t size);

  const char* firmware_;
  const char* chip_;
  const char* id_;
  Provisioning& provisioning_;
  SerialLine& serial_;
  ImprovReader reader_;
  uint8_t packet_[ImprovReader::kMaxPacket + 1] = {};
};

// The next word of `*cursor` into `word`, and behind it: "between quotes" with \" and \\ in them,
// or up to a space. False: there is none, it is longer than `room` - 1, or its quote does not end.
bool NextWord(const char** cursor, char* word, size_t room);

}  // namespace anomaly
