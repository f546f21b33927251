#include "FileSettings.h"

#include <cstring>

#include "Crc.h"

namespace anomaly {

namespace {

constexpr char kMagic[] = "ANOMALY1";
constexpr int kSlots = 2;

}  // namespace

FileSettings::~FileSettings() {
  if (file_ != nullptr) std::fclose(file_);
}

const char* FileSettings::Open(const char* path) {
  file_ = std::fopen(path, "r+b");
  const bool is_new = file_ == nullptr;
  if (is_new) file_ = std::fopen(path, "w+b");
  if (file_ == nullptr) return "cannot be opened for reading and writing";
  if (is_new) return "";
  std::fseek(file_, 0, SEEK_END);
  if (std::ftell(file_) == 0) return "";
  bool known = false;
  Slot best = {};
  int best_slot = -1;
  for (int i = 0; i < kSlots; ++i) {
    bool whole = false;
    if (!Read(i, &whole)) continue;
    known = true;
    if (!whole) torn_ = latest_.size == 0 ? 1 : latest_.size;
    if (whole && (best_slot < 0 || static_cast<int32_t>(latest_.number - best.number) > 0)) {
      best = latest_;
      best_slot = i;
    }
  }
  if (!known) return "is not a state file of this program, and is left as it is";
  latest_ = best;
  latest_slot_ = best_slot < 0 ? 1 : best_slot;
  if (best_slot >= 0) {
    bool whole = false;
    (void)Read(best_slot, &whole);
  }
  return "";
}

uint32_t FileSettings::Check(const Slot& slot) const {
  char all[2 * sizeof(uint32_t) + kRoom];
  std::memcpy(all, &slot.number, sizeof(slot.number));
  std::memcpy(all + sizeof(uint32_t), &slot.size, sizeof(slot.size));
  std::memcpy(all + 2 * sizeof(uint32_t), bytes_, slot.size);
  return Crc32(all, 2 * sizeof(uint32_t) + slot.size);
}

// False: there is no slot. Otherwise it is in `latest_` and `bytes_`.
bool FileSettings::Read(int slot, bool* whole) {
  const long offset = slot * static_cast<long>(sizeof(Slot) + kRoom);
  *whole = false;
  latest_ = {};
  if (std::fseek(file_, offset, SEEK_SET) != 0) return false;
  if (std::fread(&latest_, 1, sizeof(latest_), file_) != sizeof(latest_)) return false;
  if (std::memcmp(latest_.magic, kMagic, sizeof(latest_.magic)) != 0) return false;
  if (latest_.size > kRoom) return true;
  if (std::fread(bytes_, 1, latest_.size, file_) != latest_.size) return true;
  *whole = latest_.number != 0 && latest_.crc32 == Check(latest_);
  return true;
}

size_t FileSettings::Load(void* bytes, size_t room) {
  if (latest_.number == 0) {
    if (torn_ > 0) std::memset(bytes, 0xff, room);
    return torn_ > 0 ? room : 0;  // what is left of it is of no use, and that is said
  }
  if (latest_.size <= room) std::memcpy(bytes, bytes_, latest_.size);
  return latest_.size;
}

bool FileSettings::Save(const void* bytes, size_t size) {
  if (file_ == nullptr || size > kRoom) return false;
  Slot slot = {};
  std::memcpy(slot.magic, kMagic, sizeof(slot.magic));
  slot.number = latest_.number + 1 == 0 ? 1 : latest_.number + 1;
  slot.size = static_cast<uint32_t>(size);
  std::memcpy(bytes_, bytes, size);
  slot.crc32 = Check(slot);
  const int next = 1 - latest_slot_;
  const long offset = next * static_cast<long>(sizeof(Slot) + kRoom);
  const bool written = std::fseek(file_, offset, SEEK_SET) == 0 &&
                       std::fwrite(&slot, 1, sizeof(slot), file_) == sizeof(slot) &&
                       std::fwrite(bytes_, 1, size, file_) == size && std::fflush(file_) == 0;
  if (!written) return false;
  latest_ = slot;
  latest_slot_ = next;
  return true;
}

}  // namespace anomaly
