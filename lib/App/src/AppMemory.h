// What an app works in besides its detector, sized by the caller.
#pragma once

#include <cstdint>

#include "BlockRing.h"

namespace anomaly {

struct AppMemory {
  uint8_t* learnt = nullptr;  // of LearntBlockSize(), where something is learnt
  PackingMemory packing = {};
};

}  // namespace anomaly
