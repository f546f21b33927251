// How this chip reaches a network: a Wi-Fi station, or Ethernet where that is what was built in.
// All of it in one task, the network's.
#pragma once

#if __has_include("mqtt_client.h")

#include <cstdint>

#include "esp_event.h"
#include "esp_netif.h"
#include "freertos/FreeRTOS.h"
#include "freertos/event_groups.h"

namespace anomaly {

class NetworkInterface {
 public:
  // Sets it up, once. False: it cannot be, see error().
  bool Begin(const char* host_name);

  // Whether it is told of the network's name and passphrase first.
  static bool NeedsWifi();

  // Begins to connect; what comes of it shows in WaitForAddress(). False: refused by the driver.
  bool Connect(const char* ssid, const char* passphrase);
  void Disconnect();

  // True: there is an address, now or within so many milliseconds.
  bool WaitForAddress(uint32_t milliseconds) const;
  bool has_address() const { return WaitForAddress(0); }

  // dBm, or 0 where that means nothing.
  int Rssi() const;
  // "192.168.1.7", or "".
  void Address(char* text, size_t room) const;
  // Why there is no address: "wrong passphrase", ...; never null.
  const char* error() const { return error_; }

 private:
  static void OnEvent(void* self, esp_event_base_t base, int32_t id, void* data);
  bool BeginDriver();

  static constexpr EventBits_t kAddress = 1;
  EventGroupHandle_t bits_ = nullptr;
  StaticEventGroup_t bits_storage_ = {};
  esp_netif_t* netif_ = nullptr;
  const char* error_ = "";
};

}  // namespace anomaly

#endif
