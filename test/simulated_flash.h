// A part of NOR flash in memory: a write turns ones into zeros only, sectors may be worn out, and
// the power may fail at any byte of a write or an erase. The byte at which it fails holds anything
// between what it was and what it was to be.
#pragma once

#include <cstdint>
#include <cstring>
#include <vector>

#include "Platform.h"

using namespace anomaly;

class SimulatedFlash final : public Flash {
 public:
  explicit SimulatedFlash(uint32_t sectors)
      : bytes(sectors * kSector, 0xFF), erases(sectors, 0), worn(sectors, false) {}

  uint32_t size() const override { return static_cast<uint32_t>(bytes.size()); }
  bool Read(uint32_t offset, void* to, size_t size_bytes) override {
    if (offset > bytes.size() || size_bytes > bytes.size() - offset) return false;
    std::memcpy(to, bytes.data() + offset, size_bytes);
    return true;
  }
  bool Write(uint32_t offset, const void* from, size_t size_bytes) override {
    if (offset / kSector != (offset + size_bytes - 1) / kSector) ++misuses;
    const auto* const wanted = static_cast<const uint8_t*>(from);
    for (size_t i = 0; i < size_bytes; ++i) {
      uint8_t& byte = bytes[offset + i];
      if (!Power()) {
        if (!off) byte = static_cast<uint8_t>(byte & (wanted[i] | Random()));
        off = true;
        return false;
      }
      if (!worn[offset / kSector]) byte &= wanted[i];
    }
    return true;
  }
  bool Erase(uint32_t offset) override {
    if (offset % kSector != 0) ++misuses;
    for (uint32_t i = 0; i < kSector; ++i) {
      uint8_t& byte = bytes[offset + i];
      if (!Power()) {
        if (!off) byte = static_cast<uint8_t>(byte | Random());
        off = true;
        return false;
      }
      if (!worn[offset / kSector]) byte = 0xFF;
    }
    ++erases[offset / kSector];
    return true;
  }

  // The power fails after so many bytes; below 0: never.
  void FailAfter(int64_t count) {
    left_ = count;
    off = false;
  }
  int64_t used = 0;  // bytes written or erased

  std::vector<uint8_t> bytes;
  std::vector<uint32_t> erases;
  std::vector<bool> worn;
  bool off = false;
  int misuses = 0;

 private:
  bool Power() {
    if (off || left_ == 0) return false;
    if (left_ > 0) --left_;
    ++used;
    return true;
  }
  uint32_t Random() { return (random_ = random_ * 1664525u + 1013904223u) >> 24; }

  int64_t left_ = -1;
  uint32_t random_ = 1;
};
