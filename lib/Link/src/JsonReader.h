// Reads one JSON object (RFC 8259) from bytes that anybody may have sent: strict, bounded, without
// heap. Of the object's own members those that are asked for are given; others may be anything.
#pragma once

#include <cstddef>
#include <cstdint>

namespace anomaly {

// What to look for, and what was found.
struct JsonField {
  const char* key;
  char* text = nullptr;  // a string is wanted: `room` bytes with its terminator
  size_t room = 0;
  int64_t number = 0;  // else a whole number is, of 15 digits at most
  bool found = false;
};

// False: it is no object, or a member that was asked for is of another kind, does not fit, or is
// there twice. A string with NUL, or that is no UTF-8, is refused.
[[nodiscard]] bool ReadJson(const char* json, size_t size, JsonField* fields, int count);

}  // namespace anomaly
