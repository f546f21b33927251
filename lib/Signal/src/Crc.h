// Check sums.
#pragma once

#include <cstddef>
#include <cstdint>

namespace anomaly {

// CRC-16/CCITT-FALSE: polynomial 0x1021, start 0xFFFF; "123456789" gives 0x29b1.
// `before`: the check sum of what stands before the text, which it continues.
constexpr uint16_t kCrc16Start = 0xFFFF;
uint16_t Crc16(const char* text, size_t size, uint16_t before = kCrc16Start);

// The CRC-32 of zlib and of Ethernet; "123456789" gives 0xcbf43926.
uint32_t Crc32(const void* data, size_t size);

}  // namespace anomaly
