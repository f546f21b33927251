// The firmware as a program on the user's computer: simulate, replay, serve a serial line, or run
// single vectors through the engine. docs/how-it-works.md and `program --help` say how.
#include <algorithm>
#include <chrono>
#include <cinttypes>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <memory>
#include <thread>

#include "FileFlash.h"
#include "FileSettings.h"
#include "InjectionLog.h"
#include "MemorySettings.h"
#include "PortLine.h"
#include "PrintedSwitch.h"
#include "RecordedInput.h"
#include "RunSummary.h"
#include "SimulatedInput.h"
#include "TwinInput.h"
#include "VirtualClock.h"
#include "VirtualSystem.h"
#include "WaveInput.h"
#include "app_config.h"
#include "link_config.h"
#include "native_options.h"
#include "native_port.h"
#include "native_reconstruct.h"

using namespace anomaly;

namespace {

constexpr int kConsolePauseMs = 10;

// The same build flags as on a chip.
#ifndef BUZZER_GPIO
#define BUZZER_GPIO -1
#endif
#ifndef RELAY_GPIO
#define RELAY_GPIO -1
#endif
constexpr bool kHasBuzzer = BUZZER_GPIO >= 0;
constexpr bool kHasRelay = RELAY_GPIO >= 0;

volatile std::sig_atomic_t stop_requested = 0;

// One of them is set.
struct Source {
  std::unique_ptr<RecordedInput> recording;
  std::unique_ptr<WaveInput> wave;
  std::unique_ptr<HostInput> simulation;

  HostInput& input() {
    if (wave != nullptr) return *wave;
    return recording != nullptr ? static_cast<HostInput&>(*recording) : *simulation;
  }
};

// Samples until the first verdict. A generic model measures the noise first; a detector with frames
// needs a whole one, and then one a hop.
uint32_t WarmupSamples() {
  const uint32_t first = model_config::Model::kIsGeneric ? GenericModel::kFirstFrames + 1 : 0;
  const uint32_t warmup = first + model_config::kDetector.decision.warmup_frames;
  if (!model_config::kHasFrames) return warmup;
  return warmup * static_cast<uint32_t>(model_config::kFrame.hop) +
         static_cast<uint32_t>(model_config::kFrame.samples);
}

// The profile's machine, where it has one, or the noise that the model was trained on; kExitOk, or
// kExitUsage after a message.
int Simulate(const TwinConfig* config, const Options& options, InjectionLog* injections,
             Source* source) {
  if (config != nullptr) {
    auto twin =
        std::make_unique<TwinInput>(model_config::kSensor, *config, WarmupSamples(), options.seed,
                                    model_config::kSamplePeriodUs, injections);
    if (options.simulate != nullptr && !twin->Choose(options.simulate)) {
      std::fprintf(stderr, "unknown scenario %s; there are ", options.simulate);
      TwinInput::PrintScenarios(config->kind, stderr);
      std::fprintf(stderr, "\n");
      return kExitUsage;
    }
    source->simulation = std::move(twin);
    return kExitOk;
  }
  Scenario scenario = Scenario::kNormal;
  if (options.simulate != nullptr && !ParseScenario(options.simulate, &scenario)) {
    std::fprintf(stderr, "unknown scenario %s; there are %s\n", options.simulate, kScenarioNames);
    return kExitUsage;
  }
  source->simulation = std::make_unique<SimulatedInput>(
      model_config::kSensor, model_config::kNormalSignal, WarmupSamples(), scenario, options.seed,
      model_config::kSamplePeriodUs, injections);
  return kExitOk;
}

// kExitOk with `*source` set, or an exit code after a message.
int OpenSource(const Options& options, InjectionLog* injections, Source* source) {
  if (options.replay != nullptr && WaveInput::IsWave(options.replay)) {
    if (options.column != nullptr) return BadUsage("--column is not for a WAV file", "");
    source->wave = std::make_unique<WaveInput>();
    const char* error = source->wave->Open(options.replay, model_config::kIsSound,
                                           model_config::kChannels, model_config::kSampleRateHz);
    if (*error == '\0') return kExitOk;
    std::fprintf(stderr, "%s\n", error);
    return kExitInput;
  }
  if (options.replay != nullptr) {
    source->recording = std::make_unique<RecordedInput>();
    const char* error =
        source->recording->Open(options.replay, options.column, model_config::kChannelNames,
                                model_config::kChannels, model_config::kSamplePeriodUs);
    if (*error == '\0') return kExitOk;
    std::fprintf(stderr, "%s\n", error);
    return kExitInput;
  }
  const int status = Simulate(model_config::kTwin, options, injections, source);
  if (status == kExitOk && model_config::kPacks) {
    source->simulation->SetRate(model_config::kSampleRateHz);
  }
  return status;
}

// How a run goes and ends.
struct Pace {
  double period_s;
  double speed;    // 0: as fast as it goes
  uint64_t limit;  // samples
};

// Waits until the next sample is due, or for a while: then false, and the console has its turn.
// Samples are due at start + n * period: the period does not drift.
bool IsDue(const Pace& pace, uint64_t samples, std::chrono::steady_clock::time_point start,
           bool console_waits, SerialPort& port) {
  const std::chrono::duration<double> due(static_cast<double>(samples) * pace.period_s /
                                          pace.speed);
  const std::chrono::duration<double> left = due - (std::chrono::steady_clock::now() - start);
  if (left.count() <= 0.0) return true;
  // A flood is read at the pace of the chip's console; else input is answered at once. Short waits,
  // however far the next sample is: a signal ends the program soon.
  const int wait = static_cast<int>(std::min(left.count() * 1000.0, 100.0)) + 1;
  if (console_waits) {
    std::this_thread::sleep_for(std::chrono::milliseconds(std::min(wait, kConsolePauseMs)));
  }
  port.Wait(console_waits ? 0 : wait);
  return false;
}

// What a board keeps, and what it is called.
struct Kept {
  SettingsStore& learnt;
  FileFlash& events;
  LinkConfig link;
};

// Boots the virtual board, again after each reboot, until the input or the limit ends it. How many
// samples it took.
uint64_t RunBoard(const Pace& pace, HostInput& input, SerialPort* port, const Kept& kept,
                  InjectionLog* injections, RunSummary* summary) {
  VirtualClock clock(input.period_s(), pace.speed > 0.0);
  PrintedSwitch led("led", clock);
  PrintedSwitch buzzer("buzzer", clock);
  PrintedSwitch relay("relay", clock);
  PortLine serial(port);
  MemorySettings settings;
  VirtualSystem system;
  const auto platform = [&](SerialLine& line) -> Platform {
    return {clock,
            led,
            line,
            settings,
            system,
            &kept.learnt,
            kHasBuzzer ? &buzzer : nullptr,
            kHasRelay ? &relay : nullptr};
  };
  const auto start = std::chrono::steady_clock::now();
  uint64_t samples = 0;
  bool done = false;
  while (!done) {
    ModelMemory storage;
    model_config::Model::Engine engine(model_config::Model::kNetwork);
    Detector<model_config::Model, Autoencoder&> detector(engine);
    detector.SetPeriod(static_cast<float>(input.period_s()));
    Link link(kept.link, platform(serial), kept.events);
    App app(detector, storage.memory(), platform(link.console()), input, &link);
    app.Start();
    for (;;) {
      const bool more = app.Poll();
      const bool rebooting = system.TakeReboot();
      done = stop_requested != 0 || samples >= pace.limit || input.Done();
      if (done || rebooting) break;
      if (pace.speed > 0.0 && !IsDue(pace, samples, start, more, *port)) continue;
      clock.Tick();
      app.Step();
      injections->Add(samples, app.verdict().state);
      summary->Add(samples++, app.verdict(), input.time_text());
    }
    app.Poll();
    app.KeepLearnt();
    app.Poll();
  }
  return samples;
}

int Run(const Options& options) {
  constexpr double kSamplePeriodS = 1e-6 * model_config::kSamplePeriodUs;
  InjectionLog injections(kSamplePeriodS, model_config::kChannelNames);
  Source source;
  int status = OpenSource(options, &injections, &source);
  if (status != kExitOk) return status;
  HostInput& input = source.input();
  Pace pace = {input.period_s(), options.speed, UINT64_MAX};
  if (pace.speed < 0.0) pace.speed = options.serial != nullptr ? 1.0 : 0.0;
  std::unique_ptr<SerialPort> port;
  status = OpenPort(options, pace.speed, &port);
  if (status != kExitOk) return status;
  MemorySettings memory;
  FileSettings file_settings;
  const char* const error = options.state == nullptr ? "" : file_settings.Open(options.state);
  if (*error != '\0') {
    std::fprintf(stderr, "--state %s: %s\n", options.state, error);
    return kExitInput;
  }
  SettingsStore& learnt =
      options.state == nullptr ? static_cast<SettingsStore&>(memory) : file_settings;
  FileFlash events;
  const char* const events_error = options.events == nullptr ? "" : events.Open(options.events);
  if (*events_error != '\0') {
    std::fprintf(stderr, "--events %s: %s\n", options.events, events_error);
    return kExitInput;
  }
  Kept kept = {learnt, events, LinkConfigOf(model_config::kConfig, options.id)};
  // Events that are gone with the process: its boots still have numbers of their own.
  if (options.events == nullptr) kept.link.least_boot = static_cast<uint32_t>(std::time(nullptr));
  std::signal(SIGINT, [](int) { stop_requested = 1; });
  std::signal(SIGTERM, [](int) { stop_requested = 1; });
  const bool whole_round =
      options.seconds < 0.0 && options.serial == nullptr && source.simulation != nullptr;
  if (whole_round) pace.limit = source.simulation->round();
  if (options.seconds > 0.0) {
    pace.limit = static_cast<uint64_t>(options.seconds / pace.period_s + 0.5);
  }

  RunSummary summary;
  const auto start = std::chrono::steady_clock::now();
  const uint64_t samples = RunBoard(pace, input, port.get(), kept, &injections, &summary);
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  std::fflush(stdout);
  // Standard output is the serial line where there is one.
  std::FILE* const file = options.serial == nullptr ? stdout : stderr;
  summary.Print(file, pace.period_s, pace.speed > 0.0 ? 0.0 : elapsed.count());
  injections.Print(file);
  if (source.recording != nullptr && source.recording->malformed_rows() > 0) {
    std::fprintf(file, "Summary: malformed rows left out %" PRIu32 "\n",
                 source.recording->malformed_rows());
  }
  std::fflush(stdout);
  if (whole_round && samples == pace.limit && injections.judged_nothing()) {
    std::fprintf(stderr, "no sample was judged; the lines above say why\n");
    return kExitNothingJudged;
  }
  return kExitOk;
}

}  // namespace

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--help") == 0 || std::strcmp(argv[i], "-h") == 0) {
      std::fputs(kUsage, stdout);
      return kExitOk;
    }
  }
  Options options;
  const int status = ParseOptions(argc, argv, &options);
  if (status != kExitOk) return status;
  return options.reconstruct ? Reconstruct(options.quantized) : Run(options);
}
