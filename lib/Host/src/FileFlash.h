// A virtual board's flash: bytes in memory and, where there is a file, in that file after each
// write, in place. A write turns ones into zeros only, as in a part.
#pragma once

#include <cstdint>
#include <cstdio>
#include <vector>

#include "Platform.h"

namespace anomaly {

class FileFlash final : public Flash {
 public:
  static constexpr uint32_t kSize = 256 * 1024;

  FileFlash() : bytes_(kSize, 0xFF) {}
  ~FileFlash() override;
  FileFlash(const FileFlash&) = delete;
  FileFlash& operator=(const FileFlash&) = delete;

  // "" or what is wrong: it cannot be read or written, or is not one of these. A file that is too
  // short goes on with erased flash.
  const char* Open(const char* path);

  uint32_t size() const override { return kSize; }
  bool Read(uint32_t offset, void* bytes, size_t size) override;
  bool Write(uint32_t offset, const void* bytes, size_t size) override;
  bool Erase(uint32_t sector_offset) override;

 private:
  bool Store(uint32_t offset, size_t size);

  std::vector<uint8_t> bytes_;
  std::FILE* file_ = nullptr;
};

}  // namespace anomaly
