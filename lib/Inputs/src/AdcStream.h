// What an ADC that converts all the time puts into memory, and the samples that come of it: so many
// conversions are averaged for one.
#pragma once

#include <cstddef>
#include <cstdint>

#include "AnalogConfig.h"
#include "Fault.h"

namespace anomaly {

// How a conversion lies in memory; both are little-endian.
enum class AdcLayout : uint8_t {
  kSwappedPairs,  // ESP32: 16 bits, a count of 12 under a channel of 4; the second of two lies
                  // first
  kWords,         // ESP32-S3 and -C3: 32 bits, a count of 12, channel from bit 13 on
};

constexpr size_t BytesOf(AdcLayout layout) { return layout == AdcLayout::kSwappedPairs ? 2 : 4; }

// The voltage of a count, as the chip's own calibration has it: straight lines between points.
struct VoltageCurve {
  static constexpr int kPoints = 17;
  static constexpr int kStep = 256;  // counts from point to point

  float volts[kPoints];

  float At(float count) const;
};

class AdcStream {
 public:
  static constexpr int kMost = 512;  // conversions of one Take()

  // One channel of an ADC of 12 bits; all must outlive it.
  AdcStream(const AnalogConfig& config, const VoltageCurve& curve, AdcLayout layout,
            uint8_t adc_channel, uint8_t channel_bits);

  // At most kMost conversions, an even number of them; how many samples of [kMost] came of it.
  // Those of another channel are no conversions.
  int Take(const uint8_t* bytes, size_t size, float* samples);

  // The fault of all that the last Take() had: at a rail, or one count alone.
  Fault fault() const { return fault_; }

  // A hole: the next sample begins with the next conversion.
  void Reset() { sum_ = count_ = 0; }

 private:
  uint32_t Word(const uint8_t* bytes, size_t index) const;

  const AnalogConfig& config_;
  const VoltageCurve& curve_;
  AdcLayout layout_;
  uint32_t channel_;
  uint32_t channel_mask_;
  uint32_t sum_ = 0;
  uint32_t count_ = 0;
  Fault fault_ = Fault::kNone;
};

}  // namespace anomaly
