#include "Sensor.h"

#include <cmath>

namespace {
constexpr float kZeroCelsiusInKelvin = 273.15f;
}

float VoltsToUnit(const SensorConfig& config, float volts) {
  if (config.kind == SensorKind::kLinear) return volts * config.gain + config.offset;
  const float rest = config.full_scale_volts - volts;
  const float ratio = config.kind == SensorKind::kThermistorToGround ? volts / rest : rest / volts;
  const float ohm = config.series_ohm * ratio;
  // Beta equation: 1/T = 1/T0 + ln(R/R0) / beta.
  const float inverse_kelvin = 1.0f / (config.t0_celsius + kZeroCelsiusInKelvin) +
                               std::log(ohm / config.r0_ohm) / config.beta;
  return 1.0f / inverse_kelvin - kZeroCelsiusInKelvin;
}

float UnitToVolts(const SensorConfig& config, float value) {
  float volts = 0.0f;
  if (config.kind == SensorKind::kLinear) {
    volts = (value - config.offset) / config.gain;
  } else {
    const float inverse_kelvin = 1.0f / (value + kZeroCelsiusInKelvin);
    const float inverse_t0 = 1.0f / (config.t0_celsius + kZeroCelsiusInKelvin);
    const float ohm = config.r0_ohm * std::exp(config.beta * (inverse_kelvin - inverse_t0));
    const float lower = config.kind == SensorKind::kThermistorToGround ? ohm : config.series_ohm;
    volts = config.full_scale_volts * lower / (ohm + config.series_ohm);
  }
  if (!(volts > 0.0f)) return 0.0f;
  return volts < config.full_scale_volts ? volts : config.full_scale_volts;
}

const char* SensorFaultText(SensorFault fault) {
  switch (fault) {
    case SensorFault::kNone:
      return "none";
    case SensorFault::kLowRail:
      return "at the low rail (short to ground or open)";
    case SensorFault::kHighRail:
      return "at the high rail (short to the supply or open)";
    case SensorFault::kNotANumber:
      return "not a number";
    case SensorFault::kOutOfRange:
      return "out of range";
    case SensorFault::kStuck:
      return "stuck at one value";
    case SensorFault::kSelfTest:
      return "self-test failed";
    case SensorFault::kEngine:
      return "engine failed";
  }
  return "unknown";
}

SensorFault RailFault(const SensorConfig& config, float counts) {
  if (counts <= 0.0f) return SensorFault::kLowRail;
  if (counts >= static_cast<float>(config.adc_max)) return SensorFault::kHighRail;
  return SensorFault::kNone;
}

SensorFault SensorCheck::Update(float value) {
  if (!std::isfinite(value)) return SensorFault::kNotANumber;
  if (value < config_.valid_low || value > config_.valid_high) return SensorFault::kOutOfRange;
  run_ = run_ > 0 && value == previous_ ? run_ + (run_ < UINT32_MAX ? 1 : 0) : 1;
  previous_ = value;
  if (config_.stuck_samples > 0 && run_ >= config_.stuck_samples) return SensorFault::kStuck;
  return SensorFault::kNone;
}
