// Between a voltage and a reading: the sensor's transfer function, and whether a reading can be
// believed. A broken wire is no anomaly of the machine.
#pragma once

#include <cstdint>

#include "SensorConfig.h"

// The reading that a voltage at the pin means, in the sensor's unit. A thermistor at 0 V or at full
// scale gives an infinity or NaN, which SensorCheck refuses.
float VoltsToUnit(const SensorConfig& config, float volts);

// Its inverse, limited to 0..full_scale_volts: what a simulated sensor puts on the pin.
float UnitToVolts(const SensorConfig& config, float value);

enum class SensorFault : uint8_t {
  kNone,
  kLowRail,     // the lowest count: short to ground, or nothing connected
  kHighRail,    // the highest count: short to the supply
  kNotANumber,  // NaN or infinite
  kOutOfRange,  // outside valid_low..valid_high
  kStuck,       // exactly equal for stuck_samples
  kSelfTest,    // the engine failed its self-test: no reading can be judged
  kEngine,      // the engine failed at this reading
};

// A few words for a person, never null.
const char* SensorFaultText(SensorFault fault);

// The fault that a mean raw reading of 0..adc_max shows by itself.
SensorFault RailFault(const SensorConfig& config, float counts);

// Judges one channel's readings, one sample after the other.
class SensorCheck {
 public:
  explicit SensorCheck(const SensorConfig& config) : config_(config) {}

  // A reading that is exactly the one before it counts towards kStuck; the first that differs ends
  // it.
  SensorFault Update(float value);
  void Reset() { run_ = 0; }

 private:
  const SensorConfig& config_;
  float previous_ = 0.0f;
  uint32_t run_ = 0;  // equal readings in a row, this one included
};
