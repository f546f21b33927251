// The events that nobody has acknowledged yet, in flash. Sectors of 4 KB are used in turn, each
// with a head {magic, epoch, ..., CRC-32} and 63 records; the sector behind the newest one is
// erased ahead, so that an event is one write of 64 bytes. The oldest go where all are full, and
// are counted. An acknowledgement clears one byte of the last record that it covers.
//
// Whatever byte a loss of power cuts a write or an erase off at: every record that was whole is
// given back, no other, and the boot counter never repeats. Console thread.
#pragma once

#include <cstdint>

#include "EventRecord.h"
#include "Platform.h"

namespace anomaly {

// One of the ring's events: its key.
struct EventKey {
  uint32_t boot = 0;  // 0: none
  uint32_t seq = 0;
};
constexpr bool operator==(EventKey a, EventKey b) { return a.boot == b.boot && a.seq == b.seq; }
constexpr bool operator<(EventKey a, EventKey b) {
  return a.boot != b.boot ? a.boot < b.boot : a.seq < b.seq;
}

class EventRing {
 public:
  static constexpr uint32_t kMagic = 0x474E5245;  // "ERNG", at the start of a sector

  enum class Acknowledged : uint8_t { kMoved, kOld, kUnknown };

  // Must outlive the ring. With fewer than three sectors every event is lost.
  explicit EventRing(Flash& flash) : flash_(flash) {}

  // Finds what is there, and begins a boot whose number is larger than any before it, and
  // `least_boot` at least.
  void Begin(uint32_t least_boot = 1);
  uint32_t boot() const { return boot_; }

  // Keeps an event: `boot`, `seq` and the sums are the ring's to fill in. False: the flash did not
  // take it, and it is counted as lost.
  bool Append(EventRecord* record);

  // Erases ahead, where that is due. The chip stands still meanwhile: 45 ms, 400 at worst.
  bool needs_erase() const { return works() && !next_is_blank_; }
  void Prepare();

  // The next event to be sent; false: there is none. `*before`: the event before it, none where it
  // is the oldest that is not acknowledged. Sent() says that it went out; Rewind() begins again
  // with the oldest one.
  bool Next(EventRecord* record, EventKey* before);
  void Sent();
  void Rewind();
  // As if all that there are had been sent.
  void Skip();
  // The oldest one that is not acknowledged; false: there is none.
  bool Oldest(EventRecord* record);
  uint32_t on_the_way() const { return on_the_way_; }  // sent, and not acknowledged

  // Everything up to there is safe elsewhere. kUnknown: it is newer than the newest event.
  Acknowledged Acknowledge(EventKey key);

  // The server knows `boot` of this board, and the flash, which was erased since, does not: counts
  // on from there. What waits gets new keys, the newest kMostRekeyed of it. False: this flash has
  // seen an acknowledgement before, so that one of the unknown is none of this board's.
  static constexpr uint32_t kMostRekeyed = 1000;
  bool CountOnFrom(uint32_t boot);

  uint32_t queue() const { return queue_; }  // events not acknowledged
  uint32_t lost() const { return lost_; }    // since the flash was formatted
  EventKey newest() const { return newest_; }

  // Unix milliseconds at the start of a boot, as they became known during it; 0: they did not.
  int64_t ClockOf(uint32_t boot) const;
  // Of this boot.
  void SetClock(int64_t unix_ms_at_start);

  // Forgets all events, but not the boot counter; one sector a call. True: done.
  bool Wipe();

 private:
  static constexpr uint32_t kSlots = Flash::kSector / sizeof(EventRecord);  // slot 0 is the head
  static constexpr uint32_t kLeastSectors = 3;
  static constexpr int kClocks = 8;  // boots whose time is remembered
  static constexpr uint32_t kVersion = 1;
  static constexpr uint8_t kBlank = 0xFF;

  // What a slot holds.
  enum class Slot : uint8_t { kBlank, kTorn, kClock, kEvent };

  struct Head {
    uint32_t magic;
    uint32_t version;
    uint32_t epoch;        // counts up from sector to sector
    uint32_t first_epoch;  // sectors before it are void
    uint32_t boot;         // the highest number so far
    uint32_t lost;
    uint32_t crc32;  // of all before it
  };
  struct Place {
    uint32_t sector;
    uint32_t slot;
  };
  struct Clock {
    uint32_t boot = 0;
    int64_t unix_ms = 0;
  };

  uint32_t sectors() const { return flash_.size() / Flash::kSector; }
  bool works() const { return sectors() >= kLeastSectors; }
  uint32_t After(uint32_t sector) const { return (sector + 1) % sectors(); }
  uint32_t Distance(uint32_t sector) const;  // back from the newest one

  bool ReadHead(uint32_t sector, Head* head);
  bool IsLive(uint32_t sector);  // it holds records that count
  Slot ReadRecord(Place place, EventRecord* record);
  bool WriteRecord(const EventRecord& record);
  bool IsBlank(uint32_t sector);
  bool EraseWhole(uint32_t sector);

  void FindNewest();
  void ScanSector(uint32_t sector);
  void Take(const EventRecord& record, Place place);
  void RememberClock(uint32_t boot, int64_t unix_ms);
  bool OpenNext(bool forgets);
  void DropSector(uint32_t sector);
  bool Step(Place* place);  // to the next slot that may hold a record; false: the end
  bool Find(Place* place, EventRecord* record);

  Flash& flash_;
  uint32_t boot_ = 0;
  uint32_t next_seq_ = 1;
  uint32_t epoch_ = 0;  // of the newest sector; 0: there is none
  uint32_t first_epoch_ = 1;
  uint32_t highest_boot_ = 0;
  Place end_ = {};       // where the next record goes
  Place cursor_ = {};    // the oldest that is not acknowledged, or before it
  Place sent_end_ = {};  // behind the last one sent
  Place next_end_ = {};  // behind the one that Next() gave
  EventKey sent_;        // the last one since Rewind()
  EventKey next_;        // that Next() gave
  EventKey acknowledged_;
  EventKey newest_;
  uint32_t on_the_way_ = 0;
  uint32_t queue_ = 0;
  uint32_t lost_ = 0;
  uint32_t wiped_ = 0;  // sectors, plus 1; 0: no wipe runs
  bool next_is_blank_ = false;
  Clock clocks_[kClocks];
  int clock_count_ = 0;
};

}  // namespace anomaly
