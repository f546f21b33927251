#include "EventPrinter.h"

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
  if (raw_ && config_.frame != nullptr) return;  // its samples are printed instead
  const int count = config_.features.channels;
  if (event.kind == Event::Kind::kFault) {
    AddFault(line_, event.fault, part_);
  } else if (raw_) {
    AddRaw(line_, event.verdict.frame, event.verdict.micros / 1000, event.values, count, raw_crc_);
  } else {
    const ChannelReadings others = {config_.value_names, event.values, event.expected};
    AddReading(line_, event.verdict, event.values[0], Cause(event.verdict), count,
               event.shows_channels ? &others : nullptr);
    if (event.verdict.state == State::kAnomaly) {
      Flush();
      AddAnomalyMarker(line_);
    }
  }
  Flush();
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

CauseText EventPrinter::Cause(const Verdict& verdict) const {
  const bool several = config_.features.channels > 1;
  if (verdict.slow_cause != SlowCause::kNone) {
    const char* const behaviour = SlowCauseText(verdict.slow_cause);
    return {behaviour, several ? config_.value_names[verdict.slow_value] : nullptr};
  }
  const FeatureSpec& spec = config_.features.specs[verdict.cause];
  return {several ? config_.value_names[spec.channel] : FeatureBehaviour(spec.kind), nullptr};
}
