#include "Transfer.h"

#include <cmath>

namespace anomaly {

namespace {
constexpr float kZeroCelsiusInKelvin = 273.15f;
}

float VoltsToUnit(const AnalogChannel& config, float volts) {
  if (config.kind == AnalogKind::kLinear) return volts * config.gain + config.offset;
  const float rest = config.full_scale_volts - volts;
  const float ratio = config.kind == AnalogKind::kThermistorToGround ? volts / rest : rest / volts;
  const float ohm = config.series_ohm * ratio;
  // Beta equation: 1/T = 1/T0 + ln(R/R0) / beta.
  const float inverse_kelvin = 1.0f / (config.t0_celsius + kZeroCelsiusInKelvin) +
                               std::log(ohm / config.r0_ohm) / config.beta;
  return 1.0f / inverse_kelvin - kZeroCelsiusInKelvin;
}

float UnitToVolts(const AnalogChannel& config, float value) {
  float volts = 0.0f;
  if (config.kind == AnalogKind::kLinear) {
    volts = (value - config.offset) / config.gain;
  } else {
    const float inverse_kelvin = 1.0f / (value + kZeroCelsiusInKelvin);
    const float inverse_t0 = 1.0f / (config.t0_celsius + kZeroCelsiusInKelvin);
    const float ohm = config.r0_ohm * std::exp(config.beta * (inverse_kelvin - inverse_t0));
    const float lower = config.kind == AnalogKind::kThermistorToGround ? ohm : config.series_ohm;
    volts = config.full_scale_volts * lower / (ohm + config.series_ohm);
  }
  if (!(volts > 0.0f)) return 0.0f;
  return volts < config.full_scale_volts ? volts : config.full_scale_volts;
}

Fault RailFault(const AnalogConfig& config, float counts) {
  if (counts <= 0.0f) return Fault::kLowRail;
  if (counts >= static_cast<float>(config.adc_max)) return Fault::kHighRail;
  return Fault::kNone;
}

}  // namespace anomaly
