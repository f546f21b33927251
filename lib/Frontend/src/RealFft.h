// The power spectrum of a real signal.
#pragma once

#include <cstdint>

namespace anomaly {

class RealFft {
 public:
  // The squared magnitudes of bins 0..size/2 of `samples` [size], whose contents are used up, are
  // added to `power` [size/2 + 1]. `size` is a power of two, 16 or more; nothing is scaled.
  virtual void AddPower(float* samples, int32_t size, float* power) = 0;

 protected:
  ~RealFft() = default;  // not virtual: nobody deletes one, and there is no heap
};

// What an FFT of `samples` as size/2 complex numbers, two real ones each, has made of them is taken
// apart: the squared magnitudes are added to `power` [size/2 + 1]. `turns` [size]: cosine and sine
// of 2 pi k / size for k = 0..size/2 - 1.
void AddPowerOfPairs(const float* samples, int32_t size, const float* turns, float* power);

// Radix 2, decimation in time (J. W. Cooley, J. W. Tukey, 1965): two real samples are one complex
// one, and what that mixes is taken apart at the end. The chip has one in assembler, EspFft.
class PlainFft final : public RealFft {
 public:
  // `turns` [size] must outlive it.
  explicit PlainFft(const float* turns) : turns_(turns) {}

  void AddPower(float* samples, int32_t size, float* power) override;

 private:
  const float* turns_;
};

}  // namespace anomaly
