#include "NetworkInterface.h"

#if __has_include("mqtt_client.h")

#include <cstdio>
#include <cstring>

#include "Pins.h"

#if __has_include("esp_wifi.h")
#include "esp_wifi.h"
#else
#include "esp_eth.h"
#include "esp_mac.h"
#endif

namespace anomaly {

bool NetworkInterface::Begin(const char* host_name) {
  bits_ = xEventGroupCreateStatic(&bits_storage_);
  if (esp_netif_init() != ESP_OK || esp_event_loop_create_default() != ESP_OK || !BeginDriver()) {
    error_ = "the network's driver does not start";
    return false;
  }
  esp_netif_set_hostname(netif_, host_name);
  esp_event_handler_register(IP_EVENT, ESP_EVENT_ANY_ID, OnEvent, this);
  return true;
}

bool NetworkInterface::WaitForAddress(uint32_t milliseconds) const {
  return (xEventGroupWaitBits(bits_, kAddress, pdFALSE, pdTRUE, pdMS_TO_TICKS(milliseconds)) &
          kAddress) != 0;
}

void NetworkInterface::Address(char* text, size_t room) const {
  text[0] = '\0';
  esp_netif_ip_info_t info = {};
  if (!has_address() || esp_netif_get_ip_info(netif_, &info) != ESP_OK) return;
  std::snprintf(text, room, IPSTR, IP2STR(&info.ip));
}

#if __has_include("esp_wifi.h")

// ---- a Wi-Fi station

namespace {

const char* ReasonText(uint8_t reason) {
  switch (reason) {
    case WIFI_REASON_NO_AP_FOUND:
      return "no such network";
    case WIFI_REASON_AUTH_FAIL:
    case WIFI_REASON_4WAY_HANDSHAKE_TIMEOUT:
    case WIFI_REASON_HANDSHAKE_TIMEOUT:
      return "the passphrase is wrong";
    default:
      return "the access point let it go";
  }
}

}  // namespace

bool NetworkInterface::NeedsWifi() { return true; }

bool NetworkInterface::BeginDriver() {
  netif_ = esp_netif_create_default_wifi_sta();
  const wifi_init_config_t init = WIFI_INIT_CONFIG_DEFAULT();
  // What connects it is in the partition `identity`, and nowhere else.
  return netif_ != nullptr && esp_wifi_init(&init) == ESP_OK &&
         esp_event_handler_register(WIFI_EVENT, ESP_EVENT_ANY_ID, OnEvent, this) == ESP_OK &&
         esp_wifi_set_storage(WIFI_STORAGE_RAM) == ESP_OK &&
         esp_wifi_set_mode(WIFI_MODE_STA) == ESP_OK && esp_wifi_start() == ESP_OK;
}

bool NetworkInterface::Connect(const char* ssid, const char* passphrase) {
  wifi_config_t config = {};
  // Neither is terminated where it is as long as it can be.
  std::memcpy(config.sta.ssid, ssid, strnlen(ssid, sizeof(config.sta.ssid)));
  std::memcpy(config.sta.password, passphrase, strnlen(passphrase, sizeof(config.sta.password)));
  config.sta.threshold.authmode = *passphrase == '\0' ? WIFI_AUTH_OPEN : WIFI_AUTH_WPA2_PSK;
  config.sta.sae_pwe_h2e = WPA3_SAE_PWE_BOTH;
  error_ = "no answer";
  return esp_wifi_set_config(WIFI_IF_STA, &config) == ESP_OK && esp_wifi_connect() == ESP_OK;
}

void NetworkInterface::Disconnect() {
  esp_wifi_disconnect();
  xEventGroupClearBits(bits_, kAddress);
}

int NetworkInterface::Rssi() const {
  wifi_ap_record_t record = {};
  return esp_wifi_sta_get_ap_info(&record) == ESP_OK ? record.rssi : 0;
}

void NetworkInterface::OnEvent(void* self, esp_event_base_t base, int32_t id, void* data) {
  auto& network = *static_cast<NetworkInterface*>(self);
  if (base == IP_EVENT && id == IP_EVENT_STA_GOT_IP) {
    xEventGroupSetBits(network.bits_, kAddress);
  } else if (base == IP_EVENT && id == IP_EVENT_STA_LOST_IP) {
    xEventGroupClearBits(network.bits_, kAddress);
  } else if (base == WIFI_EVENT && id == WIFI_EVENT_STA_DISCONNECTED) {
    network.error_ = ReasonText(static_cast<wifi_event_sta_disconnected_t*>(data)->reason);
    xEventGroupClearBits(network.bits_, kAddress);
  }
}

#else

// ---- Ethernet: the chip's own MAC with a LAN8720 or one like it, or that of an emulator

bool NetworkInterface::NeedsWifi() { return false; }

bool NetworkInterface::BeginDriver() {
  const esp_netif_config_t config = ESP_NETIF_DEFAULT_ETH();
  netif_ = esp_netif_new(&config);
  eth_mac_config_t mac_config = ETH_MAC_DEFAULT_CONFIG();
  eth_phy_config_t phy_config = ETH_PHY_DEFAULT_CONFIG();
#if CONFIG_ETH_USE_OPENETH
  phy_config.autonego_timeout_ms = 100;
  esp_eth_mac_t* const mac = esp_eth_mac_new_openeth(&mac_config);
  esp_eth_phy_t* const phy = esp_eth_phy_new_dp83848(&phy_config);
#else
  phy_config.phy_addr = ESP_ETH_PHY_ADDR_AUTO;
  phy_config.reset_gpio_num = ETHERNET_POWER_GPIO;
  const eth_esp32_emac_config_t emac = ETH_ESP32_EMAC_DEFAULT_CONFIG();
  esp_eth_mac_t* const mac = esp_eth_mac_new_esp32(&emac, &mac_config);
  esp_eth_phy_t* const phy = esp_eth_phy_new_lan87xx(&phy_config);
#endif
  if (netif_ == nullptr || mac == nullptr || phy == nullptr) return false;
  const esp_eth_config_t eth = ETH_DEFAULT_CONFIG(mac, phy);
  esp_eth_handle_t handle = nullptr;
  uint8_t address[6] = {};
  return esp_eth_driver_install(&eth, &handle) == ESP_OK &&
         esp_read_mac(address, ESP_MAC_ETH) == ESP_OK &&
         esp_eth_ioctl(handle, ETH_CMD_S_MAC_ADDR, address) == ESP_OK &&
         esp_netif_attach(netif_, esp_eth_new_netif_glue(handle)) == ESP_OK &&
         esp_event_handler_register(ETH_EVENT, ESP_EVENT_ANY_ID, OnEvent, this) == ESP_OK &&
         esp_eth_start(handle) == ESP_OK;
}

// The cable decides, and the driver asks for an address by itself.
bool NetworkInterface::Connect(const char*, const char*) {
  if (!has_address()) error_ = "no cable, or nobody there gives an address";
  return true;
}

void NetworkInterface::Disconnect() {}

int NetworkInterface::Rssi() const { return 0; }

void NetworkInterface::OnEvent(void* self, esp_event_base_t base, int32_t id, void*) {
  auto& network = *static_cast<NetworkInterface*>(self);
  if (base == IP_EVENT && id == IP_EVENT_ETH_GOT_IP) {
    xEventGroupSetBits(network.bits_, kAddress);
  } else if ((base == IP_EVENT && id == IP_EVENT_ETH_LOST_IP) ||
             (base == ETH_EVENT && id == ETHERNET_EVENT_DISCONNECTED)) {
    xEventGroupClearBits(network.bits_, kAddress);
  }
}

#endif

}  // namespace anomaly

#endif
