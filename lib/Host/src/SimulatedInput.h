// The sensor that a model was trained on, with its level, its noise and what its channels have in
// common, as an ESP32 would read it where it could: quantised, between the rails. Deterministic by
// seed.
#pragma once

#include <cstdint>

#include "HostInput.h"
#include "InjectionLog.h"
#include "NormalSignal.h"
#include "SensorConfig.h"

namespace anomaly {

// Sizes are multiples of the noise and stay believable. What is written as a second here is two
// samples at least, so that a slow sensor has as many of them. Nothing begins before a detector has
// warmed up; of several channels one at a time is disturbed, in turn.
enum class Scenario : uint8_t {
  kNormal,
  kSpike,    // one sample off by 300, every minute at 30 s
  kStep,     // 60 for 10 s
  kDrift,    // 36 a minute for 25 s
  kNoise,    // noise eight times as large for 5 s
  kStuck,    // the same reading for 60 s, every two minutes
  kDropout,  // 0 V for 1 s
  kMixed,    // a minute of spike, noise, drop-out and step, then drift, then stuck, then none
};

// False for an unknown name.
bool ParseScenario(const char* name, Scenario* scenario);
extern const char kScenarioNames[];

class SimulatedInput final : public HostInput {
 public:
  // `sample_period_us` > 0; a detector needs `warmup_samples` at the start and after each fault.
  // `sensor` and what `normal` points to must outlive the simulation. `log`, where there is one, is
  // told what begins.
  SimulatedInput(const SensorConfig& sensor, const NormalSignal& normal, uint32_t warmup_samples,
                 Scenario scenario, uint64_t seed, uint32_t sample_period_us,
                 InjectionLog* log = nullptr);

  HostSample Next() override;
  bool Done() const override { return false; }

  // Samples until every kind of disturbance was there once; of kMixed the first minute.
  uint64_t round() const override { return round_; }

 private:
  struct Phase {
    Scenario kind;
    uint64_t first;  // in a cycle
    uint64_t last;
  };
  struct Channel {
    bool adc;   // its readings come through the ADC
    float low;  // of what it shows
    float high;
    float room;   // for a disturbance, with its sign
    float noise;  // now
    float shown;
  };
  static constexpr int kMaxPhases = 6;

  void Lay(Scenario scenario, uint32_t warmup_samples);
  void Add(Scenario kind, double start, double length);
  uint64_t Samples(double seconds) const;
  void Measure(int channel);
  void MeasureAdc(const AnalogConfig& adc, int channel);
  float Through(int channel, float value) const;
  float Offset(const Phase& phase, uint64_t since, int channel) const;
  void MoveNoise();
  uint32_t Random();
  float Gaussian();

  const SensorConfig& sensor_;
  NormalSignal normal_;
  uint64_t random_;
  double second_;  // samples
  Phase phases_[kMaxPhases] = {};
  int phase_count_ = 0;
  uint64_t cycle_ = 0;  // samples until it begins again
  uint64_t round_ = 0;
  Channel channels_[kMaxChannels] = {};
  uint64_t index_ = 0;
  InjectionLog* log_;
};

}  // namespace anomaly
