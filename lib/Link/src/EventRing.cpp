#include "EventRing.h"

#include <cstring>

#include "Crc.h"

namespace anomaly {

namespace {
constexpr int kTries = 3;  // slots, and sectors, that may be worn out
}

// ---- what is added

// The next sector becomes the newest one. What stands in the one behind it is lost with that.
bool EventRing::OpenNext(bool forgets) {
  const uint32_t sector = After(end_.sector);
  if (!next_is_blank_) Prepare();
  const bool sound = next_is_blank_;
  const uint32_t oldest = After(sector);
  if (forgets) {
    first_epoch_ = epoch_ + 1;
    queue_ = lost_ = 0;
  } else {
    DropSector(oldest);
  }
  ++epoch_;
  end_ = {sector, sound ? 1 : kSlots};
  next_is_blank_ = false;
  if (forgets) cursor_ = end_, Rewind();
  if (!sound) return false;
  Head head = {kMagic, kVersion, epoch_, first_epoch_, highest_boot_, lost_, 0};
  if (boot_ > head.boot) head.boot = boot_;
  head.crc32 = Crc32(&head, offsetof(Head, crc32));
  Head found;
  if (flash_.Write(sector * Flash::kSector, &head, sizeof(head)) && ReadHead(sector, &found)) {
    return true;
  }
  end_.slot = kSlots;
  return false;
}

void EventRing::DropSector(uint32_t sector) {
  const bool holds_cursor = cursor_.sector == sector;
  uint32_t lost = 0;
  for (Place place = cursor_; holds_cursor && IsLive(sector) && place.slot < kSlots; ++place.slot) {
    EventRecord record;
    if (ReadRecord(place, &record) == Slot::kEvent) ++lost;
  }
  lost_ += lost;
  queue_ -= lost;
  if (holds_cursor) cursor_ = {After(sector), 1};
  on_the_way_ -= lost < on_the_way_ ? lost : on_the_way_;
  if (sent_end_.sector == sector) Rewind();
}

bool EventRing::WriteRecord(const EventRecord& record) {
  for (int tries = 0; tries < kTries; ++tries) {
    for (int opened = 0; end_.slot >= kSlots && !OpenNext(false);) {
      if (++opened == kTries) return false;
    }
    const Place place = end_;
    ++end_.slot;
    const auto offset =
        static_cast<uint32_t>(place.sector * Flash::kSector + place.slot * sizeof(record));
    EventRecord found;
    if (flash_.Write(offset, &record, sizeof(record)) &&
        ReadRecord(place, &found) >= Slot::kClock &&
        std::memcmp(&found, &record, sizeof(record)) == 0) {
      return true;
    }
    if (tries > 0) end_.slot = kSlots;  // this sector is worn out
  }
  return false;
}

bool EventRing::Append(EventRecord* record) {
  record->boot = boot_;
  record->seq = record->kind == EventKind::kClock ? 0 : next_seq_;
  std::memset(record->unused, 0, sizeof(record->unused));
  record->acknowledged = kBlank;
  std::memset(record->padding, kBlank, sizeof(record->padding));
  record->crc32 = Crc32(record, kEventBytes);
  const bool kept = works() && WriteRecord(*record);
  highest_boot_ = boot_;
  if (record->kind == EventKind::kClock) return kept;
  if (!kept) {
    ++lost_;
    return false;
  }
  ++next_seq_;
  ++queue_;
  newest_ = {record->boot, record->seq};
  return true;
}

void EventRing::Prepare() {
  if (needs_erase()) next_is_blank_ = EraseWhole(After(end_.sector));
}

// ---- what is given

bool EventRing::Step(Place* place) {
  for (;;) {
    if (place->sector == end_.sector) return place->slot < end_.slot;
    if (place->slot < kSlots && (place->slot > 1 || IsLive(place->sector))) return true;
    *place = {After(place->sector), 1};
  }
}

// The first event at `*place` or behind it; then `*place` is behind it.
bool EventRing::Find(Place* place, EventRecord* record) {
  while (epoch_ > 0 && Step(place)) {
    const Slot found = ReadRecord(*place, record);
    ++place->slot;
    if (found == Slot::kEvent) return true;
  }
  return false;
}

void EventRing::Rewind() {
  sent_end_ = cursor_;
  sent_ = {};
  on_the_way_ = 0;
}

bool EventRing::Next(EventRecord* record, EventKey* before) {
  next_end_ = sent_end_;
  if (!Find(&next_end_, record)) return false;
  *before = sent_;
  next_ = {record->boot, record->seq};
  return true;
}

void EventRing::Sent() {
  sent_end_ = next_end_;
  sent_ = next_;
  ++on_the_way_;
}

void EventRing::Skip() {
  sent_end_ = end_;
  sent_ = queue_ > 0 ? newest_ : EventKey();
  on_the_way_ = queue_;
}

bool EventRing::Oldest(EventRecord* record) {
  Place place = cursor_;
  return Find(&place, record);
}

EventRing::Acknowledged EventRing::Acknowledge(EventKey key) {
  if (newest_ < key) return Acknowledged::kUnknown;
  if (queue_ == 0 || key < acknowledged_ || key == acknowledged_) return Acknowledged::kOld;
  Place place = cursor_;
  Place last = {};
  EventKey reached;
  uint32_t passed = 0;
  EventRecord record;
  while (Find(&place, &record)) {
    const EventKey found = {record.boot, record.seq};
    if (key < found) break;
    reached = found;
    last = place;
    ++passed;
  }
  if (passed == 0) return Acknowledged::kOld;
  const uint8_t mark = 0;
  const auto offset = static_cast<uint32_t>(last.sector * Flash::kSector +
                                            (last.slot - 1) * sizeof(EventRecord) + kEventBytes);
  (void)flash_.Write(offset, &mark, sizeof(mark));  // not kept: they are sent once more
  acknowledged_ = reached;
  cursor_ = last;
  queue_ -= passed;
  if (on_the_way_ <= passed) {
    Rewind();
  } else {
    on_the_way_ -= passed;
  }
  return Acknowledged::kMoved;
}

bool EventRing::CountOnFrom(uint32_t boot) {
  constexpr uint32_t kHighest = UINT32_MAX / 2;  // and as many boots to come
  if (acknowledged_.boot != 0 || boot > kHighest || boot < boot_) return false;
  const uint32_t before = boot_;
  const int64_t clock = ClockOf(before);
  boot_ = boot + 1;
  next_seq_ = 1;
  if (clock != 0) SetClock(clock);
  EventRecord record;
  while (Oldest(&record) && record.boot < boot_) {
    const EventKey old = {record.boot, record.seq};
    if (record.unix_ms == 0 && record.boot != before) {  // of a start whose own time is not known
      const int64_t start = ClockOf(record.boot);
      start != 0 ? record.unix_ms = start + record.up_ms : record.up_ms = 0;
    }
    queue_ <= kMostRekeyed ? static_cast<void>(Append(&record)) : static_cast<void>(++lost_);
    if (Acknowledge(old) != Acknowledged::kMoved) return false;
  }
  Rewind();
  return true;
}

// ---- clock and wipe

int64_t EventRing::ClockOf(uint32_t boot) const {
  for (const Clock& clock : clocks_) {
    if (clock.boot == boot) return clock.unix_ms;
  }
  return 0;
}

void EventRing::SetClock(int64_t unix_ms_at_start) {
  if (ClockOf(boot_) != 0) return;
  RememberClock(boot_, unix_ms_at_start);
  if (queue_ == 0) return;
  EventRecord record = {};
  record.kind = EventKind::kClock;
  record.unix_ms = unix_ms_at_start;
  (void)Append(&record);
}

bool EventRing::Wipe() {
  if (!works()) return true;
  if (wiped_ == 0) {
    for (int tries = 0; tries < kTries && !OpenNext(true); ++tries) {
    }
    newest_ = acknowledged_ = {};
    wiped_ = 1;
    return false;
  }
  const uint32_t sector = (end_.sector + wiped_) % sectors();
  if (wiped_ < sectors()) {
    (void)EraseWhole(sector);
    ++wiped_;
    return false;
  }
  next_is_blank_ = IsBlank(After(end_.sector));
  return true;
}

}  // namespace anomaly
