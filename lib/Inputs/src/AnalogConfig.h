// Sensors whose voltage the chip's ADC converts, as generated into include/model_config.h.
#pragma once

#include <cstdint>

namespace anomaly {

enum class AnalogKind : uint8_t {
  kLinear,              // unit = volts * gain + offset
  kThermistorToGround,  // NTC between pin and ground, series resistor to the supply
  kThermistorToSupply,  // NTC between supply and pin, series resistor to ground
};

struct AnalogChannel {
  AnalogKind kind;
  float gain;    // kLinear: unit per volt
  float offset;  // kLinear: unit at 0 V
  float beta;    // thermistor: kelvin
  float r0_ohm;  // thermistor: resistance at t0
  float t0_celsius;
  float series_ohm;
  float full_scale_volts;  // at the highest count; a thermistor's supply too
};

struct AnalogConfig {
  uint16_t adc_max;               // highest count, 4095 for 12 bits
  uint16_t oversampling;          // conversions averaged for one sample
  const AnalogChannel* channels;  // [channels of a sample]
};

}  // namespace anomaly
