// The firmware as a program on the user's computer: simulate, replay, serve a serial line, or run
// single vectors through the engine. docs/how-it-works.md and `program --help` say how.
#include <algorithm>
#include <chrono>
#include <cinttypes>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <thread>

#include "InjectionLog.h"
#include "NativeBoard.h"
#include "Recording.h"
#include "RunSummary.h"
#include "Simulation.h"
#include "app_config.h"

#ifdef _WIN32
#include <io.h>
#define isatty _isatty
#else
#include <unistd.h>
#endif

namespace {

constexpr int kExitOk = 0;
constexpr int kExitUsage = 2;
constexpr int kExitInput = 3;
constexpr int kExitNothingJudged = 4;

constexpr int kConsolePauseMs = 10;

const char kUsage[] =
    "usage: program --simulate SCENARIO [--seconds N] [--seed N] [--speed max|FACTOR]\n"
    "       program --replay FILE.csv [--column NAME] [--speed max|FACTOR]\n"
    "       program --serial tcp:PORT|pty:LINK|stdio [the options above]\n"
    "       program --reconstruct [--quantized]\n"
    "SCENARIO: normal, spike, step, drift, noise, stuck, dropout, mixed: the signal that the model "
    "was\n"
    "trained on, with anomalies. Without --seconds it ends when each of them was there once.\n"
    "Prints the lines of docs/protocol.md; commands are read from the serial line, or from "
    "standard\n"
    "input where that is a file or a pipe. With --serial the run is endless and in real time "
    "unless\n"
    "--seconds and --speed say otherwise.\n";

struct Options {
  const char* simulate = nullptr;
  const char* replay = nullptr;
  const char* column = nullptr;
  const char* serial = nullptr;
  double seconds = -1.0;  // below 0: a round for a simulation, endless with --serial
  double speed = -1.0;    // 0: as fast as it goes; below 0: 1 with --serial, else 0
  uint64_t seed = 1;
  bool reconstruct = false;
  bool quantized = false;
};

volatile std::sig_atomic_t stop_requested = 0;

int BadUsage(const char* what, const char* value) {
  std::fprintf(stderr, "%s%s; try --help\n", what, value);
  return kExitUsage;
}

bool ParsePositive(const char* text, double* value) {
  char* end = nullptr;
  *value = std::strtod(text, &end);
  return end != text && *end == '\0' && *value > 0.0 && *value < 1e12;
}

// kExitOk, or kExitUsage after a message.
int ParseOptions(int argc, char** argv, Options* options) {
  for (int i = 1; i < argc; ++i) {
    const char* name = argv[i];
    if (std::strcmp(name, "--reconstruct") == 0) {
      options->reconstruct = true;
      continue;
    }
    if (std::strcmp(name, "--quantized") == 0) {
      options->quantized = true;
      continue;
    }
    const char* const with_value[] = {"--simulate", "--replay", "--column", "--serial",
                                      "--seconds",  "--seed",   "--speed"};
    bool known = false;
    for (const char* candidate : with_value) known = known || std::strcmp(name, candidate) == 0;
    if (!known) return BadUsage("unknown option ", name);
    if (i + 1 == argc) return BadUsage("a value is missing behind ", name);
    const char* value = argv[++i];
    if (std::strcmp(name, "--simulate") == 0) options->simulate = value;
    if (std::strcmp(name, "--replay") == 0) options->replay = value;
    if (std::strcmp(name, "--column") == 0) options->column = value;
    if (std::strcmp(name, "--serial") == 0) options->serial = value;
    if (std::strcmp(name, "--seconds") == 0 && !ParsePositive(value, &options->seconds)) {
      return BadUsage("--seconds wants a number above 0, not ", value);
    }
    if (std::strcmp(name, "--seed") == 0) {
      char* end = nullptr;
      options->seed = std::strtoull(value, &end, 10);
      if (*value < '0' || *value > '9' || *end != '\0') {
        return BadUsage("--seed wants a whole number, not ", value);
      }
    }
    if (std::strcmp(name, "--speed") == 0) {
      if (std::strcmp(value, "max") == 0) {
        options->speed = 0.0;
      } else if (!ParsePositive(value, &options->speed)) {
        return BadUsage("--speed wants max or a factor above 0, not ", value);
      }
    }
  }
  if (options->simulate != nullptr && options->replay != nullptr) {
    return BadUsage("--simulate and --replay exclude each other", "");
  }
  if (options->column != nullptr && options->replay == nullptr) {
    return BadUsage("--column goes with --replay", "");
  }
  if (options->quantized && !options->reconstruct) {
    return BadUsage("--quantized goes with --reconstruct", "");
  }
  if (options->simulate == nullptr && options->replay == nullptr && options->serial == nullptr &&
      !options->reconstruct) {
    return BadUsage("nothing to do", "");
  }
  if (options->reconstruct &&
      (options->simulate != nullptr || options->replay != nullptr || options->serial != nullptr)) {
    return BadUsage("--reconstruct goes alone", "");
  }
  return kExitOk;
}

std::unique_ptr<Autoencoder> MakeEngine() {
  if (!model_config::kHasNetwork) {
    return std::make_unique<MeanAutoencoder>(model_config::kFeatureCount);
  }
  return std::make_unique<DenseAutoencoder>(model_config::kDenseModel);
}

// ---- --reconstruct

// One vector from a line of comma-separated numbers; false unless it is exactly `count` of them.
bool ParseVector(char* line, int count, float* vector) {
  char* cursor = line;
  for (int i = 0; i < count; ++i) {
    char* end = nullptr;
    vector[i] = std::strtof(cursor, &end);
    if (end == cursor) return false;
    cursor = end + std::strspn(end, " \t\r\n");
    if (*cursor != (i + 1 < count ? ',' : '\0')) return false;
    ++cursor;
  }
  return true;
}

bool ToQuantized(const float* vector, int count, int8_t* quantized) {
  for (int i = 0; i < count; ++i) {
    if (!(vector[i] >= -128.0f && vector[i] <= 127.0f)) return false;
    quantized[i] = static_cast<int8_t>(vector[i]);
    if (static_cast<float>(quantized[i]) < vector[i] ||
        static_cast<float>(quantized[i]) > vector[i]) {
      return false;
    }
  }
  return true;
}

int Reconstruct(bool quantized) {
  if (!model_config::kHasNetwork) return BadUsage("this profile's detector has no network", "");
  DenseAutoencoder engine(model_config::kDenseModel);
  if (engine.Load() != EngineStatus::kOk) {
    std::fprintf(stderr, "the tables in model_config.h are not sound; build again\n");
    return kExitInput;
  }
  if (quantized && !engine.quantized()) return BadUsage("this model is float32, not int8", "");
  static char line[65536];
  float input[kMaxLayerWidth];
  float output[kMaxLayerWidth];
  int8_t quantized_input[kMaxLayerWidth];
  int8_t quantized_output[kMaxLayerWidth];
  for (int number = 1; std::fgets(line, sizeof(line), stdin) != nullptr; ++number) {
    const bool sound = ParseVector(line, engine.input_size(), input) &&
                       (!quantized || ToQuantized(input, engine.input_size(), quantized_input));
    if (!sound) {
      std::fprintf(stderr, "line %d: %d comma-separated %s are wanted\n", number,
                   engine.input_size(), quantized ? "whole numbers from -128 to 127" : "numbers");
      return kExitInput;
    }
    const EngineStatus status = quantized
                                    ? engine.ReconstructQuantized(quantized_input, quantized_output)
                                    : engine.Reconstruct(input, output);
    if (status != EngineStatus::kOk) {
      std::fprintf(stderr, "line %d: %s\n", number, EngineStatusText(status));
      return kExitInput;
    }
    for (int i = 0; i < engine.output_size(); ++i) {
      const char* separator = i > 0 ? "," : "";
      if (quantized) {
        std::printf("%s%d", separator, quantized_output[i]);
      } else {
        std::printf("%s%.9g", separator, static_cast<double>(output[i]));
      }
    }
    std::printf("\n");
  }
  return kExitOk;
}

// ---- everything else

// kExitOk with `*port` set (nullptr: only standard output), or an exit code after a message.
int OpenPort(const Options& options, double speed, std::unique_ptr<SerialPort>* port) {
  // How long a pipe on standard input may take to say its commands, when nothing paces the run.
  constexpr int kPatienceMs = 100;
  if (options.serial == nullptr) {
    if (speed > 0.0) {
      *port = OpenStdioPort(0);
    } else if (isatty(0) == 0) {
      *port = OpenStdioPort(kPatienceMs);
    }
    return kExitOk;
  }
  if (std::strcmp(options.serial, "stdio") == 0) {
    *port = speed > 0.0 ? OpenStdioPort(0) : OpenStdioPort(kPatienceMs);
    return kExitOk;
  }
  if (std::strncmp(options.serial, "tcp:", 4) == 0) {
    char* end = nullptr;
    const long number = std::strtol(options.serial + 4, &end, 10);
    if (end == options.serial + 4 || *end != '\0' || number < 0 || number > 65535) {
      return BadUsage("--serial tcp:PORT wants a port from 0 to 65535, not ", options.serial + 4);
    }
    *port = OpenTcpPort(static_cast<int>(number));
    return *port == nullptr ? kExitInput : kExitOk;
  }
  if (std::strncmp(options.serial, "pty:", 4) == 0 && options.serial[4] != '\0') {
    *port = OpenPtyPort(options.serial + 4);
    return *port == nullptr ? kExitInput : kExitOk;
  }
  return BadUsage("--serial wants tcp:PORT, pty:LINK or stdio, not ", options.serial);
}

int Run(const Options& options) {
  int64_t period_us = model_config::kSamplePeriodUs;
  const double speed = options.speed >= 0.0 ? options.speed : options.serial != nullptr ? 1.0 : 0.0;
  std::unique_ptr<SampleSource> source;
  Recording* recording = nullptr;
  Simulation* simulation = nullptr;
  InjectionLog injections(static_cast<double>(period_us) * 1e-6, model_config::kChannelNames);
  if (options.replay != nullptr) {
    auto opened = std::make_unique<Recording>();
    const char* error = opened->Open(options.replay, options.column, model_config::kChannelNames,
                                     model_config::kChannels, model_config::kSamplePeriodUs);
    if (*error != '\0') {
      std::fprintf(stderr, "%s\n", error);
      return kExitInput;
    }
    recording = opened.get();
    period_us = recording->interval_us();
    source = std::move(opened);
  } else {
    Scenario scenario = Scenario::kNormal;
    if (options.simulate != nullptr && !ParseScenario(options.simulate, &scenario)) {
      std::fprintf(stderr, "unknown scenario %s; there are %s\n", options.simulate, kScenarioNames);
      return kExitUsage;
    }
    auto made =
        std::make_unique<Simulation>(model_config::kSensor, model_config::kNormalSignal,
                                     model_config::kDetector.decision.warmup_samples, scenario,
                                     options.seed, model_config::kSamplePeriodUs, &injections);
    simulation = made.get();
    source = std::move(made);
  }
  std::unique_ptr<SerialPort> port;
  const int status = OpenPort(options, speed, &port);
  if (status != kExitOk) return status;
  std::signal(SIGINT, [](int) { stop_requested = 1; });
  std::signal(SIGTERM, [](int) { stop_requested = 1; });

  const double period_s = static_cast<double>(period_us) * 1e-6;
  const bool whole_round =
      options.seconds < 0.0 && options.serial == nullptr && simulation != nullptr;
  uint64_t limit = UINT64_MAX;
  if (whole_round) limit = simulation->round();
  if (options.seconds > 0.0) limit = static_cast<uint64_t>(options.seconds / period_s + 0.5);

  NativeBoard board(*source, port.get(), speed > 0.0, period_us);
  RunSummary summary;
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  uint64_t samples = 0;
  bool done = false;
  while (!done) {
    // Once a boot of the virtual board.
    ModelFeatureStorage storage;
    const std::unique_ptr<Autoencoder> engine = MakeEngine();
    DetectorApp app(kAppConfig, storage.memory(), board, *engine);
    app.Start();
    bool rebooting = false;
    while (!rebooting) {
      const bool more = app.Poll();
      rebooting = board.TakeReboot();
      done = stop_requested != 0 || samples >= limit || source->Done();
      if (done || rebooting) break;
      if (speed > 0.0) {
        // Samples are due at start + n * period: the period does not drift.
        const std::chrono::duration<double> due(static_cast<double>(samples) * period_s / speed);
        const std::chrono::duration<double> left = due - (Clock::now() - start);
        if (left.count() > 0.0) {
          // A flood is read at the pace of the chip's console; else input is answered at once.
          // Short waits, however far the next sample is: a signal ends the program soon.
          const int wait = static_cast<int>(std::min(left.count() * 1000.0, 100.0)) + 1;
          if (more) {
            std::this_thread::sleep_for(std::chrono::milliseconds(std::min(wait, kConsolePauseMs)));
          }
          port->Wait(more ? 0 : wait);
          continue;
        }
      }
      board.Tick();
      app.Sample();
      injections.Add(samples, app.verdict().state);
      summary.Add(samples++, app.verdict(), source->time_text());
    }
    app.Poll();
  }
  const std::chrono::duration<double> elapsed = Clock::now() - start;
  std::fflush(stdout);
  // Standard output is the serial line where there is one.
  std::FILE* const file = options.serial == nullptr ? stdout : stderr;
  summary.Print(file, period_s, speed > 0.0 ? 0.0 : elapsed.count());
  injections.Print(file);
  if (recording != nullptr && recording->malformed_rows() > 0) {
    std::fprintf(file, "Summary: malformed rows left out %" PRIu32 "\n",
                 recording->malformed_rows());
  }
  std::fflush(stdout);
  if (whole_round && samples == limit && injections.judged_nothing()) {
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
