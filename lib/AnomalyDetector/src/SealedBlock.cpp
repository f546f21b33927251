#include "SealedBlock.h"

#include <cstring>

#include "Crc.h"

namespace anomaly {

void SealBlock(void* block, size_t size, uint32_t version, const char* fingerprint) {
  auto* const bytes = static_cast<uint8_t*>(block);
  BlockHead head = {};
  head.version = version;
  std::memcpy(head.model, fingerprint, sizeof(head.model));
  std::memcpy(bytes, &head, sizeof(head));
  const uint32_t crc = Crc32(bytes, size - sizeof(uint32_t));
  std::memcpy(bytes + size - sizeof(crc), &crc, sizeof(crc));
}

BlockFound JudgeBlock(const void* block, size_t found, size_t expected, uint32_t version,
                      const char* fingerprint) {
  if (found == 0) return BlockFound::kNothing;
  const auto* const bytes = static_cast<const uint8_t*>(block);
  BlockHead head;
  std::memcpy(&head, bytes, sizeof(head));
  if (found != expected || head.version != version) {
    return BlockFound::kOfAnotherVersion;
  }
  uint32_t crc = 0;
  std::memcpy(&crc, bytes + found - sizeof(crc), sizeof(crc));
  if (crc != Crc32(bytes, found - sizeof(crc))) return BlockFound::kDamaged;
  return std::memcmp(head.model, fingerprint, sizeof(head.model)) == 0
             ? BlockFound::kUsable
             : BlockFound::kOfAnotherModel;
}

}  // namespace anomaly
