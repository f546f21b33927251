#include "native_options.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace anomaly {

const char kUsage[] =
    "usage: program --simulate SCENARIO [--seconds N] [--seed N] [--speed max|FACTOR]\n"
    "       program --replay FILE.csv|FILE.wav [--column NAME] [--speed max|FACTOR]\n"
    "       program --serial tcp:PORT|pty:LINK|stdio [the options above]\n"
    "       ... --state FILE: goes on with what was learnt, and keeps it once an hour and at the "
    "end\n"
    "       ... --events FILE: keeps the events that no server has yet; --id HEX: 12 digits, the "
    "board's name\n"
    "       program --reconstruct [--quantized]\n"
    "SCENARIO: normal, spike, step, drift, noise, stuck, dropout, mixed: the signal that the model "
    "was\n"
    "trained on, with anomalies; a simulated machine has others: docs/sensors.md. Without\n"
    "--seconds it ends when each of them was there once.\n"
    "Prints the lines of docs/protocol.md; commands are read from the serial line, or from "
    "standard\n"
    "input where that is a file or a pipe. With --serial the run is endless and in real time "
    "unless\n"
    "--seconds and --speed say otherwise.\n";

int BadUsage(const char* what, const char* value) {
  std::fprintf(stderr, "%s%s; try --help\n", what, value);
  return kExitUsage;
}

bool ParsePositive(const char* text, double* value) {
  char* end = nullptr;
  *value = std::strtod(text, &end);
  return end != text && *end == '\0' && *value > 0.0 && *value < 1e12;
}

bool IsId(const char* text) {
  return std::strlen(text) == 12 && std::strspn(text, "0123456789abcdef") == 12;
}

// Whether the options go together; kExitOk, or kExitUsage after a message.
int CheckTogether(const Options& options) {
  if (options.simulate != nullptr && options.replay != nullptr) {
    return BadUsage("--simulate and --replay exclude each other", "");
  }
  if (options.column != nullptr && options.replay == nullptr) {
    return BadUsage("--column goes with --replay", "");
  }
  if (options.quantized && !options.reconstruct) {
    return BadUsage("--quantized goes with --reconstruct", "");
  }
  if (options.simulate == nullptr && options.replay == nullptr && options.serial == nullptr &&
      !options.reconstruct) {
    return BadUsage("nothing to do", "");
  }
  if (options.reconstruct &&
      (options.simulate != nullptr || options.replay != nullptr || options.serial != nullptr)) {
    return BadUsage("--reconstruct goes alone", "");
  }
  return kExitOk;
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
    const char* const with_value[] = {"--simulate", "--replay", "--column", "--serial", "--seconds",
                                      "--seed",     "--speed",  "--state",  "--events", "--id"};
    bool known = false;
    for (const char* candidate : with_value) known = known || std::strcmp(name, candidate) == 0;
    if (!known) return BadUsage("unknown option ", name);
    if (i + 1 == argc) return BadUsage("a value is missing behind ", name);
    const char* value = argv[++i];
    if (std::strcmp(name, "--simulate") == 0) options->simulate = value;
    if (std::strcmp(name, "--replay") == 0) options->replay = value;
    if (std::strcmp(name, "--column") == 0) options->column = value;
    if (std::strcmp(name, "--serial") == 0) options->serial = value;
    if (std::strcmp(name, "--state") == 0) options->state = value;
    if (std::strcmp(name, "--events") == 0) options->events = value;
    if (std::strcmp(name, "--id") == 0) {
      if (!IsId(value)) return BadUsage("--id wants 12 digits of 0-9 and a-f, not ", value);
      options->id = value;
    }
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
  return CheckTogether(*options);
}

}  // namespace anomaly
