#include "Fault.h"

namespace anomaly {

const char* FaultText(Fault fault) {
  switch (fault) {
    case Fault::kNone:
      return "none";
    case Fault::kLowRail:
      return "at the low rail (short to ground or open)";
    case Fault::kHighRail:
      return "at the high rail (short to the supply or open)";
    case Fault::kNotANumber:
      return "not a number";
    case Fault::kOutOfRange:
      return "out of range";
    case Fault::kStuck:
      return "stuck at one value";
    case Fault::kSelfTest:
      return "self-test failed";
    case Fault::kEngine:
      return "engine failed";
    case Fault::kNoAnswer:
      return "the part does not answer";
    case Fault::kWrongPart:
      return "another part answers";
    case Fault::kSilent:
      return "silent";
    case Fault::kFullScale:
      return "at full scale";
    case Fault::kWrongRate:
      return "not sampled at the profile's rate";
  }
  return "unknown";
}

}  // namespace anomaly
