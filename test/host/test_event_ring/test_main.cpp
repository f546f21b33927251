// Events survive a loss of power at any byte of any write or erase: every record that was whole is
// given back, no other, in order; what had to go is counted; the boot counter never repeats.
#include <unity.h>

#include <cstdio>
#include <cstring>
#include <vector>

#include "../../simulated_flash.h"
#include "../../suite_main.h"
#include "EventRing.h"
#include "FileFlash.h"

using namespace anomaly;

void setUp() {}
void tearDown() {}

namespace {

struct Given {
  EventKey key;
  float value;
};
bool operator==(const Given& a, const Given& b) { return a.key == b.key && a.value == b.value; }

// All that the ring still has to send, each event with the right one before it.
std::vector<Given> All(EventRing& ring) {
  std::vector<Given> all;
  ring.Rewind();
  EventRecord record;
  EventKey before;
  while (ring.Next(&record, &before)) {
    const EventKey expected = all.empty() ? EventKey() : all.back().key;
    TEST_ASSERT_TRUE(before == expected);
    ring.Sent();
    all.push_back({{record.boot, record.seq}, record.value});
  }
  ring.Rewind();
  TEST_ASSERT_EQUAL_UINT32(ring.queue(), all.size());
  return all;
}

bool Add(EventRing& ring, float value, EventKind kind = EventKind::kStart) {
  EventRecord record = {};
  record.kind = kind;
  record.value = value;
  return ring.Append(&record);
}

// Where `part` stands in `whole`, without gaps; -1: it does not.
long Find(const std::vector<Given>& part, const std::vector<Given>& whole) {
  for (size_t i = 0; i + part.size() <= whole.size(); ++i) {
    size_t same = 0;
    while (same < part.size() && part[same] == whole[i + same]) ++same;
    if (same == part.size()) return static_cast<long>(i);
  }
  return -1;
}

// ---- what happens to a ring, one step after the other

class Life {
 public:
  explicit Life(uint32_t sectors) : flash(sectors) {}

  uint32_t Random() { return (random_ = random_ * 1664525u + 1013904223u) >> 8; }

  // One thing that happens; the same for the same number.
  static void Do(EventRing& ring, uint32_t what, float value) {
    switch (what % 16) {
      default:
        (void)Add(ring, value);
        break;
      case 12:
      case 13: {  // an acknowledgement of some of those that are on their way
        EventRecord record;
        EventKey before;
        ring.Rewind();
        for (uint32_t i = 0; i <= what / 16 % 24 && ring.Next(&record, &before); ++i) ring.Sent();
        if (ring.on_the_way() > 0) (void)ring.Acknowledge({record.boot, record.seq});
        break;
      }
      case 14:
        ring.Prepare();
        break;
      case 15:
        ring.SetClock(1'700'000'000'000);
        break;
    }
  }

  SimulatedFlash flash;

 private:
  uint32_t random_ = 7;
};

// What a start finds after the power failed at byte `cut` of a step.
void CheckCut(const Life& life, const std::vector<Given>& before, const std::vector<Given>& after,
              uint32_t lost_before, uint32_t boot, uint32_t what, float value, int64_t cut) {
  SimulatedFlash flash = life.flash;
  EventRing ring(flash);
  ring.Begin();
  flash.FailAfter(cut);
  Life::Do(ring, what, value);
  flash.FailAfter(-1);
  EventRing again(flash);
  again.Begin();
  const std::vector<Given> found = All(again);
  std::vector<Given> both = before;  // and what is new
  if (!after.empty() && (before.empty() || before.back().key < after.back().key)) {
    both.push_back(after.back());
  }
  TEST_ASSERT_TRUE(found.empty() || Find(found, both) >= 0);
  const size_t gone = both.size() - found.size();
  const bool has_new = !found.empty() && found.back() == both.back();
  TEST_ASSERT_TRUE(found.empty() ? gone <= both.size() : has_new || found.back() == before.back());
  if (what % 16 < 12) {  // nothing is missing but what is counted, and the new one
    const size_t old_ones = found.size() - (has_new && both.size() > before.size() ? 1 : 0);
    TEST_ASSERT_EQUAL_UINT32(again.lost() - lost_before, before.size() - old_ones);
  } else {
    TEST_ASSERT_EQUAL_UINT32(lost_before, again.lost());
    TEST_ASSERT_TRUE(found == before || found == after);
  }
  TEST_ASSERT_TRUE(again.boot() >= boot);
  TEST_ASSERT_TRUE(Add(again, -1.0f));
  TEST_ASSERT_TRUE(All(again).back().value == -1.0f);
  TEST_ASSERT_EQUAL_INT(0, flash.misuses);
}

}  // namespace

static void APowerCutAtEveryByteLosesNothingThatWasWhole() {
  Life life(4);
  {
    EventRing ring(life.flash);
    ring.Begin();
    TEST_ASSERT_TRUE(Add(ring, 0.0f, EventKind::kBoot));
  }
  int64_t cuts = 0;
  for (int step = 1; step < 520; ++step) {
    const uint32_t what = life.Random();
    const auto value = static_cast<float>(step);
    Life next = life;
    EventRing ring(next.flash);
    ring.Begin();
    const std::vector<Given> before = All(ring);
    const uint32_t lost = ring.lost();
    const int64_t used = next.flash.used;
    Life::Do(ring, what, value);
    const std::vector<Given> after = All(ring);
    const int64_t bytes = next.flash.used - used;
    // An erase has 4096 bytes that are all alike but at its ends.
    for (int64_t cut = 0; cut < bytes; cut += bytes > 4000 && cut > 300 && cut < 3700 ? 97 : 1) {
      CheckCut(life, before, after, lost, ring.boot(), what, value, cut);
      ++cuts;
    }
    life = next;
  }
  std::printf("%lld cuts\n", static_cast<long long>(cuts));
  TEST_ASSERT_TRUE(cuts > 20000);
}

// A file that ends anywhere gives back what stands before its end.
static void AFileThatIsCutAtEveryByteGivesBackWhatIsWhole() {
  SimulatedFlash flash(4);
  EventRing ring(flash);
  ring.Begin();
  for (int i = 0; i < 63 * 3 + 20; ++i) TEST_ASSERT_TRUE(Add(ring, static_cast<float>(i)));
  const std::vector<Given> all = All(ring);
  TEST_ASSERT_EQUAL_INT(63 + 63 + 20, all.size());  // in the sectors 1, 2 and 3
  ring.Prepare();
  for (size_t size = 0; size <= flash.bytes.size(); ++size) {
    SimulatedFlash cut = flash;
    std::fill(cut.bytes.begin() + static_cast<long>(size), cut.bytes.end(), 0xFF);
    EventRing rest(cut);
    rest.Begin();
    const std::vector<Given> found = All(rest);
    size_t whole = 0;
    for (size_t i = 0; i < all.size(); ++i) {
      const size_t start = (i / 63 + 1) * Flash::kSector + (i % 63 + 1) * sizeof(EventRecord);
      const bool same = std::memcmp(cut.bytes.data() + start, flash.bytes.data() + start,
                                    sizeof(EventRecord)) == 0;
      whole += same ? 1 : 0;
    }
    TEST_ASSERT_EQUAL_UINT32(whole, found.size());
    TEST_ASSERT_TRUE(whole == 0 || Find(found, all) == 0);
  }
}

static void TheFileOfAVirtualBoardIsSuchAPart() {
  const char path[] = "test_event_ring.events";
  std::remove(path);
  {
    FileFlash flash;
    TEST_ASSERT_EQUAL_STRING("", flash.Open(path));
    EventRing ring(flash);
    ring.Begin();
    for (int i = 0; i < 100; ++i) TEST_ASSERT_TRUE(Add(ring, static_cast<float>(i)));
    TEST_ASSERT_TRUE(ring.Acknowledge({1, 40}) == EventRing::Acknowledged::kMoved);
  }
  std::vector<char> bytes(FileFlash::kSize);
  std::FILE* file = std::fopen(path, "rb");
  TEST_ASSERT_EQUAL_UINT32(bytes.size(), std::fread(bytes.data(), 1, bytes.size(), file));
  std::fclose(file);
  const struct {
    size_t size;
    uint32_t queue;
  } cuts[] = {{262144, 60},
              {5000, 63 + 13 - 40},
              {4096 + 64 * 3 + 1, 63 + 2 - 40},
              {4095, 62 - 40},
              {100, 0},
              {0, 0}};
  for (const auto& cut : cuts) {
    file = std::fopen(path, "wb");
    std::fwrite(bytes.data(), 1, cut.size, file);
    std::fclose(file);
    FileFlash flash;
    TEST_ASSERT_EQUAL_STRING("", flash.Open(path));
    EventRing ring(flash);
    ring.Begin();
    TEST_ASSERT_EQUAL_UINT32(cut.queue, ring.queue());
    TEST_ASSERT_TRUE(Add(ring, -1.0f));
  }
  file = std::fopen(path, "wb");
  std::fputs("a text that somebody wants to keep", file);
  std::fclose(file);
  {
    FileFlash flash;
    TEST_ASSERT_EQUAL_STRING("is not a file of events, and is left as it is", flash.Open(path));
  }
  std::remove(path);
}

static void TheOldestGoAndAreCounted() {
  SimulatedFlash flash(4);
  EventRing ring(flash);
  ring.Begin();
  for (int i = 0; i < 1000; ++i) TEST_ASSERT_TRUE(Add(ring, static_cast<float>(i)));
  TEST_ASSERT_EQUAL_UINT32(1000, ring.queue() + ring.lost());
  const std::vector<Given> all = All(ring);
  TEST_ASSERT_TRUE(all.size() > 2 * 63 && all.back().value == 999.0f);
  EventRing again(flash);
  again.Begin();
  TEST_ASSERT_EQUAL_UINT32(ring.lost(), again.lost());
  TEST_ASSERT_TRUE(All(again) == all);
  for (const uint32_t erases : flash.erases) TEST_ASSERT_UINT32_WITHIN(1, flash.erases[0], erases);
}

static void WhatIsOnItsWayGoesOnWhereTheOldestAreDropped() {
  SimulatedFlash flash(3);
  EventRing ring(flash);
  ring.Begin();
  for (int i = 0; i < 5; ++i) TEST_ASSERT_TRUE(Add(ring, static_cast<float>(i)));
  EventRecord record;
  EventKey before;
  for (int i = 0; i < 3; ++i) {
    TEST_ASSERT_TRUE(ring.Next(&record, &before));
    ring.Sent();
  }
  for (int i = 5; i < 300; ++i) TEST_ASSERT_TRUE(Add(ring, static_cast<float>(i)));
  TEST_ASSERT_EQUAL_UINT32(0, ring.on_the_way());
  TEST_ASSERT_TRUE(ring.Next(&record, &before));
  TEST_ASSERT_TRUE(before == EventKey());
  TEST_ASSERT_EQUAL_UINT32(ring.lost() + 1, record.seq);
}

static void AcknowledgementsMoveTheCursorAndWrongOnesDoNot() {
  using Acknowledged = EventRing::Acknowledged;
  SimulatedFlash flash(3);
  {
    EventRing ring(flash);
    ring.Begin();
    for (int i = 0; i < 10; ++i) TEST_ASSERT_TRUE(Add(ring, static_cast<float>(i)));
    TEST_ASSERT_TRUE(ring.Acknowledge({1, 11}) == Acknowledged::kUnknown);
    TEST_ASSERT_TRUE(ring.Acknowledge({2, 1}) == Acknowledged::kUnknown);
    TEST_ASSERT_TRUE(ring.Acknowledge({1, 4}) == Acknowledged::kMoved);
    TEST_ASSERT_TRUE(ring.Acknowledge({1, 4}) == Acknowledged::kOld);
    TEST_ASSERT_TRUE(ring.Acknowledge({1, 3}) == Acknowledged::kOld);
    TEST_ASSERT_EQUAL_UINT32(6, ring.queue());
  }
  EventRing ring(flash);
  ring.Begin();
  TEST_ASSERT_EQUAL_UINT32(2, ring.boot());
  TEST_ASSERT_EQUAL_UINT32(6, All(ring).size());
  TEST_ASSERT_TRUE(ring.Acknowledge({1, 2}) == Acknowledged::kOld);
  TEST_ASSERT_TRUE(Add(ring, 10.0f));
  TEST_ASSERT_TRUE(ring.Acknowledge({1, 999}) == Acknowledged::kMoved);  // all of that boot
  TEST_ASSERT_EQUAL_UINT32(1, ring.queue());
  TEST_ASSERT_TRUE(ring.Acknowledge({2, 1}) == Acknowledged::kMoved);
  TEST_ASSERT_EQUAL_UINT32(0, ring.queue());
  EventRing again(flash);
  again.Begin();
  TEST_ASSERT_EQUAL_UINT32(0, again.queue());
  TEST_ASSERT_TRUE(again.newest() == (EventKey{2, 1}));
}

static void ASectorThatIsWornOutIsPassedOver() {
  for (uint32_t worn = 0; worn < 5; ++worn) {
    SimulatedFlash flash(5);
    EventRing ring(flash);
    ring.Begin();
    for (int i = 0; i < 400; ++i) TEST_ASSERT_TRUE(Add(ring, static_cast<float>(i)));
    flash.worn[worn] = true;
    for (int i = 400; i < 900; ++i) TEST_ASSERT_TRUE(Add(ring, static_cast<float>(i)));
    TEST_ASSERT_EQUAL_UINT32(900, ring.queue() + ring.lost());
    EventRing again(flash);
    again.Begin();
    TEST_ASSERT_TRUE(All(again) == All(ring));
    TEST_ASSERT_TRUE(All(again).size() > 63);
  }
}

static void DeadFlashEndsNothing() {
  for (const uint32_t sectors : {0u, 2u, 4u}) {
    SimulatedFlash flash(sectors);
    flash.worn.assign(sectors, true);
    EventRing ring(flash);
    ring.Begin(17);
    TEST_ASSERT_EQUAL_UINT32(17, ring.boot());
    for (int i = 0; i < 200; ++i) TEST_ASSERT_FALSE(Add(ring, 1.0f));
    TEST_ASSERT_EQUAL_UINT32(200, ring.lost());
    TEST_ASSERT_EQUAL_UINT32(0, All(ring).size());
    ring.Prepare();
    int calls = 0;
    while (!ring.Wipe() && calls < 100) ++calls;
    TEST_ASSERT_TRUE(calls < 100);
  }
}

static void BootsCountOnWhateverIsWiped() {
  SimulatedFlash flash(4);
  uint32_t boot = 0;
  for (int i = 0; i < 200; ++i) {
    EventRing ring(flash);
    ring.Begin();
    TEST_ASSERT_TRUE(ring.boot() > boot);
    boot = ring.boot();
    TEST_ASSERT_TRUE(Add(ring, 12345.0f, EventKind::kBoot));
    // Every other time the power fails somewhere in the wipe.
    if (i % 2 == 1) flash.FailAfter(37 * i % 9000);
    for (int call = 0; i % 3 != 0 && call < 20 && !ring.Wipe(); ++call) {
    }
    flash.FailAfter(-1);
  }
  EventRing ring(flash);
  ring.Begin();
  TEST_ASSERT_TRUE(Add(ring, 54321.0f));
  while (!ring.Wipe()) {
  }
  TEST_ASSERT_EQUAL_UINT32(0, ring.queue());
  TEST_ASSERT_EQUAL_UINT32(0, ring.lost());
  // Of an event not a byte is left.
  const float values[] = {12345.0f, 54321.0f};
  for (size_t i = 0; i + sizeof(float) <= flash.bytes.size(); i += sizeof(float)) {
    for (const float& value : values) {
      TEST_ASSERT_TRUE(std::memcmp(flash.bytes.data() + i, &value, sizeof(value)) != 0);
    }
  }
  EventRing again(flash);
  again.Begin();
  TEST_ASSERT_EQUAL_UINT32(boot + 2, again.boot());
}

static void TheTimeOfABootIsKnownLater() {
  SimulatedFlash flash(3);
  {
    EventRing ring(flash);
    ring.Begin();
    TEST_ASSERT_TRUE(Add(ring, 1.0f));
    TEST_ASSERT_TRUE(ring.ClockOf(1) == 0);
    ring.SetClock(1'700'000'000'000);
    ring.SetClock(1'800'000'000'000);
    TEST_ASSERT_TRUE(ring.ClockOf(1) == 1'700'000'000'000);
  }
  EventRing ring(flash);
  ring.Begin();
  TEST_ASSERT_TRUE(ring.ClockOf(1) == 1'700'000'000'000);
  TEST_ASSERT_TRUE(ring.ClockOf(2) == 0);
  TEST_ASSERT_EQUAL_UINT32(1, All(ring).size());
}

static void AnErasedFlashCountsOnFromWhatTheServerKnows() {
  SimulatedFlash flash(4);
  {
    EventRing ring(flash);
    ring.Begin();
    ring.SetClock(1'000'000);
    for (int i = 0; i < 3; ++i) TEST_ASSERT_TRUE(Add(ring, static_cast<float>(i)));
  }
  {
    EventRing ring(flash);
    ring.Begin();
    ring.SetClock(2'000'000);
    for (int i = 3; i < 5; ++i) TEST_ASSERT_TRUE(Add(ring, static_cast<float>(i)));
    TEST_ASSERT_TRUE(ring.Acknowledge({17, 412}) == EventRing::Acknowledged::kUnknown);
    TEST_ASSERT_FALSE(ring.CountOnFrom(1));  // which it knows itself
    TEST_ASSERT_FALSE(ring.CountOnFrom(UINT32_MAX));
    TEST_ASSERT_TRUE(ring.CountOnFrom(17));
    TEST_ASSERT_EQUAL_UINT32(18, ring.boot());
    const std::vector<Given> all = All(ring);
    TEST_ASSERT_EQUAL_UINT32(5, all.size());
    for (uint32_t i = 0; i < 5; ++i) {
      TEST_ASSERT_TRUE((all[i] == Given{{18, i + 1}, static_cast<float>(i)}));
    }
    TEST_ASSERT_TRUE(ring.ClockOf(18) == 2'000'000);
    TEST_ASSERT_TRUE(ring.Acknowledge({17, 412}) == EventRing::Acknowledged::kOld);
    TEST_ASSERT_TRUE(ring.Acknowledge({18, 2}) == EventRing::Acknowledged::kMoved);
    TEST_ASSERT_FALSE(ring.CountOnFrom(40));  // this flash is no stranger any more
    TEST_ASSERT_EQUAL_UINT32(0, ring.lost());
  }
  EventRing ring(flash);
  ring.Begin();
  TEST_ASSERT_EQUAL_UINT32(19, ring.boot());
  TEST_ASSERT_EQUAL_UINT32(3, All(ring).size());
}

static void RunTests() {
  RUN_TEST(APowerCutAtEveryByteLosesNothingThatWasWhole);
  RUN_TEST(AFileThatIsCutAtEveryByteGivesBackWhatIsWhole);
  RUN_TEST(TheFileOfAVirtualBoardIsSuchAPart);
  RUN_TEST(TheOldestGoAndAreCounted);
  RUN_TEST(WhatIsOnItsWayGoesOnWhereTheOldestAreDropped);
  RUN_TEST(AcknowledgementsMoveTheCursorAndWrongOnesDoNot);
  RUN_TEST(ASectorThatIsWornOutIsPassedOver);
  RUN_TEST(DeadFlashEndsNothing);
  RUN_TEST(BootsCountOnWhateverIsWiped);
  RUN_TEST(TheTimeOfABootIsKnownLater);
  RUN_TEST(AnErasedFlashCountsOnFromWhatTheServerKnows);
}

SUITE_MAIN(RunTests)
