// A simulated machine as its part would give it, with what suits it happening to it. Deterministic
// by seed.
#pragma once

#include "HostInput.h"
#include "InjectionLog.h"
#include "SensorConfig.h"
#include "Twin.h"
#include "TwinScenes.h"

namespace anomaly {

class TwinInput final : public HostInput {
 public:
  // Like SimulatedInput; what is given must outlive it.
  TwinInput(const SensorConfig& sensor, const TwinConfig& config, uint32_t warmup_samples,
            uint64_t seed, uint32_t sample_period_us, InjectionLog* log);

  // False for an unknown name; to be called before the first sample. Without it life is normal.
  bool Choose(const char* scenario);

  // "normal, ..., mixed"
  static void PrintScenarios(TwinKind kind, std::FILE* file);

  HostSample Next() override;
  bool Done() const override { return false; }
  uint64_t round() const override { return round_; }

 private:
  struct Phase {
    Scene scene;
    uint64_t first;  // in a round
    uint64_t last;
  };

  void Add(Scene scene);
  const Phase* Current(uint64_t position) const;
  uint64_t Samples(double seconds) const;

  const SensorConfig& sensor_;
  const TwinConfig& config_;
  Twin twin_;
  InjectionLog* log_;
  uint64_t settled_;  // samples of a warm-up
  Phase phases_[kScenes] = {};
  int phase_count_ = 0;
  uint64_t round_;
  uint64_t index_ = 0;
  HostSample shown_ = {};
};

}  // namespace anomaly
