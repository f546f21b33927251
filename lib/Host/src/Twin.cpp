#include "Twin.h"

#include <cmath>

namespace anomaly {

namespace {

// Streams: the white noise of a channel has the channel's number.
constexpr uint64_t kClock = 32;
constexpr uint64_t kBouts = 33;
constexpr uint64_t kTones = 64;        // one each
constexpr uint64_t kResonators = 128;  // three each

constexpr double kPi = 3.14159265358979323846;
constexpr double kGolden = 0.6180339887498949;
constexpr double kSteepness = 1.84;
constexpr double kCrossfade = 1.0;  // seconds

uint64_t Mix(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

double SmoothStep(double u) { return u * u * (3.0 - 2.0 * u); }

double Cycle(double turns) { return turns - std::floor(turns); }

}  // namespace

uint64_t TwinBits(uint64_t seed, uint64_t stream, uint64_t number) {
  const uint64_t start = Mix(seed + (stream + 1) * 0xD1B54A32D192ED03u);
  return Mix(start + (number + 1) * 0x9E3779B97F4A7C15u);
}

double TwinGaussian(uint64_t seed, uint64_t stream, uint64_t number) {
  const uint64_t bits = TwinBits(seed, stream, number);
  const double u = std::ldexp(static_cast<double>((bits >> 32) + 1), -32);
  const double v = std::ldexp(static_cast<double>(bits & 0xFFFFFFFFu), -32);
  return std::sqrt(-2.0 * std::log(u)) * std::cos(2.0 * kPi * v);
}

double TwinShown(const TwinChannel& channel, double value) {
  if (channel.step > 0.0) value = std::floor(value / channel.step + 0.5) * channel.step;
  return value < channel.low ? channel.low : value > channel.high ? channel.high : value;
}

void Twin::Smooth::Set(uint64_t seed, uint64_t stream, double rate_hz) {
  seed_ = seed;
  stream_ = stream;
  rate_hz_ = rate_hz;
}

double Twin::Smooth::At(double t) {
  const double x = t * rate_hz_;
  const double knot = std::floor(x);
  if (knot != knot_) {
    const auto number = static_cast<uint64_t>(knot);
    now_ = TwinGaussian(seed_, stream_, number);
    next_ = TwinGaussian(seed_, stream_, number + 1);
    knot_ = knot;
  }
  const double w = SmoothStep(x - knot);
  return (now_ * (1.0 - w) + next_ * w) / std::sqrt((1.0 - w) * (1.0 - w) + w * w);
}

Twin::Twin(const TwinConfig& config, uint64_t seed) : config_(config), seed_(seed) {
  const double slow = 1.0 / config.wander_s;
  clock_.Set(seed, kClock, slow);
  for (int i = 0; i < config.tones; ++i) {
    tones_[i].wander.Set(seed, kTones + static_cast<uint64_t>(i), slow);
  }
  for (int i = 0; i < config.resonators; ++i) {
    const uint64_t stream = kResonators + 3 * static_cast<uint64_t>(i);
    resonators_[i].wander.Set(seed, stream, slow);
    resonators_[i].in_phase.Set(seed, stream + 1, config.resonator[i].width_hz);
    resonators_[i].quadrature.Set(seed, stream + 2, config.resonator[i].width_hz);
  }
}

int Twin::BoutOf(uint64_t slot) const {
  const double drawn = std::ldexp(static_cast<double>(TwinBits(seed_, kBouts, slot) >> 11), -53) *
                       config_.bout_ends[config_.bouts - 1];
  int bout = 0;
  while (bout < config_.bouts - 1 && drawn >= config_.bout_ends[bout]) ++bout;
  return bout;
}

void Twin::FindBout(double t) {
  if (config_.bouts == 0) return;
  const double slot = std::floor(t / config_.bout_s);
  if (slot != slot_) {
    const auto number = static_cast<uint64_t>(slot);
    bout_ = BoutOf(number);
    bout_before_ = BoutOf(number > 0 ? number - 1 : 0);
    slot_ = slot;
  }
  blend_ = SmoothStep(std::fmin((t - slot * config_.bout_s) / kCrossfade, 1.0));
}

double Twin::Gain(int bout) const {
  if (bout < 0) return 1.0;
  return (bout_before_ == bout ? 1.0 - blend_ : 0.0) + (bout_ == bout ? blend_ : 0.0);
}

void Twin::AddTone(int i, double t, double factor, double* values) {
  const TwinTone& tone = config_.tone[i];
  double size = factor * Gain(tone.during);
  if (size == 0.0) return;
  if (tone.wander > 0.0) size *= 1.0 + tone.wander * tones_[i].wander.At(t);
  const double cycle = Cycle(tone.hz * (tone.turns ? turned_ : t));
  for (int c = 0; c < config_.channels; ++c) {
    if (tone.amplitude[c] == 0.0) continue;
    const double phase = Cycle(kGolden * (8 * i + c + 1));
    values[c] += tone.amplitude[c] * size * std::sin(2.0 * kPi * (cycle + phase));
  }
}

void Twin::AddResonator(int i, double t, double factor, double* values) {
  const TwinResonator& part = config_.resonator[i];
  double size = factor * Gain(part.during);
  if (size == 0.0) return;
  if (part.wander > 0.0) size *= 1.0 + part.wander * resonators_[i].wander.At(t);
  const double angle = 2.0 * kPi * Cycle(part.hz * t);
  const double band = resonators_[i].in_phase.At(t) * std::cos(angle) -
                      resonators_[i].quadrature.At(t) * std::sin(angle);
  for (int c = 0; c < config_.channels; ++c) values[c] += part.amplitude[c] * size * band;
}

void Twin::Signal(uint64_t sample, const TwinChange& change, double* values) {
  const double t = static_cast<double>(sample) / config_.rate_hz;
  for (int c = 0; c < config_.channels; ++c) {
    const TwinChannel& channel = config_.channel[c];
    values[c] = channel.mean + channel.sd * TwinGaussian(seed_, static_cast<uint64_t>(c), sample);
  }
  turned_ = t + config_.speed_wander * config_.wander_s / kSteepness * clock_.At(t);
  FindBout(t);
  bool rotation = true;  // the first that turns
  for (int i = 0; i < config_.tones; ++i) {
    double factor = 1.0;
    if (config_.tone[i].turns) {
      factor = change.turning * (rotation ? change.rotation : 1.0);
      rotation = false;
    }
    AddTone(i, t, factor, values);
  }
  for (int i = 0; i < config_.resonators; ++i) {
    AddResonator(i, t, config_.resonator[i].turns ? change.turning : 1.0, values);
  }
}

}  // namespace anomaly
