// What the link needs of each frame, on its way from the sampling side to the console side: a
// bounded queue, so that nothing the link does delays a sample.
#pragma once

#include <atomic>
#include <cmath>

#include "EventRecord.h"
#include "SpscQueue.h"
#include "Transport.h"
#include "VerdictSink.h"

namespace anomaly {

struct LinkFrame {
  int64_t micros;
  float score;
  float threshold;
  float value;     // the first of the frame
  float expected;  // in its place; NaN: not known
  State state;
  Fault fault;
  CauseKind cause_kind;
  uint8_t cause;
  uint8_t cause_value;
  bool radio;
};

class LinkQueue final : public VerdictSink {
 public:
  explicit LinkQueue(const Transport& transport) : transport_(transport) {}

  // Sampling side.
  void Take(const JudgedFrame& frame) override {
    LinkFrame* const room = frames_.Room();
    if (room == nullptr) {
      const uint32_t dropped = dropped_.load(std::memory_order_relaxed);
      return dropped_.store(dropped + 1, std::memory_order_relaxed);
    }
    const FrameVerdict& verdict = frame.verdict;
    const bool judged = verdict.state != State::kFault;
    *room = {verdict.micros,
             judged ? verdict.score : NAN,
             verdict.threshold,
             frame.values[0],
             judged ? verdict.reconstruction : NAN,
             verdict.state,
             frame.fault,
             CauseKind::kNone,
             0,
             0,
             transport_.sending()};
    if (!judged) {
      room->cause_kind = CauseKind::kFault;
      room->cause = static_cast<uint8_t>(frame.fault);
    } else if (verdict.state == State::kAnomaly) {
      const bool slow = verdict.slow_cause != SlowCause::kNone;
      room->cause_kind = slow ? CauseKind::kSlow : CauseKind::kFeature;
      room->cause =
          slow ? static_cast<uint8_t>(verdict.slow_cause) : static_cast<uint8_t>(verdict.cause);
      room->cause_value = slow ? static_cast<uint8_t>(verdict.slow_value) : uint8_t{0};
    }
    frames_.Send();
  }

  // Console side.
  const LinkFrame* Front() const { return frames_.Front(); }
  void Pop() { frames_.Pop(); }
  // Frames that found no room.
  uint32_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

 private:
  const Transport& transport_;
  SpscQueue<LinkFrame, 32> frames_;
  std::atomic<uint32_t> dropped_{0};
};

}  // namespace anomaly
