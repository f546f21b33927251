// The detector as a program, the same on the chip and on the host. Two sides that may run in two
// threads: Step() once a block of samples, and Poll() as often as there is time. They meet in an
// Exchange only.
#pragma once

#include "BoardOutputs.h"
#include "CommandShell.h"
#include "Exchange.h"
#include "Platform.h"
#include "SampleDetector.h"
#include "SamplingLoop.h"
#include "Settings.h"

namespace anomaly {

class App {
 public:
  // All must outlive the app. The detector's engine is loaded by Start(). With a link, the
  // platform's serial line is link->console().
  App(SampleDetector& detector, AppMemory memory, Platform platform, SampleInput& input,
      Link* link = nullptr);

  // Says hello, loads the engine, runs the self-test. After a failure the app goes on without
  // judging anything: it repeats the message every 5 s, blinks the LED and answers `status`. So it
  // does after three starts in a row that never returned from here.
  void Start();

  // Sampling side: waits for the next block of samples, judges it, sets the LED.
  void Step() { shell_.failed() ? loop_.Skip() : loop_.Step(); }

  // Console side: prints what happened, carries out what was typed; see CommandShell::Poll().
  bool Poll();

  // Totals over all samples; exact on the sampling side, a snapshot elsewhere.
  uint32_t samples() const { return exchange_.samples.load(std::memory_order_relaxed); }
  State state() const { return exchange_.state.load(std::memory_order_relaxed); }
  // Sampling side: the last frame's verdict.
  const FrameVerdict& verdict() const { return loop_.verdict(); }
  bool failed() const { return shell_.failed(); }

  // Sampling side: what was learnt is to be kept now, with the next Poll().
  void KeepLearnt() { loop_.KeepLearnt(); }

 private:
  void Prepare();

  Platform platform_;
  SampleDetector& detector_;
  Exchange exchange_;
  Settings settings_;
  BoardOutputs outputs_;
  SamplingLoop loop_;
  CommandShell shell_;
  Link* const link_;
};

}  // namespace anomaly
