// The smallest detector: one value, judged by its distance from 25, an alarm at once above 5.
#pragma once

#include "FeatureExtractor.h"
#include "ModelConfig.h"

using namespace anomaly;

namespace one_value {

inline constexpr char kFingerprint[] =
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
inline constexpr const char* kChannelNames[] = {"temperature"};
inline constexpr const char* kChannelUnits[] = {"C"};
inline constexpr FeatureSpec kSpecs[] = {{FeatureKind::kValue, 0, 0.0f, 0.0f, 0.0f}};
inline constexpr float kSigma[] = {1.0f};
inline constexpr FeatureConfig kFeatures = {1, 1, kSpecs, kSigma};
inline constexpr float kOffset[] = {25.0f};
inline constexpr float kScale[] = {1.0f};
inline constexpr float kLow[] = {-100.0f};
inline constexpr float kHigh[] = {100.0f};

// Of three channels, for who has more of them.
inline constexpr ChannelConfig kChannels[] = {{-40.0f, 125.0f}, {-40.0f, 125.0f}, {-40.0f, 125.0f}};
inline constexpr SensorConfig kSensor = {20, kChannels, nullptr};

constexpr DetectorConfig MakeDetector(const RefitConfig* refit = nullptr) {
  DetectorConfig config = {};
  config.scaling.offset = kOffset;
  config.scaling.scale = kScale;
  config.scaling.clip_low = kLow;
  config.scaling.clip_high = kHigh;
  config.score.kind = ScoreKind::kAbsolute;
  config.decision.threshold = 5.0f;
  config.decision.normal_score = 1.0f;
  config.decision.alarm_count = 1;
  config.decision.alarm_frames = 1;
  config.decision.clear_frames = 2;
  config.decision.clear_ratio = 1.0f;
  config.decision.warmup_frames = 3;
  config.refit = refit;
  return config;
}

}  // namespace one_value
