#include "App.h"

namespace {
constexpr uint32_t kMaxFailedStarts = 3;
const char kFailedStarts[] = "three starts in a row did not come to System Ready";
}  // namespace

App::App(const AppConfig& config, AppMemory memory, Platform platform, SampleInput& input,
         Autoencoder& engine)
    : platform_(platform),
      engine_(engine),
      features_(config.features.count),
      exchange_(config.features.channels),
      settings_(config, platform.settings),
      led_(platform.led),
      loop_(config, memory, input, engine, platform.clock, exchange_, led_),
      shell_(config, platform, engine, settings_, exchange_, loop_.block(), input.part()) {}

void App::Start() {
  Prepare();
  // A start that failed and says so was no failed one in the sense of CountStart().
  platform_.system.StartDone();
}

void App::Prepare() {
  const uint32_t starts = platform_.system.CountStart();
  const char* const reason = platform_.system.ResetReason();
  shell_.Greet(reason);
  if (starts > kMaxFailedStarts) return shell_.Fail(kFailedStarts, reason == nullptr ? "" : reason);
  const EngineStatus status = LoadFor(engine_, features_);
  if (status != EngineStatus::kOk) return shell_.Fail(EngineStatusText(status), engine_.detail());
  const float max_error = loop_.TestEngine();
  const Settings::Found found = settings_.Load();
  const BlockFound learnt = loop_.Restore(shell_.LoadLearnt());
  loop_.Use(settings_.record);
  shell_.SayReady(max_error, found, learnt);
}

bool App::Poll() {
  if (failed()) led_.Blink(platform_.clock.NowMicros());
  return shell_.Poll();
}
