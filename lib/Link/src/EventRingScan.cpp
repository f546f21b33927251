// What of a ring of events is in flash, and what a start finds there.
#include "Crc.h"
#include "EventRing.h"

namespace anomaly {

namespace {

bool AllBlank(const void* bytes, size_t size) {
  const auto* byte = static_cast<const uint8_t*>(bytes);
  for (size_t i = 0; i < size; ++i) {
    if (byte[i] != 0xFF) return false;
  }
  return true;
}

}  // namespace

// ---- what is in flash

uint32_t EventRing::Distance(uint32_t sector) const {
  return (end_.sector + sectors() - sector) % sectors();
}

bool EventRing::ReadHead(uint32_t sector, Head* head) {
  return flash_.Read(sector * Flash::kSector, head, sizeof(*head)) && head->magic == kMagic &&
         head->version == kVersion && head->epoch > 0 &&
         head->crc32 == Crc32(head, offsetof(Head, crc32));
}

// Epochs count up with the sectors, so that what is left of an earlier round, or of what is void,
// has the wrong one. The sector behind the newest is about to be erased, or is.
bool EventRing::IsLive(uint32_t sector) {
  Head head;
  const uint32_t distance = Distance(sector);
  return distance < sectors() - 1 && distance < epoch_ && ReadHead(sector, &head) &&
         head.epoch == epoch_ - distance && head.epoch >= first_epoch_;
}

EventRing::Slot EventRing::ReadRecord(Place place, EventRecord* record) {
  const auto offset =
      static_cast<uint32_t>(place.sector * Flash::kSector + place.slot * sizeof(EventRecord));
  if (!flash_.Read(offset, record, sizeof(*record))) return Slot::kTorn;
  if (AllBlank(record, sizeof(*record))) return Slot::kBlank;
  if (record->boot == 0 || record->crc32 != Crc32(record, kEventBytes)) return Slot::kTorn;
  return record->kind == EventKind::kClock ? Slot::kClock : Slot::kEvent;
}

bool EventRing::IsBlank(uint32_t sector) {
  uint8_t bytes[sizeof(EventRecord)];
  for (uint32_t i = 0; i < Flash::kSector; i += sizeof(bytes)) {
    if (!flash_.Read(sector * Flash::kSector + i, bytes, sizeof(bytes))) return false;
    if (!AllBlank(bytes, sizeof(bytes))) return false;
  }
  return true;
}

bool EventRing::EraseWhole(uint32_t sector) {
  return IsBlank(sector) || (flash_.Erase(sector * Flash::kSector) && IsBlank(sector));
}

// ---- at the start

void EventRing::FindNewest() {
  for (uint32_t sector = 0; sector < sectors(); ++sector) {
    Head head;
    if (!ReadHead(sector, &head) || head.epoch <= epoch_) continue;
    epoch_ = head.epoch;
    first_epoch_ = head.first_epoch;
    highest_boot_ = head.boot;
    lost_ = head.lost;
    end_ = {sector, 1};
  }
}

void EventRing::RememberClock(uint32_t boot, int64_t unix_ms) {
  clocks_[clock_count_++ % kClocks] = {boot, unix_ms};
}

void EventRing::Take(const EventRecord& record, Place place) {
  if (record.boot > highest_boot_) highest_boot_ = record.boot;
  if (record.kind == EventKind::kClock) return RememberClock(record.boot, record.unix_ms);
  ++queue_;
  newest_ = {record.boot, record.seq};
  if (record.acknowledged == kBlank) return;
  queue_ = 0;
  acknowledged_ = newest_;
  cursor_ = {place.sector, place.slot + 1};
}

void EventRing::ScanSector(uint32_t sector) {
  for (uint32_t slot = 1; slot < kSlots; ++slot) {
    EventRecord record;
    const Slot found = ReadRecord({sector, slot}, &record);
    if (found >= Slot::kClock) Take(record, {sector, slot});
    if (found != Slot::kBlank && sector == end_.sector) end_.slot = slot + 1;
  }
}

void EventRing::Begin(uint32_t least_boot) {
  if (works()) FindNewest();
  if (epoch_ > 0) {
    cursor_ = {end_.sector, 0};
    for (uint32_t i = 2; i <= sectors(); ++i) {
      const uint32_t sector = (end_.sector + i) % sectors();
      if (!IsLive(sector)) continue;
      if (cursor_.slot == 0) cursor_ = {sector, 1};  // the oldest
      ScanSector(sector);
    }
  } else if (works()) {
    end_ = {sectors() - 1, kSlots};  // the first sector is opened with the first record
    cursor_ = {0, 1};
  }
  next_is_blank_ = works() && IsBlank(After(end_.sector));
  boot_ = highest_boot_ + 1 > least_boot ? highest_boot_ + 1 : least_boot;
  Rewind();
}

}  // namespace anomaly
