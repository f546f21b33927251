// Bytes that wait for a slow reader: whole lines or nothing, bounded.
#pragma once

#include <cstddef>
#include <cstring>

namespace anomaly {

class OutputQueue {
 public:
  static constexpr size_t kCapacity = 65536;

  // False, and nothing kept, when there is no room for all of it.
  bool Add(const char* text, size_t size) {
    if (size > kCapacity - size_) return false;
    std::memcpy(bytes_ + size_, text, size);
    size_ += size;
    return true;
  }
  void Drop(size_t count) {
    std::memmove(bytes_, bytes_ + count, size_ - count);
    size_ -= count;
  }
  void Clear() { size_ = 0; }
  const char* data() const { return bytes_; }
  size_t size() const { return size_; }

 private:
  char bytes_[kCapacity];
  size_t size_ = 0;
};

}  // namespace anomaly
