// A virtual board's flash: kept over its reboot, gone with the process.
#pragma once

#include <cstring>

#include "Platform.h"

namespace anomaly {

class MemorySettings final : public SettingsStore {
 public:
  static constexpr size_t kRoom = 16384;

  size_t Load(void* bytes, size_t room) override {
    if (size_ <= room) std::memcpy(bytes, bytes_, size_);
    return size_;
  }
  bool Save(const void* bytes, size_t size) override {
    if (size > kRoom) return false;
    std::memcpy(bytes_, bytes, size);
    size_ = size;
    return true;
  }

 private:
  char bytes_[kRoom];
  size_t size_ = 0;
};

}  // namespace anomaly
