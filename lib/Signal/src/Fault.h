// Why a sample cannot be believed or judged. A broken wire is no anomaly of the machine.
#pragma once

#include <cstdint>

enum class Fault : uint8_t {
  kNone,
  kLowRail,     // the lowest count: short to ground, or nothing connected
  kHighRail,    // the highest count: short to the supply
  kNotANumber,  // NaN or infinite
  kOutOfRange,  // outside the range that is believable
  kStuck,       // exactly equal for too long
  kSelfTest,    // the engine failed its self-test: nothing can be judged
  kEngine,      // the engine failed at this frame
};

// A few words for a person, never null.
const char* FaultText(Fault fault);
