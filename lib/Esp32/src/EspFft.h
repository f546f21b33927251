// Espressif's FFT, in assembler where the chip has one for it (component esp-dsp). The library has
// one table for all of its transforms, so there is one of these.
#pragma once

#include "RealFft.h"
#include "dsps_fft2r.h"
#include "dsps_fft2r_platform.h"

namespace anomaly {

class EspFft final : public RealFft {
 public:
  // It has tables for these, which are for half as many complex numbers.
  static constexpr bool Has(int32_t size) { return size >= 32 && size <= 8192; }

  // Of spectra of `size` samples. `turns` [size] as AddPowerOfPairs() wants them, and `table`
  // [size / 2], which Begin() fills, must outlive it.
  EspFft(const float* turns, float* table, int32_t size)
      : turns_(turns), table_(table), half_(size / 2) {}

  // Before the first AddPower(); the library then takes a few bytes of the heap, for good. False:
  // there was none.
  bool Begin() { return dsps_fft2r_init_fc32(table_, half_) == ESP_OK; }

  void AddPower(float* samples, int32_t size, float* power) override {
#if dsps_fft2r_fc32_ae32_enabled  // an S3 could do more, with aligned samples
    dsps_fft2r_fc32_ae32(samples, half_);
#else
    dsps_fft2r_fc32_ansi(samples, half_);
#endif
    dsps_bit_rev2r_fc32(samples, half_);
    AddPowerOfPairs(samples, size, turns_, power);
  }

 private:
  const float* turns_;
  float* table_;
  int32_t half_;
};

}  // namespace anomaly
