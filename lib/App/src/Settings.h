// Keeps what was set on this device, as one block with a version, its model and a CRC-32, written
// at once: after a power cut the old block is there or the new one, never half of each.
#pragma once

#include <cstdint>

#include "ModelConfig.h"
#include "Platform.h"
#include "SealedBlock.h"
#include "SettingsRecord.h"

namespace anomaly {

class Settings {
 public:
  using Found = BlockFound;

  // Both must outlive it. Begins with what the model was trained with.
  Settings(const ModelConfig& config, SettingsStore& store);

  Found Load();

  // False: not kept over a reboot. What is kept already is not written again.
  bool Save();

  // Back to the trained noise and the trained threshold's scale.
  void ForgetCalibration();

  // The threshold that `record` means.
  float Threshold() const;

  SettingsRecord record;
  float default_threshold;  // of the detector that is in use

 private:
  struct Block {
    BlockHead head;
    SettingsRecord record;
    uint32_t crc32;  // of all before it
  };
  static constexpr uint32_t kVersion = 1;
  static_assert(sizeof(Block) == 3 * sizeof(uint32_t) + 16 + (1 + kMaxValues) * sizeof(float),
                "no byte of a block is undefined");

  void Take(const SettingsRecord& kept);

  const ModelConfig& config_;
  SettingsStore& store_;
  Block kept_ = {};
};

}  // namespace anomaly
