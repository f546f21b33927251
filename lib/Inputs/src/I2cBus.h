// What a part on a bus of two wires needs of the chip. Sampling thread only; none of it may wait
// for longer than a second.
#pragma once

#include <cstddef>
#include <cstdint>

namespace anomaly {

class I2cBus {
 public:
  virtual ~I2cBus() = default;

  // Registers from `first` on, of the part at an address of 7 bits. False: nobody answered, or the
  // bus hangs; of a Read() some bytes may have left the part all the same.
  [[nodiscard]] virtual bool Write(uint8_t address, uint8_t first, uint8_t value) = 0;
  [[nodiscard]] virtual bool Read(uint8_t address, uint8_t first, uint8_t* bytes, size_t size) = 0;

  // A part that was interrupted may hold the data line down: nine clock pulses let it finish its
  // byte, and the bus begins anew.
  virtual void Recover() = 0;
};

}  // namespace anomaly
