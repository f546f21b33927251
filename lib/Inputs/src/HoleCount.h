// Holes in a stream of buffers. An interrupt counts the buffers that were written over before they
// were read, the oldest first; here is found out which of those that are read follows a hole.
#pragma once

#include <cstdint>

namespace anomaly {

class HoleCount {
 public:
  // What the interrupt had counted before and after a buffer was read: whether the buffer may
  // follow a hole. One that came in between lies before it or behind it, so both are said to.
  bool Take(uint32_t before, uint32_t after) {
    const bool follows = after != seen_;
    seen_ = before;
    lost_ += after - counted_;
    counted_ = after;
    return follows;
  }

  uint32_t lost() const { return lost_; }  // buffers

 private:
  uint32_t seen_ = 0;
  uint32_t counted_ = 0;
  uint32_t lost_ = 0;
};

}  // namespace anomaly
