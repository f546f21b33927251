// The power spectrum of a real signal.
#pragma once

#include <cstdint>

class RealFft {
 public:
  virtual ~RealFft() = default;

  // The squared magnitudes of bins 0..size/2 of `samples` [size], whose contents are used up, are
  // added to `power` [size/2 + 1]. `size` is a power of two, 16 or more; nothing is scaled.
  virtual void AddPower(float* samples, int32_t size, float* power) = 0;
};

// Radix 2, decimation in time (J. W. Cooley, J. W. Tukey, 1965): two real samples are one complex
// one, and what that mixes is taken apart at the end.
class PlainFft final : public RealFft {
 public:
  // `turns` [size], cosine and sine of 2 pi k / size for k = 0..size/2 - 1, must outlive it.
  explicit PlainFft(const float* turns) : turns_(turns) {}

  void AddPower(float* samples, int32_t size, float* power) override;

 private:
  const float* turns_;
};
