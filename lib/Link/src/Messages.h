// The messages of a board as JSON, docs/protocol.md. Each function writes one whole object.
#pragma once

#include "EventRing.h"
#include "FrameFigures.h"
#include "FrameWindow.h"
#include "JsonWriter.h"
#include "LinkConfig.h"

namespace anomaly {

struct InfoMessage {
  uint32_t boot;
  const char* reset;    // nullptr: not known
  const char* address;  // likewise
};
void WriteInfo(JsonWriter& json, const LinkConfig& config, const InfoMessage& info);

// When something was.
struct TimeStamp {
  int64_t unix_ms;  // 0: not known
  bool reckoned;    // from a clock that was set later
};

struct StateMessage {
  uint32_t boot;
  int64_t up_ms;
  int64_t unix_ms;
  const LinkFrame* last;      // nullptr: there was no frame yet
  const FrameFigures* since;  // the last message
  const char* failure;        // nullptr: the start was no failure
  int rssi;                   // 0: none
  int64_t heap_min;           // below 0: not known
  uint32_t queue;
  uint32_t lost;
  uint32_t missed;
  uint32_t dropped;
};
void WriteState(JsonWriter& json, const LinkConfig& config, const StateMessage& state);

// `before`: none where the event is the oldest that is not acknowledged.
void WriteEvent(JsonWriter& json, const LinkConfig& config, const EventRecord& record,
                EventKey before, TimeStamp time);

// The next piece of a picture; how many frames it took: fewer where their numbers are long.
int WriteWindow(JsonWriter& json, const LinkConfig& config, const FrameWindow& window);

// What a command was answered, "OK ..." or "ERR ...".
void WriteAnswer(JsonWriter& json, const char* id, const char* text);

// Home Assistant's device discovery.
void WriteDiscovery(JsonWriter& json, const LinkConfig& config);

}  // namespace anomaly
