// An event as it stands in flash: 64 bytes, little-endian, with a CRC-32.
#pragma once

#include <cstddef>
#include <cstdint>

namespace anomaly {

enum class EventKind : uint8_t {
  kBoot,
  kStart,  // of an anomaly
  kEnd,
  kFault,
  kFaultEnd,
  kSettings,
  kClock = 100,  // no event: when this boot got to know the time
};

// What `cause` and `cause_value` of a record mean.
enum class CauseKind : uint8_t {
  kNone,
  kFeature,  // index of a feature
  kSlow,     // a SlowCause, and the value of a frame
  kFault,    // a Fault
  kSetting,  // a Setting
};

// What a person has changed.
enum class Setting : uint8_t { kThreshold, kCalibrate, kLearn, kNormal, kAccept, kForget };
const char* SettingText(Setting setting);  // the command's name

struct EventRecord {
  uint32_t boot;    // counts up from start to start, never repeats
  uint32_t seq;     // counts up from 1 in each boot
  int64_t unix_ms;  // 0: the time was not known
  int64_t up_ms;    // since the boot
  EventKind kind;
  CauseKind cause_kind;
  uint8_t cause;
  uint8_t cause_value;
  uint8_t radio;     // 1: the board's own radio was on the air
  uint8_t model[6];  // the first 12 digits of its fingerprint
  uint8_t unused[5];
  float score;  // NaN, here and below: none
  float threshold;
  float value;
  float expected;
  // Not part of the sum. 0xFF; anything else once this event and all before it are acknowledged.
  uint8_t acknowledged;
  uint8_t padding[3];
  uint32_t crc32;  // of the bytes before `acknowledged`
};
static_assert(sizeof(EventRecord) == 64, "no byte of a record is undefined");
constexpr size_t kEventBytes = offsetof(EventRecord, acknowledged);
static_assert(kEventBytes == 56, "what the check sum covers");

}  // namespace anomaly
