// Base64 of RFC 4648, with padding.
#pragma once

#include <cstddef>
#include <cstdint>

#include "LineBuffer.h"

namespace anomaly {

// Characters of so many bytes.
constexpr size_t Base64Size(size_t bytes) { return (bytes + 2) / 3 * 4; }

extern const char kBase64Digits[];

// `byte_at(i)` is the byte at place i; what is behind the last one is not asked for.
template <typename ByteAt>
void AddBase64(LineBuffer& line, int bytes, ByteAt byte_at) {
  const auto byte = [&](int place) {
    return place < bytes ? static_cast<uint32_t>(byte_at(place)) & 0xFFu : 0u;
  };
  for (int i = 0; i < bytes; i += 3) {
    const uint32_t three = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
    for (int digit = 0; digit < 4; ++digit) {
      const bool pads = i + digit > bytes;
      line.Add(pads ? '=' : kBase64Digits[three >> (18 - 6 * digit) & 63]);
    }
  }
}

// False: not Base64, or more than `room` bytes.
bool ReadBase64(const char* text, uint8_t* bytes, size_t room, size_t* size);

}  // namespace anomaly
