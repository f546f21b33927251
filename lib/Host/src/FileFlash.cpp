#include "FileFlash.h"

#include <cstring>

#include "EventRing.h"

namespace anomaly {

namespace {

// A ring's first sector has its head or is erased; what is shorter may be anything's beginning.
bool LooksLikeEvents(const uint8_t* bytes, size_t size) {
  const size_t known = size < sizeof(EventRing::kMagic) ? size : sizeof(EventRing::kMagic);
  const uint32_t blank = UINT32_MAX;
  return std::memcmp(bytes, &EventRing::kMagic, known) == 0 ||
         std::memcmp(bytes, &blank, known) == 0;
}

}  // namespace

FileFlash::~FileFlash() {
  if (file_ != nullptr) std::fclose(file_);
}

const char* FileFlash::Open(const char* path) {
  file_ = std::fopen(path, "r+b");
  if (file_ == nullptr) file_ = std::fopen(path, "w+b");
  if (file_ == nullptr) return "cannot be opened for reading and writing";
  const size_t found = std::fread(bytes_.data(), 1, kSize, file_);
  if (std::fgetc(file_) != EOF || !LooksLikeEvents(bytes_.data(), found))
    return "is not a file of events, and is left as it is";
  return found == kSize || Store(0, kSize) ? "" : "cannot be written";
}

bool FileFlash::Store(uint32_t offset, size_t size) {
  if (file_ == nullptr) return true;
  return std::fseek(file_, static_cast<long>(offset), SEEK_SET) == 0 &&
         std::fwrite(bytes_.data() + offset, 1, size, file_) == size && std::fflush(file_) == 0;
}

bool FileFlash::Read(uint32_t offset, void* bytes, size_t size) {
  if (offset > kSize || size > kSize - offset) return false;
  std::memcpy(bytes, bytes_.data() + offset, size);
  return true;
}

bool FileFlash::Write(uint32_t offset, const void* bytes, size_t size) {
  if (offset > kSize || size > kSize - offset) return false;
  const auto* const from = static_cast<const uint8_t*>(bytes);
  for (size_t i = 0; i < size; ++i) bytes_[offset + i] &= from[i];
  return Store(offset, size);
}

bool FileFlash::Erase(uint32_t sector_offset) {
  if (sector_offset % kSector != 0 || sector_offset >= kSize) return false;
  std::memset(bytes_.data() + sector_offset, 0xFF, kSector);
  return Store(sector_offset, kSector);
}

}  // namespace anomaly
