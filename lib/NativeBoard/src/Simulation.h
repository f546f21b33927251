// An analog sensor in a room, as an ESP32 would read it: sensor noise, slow drift of the room, ADC
// noise, oversampling, quantisation and rails. Deterministic by seed.
#pragma once

#include <cstdint>

#include "SampleSource.h"
#include "SensorConfig.h"

enum class Scenario : uint8_t {
  kNormal,
  kSpike,    // one sample +24, every minute at 30 s
  kStep,     // +5 for 10 s
  kDrift,    // +3 a minute for 25 s
  kNoise,    // noise eight times as large for 5 s
  kStuck,    // the same reading for 60 s, every two minutes
  kDropout,  // 0 V for 1 s
  kMixed,    // a minute of spike, drop-out, step and noise, then drift, then stuck, then none
};

// False for an unknown name.
bool ParseScenario(const char* name, Scenario* scenario);
extern const char kScenarioNames[];

class Simulation final : public SampleSource {
 public:
  // `level` is the room's mean in the sensor's unit; `sample_period_us` > 0. `config` must outlive
  // the simulation.
  Simulation(const SensorConfig& config, int channels, Scenario scenario, uint64_t seed,
             uint32_t sample_period_us, float level);

  SensorSample Next() override;
  bool Done() const override { return false; }

 private:
  struct Disturbance {
    float offset;
    float noise;  // factor on the sensor's noise
    bool stuck;
    bool dropout;
  };
  Disturbance At(double seconds) const;
  float Convert(float value, SensorFault* fault);
  uint32_t Random();
  float Gaussian();

  const SensorConfig& config_;
  int channels_;
  Scenario scenario_;
  uint64_t random_;
  double period_s_;
  double phase_;
  float level_;
  uint64_t index_ = 0;
  float last_[kMaxChannels] = {};
};
