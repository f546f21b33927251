// The transfer function of an analog sensor: between a voltage at the pin and a reading.
#pragma once

#include "AnalogConfig.h"
#include "Fault.h"

namespace anomaly {

// The reading that a voltage at the pin means, in the channel's unit. A thermistor at 0 V or at
// full scale gives an infinity or NaN, which SampleCheck refuses.
float VoltsToUnit(const AnalogChannel& config, float volts);

// Its inverse, limited to 0..full_scale_volts: what a simulated sensor puts on the pin.
float UnitToVolts(const AnalogChannel& config, float value);

// The fault that a mean raw reading of 0..adc_max shows by itself.
Fault RailFault(const AnalogConfig& config, float counts);

}  // namespace anomaly
