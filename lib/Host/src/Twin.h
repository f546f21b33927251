// The signal of a simulated machine; training/twin.py has the same, and says what it is made of.
#pragma once

#include <cstdint>

#include "TwinConfig.h"

namespace anomaly {

// SplitMix64 of a counter (Steele, Lea and Flood, "Fast splittable pseudorandom number generators",
// 2014): the bits of number `number` of a stream.
uint64_t TwinBits(uint64_t seed, uint64_t stream, uint64_t number);
// Box-Muller of these.
double TwinGaussian(uint64_t seed, uint64_t stream, uint64_t number);

// What a scenario changes of normal life.
struct TwinChange {
  double rotation = 1.0;  // factor of the first tone that turns
  double turning = 1.0;   // of everything that stops when the machine stands
};

class Twin {
 public:
  // At most so many tones, resonators and bouts each.
  static constexpr int kMaxParts = 16;

  // `config` must outlive it.
  Twin(const TwinConfig& config, uint64_t seed);

  // What there is at the sensor at a sample: values [channels] before the part reads them.
  void Signal(uint64_t sample, const TwinChange& change, double* values);

  // The machine's own clock at that sample, in seconds: it goes as fast as the machine turns.
  double turned() const { return turned_; }

 private:
  // A smooth random process of variance 1: Gaussian knots, and between them.
  class Smooth {
   public:
    void Set(uint64_t seed, uint64_t stream, double rate_hz);
    double At(double t);

   private:
    uint64_t seed_ = 0;
    uint64_t stream_ = 0;
    double rate_hz_ = 0.0;
    double knot_ = -1.0;
    double now_ = 0.0;
    double next_ = 0.0;
  };
  struct Part {
    Smooth wander;
    Smooth in_phase;
    Smooth quadrature;
  };

  void FindBout(double t);
  int BoutOf(uint64_t slot) const;
  double Gain(int bout) const;
  void AddTone(int tone, double t, double factor, double* values);
  void AddResonator(int resonator, double t, double factor, double* values);

  const TwinConfig& config_;
  uint64_t seed_;
  Smooth clock_;
  Part tones_[kMaxParts];
  Part resonators_[kMaxParts];
  double turned_ = 0.0;
  double slot_ = -1.0;
  int bout_ = 0;
  int bout_before_ = 0;
  double blend_ = 1.0;
};

// The reading that a value becomes: in steps, between the rails.
double TwinShown(const TwinChannel& channel, double value);

}  // namespace anomaly
