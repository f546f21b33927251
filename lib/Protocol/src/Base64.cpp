#include "Base64.h"

#include <cstring>

namespace anomaly {

const char kBase64Digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

bool ReadBase64(const char* text, uint8_t* bytes, size_t room, size_t* size) {
  const size_t length = std::strlen(text);
  if (length % 4 != 0) return false;
  size_t pads = 0;
  while (pads < 2 && pads < length && text[length - 1 - pads] == '=') ++pads;
  *size = length / 4 * 3 - pads;
  if (*size > room) return false;
  for (size_t i = 0, out = 0; i < length; i += 4) {
    uint32_t three = 0;
    for (size_t digit = i; digit < i + 4; ++digit) {
      const bool padding = digit >= length - pads;
      const char* const found = padding ? kBase64Digits : std::strchr(kBase64Digits, text[digit]);
      if (found == nullptr || *found == '\0') return false;
      three = three << 6 | static_cast<uint32_t>(found - kBase64Digits);
    }
    for (int shift = 16; shift >= 0 && out < *size; shift -= 8) {
      bytes[out++] = static_cast<uint8_t>(three >> shift);
    }
  }
  return true;
}

}  // namespace anomaly
