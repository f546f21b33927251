#include "Simulation.h"

#include <cmath>
#include <cstring>

const char kScenarioNames[] = "normal, spike, step, drift, noise, stuck, dropout, mixed";

namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr float kSensorNoise = 0.08f;  // standard deviation, sensor's unit
constexpr float kAdcNoise = 8.0f;      // standard deviation of one conversion, counts
constexpr float kDailyWave = 2.0f;
constexpr double kDaySeconds = 86400.0;
constexpr double kMinute = 60.0;

bool Within(double seconds, double start, double length) {
  return seconds >= start && seconds < start + length;
}

}  // namespace

bool ParseScenario(const char* name, Scenario* scenario) {
  const char* const names[] = {"normal", "spike", "step",    "drift",
                               "noise",  "stuck", "dropout", "mixed"};
  for (uint8_t i = 0; i < sizeof(names) / sizeof(names[0]); ++i) {
    if (std::strcmp(name, names[i]) != 0) continue;
    *scenario = static_cast<Scenario>(i);
    return true;
  }
  return false;
}

Simulation::Simulation(const SensorConfig& config, int channels, Scenario scenario, uint64_t seed,
                       uint32_t sample_period_us, float level)
    : config_(config),
      channels_(channels),
      scenario_(scenario),
      random_(seed),
      period_s_(static_cast<double>(sample_period_us) * 1e-6),
      phase_(0.0),
      level_(level) {
  phase_ = static_cast<double>(Random()) / 4294967296.0 * 2.0 * kPi;
}

// SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).
uint32_t Simulation::Random() {
  uint64_t z = random_ += 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return static_cast<uint32_t>((z ^ (z >> 31)) >> 32);
}

// Box-Muller; one of the pair is enough here.
float Simulation::Gaussian() {
  const float u = (static_cast<float>(Random() >> 8) + 1.0f) / 16777217.0f;
  const float v = static_cast<float>(Random() >> 8) / 16777216.0f;
  return std::sqrt(-2.0f * std::log(u)) * std::cos(2.0f * static_cast<float>(kPi) * v);
}

Simulation::Disturbance Simulation::At(double seconds) const {
  Disturbance none = {0.0f, 1.0f, false, false};
  Disturbance result = none;
  const double t = std::fmod(seconds, kMinute);
  const auto minute = static_cast<int64_t>(seconds / kMinute);
  const bool one_sample_at_30 = Within(t, 30.0, period_s_);
  switch (scenario_) {
    case Scenario::kNormal:
      break;
    case Scenario::kSpike:
      if (one_sample_at_30) result.offset = 24.0f;
      break;
    case Scenario::kStep:
      if (Within(t, 30.0, 10.0)) result.offset = 5.0f;
      break;
    case Scenario::kDrift:
      if (Within(t, 30.0, 25.0)) result.offset = static_cast<float>((t - 30.0) * 3.0 / kMinute);
      break;
    case Scenario::kNoise:
      if (Within(t, 30.0, 5.0)) result.noise = 8.0f;
      break;
    case Scenario::kStuck:
      result.stuck = Within(std::fmod(seconds, 2.0 * kMinute), 30.0, 60.0);
      break;
    case Scenario::kDropout:
      result.dropout = Within(t, 30.0, 1.0);
      break;
    case Scenario::kMixed:
      if (minute % 4 == 0) {
        if (Within(t, 20.0, period_s_)) result.offset = 24.0f;
        result.dropout = Within(t, 29.0, 1.0);
        if (Within(t, 43.0, 3.0)) result.offset = 5.0f;
        if (Within(t, 52.0, 4.0)) result.noise = 8.0f;
      } else if (minute % 4 == 1) {
        if (Within(t, 30.0, 25.0)) result.offset = static_cast<float>((t - 30.0) * 3.0 / kMinute);
      } else if (minute % 4 == 2) {
        result.stuck = t < 55.0;
      }
      break;
  }
  return result;
}

// The reading that a value on the pin becomes: mean of `oversampling` conversions, each of them
// noisy. A rail is noted in `fault`.
float Simulation::Convert(float value, SensorFault* fault) {
  const auto adc_max = static_cast<float>(config_.adc_max);
  const float repeats = config_.oversampling > 0 ? static_cast<float>(config_.oversampling) : 1.0f;
  const float exact = UnitToVolts(config_, value) / config_.full_scale_volts * adc_max;
  const float noisy = exact + Gaussian() * kAdcNoise / std::sqrt(repeats);
  const float counts = std::round(noisy * repeats) / repeats;
  // A pin held at a rail reads the rail whatever the noise.
  *fault = RailFault(config_, exact > 0.0f && exact < adc_max ? counts : exact);
  return VoltsToUnit(config_, counts / adc_max * config_.full_scale_volts);
}

SensorSample Simulation::Next() {
  const double seconds = static_cast<double>(index_++) * period_s_;
  const Disturbance disturbance = At(seconds);
  const double day = 2.0 * kPi * seconds / kDaySeconds + phase_;
  SensorSample sample = {};
  for (int i = 0; i < channels_; ++i) {
    // Drawn always, so that a scenario differs from `normal` only where it disturbs.
    const float noise = Gaussian() * kSensorNoise * disturbance.noise;
    const float room = level_ + kDailyWave * static_cast<float>(std::sin(day) - std::sin(phase_));
    SensorFault fault = SensorFault::kNone;
    const float reading = Convert(room + disturbance.offset + noise, &fault);
    if (disturbance.dropout) fault = SensorFault::kLowRail;
    if (fault != SensorFault::kNone) sample.fault = fault;
    if (!disturbance.stuck) last_[i] = reading;
    sample.values[i] = last_[i];
  }
  return sample;
}
