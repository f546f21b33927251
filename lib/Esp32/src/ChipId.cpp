#include "ChipId.h"

#include <cstdint>

#include "esp_mac.h"

namespace anomaly {

const char* ChipId() {
  static char id[kChipIdSize + 1] = {};
  if (id[0] != '\0') return id;
  uint8_t mac[kChipIdSize / 2] = {};
  if (esp_read_mac(mac, ESP_MAC_WIFI_STA) != ESP_OK) return "000000000000";
  constexpr char kDigits[] = "0123456789abcdef";
  for (size_t i = kChipIdSize; i-- > 0;) {
    id[i] = kDigits[(mac[i / 2] >> (i % 2 == 0 ? 4 : 0)) & 0xF];
  }
  return id;
}

}  // namespace anomaly
