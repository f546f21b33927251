// Any bytes on the serial line of a board that can be provisioned: the packets of Improv, and what
// is typed behind `wifi`, `mqtt` and `enroll`. Input: the bytes.
#include <cstring>
#include <string>

#include "Commands.h"
#include "ProvisioningConsole.h"
#include "fuzz.h"

using namespace anomaly;

namespace {

class Line final : public SerialLine {
 public:
  void Write(const char* text, size_t size) override {
    Require(size > ImprovReader::kHeader && text[size - 1] == '\n', "a packet is whole");
  }
  int ReadByte() override { return -1; }
};

// What is given to it is within its limits.
class Checked final : public Provisioning {
 public:
  bool SetWifi(const char* ssid, const char* passphrase) override {
    const size_t size = std::strlen(passphrase);
    Require(*ssid != '\0' && std::strlen(ssid) <= kMaxSsid, "a network's name is in its range");
    Require(size == 0 || (size >= 8 && size <= 63), "a passphrase is in its range");
    return true;
  }
  bool SetBroker(const char* uri) override {
    Require(std::strlen(uri) <= kMaxUri, "an address is not too long");
    Require(std::strncmp(uri, "mqtts://", 8) == 0, "an address is encrypted");
    return true;
  }
  bool has_wifi() const override { return false; }
  size_t Request(uint8_t* der, size_t room) override {
    std::memset(der, 0x30, room);
    return room;
  }
  bool Put(Item item, size_t offset, const uint8_t* bytes, size_t size) override {
    static uint8_t kept[kMaxDer];
    if (offset > sizeof(kept) || size > sizeof(kept) - offset) return false;
    if (size > 0) std::memcpy(kept + offset, bytes, size);
    return item <= Item::kCertificate;
  }
  const char* Finish(int64_t unix_ms) override { return unix_ms % 2 == 0 ? nullptr : "why"; }
  bool Wipe() override { return true; }
};

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Line serial;
  LineBuffer line;
  Checked kept;
  ProvisioningConsole console("1.0.0", "ESP32", "020000000001", kept, serial);
  std::string typed;
  for (size_t i = 0; i < size; ++i) {
    if (console.Feed(data[i])) continue;
    typed.append(ImprovReader::kMark, console.released());
    typed.push_back(static_cast<char>(data[i]));
    Require(console.released() < sizeof(ImprovReader::kMark), "no more is released than a mark");
  }
  if (ParseCommand(typed.c_str()).kind != CommandKind::kProvision) return 0;
  console.Answer(typed.c_str(), line);
  const std::string answer(line.text(), line.size());
  Require(answer.rfind("OK ", 0) == 0 || answer.rfind("ERR ", 0) == 0, "each line is answered");
  return 0;
}
