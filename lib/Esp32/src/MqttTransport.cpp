#include "MqttTransport.h"

#if __has_include("mqtt_client.h")

#include <cstdio>
#include <cstring>
#include <ctime>

#include "Backoff.h"
#include "ChipId.h"
#include "SamplingMoment.h"
#include "esp_app_desc.h"
#include "esp_log.h"
#include "esp_netif_sntp.h"
#include "esp_random.h"
#include "esp_timer.h"

namespace anomaly {

namespace {

constexpr UBaseType_t kPriority = 2;
constexpr uint32_t kStack = 4096;
constexpr int kClientStack = 6144;
constexpr int kClientPriority = 3;

constexpr uint32_t kAddressMs = 30 * 1000;
constexpr uint32_t kTimeMs = 15 * 1000;
constexpr uint32_t kConnectMs = 30 * 1000;
constexpr int kNetworkTimeoutMs = 10 * 1000;
constexpr int kKeepAliveS = 30;
constexpr uint32_t kTickMs = 100;
constexpr TickType_t kTick = pdMS_TO_TICKS(kTickMs);
constexpr int64_t kRssiMicros = 10LL * 1000 * 1000;
constexpr int64_t kKeepTimeMicros = 3600LL * 1000 * 1000;
constexpr const char* kSilent[] = {"mqtt_client", "transport_base", "esp-tls", "esp-tls-mbedtls",
                                   "Dynamic Impl"};
constexpr size_t kMostOnTheWay = 8192;  // bytes that the broker has not confirmed

// "Nov 28 2026" of the compiler, unix milliseconds; 0 where it cannot be read.
int64_t BuildTime() {
  const esp_app_desc_t* const app = esp_app_get_description();
  char month[4] = {};
  int day = 0;
  int year = 0;
  if (std::sscanf(app->date, "%3s %d %d", month, &day, &year) != 3) return 0;
  constexpr char kMonths[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
  const char* const found = std::strstr(kMonths, month);
  if (found == nullptr) return 0;
  tm date = {};
  date.tm_year = year - 1900;
  date.tm_mon = static_cast<int>(found - kMonths) / 3;
  date.tm_mday = day;
  return int64_t{mktime(&date)} * 1000;
}

}  // namespace

void MqttTransport::Begin() {
  static StackType_t stack[kStack];
  static StaticTask_t storage;
  std::snprintf(will_topic_, sizeof(will_topic_), "anomaly/v1/%s/status", ChipId());
  // `status` says how far it is; what the parts below say of each failure is none of the protocol.
  for (const char* tag : kSilent) esp_log_level_set(tag, ESP_LOG_NONE);
  // Until the network tells it: no earlier than the firmware was built and than it ever was.
  wall_time::AssumeAtLeast(identity_.KeptTime());
  wall_time::AssumeAtLeast(BuildTime());
  task_ =
      xTaskCreateStaticPinnedToCore(Run, "network", kStack, this, kPriority, stack, &storage, 0);
}

// ---- console thread

const char* MqttTransport::StateText() const {
  switch (state_.load(std::memory_order_acquire)) {
    case kUnprovisioned:
      return "unprovisioned";
    case kNetwork:
      return NetworkInterface::NeedsWifi() ? "wifi" : "ethernet";
    case kTime:
      return "time";
    case kTls:
      return "tls";
    case kOnline:
      return "online";
    case kBackoff:
      return "backoff";
  }
  return "";
}

bool MqttTransport::Publish(const char* topic, const char* payload, size_t size, int qos,
                            bool retain) {
  if (!connected() || has_message_.load(std::memory_order_acquire)) return false;
  const size_t topic_size = std::strlen(topic);
  if (topic_size > kMaxTopic || size > kMaxPayload) return false;
  std::memcpy(outgoing_.topic, topic, topic_size + 1);
  std::memcpy(outgoing_.payload, payload, size);
  outgoing_.size = static_cast<int>(size);
  outgoing_.qos = qos;
  outgoing_.retain = retain;
  has_message_.store(true, std::memory_order_release);
  xTaskNotifyGive(task_);
  return true;
}

bool MqttTransport::Receive(LinkMessage* message) {
  if (received_) incoming_.Pop();
  const Incoming* const front = incoming_.Front();
  received_ = front != nullptr;
  if (!received_) return false;
  *message = {front->bytes, front->topic_size, front->bytes + front->topic_size,
              front->payload_size};
  return true;
}

// ---- the MQTT client's task

void MqttTransport::OnEvent(void* self, esp_event_base_t, int32_t id, void* data) {
  auto& transport = *static_cast<MqttTransport*>(self);
  switch (id) {
    case MQTT_EVENT_CONNECTED:
      transport.open_.store(true, std::memory_order_release);
      break;
    case MQTT_EVENT_DISCONNECTED:
      transport.closed_.store(true, std::memory_order_release);
      break;
    case MQTT_EVENT_DATA:
      return transport.Take(*static_cast<const esp_mqtt_event_t*>(data));
    default:
      return;
  }
  xTaskNotifyGive(transport.task_);
}

// What is too long, or comes while there is no room, is left out: an acknowledgement comes again.
void MqttTransport::Take(const esp_mqtt_event_t& event) {
  const auto topic_size = static_cast<size_t>(event.topic_len);
  const auto payload_size = static_cast<size_t>(event.data_len);
  if (event.data_len != event.total_data_len || topic_size + payload_size > kMaxIncoming) return;
  Incoming* const room = incoming_.Room();
  if (room == nullptr) return;
  room->topic_size = static_cast<uint16_t>(topic_size);
  room->payload_size = static_cast<uint16_t>(payload_size);
  std::memcpy(room->bytes, event.topic, topic_size);
  std::memcpy(room->bytes + topic_size, event.data, payload_size);
  incoming_.Send();
}

// ---- the network's task

namespace {
// The network's own server of time, where DHCP names one, goes before the public one.
void PrepareTime() {
  esp_sntp_config_t config = ESP_NETIF_SNTP_DEFAULT_CONFIG("pool.ntp.org");
  config.start = false;
  config.wait_for_sync = false;
  config.server_from_dhcp = true;
  config.renew_servers_after_new_IP = true;
  config.index_of_first_server = 1;
  if (!NetworkInterface::NeedsWifi()) config.ip_event_to_renew = IP_EVENT_ETH_GOT_IP;
  config.sync_cb = [](timeval*) { wall_time::WasSet(); };
  ESP_ERROR_CHECK_WITHOUT_ABORT(esp_netif_sntp_init(&config));
}
}  // namespace

void MqttTransport::Run(void* self) {
  auto& transport = *static_cast<MqttTransport*>(self);
  Backoff backoff;
  const bool works = transport.network_.Begin(ChipId());
  if (works) PrepareTime();
  for (;;) {
    while (!works || !transport.IsProvisioned()) {
      transport.state_.store(kUnprovisioned, std::memory_order_release);
      ulTaskNotifyTake(pdTRUE, kTick);
    }
    transport.version_ = transport.identity_.version();
    uint32_t online_ms = 0;
    if (transport.Connect()) {
      const int64_t start = esp_timer_get_time();
      transport.Serve();
      online_ms = static_cast<uint32_t>((esp_timer_get_time() - start) / 1000);
    }
    transport.StopClient();
    const uint32_t wait_ms = backoff.Next(online_ms, esp_random());
    for (uint32_t waited = 0;
         waited < wait_ms && transport.version_ == transport.identity_.version();
         waited += kTickMs) {
      vTaskDelay(kTick);
    }
  }
}

bool MqttTransport::IsProvisioned() const {
  return identity_.uri()[0] != '\0' && identity_.ca().size > 0 &&
         (!NetworkInterface::NeedsWifi() || identity_.ssid()[0] != '\0');
}

bool MqttTransport::Connect() {
  state_.store(kNetwork, std::memory_order_release);
  if (!network_.has_address() && (!network_.Connect(identity_.ssid(), identity_.passphrase()) ||
                                  !network_.WaitForAddress(kAddressMs))) {
    network_.Disconnect();
    return false;
  }
  network_.Address(address_, sizeof(address_));
  if (!wall_time::is_known()) WaitForTime();
  return StartClient();
}

// Asked for once; later the service keeps it right by itself. Where nobody tells the time it goes
// on with the latest one that is known to have passed: that judges a certificate's dates, too.
void MqttTransport::WaitForTime() {
  state_.store(kTime, std::memory_order_release);
  esp_netif_sntp_start();
  for (uint32_t waited = 0; waited < kTimeMs; waited += kTickMs) {
    if (wall_time::is_known()) return KeepTime();
    vTaskDelay(kTick);
  }
}

bool MqttTransport::StartClient() {
  state_.store(kTls, std::memory_order_release);
  open_.store(false);
  closed_.store(false);
  esp_mqtt_client_config_t config = {};
  config.broker.address.uri = identity_.uri();
  config.broker.verification.certificate = reinterpret_cast<const char*>(identity_.ca().bytes);
  config.broker.verification.certificate_len = identity_.ca().size;
  config.credentials.client_id = ChipId();
  config.credentials.authentication.certificate =
      reinterpret_cast<const char*>(identity_.certificate().bytes);
  config.credentials.authentication.certificate_len = identity_.certificate().size;
  config.credentials.authentication.key = reinterpret_cast<const char*>(identity_.key().bytes);
  config.credentials.authentication.key_len = identity_.key().size;
  config.session.last_will = {will_topic_, "offline", 0, 1, 1};
  config.session.keepalive = kKeepAliveS;
  config.network.timeout_ms = kNetworkTimeoutMs;
  config.network.disable_auto_reconnect = true;
  config.task = {kClientPriority, kClientStack};
  config.buffer.size = 1024;
  config.buffer.out_size = static_cast<int>(kMaxPayload) + 256;
  client_ = esp_mqtt_client_init(&config);
  if (client_ == nullptr ||
      esp_mqtt_client_register_event(client_, MQTT_EVENT_ANY, OnEvent, this) != ESP_OK ||
      esp_mqtt_client_start(client_) != ESP_OK) {
    return false;
  }
  const int64_t end = esp_timer_get_time() + int64_t{kConnectMs} * 1000;
  while (!open_.load(std::memory_order_acquire)) {
    if (closed_.load(std::memory_order_acquire) || esp_timer_get_time() > end) return false;
    ulTaskNotifyTake(pdTRUE, kTick);
  }
  char topic[kMaxTopic + 1];
  const auto subscribe = [&](const char* text, int qos) {
    return esp_mqtt_client_subscribe_single(client_, text, qos) >= 0;
  };
  std::snprintf(topic, sizeof(topic), "anomaly/v1/%s/ack", ChipId());
  bool ok = subscribe(topic, 1);
  std::snprintf(topic, sizeof(topic), "anomaly/v1/%s/cmd", ChipId());
  ok = subscribe(topic, 1) && ok;
  ok = subscribe("homeassistant/status", 0) && ok;
  return ok && esp_mqtt_client_publish(client_, will_topic_, "online", 0, 1, 1) >= 0;
}

void MqttTransport::StopClient() {
  state_.store(kBackoff, std::memory_order_release);
  if (client_ != nullptr) esp_mqtt_client_destroy(client_);  // stops it first
  client_ = nullptr;
  has_message_.store(false, std::memory_order_release);
}

// Until the broker or the network has gone, or what connects it is another.
void MqttTransport::Serve() {
  connections_.fetch_add(1, std::memory_order_release);
  state_.store(kOnline, std::memory_order_release);
  int64_t next_rssi = 0;
  int64_t next_keep = esp_timer_get_time() + kKeepTimeMicros;
  while (!closed_.load(std::memory_order_acquire) && network_.has_address() &&
         version_ == identity_.version()) {
    ulTaskNotifyTake(pdTRUE, kTick);
    SendOutgoing();
    const int64_t now = esp_timer_get_time();
    if (now >= next_rssi) {
      rssi_.store(network_.Rssi(), std::memory_order_relaxed);
      next_rssi = now + kRssiMicros;
    }
    if (now >= next_keep) {
      KeepTime();
      next_keep = now + kKeepTimeMicros;
    }
  }
}

void MqttTransport::SendOutgoing() {
  if (!has_message_.load(std::memory_order_acquire)) return;
  // What the broker does not confirm lies in the client's memory: it is not to fill the heap.
  if (esp_mqtt_client_get_outbox_size(client_) > static_cast<int>(kMostOnTheWay)) return;
  while (sampling_moment.IsNear(esp_timer_get_time())) vTaskDelay(1);
  sending_.store(true, std::memory_order_relaxed);
  const char* const payload = outgoing_.size > 0 ? outgoing_.payload : nullptr;
  esp_mqtt_client_publish(client_, outgoing_.topic, payload, outgoing_.size, outgoing_.qos,
                          outgoing_.retain ? 1 : 0);
  sending_.store(false, std::memory_order_relaxed);
  has_message_.store(false, std::memory_order_release);
}

void MqttTransport::KeepTime() {
  if (wall_time::is_known()) identity_.KeepTime(UnixMillis());
}

}  // namespace anomaly

#endif
