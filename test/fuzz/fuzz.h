// What the harnesses share: how they take values from a fuzzer's bytes, and how they complain.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

// Takes values from the front of the bytes; behind their end everything is zero.
class Input {
 public:
  Input(const uint8_t* data, size_t size) : data_(data), size_(size) {}

  bool empty() const { return size_ == 0; }
  size_t size() const { return size_; }
  const uint8_t* data() const { return data_; }

  void TakeBytes(void* target, size_t count) {
    std::memset(target, 0, count);
    const size_t taken = count < size_ ? count : size_;
    if (taken == 0) return;
    std::memcpy(target, data_, taken);
    data_ += taken;
    size_ -= taken;
  }
  template <typename T>
  T Take() {
    T value;
    TakeBytes(&value, sizeof(value));
    return value;
  }

 private:
  const uint8_t* data_;
  size_t size_;
};

inline void Require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "Finding: not so: %s\n", what);
  std::abort();
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
