// Home Assistant's device discovery (2024.11 and newer), in its abbreviations:
// https://www.home-assistant.io/integrations/mqtt/#device-discovery-payload
// What its components share stands at the top: only whole topics work there, no `~`.
#include "Messages.h"

namespace anomaly {

namespace {

constexpr size_t kLongestName = 16;
constexpr size_t kShownDigits = 6;       // of the id: boards of one profile are told apart
constexpr int64_t kExpiresSeconds = 30;  // three reports

class Discovery {
 public:
  Discovery(JsonWriter& json, const LinkConfig& config, bool extras)
      : json_(json), config_(config), extras_(extras) {}

  void Device();
  void Open(const char* key, const char* platform, const char* name);
  void Close() { json_.Close('}'); }
  void Topic(const char* key, const char* end);

  void Value(const char* value_template, bool expires = true) {
    json_.Text("val_tpl", value_template);
    if (extras_ || expires) json_.Integer("exp_aft", kExpiresSeconds);
  }
  void Problem(const char* key, const char* name, const char* value_template) {
    Open(key, "binary_sensor", name);
    json_.Text("dev_cla", "problem");
    Value(value_template);
    Close();
  }
  void Sensor(const char* key, const char* name, const char* value_template, const char* unit) {
    Open(key, "sensor", name);
    Value(value_template);
    if (std::strcmp(unit, "C") == 0) {
      json_.Text("unit_of_meas", "\u00b0C");
      if (extras_) json_.Text("dev_cla", "temperature");
    } else if (*unit != '\0') {
      json_.Text("unit_of_meas", unit);
    }
    Close();
  }
  // `command`: in quotes, perhaps with something behind them.
  void Command(const char* command);
  void Button(const char* key, const char* name, const char* command) {
    Open(key, "button", name);
    if (name == nullptr) json_.Text("dev_cla", "restart");  // which names it
    Command(command);
    Close();
  }

 private:
  JsonWriter& json_;
  const LinkConfig& config_;
  const bool extras_;
};

void Discovery::Device() {
  char name[kLongestName + 1 + kShownDigits];
  size_t size = std::strlen(config_.profile);
  if (size > kLongestName) size = kLongestName;
  std::memcpy(name, config_.profile, size);
  name[size++] = ' ';
  std::memcpy(name + size, config_.id + kIdDigits - kShownDigits, kShownDigits);
  json_.Open("dev", '{').Text("ids", config_.id, kIdDigits);
  json_.Text("name", name, size + kShownDigits);
  if (extras_) json_.Text("mdl", config_.profile).Text("sw", config_.firmware);
  json_.Close('}');
}

void Discovery::Open(const char* key, const char* platform, const char* name) {
  char unique[kIdDigits + 1];
  std::memcpy(unique, config_.id, kIdDigits);
  unique[kIdDigits] = key[0];
  json_.Open(key, '{').Text("p", platform);
  if (name != nullptr) json_.Text("name", name);
  json_.Text("uniq_id", unique, sizeof(unique));
}

void Discovery::Topic(const char* key, const char* end) {
  char topic[] = "anomaly/v1/000000000000/........";
  char* const id = topic + sizeof("anomaly/v1/") - 1;
  std::memcpy(id, config_.id, kIdDigits);
  std::strcpy(id + kIdDigits + 1, end);
  json_.Text(key, topic);
}

void Discovery::Command(const char* command) {
  char text[128];
  size_t size = 0;
  for (const char* part :
       {"{{dict(id=now()~'',cmd=", command, ",exp=now().timestamp()|int+30)|to_json}}"}) {
    for (; *part != '\0' && size < sizeof(text); ++part) text[size++] = *part;
  }
  json_.Text("cmd_tpl", text, size);
}

}  // namespace

// Keys of components and the ends of their unique ids must never change. `extras`: what is nice to
// have, and `reboot`: the button.
static void Write(JsonWriter& json, const LinkConfig& config, bool extras, bool reboot) {
  Discovery discovery(json, config, extras);
  json.Begin();
  discovery.Device();
  json.Open("o", '{').Text("name", "anomaly").Close('}');
  discovery.Topic("avty_t", "status");
  discovery.Topic("stat_t", "state");
  discovery.Topic("cmd_t", "cmd");
  json.Open("cmps", '{');
  discovery.Problem("a", "Anomaly", "{{iif(value_json.cause,'ON','OFF')}}");
  discovery.Problem("f", "Fault", "{{iif(value_json.fault,'ON','OFF')}}");
  discovery.Sensor("v", "Value", "{{value_json.value}}", config.units[0]);
  discovery.Sensor("x", "Expected", "{{value_json.expected}}", config.units[0]);
  discovery.Sensor("s", "Score", "{{value_json.score_max}}", "");
  discovery.Open("c", "sensor", "Cause");
  discovery.Value("{{value_json.fault or value_json.cause or 'none'}}", false);
  discovery.Close();
  discovery.Open("t", "number", "Threshold");
  json.Text("val_tpl", "{{value_json.thr}}").Raw("min", "0").Raw("max", "1e4");
  json.Raw("step", "0.001");
  discovery.Command("'threshold %s'%value");
  discovery.Close();
  discovery.Open("e", "event", "Event");
  discovery.Topic("stat_t", "event");
  json.Raw("evt_typ", R"(["boot","start","end","fault","fault_end","settings"])");
  // What is sent again later is no news.
  json.Text("val_tpl",
            "{{dict(value_json,event_type=value_json.k)|to_json if value_json.k!='window'"
            " and now().timestamp()*1e3-(value_json.t or 0)<3e4}}");
  discovery.Close();
  discovery.Button("b", "Calibrate", "'calibrate'");
  discovery.Button("n", "That was normal", "'normal'");
  if (reboot) discovery.Button("r", nullptr, "'reboot'");
  json.Close('}').End();
}

void WriteDiscovery(JsonWriter& json, const LinkConfig& config) {
  Write(json, config, true, config.allows_reboot);
  if (!json.whole()) Write(json, config, false, config.allows_reboot);
  if (!json.whole()) Write(json, config, false, false);
}

}  // namespace anomaly
