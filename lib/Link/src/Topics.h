// The topics of a board, docs/protocol.md: anomaly/v1/<id>/..., and those of Home Assistant.
#pragma once

#include <cstddef>

#include "LinkConfig.h"

namespace anomaly {

enum class Topic { kInfo, kState, kEvent, kAnswer, kDiscovery, kAck, kCommand, kBirth, kOther };

class Topics {
 public:
  static constexpr size_t kLongest = 64;

  explicit Topics(const char* id);

  // Valid until the next call.
  const char* Of(Topic topic);
  // Which of those that a board wants it is.
  Topic Find(const char* topic, size_t size);

 private:
  char text_[kLongest] = {};
  char id_[kIdDigits + 1] = {};
};

}  // namespace anomaly
