// A bounded queue between exactly one writing and one reading thread; never blocks, never
// allocates. What does not fit is refused, and the caller counts it.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace anomaly {

template <typename T, size_t kCapacity>
class SpscQueue {
  static_assert(kCapacity > 0 && (kCapacity & (kCapacity - 1)) == 0, "a power of two");

 public:
  // Writing thread: where the next item is to be filled in, whatever was there before; nullptr when
  // the queue is full. Send() then gives it to the other thread.
  [[nodiscard]] T* Room() {
    const uint32_t head = head_.load(std::memory_order_relaxed);
    const uint32_t used = head - tail_.load(std::memory_order_acquire);
    return used == kCapacity ? nullptr : &items_[head % kCapacity];
  }
  void Send() {
    const uint32_t head = head_.load(std::memory_order_relaxed) + 1;
    const uint32_t used = head - tail_.load(std::memory_order_relaxed);
    head_.store(head, std::memory_order_release);
    if (used > high_water_.load(std::memory_order_relaxed)) {
      high_water_.store(used, std::memory_order_relaxed);
    }
  }

  // Writing thread: false when the queue is full.
  [[nodiscard]] bool Push(const T& item) {
    T* const room = Room();
    if (room == nullptr) return false;
    *room = item;
    Send();
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

}  // namespace anomaly
