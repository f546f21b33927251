// Why a sample cannot be believed or judged. A broken wire is no anomaly of the machine.
#pragma once

#include <cstdint>

namespace anomaly {

enum class Fault : uint8_t {
  kNone,
  kLowRail,     // the lowest count: short to ground, or nothing connected
  kHighRail,    // the highest count: short to the supply
  kNotANumber,  // NaN or infinite
  kOutOfRange,  // outside the range that is believable
  kStuck,       // exactly equal for too long
  kSelfTest,    // the engine failed its self-test: nothing can be judged
  kEngine,      // the engine failed at this frame
  // Of a part that is more than a voltage; the input says which one and where.
  kNoAnswer,   // it is not there, or does not answer, or gives no samples
  kWrongPart,  // what answers is another part
  kSilent,     // it gives nothing but zeros
  kFullScale,  // it gives nothing but its largest reading
  kWrongRate,  // it does not sample as often as the profile says
};

// Whether it is worth saying which part, and on which pins.
constexpr bool IsOfPart(Fault fault) { return fault >= Fault::kNoAnswer; }

// A few words for a person, never null.
const char* FaultText(Fault fault);

}  // namespace anomaly
