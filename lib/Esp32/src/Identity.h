// How this board gets to its server, in a partition of its own: the network's name and passphrase,
// the broker, and key and certificate. Nothing of it is ever printed. A key is made once a board.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "Provisioning.h"
#include "nvs.h"

namespace anomaly {

class Identity final : public Provisioning {
 public:
  // Opens it, and makes the key where there is none. Before anything samples: the noise that a key
  // is made of comes from the ADC.
  void Begin();

  bool SetWifi(const char* ssid, const char* passphrase) override;
  bool SetBroker(const char* uri) override;
  bool has_wifi() const override { return ssid_[0] != '\0'; }
  size_t Request(uint8_t* der, size_t room) override;
  bool Put(Item item, size_t offset, const uint8_t* bytes, size_t size) override;
  const char* Finish(int64_t unix_ms) override;
  bool Wipe() override;

  // What a connection takes, each as it is kept: text that is terminated, or DER and its size. ""
  // and size 0: it was never set.
  struct Der {
    uint8_t bytes[kMaxDer];
    size_t size;
  };
  const char* ssid() const { return ssid_; }
  const char* passphrase() const { return passphrase_; }
  const char* uri() const { return uri_; }
  const Der& ca() const { return ders_[static_cast<int>(Item::kCa)]; }
  const Der& certificate() const { return ders_[static_cast<int>(Item::kCertificate)]; }
  const Der& key() const { return key_; }
  // Goes up with every change of the above.
  uint32_t version() const { return version_.load(std::memory_order_acquire); }

  // The latest time that is known to have passed, unix milliseconds; 0: none.
  int64_t KeptTime() const;
  void KeepTime(int64_t unix_ms);

 private:
  void MakeKey();
  bool Keep(const char* name, const void* bytes, size_t size);

  std::atomic<uint32_t> version_{1};
  nvs_handle_t handle_ = 0;
  bool open_ = false;
  char ssid_[kMaxSsid + 1] = {};
  char passphrase_[kMaxPassphrase + 1] = {};
  char uri_[kMaxUri + 1] = {};
  Der ders_[kItems] = {};
  Der received_[kItems] = {};  // of an `enroll` that goes on
  Der key_ = {};
};

}  // namespace anomaly
