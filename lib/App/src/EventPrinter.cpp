#include "EventPrinter.h"

namespace anomaly {

namespace {
constexpr int64_t kFaultPaceMicros = 1'000'000;
}

void EventPrinter::Flush() {
  serial_.Write(line_.text(), line_.size());
  line_.Clear();
}

void EventPrinter::Print(const Event& event) {
  switch (event.kind) {
    case Event::Kind::kReading:
    case Event::Kind::kFault:
      return PrintFrame(event);
    case Event::Kind::kSample:
      return PrintSample(event);
    case Event::Kind::kSelftest:
      AddSelfTest(line_, event.max_error, config_.golden_tolerance, config_.golden_count, true);
      return Flush();
    case Event::Kind::kCalibration:
    case Event::Kind::kLearn:
      return;
  }
}

void EventPrinter::Count(State state) {
  if (state != last_state_ && state == State::kAnomaly) ++anomalies_;
  if (state != last_state_ && state == State::kFault) ++faults_;
  last_state_ = state;
}

void EventPrinter::PrintFrame(const Event& event) {
  Count(event.verdict.state);
  if (raw_ && config_.packing != nullptr) return PrintFaultNow(event);
  if (raw_ && config_.frame != nullptr) return;  // its samples are printed instead
  const int count = config_.features.channels;
  if (event.kind == Event::Kind::kFault) {
    AddFault(line_, event.fault, part_);
  } else if (raw_) {
    AddRaw(line_, event.verdict.frame, event.verdict.micros / 1000, event.values, count, raw_crc_);
  } else {
    const ChannelReadings values = {config_.value_names, event.values, event.expected,
                                    config_.value_decimals};
    AddReading(line_, event.verdict, values, causes_.Of(event.verdict), count,
               event.shows_channels);
    if (event.verdict.state == State::kAnomaly) {
      Flush();
      AddAnomalyMarker(line_);
    }
  }
  Flush();
}

// Its samples are in blocks; that there are none is said once a second.
void EventPrinter::PrintFaultNow(const Event& event) {
  if (event.kind != Event::Kind::kFault || event.verdict.micros < next_fault_) return;
  next_fault_ = event.verdict.micros + kFaultPaceMicros;
  AddFault(line_, event.fault, part_);
  Flush();
}

bool EventPrinter::PrintBlock(BlockRing& blocks) {
  const PackedBlock* const block = blocks.Front();
  if (block == nullptr) return false;
  if (raw_) {
    AddRawBlock(line_, block->sequence, block->micros, block->values,
                block->samples * config_.channels);
    Flush();
  }
  blocks.Pop();
  return true;
}

void EventPrinter::PrintSample(const Event& event) {
  if (!raw_) return;
  if (event.fault != Fault::kNone) {
    AddFault(line_, event.fault, part_);
  } else {
    AddRaw(line_, event.sequence, event.micros / 1000, event.values, config_.channels, raw_crc_);
  }
  Flush();
}

}  // namespace anomaly
