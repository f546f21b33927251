// How a board gets to its server by itself: what the console sets, and nothing ever shows.
#pragma once

#include <cstddef>
#include <cstdint>

namespace anomaly {

// Console thread.
class Provisioning {
 public:
  static constexpr size_t kMaxSsid = 32;
  static constexpr size_t kMaxPassphrase = 64;
  static constexpr size_t kMaxUri = 127;
  static constexpr size_t kMaxDer = 768;  // of a certificate, of a request

  enum class Item : uint8_t { kCa, kCertificate };
  static constexpr int kItems = 2;

  virtual ~Provisioning() = default;

  // Both are checked already; false: not kept.
  virtual bool SetWifi(const char* ssid, const char* passphrase) = 0;
  virtual bool SetBroker(const char* uri) = 0;
  virtual bool has_wifi() const = 0;  // a network was set, whether or not it is there

  // A certificate signing request of this board's own key, as DER; how many bytes, 0: none.
  virtual size_t Request(uint8_t* der, size_t room) = 0;

  // A part of what came back, one after the other from offset 0; false: out of order or too long.
  virtual bool Put(Item item, size_t offset, const uint8_t* bytes, size_t size) = 0;
  // All parts are there: nullptr, and they are kept, or why they cannot be used. What was kept
  // before then stays. `unix_ms`: the time.
  virtual const char* Finish(int64_t unix_ms) = 0;

  // Forgets everything, the key too; false: not everything.
  virtual bool Wipe() = 0;
};

}  // namespace anomaly
