// A block of bytes that outlives a reboot: a version, the model that it belongs to, what it holds,
// and a CRC-32 of all that.
#pragma once

#include <cstddef>
#include <cstdint>

namespace anomaly {

enum class BlockFound : uint8_t {
  kNothing,
  kUsable,
  // What is kept does not fit, and is forgotten:
  kOfAnotherModel,
  kOfAnotherVersion,
  kDamaged,
};

struct BlockHead {
  uint32_t version;
  char model[16];  // of its fingerprint
};
constexpr size_t kBlockOverhead = sizeof(BlockHead) + sizeof(uint32_t);

// Writes the head and the check sum around what stands between them. `size`: of the whole block.
void SealBlock(void* block, size_t size, uint32_t version, const char* fingerprint);

// What `found` bytes are where `expected` would be right.
BlockFound JudgeBlock(const void* block, size_t found, size_t expected, uint32_t version,
                      const char* fingerprint);

}  // namespace anomaly
