// A relay: on while the state is ANOMALY.
#pragma once

#include "Platform.h"
#include "VerdictSink.h"

namespace anomaly {

class RelayOutput final : public VerdictSink {
 public:
  // nullptr: there is none.
  explicit RelayOutput(Switch* relay) : relay_(relay) {}

  void Take(const JudgedFrame& frame) override {
    const bool on = frame.verdict.state == State::kAnomaly;
    if (relay_ != nullptr && on != on_) relay_->Set(on);
    on_ = on;
  }

 private:
  Switch* relay_;
  bool on_ = false;
};

}  // namespace anomaly
