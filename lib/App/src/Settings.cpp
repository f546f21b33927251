#include "Settings.h"

#include <cfloat>
#include <cstring>

#include "Calibrator.h"
#include "NoiseCalibration.h"

namespace anomaly {

Settings::Settings(const ModelConfig& config, SettingsStore& store)
    : record{},
      default_threshold(config.detector.decision.threshold),
      config_(config),
      store_(store) {
  ForgetCalibration();
}

void Settings::ForgetCalibration() {
  record.threshold_scale = 1.0f;
  for (int i = 0; i < config_.features.channels; ++i) record.noise[i] = config_.features.sigma[i];
}

float Settings::Threshold() const {
  return ThresholdInUse(default_threshold, record.threshold, record.threshold_scale);
}

Settings::Found Settings::Load() {
  Block block = {};
  const size_t size = store_.Load(&block, sizeof(block));
  const Found found = JudgeBlock(&block, size, sizeof(block), kVersion, config_.fingerprint);
  if (found == Found::kUsable) {
    kept_ = block;
    Take(block.record);
  } else if (found != Found::kNothing) {
    (void)Save();
  }
  return found;
}

// Only what `calibrate` and `threshold` can have stored.
void Settings::Take(const SettingsRecord& kept) {
  const auto within = [](float value, float least, float largest) {
    return value >= least && value <= largest;
  };
  if (within(kept.threshold, FLT_TRUE_MIN, FLT_MAX)) record.threshold = kept.threshold;
  if (within(kept.threshold_scale, NoiseCalibration::kLeastScale,
             NoiseCalibration::kLargestScale)) {
    record.threshold_scale = kept.threshold_scale;
  }
  for (int i = 0; i < config_.features.channels; ++i) {
    const float trained = config_.features.sigma[i];
    const bool near = within(kept.noise[i], trained / NoiseCalibration::kMaxChange,
                             trained * NoiseCalibration::kMaxChange);
    const bool own = config_.is_generic() && within(kept.noise[i], FLT_MIN, FLT_MAX);
    if (near || own) record.noise[i] = kept.noise[i];
  }
}

bool Settings::Save() {
  Block block = {};
  block.record = record;
  SealBlock(&block, sizeof(block), kVersion, config_.fingerprint);
  if (std::memcmp(&block, &kept_, sizeof(block)) == 0) return true;
  if (!store_.Save(&block, sizeof(block))) return false;
  kept_ = block;
  return true;
}

}  // namespace anomaly
