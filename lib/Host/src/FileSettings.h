// A board's flash as a file on the computer: two slots that are written in turn, in place, each
// with its number and a CRC-32. Whatever byte a write is cut off at, the other slot is whole.
#pragma once

#include <cstdint>
#include <cstdio>

#include "Platform.h"

namespace anomaly {

class FileSettings final : public SettingsStore {
 public:
  static constexpr size_t kRoom = 16384;  // of a block

  ~FileSettings() override;

  // "" or what is wrong: the file cannot be read or written, or is not one of these.
  const char* Open(const char* path);

  size_t Load(void* bytes, size_t room) override;
  bool Save(const void* bytes, size_t size) override;

 private:
  struct Slot {
    char magic[8];
    uint32_t number;  // of the write; 0: there is none
    uint32_t size;
    uint32_t crc32;  // of the two before it and of the bytes
  };

  uint32_t Check(const Slot& slot) const;
  bool Read(int slot, bool* whole);

  std::FILE* file_ = nullptr;
  char bytes_[kRoom];
  Slot latest_ = {};  // number 0: nothing whole is kept
  int latest_slot_ = 1;
  size_t torn_ = 0;  // bytes of a slot that is not whole
};

}  // namespace anomaly
