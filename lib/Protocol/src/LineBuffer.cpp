#include "LineBuffer.h"

#include <cmath>
#include <cstring>

namespace anomaly {

void LineBuffer::Clear() {
  size_ = 0;
  text_[0] = '\0';
  truncated_ = false;
}

LineBuffer& LineBuffer::Add(char character) {
  if (size_ >= kRoom) {
    truncated_ = true;
    return *this;
  }
  text_[size_++] = character;
  text_[size_] = '\0';
  return *this;
}

LineBuffer& LineBuffer::Append(const char* text, size_t length) {
  const size_t fits = length < kRoom - size_ ? length : kRoom - size_;
  std::memcpy(text_ + size_, text, fits);
  size_ += fits;
  text_[size_] = '\0';
  truncated_ = truncated_ || fits < length;
  return *this;
}

LineBuffer& LineBuffer::End() {
  constexpr char kCut[] = "...";
  if (truncated_) std::memcpy(text_ + kRoom - std::strlen(kCut), kCut, std::strlen(kCut));
  std::memcpy(text_ + size_, "\r\n", 3);
  size_ += 2;
  return *this;
}

void LineBuffer::AddDigits(uint64_t value, int decimals) {
  char digits[24];
  char* const end = digits + sizeof(digits);
  char* first = end;
  int count = 0;
  const auto put = [&](uint32_t digit) {
    if (count == decimals && count > 0) *--first = '.';
    *--first = static_cast<char>('0' + digit);
    ++count;
  };
  // 32-bit division where it suffices: far cheaper on a 32-bit chip.
  while (value > UINT32_MAX) {
    put(static_cast<uint32_t>(value % 10));
    value /= 10;
  }
  for (auto rest = static_cast<uint32_t>(value); rest > 0 || count <= decimals; rest /= 10) {
    put(rest % 10);
  }
  Append(first, static_cast<size_t>(end - first));
}

LineBuffer& LineBuffer::AddInteger(int64_t value) {
  if (value < 0) Add('-');
  const uint64_t magnitude =
      value < 0 ? ~static_cast<uint64_t>(value) + 1 : static_cast<uint64_t>(value);
  AddDigits(magnitude, 0);
  return *this;
}

LineBuffer& LineBuffer::AddHex16(uint16_t value) {
  for (int shift = 12; shift >= 0; shift -= 4) Add("0123456789abcdef"[(value >> shift) & 0xF]);
  return *this;
}

LineBuffer& LineBuffer::AddShort(float value, int digits) {
  constexpr int kMostDecimals = 6;
  int decimals = digits;
  for (float power = 1.0f; decimals > 0 && std::fabs(value) >= power; power *= 10.0f) --decimals;
  if (decimals > kMostDecimals) decimals = kMostDecimals;
  const size_t start = size_;
  AddFixed(value, decimals);
  if (std::strchr(text_ + start, '.') == nullptr) return *this;
  while (text_[size_ - 1] == '0') --size_;
  if (text_[size_ - 1] == '.') --size_;
  text_[size_] = '\0';
  return *this;
}

LineBuffer& LineBuffer::AddFixed(float value, int decimals) {
  if (std::isnan(value)) return Add("nan");
  if (std::isinf(value)) return Add(value < 0.0f ? "-inf" : "inf");
  constexpr uint32_t kPowers[] = {1, 10, 100, 1000, 10000, 100000, 1000000};
  const float magnitude = std::fabs(value);
  if (magnitude >= 1e18f) return Add(value < 0.0f ? "-1e18" : "1e18");
  // The float is fraction * 2^exponent with a fraction of 24 bits, so that fraction * 10^decimals
  // is exact in 64 bits; what a negative exponent shifts out decides the rounding.
  uint32_t bits = 0;
  std::memcpy(&bits, &magnitude, sizeof(bits));
  const int exponent = static_cast<int>(bits >> 23) - 150;
  const uint64_t fraction = (bits & 0x7FFFFF) | 0x800000;
  const bool whole_only = magnitude >= 1e12f;
  uint64_t scaled = whole_only ? fraction : fraction * kPowers[decimals];
  if (exponent >= 0) {
    scaled <<= exponent;
  } else if (exponent > -64) {
    const uint64_t half = uint64_t{1} << (-exponent - 1);
    scaled = (scaled + half) >> -exponent;
  } else {
    scaled = 0;  // denormal numbers, too, which have no leading one
  }
  if (value < 0.0f && scaled > 0) Add('-');
  AddDigits(scaled, whole_only ? 0 : decimals);
  if (whole_only && decimals > 0) {
    Add('.');
    for (int i = 0; i < decimals; ++i) Add('0');
  }
  return *this;
}

}  // namespace anomaly
