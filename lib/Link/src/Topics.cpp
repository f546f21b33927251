#include "Topics.h"

#include <cstring>

namespace anomaly {

namespace {

struct Pattern {
  Topic topic;
  const char* before;  // the id
  const char* behind;  // it; nullptr: the topic has no id
};
constexpr Pattern kPatterns[] = {
    {Topic::kInfo, "anomaly/v1/", "/info"},
    {Topic::kState, "anomaly/v1/", "/state"},
    {Topic::kEvent, "anomaly/v1/", "/event"},
    {Topic::kAnswer, "anomaly/v1/", "/res"},
    {Topic::kDiscovery, "homeassistant/device/", "/config"},
    {Topic::kAck, "anomaly/v1/", "/ack"},
    {Topic::kCommand, "anomaly/v1/", "/cmd"},
    {Topic::kBirth, "homeassistant/status", nullptr},
};
constexpr Topic kWanted[] = {Topic::kAck, Topic::kCommand, Topic::kBirth};

}  // namespace

Topics::Topics(const char* id) { std::memcpy(id_, id, kIdDigits); }

const char* Topics::Of(Topic topic) {
  for (const Pattern& pattern : kPatterns) {
    if (pattern.topic != topic) continue;
    const size_t size = std::strlen(pattern.before);
    std::memcpy(text_, pattern.before, size + 1);
    if (pattern.behind == nullptr) continue;
    std::memcpy(text_ + size, id_, kIdDigits);
    std::memcpy(text_ + size + kIdDigits, pattern.behind, std::strlen(pattern.behind) + 1);
  }
  return text_;
}

Topic Topics::Find(const char* topic, size_t size) {
  for (const Topic wanted : kWanted) {
    const char* const text = Of(wanted);
    if (std::strlen(text) == size && std::memcmp(text, topic, size) == 0) return wanted;
  }
  return Topic::kOther;
}

}  // namespace anomaly
