// The sampling side of `raw on` where samples come fast: packs them into the blocks of a ring.
// Never waits: a block that finds no room is lost, counted, and missing in the sequence.
#pragma once

#include "Bounds.h"
#include "Exchange.h"

namespace anomaly {

class SamplePacker {
 public:
  // Both must outlive it. `config` nullptr: nothing is to be packed.
  SamplePacker(const PackingConfig* config, Exchange& exchange);

  // One sample. A block holds samples without a hole in their sequence.
  void Add(const float* sample, uint32_t sequence, int64_t micros);

  // What there is becomes a block.
  void End();

  // What there is will not be sent.
  void Forget() { filled_ = 0; }

 private:
  const PackingConfig* config_;
  Exchange& exchange_;
  PackedBlock* block_ = nullptr;     // nullptr: this one is lost
  int32_t filled_ = 0;               // samples
  uint32_t next_ = 0;                // sequence
  float counts_[kMaxChannels] = {};  // of one unit
};

}  // namespace anomaly
