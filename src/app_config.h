// The generated constants as the app wants them; the same for the chip and the host.
#pragma once

#include "App.h"
#include "anomaly_detector.h"
#include "model_config.h"

namespace anomaly {

// What an app of this model works in besides its detector.
class ModelMemory {
 public:
  AppMemory memory() {
    return {kLearns ? learnt_ : nullptr, {model_config::kPacks ? blocks_ : nullptr, packed_}};
  }

 private:
  static constexpr bool kLearns =
      model_config::kHasSlow || model_config::kHasLearning || model_config::kHasRefit;

  uint8_t learnt_[Detector<model_config::Model>::kSavedBytes];
  PackedBlock blocks_[model_config::kPacks ? model_config::kPacking.blocks() : 1];
  int16_t packed_[model_config::kPacks ? model_config::kPacking.memory_values() : 1];
};

// What a line of the protocol has room for.
static_assert(LongestReading(model_config::kValueNames, model_config::kValues) <=
                  LineBuffer::kCapacity,
              "the names of the channels are too long for one line of the protocol");
static_assert(sizeof(model_config::kProfile) <= 65, "the name of the profile is too long");

}  // namespace anomaly
