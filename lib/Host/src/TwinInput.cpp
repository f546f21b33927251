#include "TwinInput.h"

#include <cmath>
#include <cstring>

namespace anomaly {

namespace {

constexpr double kBefore = 12.0;   // seconds of normal life before the first, at least
constexpr double kGap = 16.0;      // between two
constexpr double kWatched = 10.0;  // seconds behind an anomaly

}  // namespace

TwinInput::TwinInput(const SensorConfig& sensor, const TwinConfig& config, uint32_t warmup_samples,
                     uint64_t seed, uint32_t sample_period_us, InjectionLog* log)
    : sensor_(sensor),
      config_(config),
      twin_(config, seed),
      log_(log),
      settled_(warmup_samples),
      round_(settled_ + Samples(60.0)) {
  interval_us_ = sample_period_us;
}

uint64_t TwinInput::Samples(double seconds) const {
  return static_cast<uint64_t>(seconds * config_.rate_hz + 0.5);
}

bool TwinInput::Choose(const char* scenario) {
  if (std::strcmp(scenario, "normal") == 0) return true;
  const bool mixed = std::strcmp(scenario, "mixed") == 0;
  for (int i = 0; i < kScenes; ++i) {
    const auto scene = static_cast<Scene>(i);
    if (!SceneSuits(scene, config_.kind)) continue;
    if (mixed || std::strcmp(scenario, SceneName(scene)) == 0) Add(scene);
  }
  return phase_count_ > 0;
}

void TwinInput::PrintScenarios(TwinKind kind, std::FILE* file) {
  std::fprintf(file, "normal");
  for (int i = 0; i < kScenes; ++i) {
    const auto scene = static_cast<Scene>(i);
    if (SceneSuits(scene, kind)) std::fprintf(file, ", %s", SceneName(scene));
  }
  std::fprintf(file, ", mixed");
}

// One after the other is over, and whatever it was is warm again.
void TwinInput::Add(Scene scene) {
  const uint64_t begin =
      phase_count_ == 0 ? Samples(kBefore) : phases_[phase_count_ - 1].last + Samples(kGap);
  uint64_t length = Samples(SceneSeconds(scene));
  if (scene == Scene::kStuck) length += sensor_.stuck_samples;
  const uint64_t first = begin + settled_;
  phases_[phase_count_++] = {scene, first, first + (length > 0 ? length - 1 : 0)};
  round_ = phases_[phase_count_ - 1].last + Samples(kGap);
}

const TwinInput::Phase* TwinInput::Current(uint64_t position) const {
  for (int i = 0; i < phase_count_; ++i) {
    if (position >= phases_[i].first && position <= phases_[i].last) return &phases_[i];
  }
  return nullptr;
}

HostSample TwinInput::Next() {
  const uint64_t position = index_ % round_;
  const Phase* const phase = Current(position);
  double values[kMaxChannels];
  double since = 0.0;
  double left = 0.0;
  TwinChange change;
  if (phase != nullptr) {
    since = static_cast<double>(position - phase->first) / config_.rate_hz;
    left = static_cast<double>(phase->last - position) / config_.rate_hz;
    change = SceneChange(phase->scene, since, left);
  }
  twin_.Signal(index_, change, values);
  shown_.fault = Fault::kNone;
  if (phase != nullptr) {
    AddScene(config_, phase->scene, since, left, twin_.turned(), index_, values);
    if (phase->scene == Scene::kDropout) {
      shown_.fault = sensor_.analog != nullptr ? Fault::kLowRail : Fault::kNoAnswer;
    }
    if (position == phase->first && log_ != nullptr) {
      const uint64_t last = index_ + phase->last - phase->first;
      log_->Begin({SceneName(phase->scene), -1, index_, last, last + Samples(kWatched)});
    }
  }
  ++index_;
  if (phase != nullptr && phase->scene == Scene::kStuck) return shown_;
  for (int c = 0; c < config_.channels; ++c) {
    shown_.values[c] = static_cast<float>(TwinShown(config_.channel[c], values[c]));
  }
  return shown_;
}

}  // namespace anomaly
