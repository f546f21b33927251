// This chip's own connection to a broker: the network, the time of day, TLS, MQTT. Two tasks do all
// that may wait, this one's and the MQTT client's; the console side hands a message over and goes
// on.
#pragma once

#if __has_include("mqtt_client.h")

#include <atomic>
#include <cstdint>

#include "Identity.h"
#include "NetworkInterface.h"
#include "SpscQueue.h"
#include "Transport.h"
#include "WallTime.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "mqtt_client.h"

namespace anomaly {

class MqttTransport final : public Transport {
 public:
  // Must outlive it.
  explicit MqttTransport(Identity& identity) : identity_(identity) {}

  // The task begins: call once.
  void Begin();

  bool connected() const override { return state_.load(std::memory_order_acquire) == kOnline; }
  uint32_t connections() const override { return connections_.load(std::memory_order_acquire); }
  const char* StateText() const override;
  int64_t UnixMillis() const override { return wall_time::UnixMillis(); }
  bool Publish(const char* topic, const char* payload, size_t size, int qos, bool retain) override;
  bool Receive(LinkMessage* message) override;
  const char* address() const override { return connected() ? address_ : nullptr; }
  int rssi() const override { return rssi_.load(std::memory_order_relaxed); }
  bool sending() const override { return sending_.load(std::memory_order_relaxed); }

 private:
  enum State : uint8_t { kUnprovisioned, kNetwork, kTime, kTls, kOnline, kBackoff };

  static constexpr size_t kMaxTopic = 63;
  static constexpr size_t kMaxPayload = 2048;
  static constexpr size_t kMaxIncoming = 640;  // topic and payload

  struct Outgoing {
    char topic[kMaxTopic + 1];
    char payload[kMaxPayload];
    int size;
    int qos;
    bool retain;
  };
  struct Incoming {
    uint16_t topic_size;
    uint16_t payload_size;
    char bytes[kMaxIncoming];
  };

  static void Run(void* self);
  static void OnEvent(void* self, esp_event_base_t base, int32_t id, void* data);
  void Take(const esp_mqtt_event_t& event);
  bool IsProvisioned() const;
  bool Connect();
  void WaitForTime();
  bool StartClient();
  void StopClient();
  void Serve();
  void SendOutgoing();
  void KeepTime();

  Identity& identity_;
  NetworkInterface network_;
  uint32_t version_ = 0;  // of the identity that is in use
  esp_mqtt_client_handle_t client_ = nullptr;
  TaskHandle_t task_ = nullptr;
  std::atomic<State> state_{kUnprovisioned};
  std::atomic<uint32_t> connections_{0};
  std::atomic<int> rssi_{0};
  std::atomic<bool> sending_{false};
  std::atomic<bool> open_{false};         // the client says that the broker took us
  std::atomic<bool> closed_{false};       // and that it has gone
  std::atomic<bool> has_message_{false};  // outgoing_ waits
  Outgoing outgoing_ = {};
  SpscQueue<Incoming, 4> incoming_;
  bool received_ = false;  // the front of incoming_ was given
  char address_[16] = {};
  char will_topic_[kMaxTopic + 1] = {};
};

}  // namespace anomaly

#endif
