// The command line of the program on the user's computer.
#pragma once

#include <cstdint>

namespace anomaly {

constexpr int kExitOk = 0;
constexpr int kExitUsage = 2;
constexpr int kExitInput = 3;
constexpr int kExitNothingJudged = 4;

struct Options {
  const char* simulate = nullptr;
  const char* replay = nullptr;
  const char* column = nullptr;
  const char* state = nullptr;   // where what was learnt is kept
  const char* events = nullptr;  // where events are kept
  const char* id = "020000000001";
  const char* serial = nullptr;
  double seconds = -1.0;  // below 0: a round for a simulation, endless with --serial
  double speed = -1.0;    // 0: as fast as it goes; below 0: 1 with --serial, else 0
  uint64_t seed = 1;
  bool reconstruct = false;
  bool quantized = false;
};

extern const char kUsage[];

// Says so on stderr; kExitUsage.
int BadUsage(const char* what, const char* value);

// kExitOk, or kExitUsage after a message.
int ParseOptions(int argc, char** argv, Options* options);

}  // namespace anomaly
