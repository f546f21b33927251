#include "SimulatedInput.h"

#include <cmath>
#include <cstring>

#include "Transfer.h"

namespace anomaly {

const char kScenarioNames[] = "normal, spike, step, drift, noise, stuck, dropout, mixed";

namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr float kSpike = 300.0f;        // times the noise
constexpr float kStep = 60.0f;          // times the noise
constexpr float kDriftAMinute = 36.0f;  // times the noise
constexpr float kNoiseFactor = 8.0f;
constexpr float kRoomUsed = 0.8f;  // at most so much of the way to what is not believable
constexpr double kMinute = 60.0;   // seconds
constexpr double kSettled = 12.0;  // seconds of warm-up that the times of the scenarios allow for
constexpr double kAfterFault = 10.0;  // seconds that a fault is shown
constexpr double kAfterNoise = 30.0;
constexpr double kWatched = 10.0;  // seconds behind a disturbance

const char* const kNames[] = {"normal", "spike", "step",    "drift",
                              "noise",  "stuck", "dropout", "mixed"};

float Limited(float value, float low, float high) {
  return value < low ? low : value > high ? high : value;
}

}  // namespace

bool ParseScenario(const char* name, Scenario* scenario) {
  for (uint8_t i = 0; i < sizeof(kNames) / sizeof(kNames[0]); ++i) {
    if (std::strcmp(name, kNames[i]) != 0) continue;
    *scenario = static_cast<Scenario>(i);
    return true;
  }
  return false;
}

SimulatedInput::SimulatedInput(const SensorConfig& sensor, const NormalSignal& normal,
                               uint32_t warmup_samples, Scenario scenario, uint64_t seed,
                               uint32_t sample_period_us, InjectionLog* log)
    : sensor_(sensor),
      normal_(normal),
      random_(seed),
      second_(std::fmax(1e6 / static_cast<double>(sample_period_us), 2.0)),
      log_(log) {
  interval_us_ = sample_period_us;
  for (int i = 0; i < normal_.channels; ++i) Measure(i);
  Lay(scenario, warmup_samples);
}

// ---- when

void SimulatedInput::Lay(Scenario scenario, uint32_t warmup_samples) {
  const double warmup = std::fmax(static_cast<double>(warmup_samples) / second_, kSettled);
  const double begin = warmup - kSettled;
  const double stuck = static_cast<double>(sensor_.stuck_samples) / second_ + kAfterFault;
  double end = begin + kMinute;
  switch (scenario) {
    case Scenario::kNormal:
      break;
    case Scenario::kSpike:
      Add(scenario, begin + 30.0, 0.0);
      break;
    case Scenario::kStep:
      Add(scenario, begin + 30.0, 10.0);
      break;
    case Scenario::kDrift:
      Add(scenario, begin + 30.0, 25.0);
      break;
    case Scenario::kNoise:
      Add(scenario, begin + 30.0, 5.0);
      break;
    case Scenario::kStuck:
      Add(scenario, begin + 30.0, std::fmax(60.0, stuck));
      end += std::fmax(60.0, stuck);
      break;
    case Scenario::kDropout:
      Add(scenario, begin + 30.0, 1.0);
      break;
    case Scenario::kMixed:
      // One after the other is over: the alarm of a large spike lasts for a while.
      Add(Scenario::kSpike, begin + 20.0, 0.0);
      Add(Scenario::kDropout, begin + 38.0, 1.0);
      end += begin;  // it warms up again
      Add(Scenario::kNoise, end - 3.0, 4.0);
      end += kAfterNoise;
      Add(Scenario::kStep, end - 8.0, 3.0);
      round_ = Samples(end);
      Add(Scenario::kDrift, end + 30.0, 25.0);
      end += kMinute;
      Add(Scenario::kStuck, end, std::fmax(55.0, stuck));
      end += std::fmax(55.0, stuck) + 5.0 + kMinute;
      break;
  }
  cycle_ = Samples(end);
  if (round_ == 0) round_ = cycle_;
}

void SimulatedInput::Add(Scenario kind, double start, double length) {
  const uint64_t count = Samples(length);
  const uint64_t first = Samples(start);
  phases_[phase_count_++] = {kind, first, first + (count > 0 ? count - 1 : 0)};
}

uint64_t SimulatedInput::Samples(double seconds) const {
  return static_cast<uint64_t>(seconds * second_ + 0.5);
}

// ---- how much

// What a channel can show, and how much room a disturbance has.
void SimulatedInput::Measure(int i) {
  Channel& channel = channels_[i];
  channel.low = sensor_.channels[i].valid_low;
  channel.high = sensor_.channels[i].valid_high;
  if (sensor_.analog != nullptr) MeasureAdc(*sensor_.analog, i);
  const float level = normal_.level[i];
  const bool up = 2.0f * (channel.high - level) >= level - channel.low;  // rather up than down
  channel.room = kRoomUsed * ((up ? channel.high : channel.low) - level);
}

// Where normal data cannot have come through the profile's ADC (a recording of another instrument),
// they do not go through it here.
void SimulatedInput::MeasureAdc(const AnalogConfig& adc, int i) {
  const AnalogChannel& config = adc.channels[i];
  const float full = config.full_scale_volts / static_cast<float>(adc.adc_max);
  const float first = VoltsToUnit(config, full);
  const float last = VoltsToUnit(config, full * static_cast<float>(adc.adc_max - 1));
  const float low = std::fmin(first, last);
  const float high = std::fmax(first, last);
  const float level = normal_.level[i];
  const float noise = normal_.noise[i];
  if (!(level - noise > low && level + noise < high)) return;
  const float volts = UnitToVolts(config, level);
  const float step = full / static_cast<float>(adc.oversampling);
  Channel& channel = channels_[i];
  channel.adc = std::fabs(VoltsToUnit(config, volts + step) - level) < noise;
  if (!channel.adc) return;
  channel.low = std::fmax(low, channel.low);
  channel.high = std::fmin(high, channel.high);
}

// How far a disturbance has moved the level, `since` samples after its first.
float SimulatedInput::Offset(const Phase& phase, uint64_t since, int channel) const {
  float size = 0.0f;
  if (phase.kind == Scenario::kSpike) size = kSpike;
  if (phase.kind == Scenario::kStep) size = kStep;
  if (phase.kind == Scenario::kDrift) {
    size = kDriftAMinute * static_cast<float>(static_cast<double>(since) / second_ / kMinute);
  }
  const float room = channels_[channel].room;
  return std::copysign(std::fmin(size * normal_.noise[channel], std::fabs(room)), room);
}

// ---- the signal

// SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).
uint32_t SimulatedInput::Random() {
  uint64_t z = random_ += 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return static_cast<uint32_t>((z ^ (z >> 31)) >> 32);
}

// Box-Muller; one of the pair is enough here.
float SimulatedInput::Gaussian() {
  const float u = (static_cast<float>(Random() >> 8) + 1.0f) / 16777217.0f;
  const float v = static_cast<float>(Random() >> 8) / 16777216.0f;
  return std::sqrt(-2.0f * std::log(u)) * std::cos(2.0f * static_cast<float>(kPi) * v);
}

// Drawn for every sample, so that a scenario differs from `normal` only where it disturbs.
void SimulatedInput::MoveNoise() {
  float independent[kMaxChannels];
  const float* mixing = normal_.mixing;
  for (int i = 0; i < normal_.channels; ++i) {
    independent[i] = Gaussian();
    float fresh = 0.0f;
    for (int j = 0; j <= i; ++j) fresh += *mixing++ * independent[j];
    const float colour = index_ > 0 ? normal_.colour[i] : 0.0f;
    channels_[i].noise =
        colour * channels_[i].noise + std::sqrt(1.0f - colour * colour) * normal_.noise[i] * fresh;
  }
}

// The reading that a value on the pin becomes: the mean of `oversampling` conversions.
float SimulatedInput::Through(int channel, float value) const {
  const AnalogChannel& config = sensor_.analog->channels[channel];
  const auto adc_max = static_cast<float>(sensor_.analog->adc_max);
  const auto repeats = static_cast<float>(sensor_.analog->oversampling);
  const float counts = UnitToVolts(config, value) / config.full_scale_volts * adc_max;
  const float rounded = std::round(counts * repeats) / repeats;
  return VoltsToUnit(config, rounded / adc_max * config.full_scale_volts);
}

HostSample SimulatedInput::Next() {
  const uint64_t position = index_ % cycle_;
  const Phase* phase = nullptr;
  int number = 0;
  for (int i = 0; i < phase_count_; ++i) {
    if (position < phases_[i].first || position > phases_[i].last) continue;
    phase = &phases_[i];
    number = i;
  }
  const uint64_t turn = index_ / cycle_ * static_cast<uint64_t>(phase_count_);
  const auto disturbed = static_cast<int>((turn + static_cast<uint64_t>(number)) %
                                          static_cast<uint64_t>(normal_.channels));
  MoveNoise();
  HostSample sample = {};
  for (int i = 0; i < normal_.channels; ++i) {
    Channel& channel = channels_[i];
    float noise = channel.noise;
    float offset = 0.0f;
    bool stuck = false;
    if (phase != nullptr && i == disturbed) {
      if (phase->kind == Scenario::kNoise) noise *= kNoiseFactor;
      stuck = phase->kind == Scenario::kStuck && index_ > 0;
      offset = Offset(*phase, position - phase->first, i);
      if (phase->kind == Scenario::kDropout) {
        sample.fault = channel.adc ? Fault::kLowRail : Fault::kNotANumber;
      }
    }
    float value = Limited(normal_.level[i] + offset + noise, channel.low, channel.high);
    if (channel.adc) value = Limited(Through(i, value), channel.low, channel.high);
    if (!stuck) channel.shown = value;
    sample.values[i] = channel.shown;
  }
  if (log_ != nullptr && phase != nullptr && position == phase->first) {
    const uint64_t last = index_ + phase->last - phase->first;
    const char* kind = kNames[static_cast<int>(phase->kind)];
    log_->Begin({kind, disturbed, index_, last, last + Samples(kWatched)});
  }
  ++index_;
  return sample;
}

}  // namespace anomaly
