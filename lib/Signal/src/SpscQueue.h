// A bounded queue between exactly one writing and one reading thread; never blocks, never
// allocates. What does not fit is refused, and the caller counts it.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

template <typename T, size_t kCapacity>
class SpscQueue {
  static_assert(kCapacity > 0 && (kCapacity & (kCapacity - 1)) == 0, "a power of two");

 public:
  // Writing thread: false when the queue is full.
  [[nodiscard]] bool Push(const T& item) {
    const uint32_t head = head_.load(std::memory_order_relaxed);
    const uint32_t used = head - tail_.load(std::memory_order_acquire);
    if (used == kCapacity) return false;
    items_[head % kCapacity] = item;
    head_.store(head + 1, std::memory_order_release);
    if (used + 1 > high_water_.load(std::memory_order_relaxed)) {
      high_water_.store(used + 1, std::memory_order_relaxed);
    }
    return true;
  }

  // Reading thread: the oldest item, or nullptr. It stays valid until Pop().
  const T* Front() const {
    const uint32_t tail = tail_.load(std::memory_order_relaxed);
    if (tail == head_.load(std::memory_order_acquire)) return nullptr;
    return &items_[tail % kCapacity];
  }

  // Reading thread: drops the item that Front() showed.
  void Pop() { tail_.store(tail_.load(std::memory_order_relaxed) + 1, std::memory_order_release); }

  // The most items that ever waited, any thread.
  uint32_t high_water() const { return high_water_.load(std::memory_order_relaxed); }

 private:
  T items_[kCapacity];
  std::atomic<uint32_t> head_{0};
  std::atomic<uint32_t> tail_{0};
  std::atomic<uint32_t> high_water_{0};
};
