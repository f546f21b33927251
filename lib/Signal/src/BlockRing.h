// Raw samples on their way to the serial line: blocks of numbers of 16 bits in a ring between
// exactly one writing and one reading thread. The writing one never waits.
#pragma once

#include <atomic>
#include <cstdint>

namespace anomaly {

// How fast samples are packed, as generated into include/model_config.h.
struct PackingConfig {
  float rate_hz;
  int32_t channels;
  const float* scales;  // [channels]: what a count means, in the channel's unit
  const char* answer;   // what `raw on` says of them: "scale=0.000244140625 rate_hz=1000"

  // Of a block: what a line has room for, and a tenth of a second at most.
  constexpr int32_t block_samples() const {
    const auto tenth = static_cast<int32_t>(rate_hz / 10.0f);
    const int32_t room = kBlockValues / channels;
    return tenth < 1 ? 1 : tenth < room ? tenth : room;
  }
  // A quarter of a second (a write into the flash stops everything for 150 ms), the block that is
  // being filled, and the one that is being sent.
  constexpr int32_t blocks() const {
    return static_cast<int32_t>(rate_hz / 4.0f) / block_samples() + 3;
  }
  constexpr int32_t memory_values() const { return blocks() * block_samples() * channels; }

  static constexpr int32_t kBlockValues = 255;  // 510 bytes are 680 characters in base64
};

struct PackedBlock {
  uint32_t sequence;  // of the first sample
  int32_t samples;
  int64_t micros;   // time of the first since the start
  int16_t* values;  // [samples][channels]
};

// What a ring works in, by the caller.
struct PackingMemory {
  PackedBlock* blocks = nullptr;  // [PackingConfig::blocks()]; nullptr: nothing is packed
  int16_t* values = nullptr;      // [PackingConfig::memory_values()]
};

class BlockRing {
 public:
  // `config` may be nullptr where there is no memory.
  BlockRing(const PackingConfig* config, PackingMemory memory)
      : blocks_(memory.blocks), count_(config == nullptr ? 0 : config->blocks()) {
    for (int32_t i = 0; i < count_; ++i) {
      blocks_[i].values = memory.values + i * config->block_samples() * config->channels;
    }
  }

  // Writing thread: the block to be filled, nullptr where all of them wait; Send() gives it away.
  [[nodiscard]] PackedBlock* Room() {
    const uint32_t head = head_.load(std::memory_order_relaxed);
    return Next(head) == tail_.load(std::memory_order_acquire) ? nullptr : &blocks_[head];
  }
  void Send() {
    head_.store(Next(head_.load(std::memory_order_relaxed)), std::memory_order_release);
  }

  // Reading thread: the oldest block, or nullptr. It stays valid until Pop().
  const PackedBlock* Front() const {
    const uint32_t tail = tail_.load(std::memory_order_relaxed);
    return tail == head_.load(std::memory_order_acquire) ? nullptr : &blocks_[tail];
  }
  void Pop() {
    tail_.store(Next(tail_.load(std::memory_order_relaxed)), std::memory_order_release);
  }

 private:
  uint32_t Next(uint32_t place) const {
    return place + 1 < static_cast<uint32_t>(count_) ? place + 1 : 0;
  }

  PackedBlock* blocks_;
  int32_t count_;
  std::atomic<uint32_t> head_{0};
  std::atomic<uint32_t> tail_{0};
};

}  // namespace anomaly
