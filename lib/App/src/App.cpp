#include "App.h"

namespace anomaly {

namespace {
constexpr uint32_t kMaxFailedStarts = 3;
const char kFailedStarts[] = "three starts in a row did not come to System Ready";
}  // namespace

App::App(SampleDetector& detector, AppMemory memory, Platform platform, SampleInput& input,
         Link* link)
    : platform_(platform),
      detector_(detector),
      exchange_(detector.config().features.channels, detector.config().packing, memory.packing),
      settings_(detector.config(), platform.settings),
      outputs_(platform),
      loop_(detector, memory, input, platform.clock, exchange_, outputs_),
      shell_(detector, platform, settings_, exchange_, loop_.block(), input.part(), link),
      link_(link) {
  if (link != nullptr) loop_.SetLink(&link->queue());
  // What a frame comes to says more than its first value.
  exchange_.shows_channels.store(detector.config().frame != nullptr, std::memory_order_relaxed);
}

void App::Start() {
  Prepare();
  // A start that failed and says so was no failed one in the sense of CountStart().
  platform_.system.StartDone();
}

void App::Prepare() {
  const uint32_t starts = platform_.system.CountStart();
  const char* const reason = platform_.system.ResetReason();
  shell_.Greet(reason);
  if (link_ != nullptr) link_->session().Begin();
  if (starts > kMaxFailedStarts) return shell_.Fail(kFailedStarts, reason == nullptr ? "" : reason);
  Autoencoder& engine = detector_.engine();
  const EngineStatus status = LoadFor(engine, detector_.config().features.count);
  if (status != EngineStatus::kOk) return shell_.Fail(EngineStatusText(status), engine.detail());
  const float max_error = detector_.Test();
  const Settings::Found found = settings_.Load();
  const BlockFound learnt = loop_.Restore(shell_.LoadLearnt());
  settings_.default_threshold = loop_.default_threshold();
  loop_.Use(settings_.record);
  shell_.SayReady(max_error, found, learnt);
}

bool App::Poll() {
  outputs_.Poll(platform_.clock.NowMicros(), failed());
  return shell_.Poll();
}

}  // namespace anomaly
