// A detector that uses all there is: two channels, every kind of feature, squashing, whitening, a
// whitened score and the second chart. For tests that want every branch; its figures are round
// numbers that suit the simulated room, not a trained model.
#pragma once

#include "App.h"
#include "FeatureExtractor.h"
#include "NormalSignal.h"

using namespace anomaly;

namespace everything {

constexpr int kChannels = 2;
constexpr int kCount = kMaxFeatures;
constexpr int kPacked = kCount * (kCount + 1) / 2;
constexpr uint32_t kPeriodUs = 500000;
constexpr float kNoise = 0.08f;

inline constexpr FeatureSpec kSpecs[kCount] = {
    {FeatureKind::kLevel, 0, 16.0f, 0.0f, 0.0f},
    {FeatureKind::kJump, 0, 0.0f, 0.0f, 0.0f},
    {FeatureKind::kTrend, 0, 8.0f, 64.0f, 0.0f},
    {FeatureKind::kJumpEnergy, 0, 32.0f, 0.0f, 0.0f},
    {FeatureKind::kLevelEnergy, 0, 16.0f, 32.0f, 0.0f},
    {FeatureKind::kTrendEnergy, 0, 8.0f, 64.0f, 32.0f},
    {FeatureKind::kSmooth, 0, 16.0f, 0.0f, 0.0f},
    {FeatureKind::kLevel, 0, 7200.0f, 0.0f, 0.0f},
    {FeatureKind::kValue, 1, 0.0f, 0.0f, 0.0f},
    {FeatureKind::kJump, 1, 0.0f, 0.0f, 0.0f},
    {FeatureKind::kJumpEnergy, 1, 16.0f, 0.0f, 0.0f},
    {FeatureKind::kLevelEnergy, 1, 8.0f, 16.0f, 0.0f},
    {FeatureKind::kTrendEnergy, 1, 4.0f, 32.0f, 16.0f},
    {FeatureKind::kSmooth, 1, 64.0f, 0.0f, 0.0f},
    {FeatureKind::kTrend, 1, 1.0f, 86400.0f, 0.0f},
    {FeatureKind::kLevel, 1, 600.0f, 0.0f, 0.0f},
    {FeatureKind::kLevel2, 0, 8.0f, 16.0f, 0.0f},
    {FeatureKind::kBand, 0, 4.0f, 64.0f, 0.0f},
    {FeatureKind::kLevel2, 1, 4.0f, 8.0f, 0.0f},
    {FeatureKind::kBand, 1, 8.0f, 32.0f, 0.0f},
};
inline constexpr float kSigma[kChannels] = {kNoise, kNoise};
inline constexpr FeatureConfig kFeatures = {
    kChannels, kCount, kSpecs, kSigma, {1.25f, 360.0f, 24.0f}};

struct Tables {
  float offset[kCount] = {};
  float scale[kCount] = {};
  float low[kCount] = {};
  float high[kCount] = {};
  float zero[kCount] = {};
  float whitening[kPacked] = {};
};

constexpr Tables MakeTables() {
  Tables tables;
  int packed = 0;
  for (int i = 0; i < kCount; ++i) {
    const FeatureKind kind = kSpecs[i].kind;
    const bool absolute = kind == FeatureKind::kValue || kind == FeatureKind::kSmooth;
    tables.offset[i] = absolute ? 25.0f : 0.0f;
    tables.scale[i] = absolute ? 0.25f : 0.5f;
    tables.low[i] = -16.0f;
    tables.high[i] = 16.0f;
    for (int j = 0; j < i; ++j) tables.whitening[packed++] = 1.0f / 64.0f;
    tables.whitening[packed++] = 1.0f;
  }
  return tables;
}
inline constexpr Tables kTables = MakeTables();

struct Fitting {
  bool absolute[kCount] = {};
  float one[kCount] = {};
};

constexpr Fitting MakeFitting() {
  Fitting fitting;
  for (int i = 0; i < kCount; ++i) {
    const FeatureKind kind = kSpecs[i].kind;
    fitting.absolute[i] = kind == FeatureKind::kValue || kind == FeatureKind::kSmooth;
    fitting.one[i] = 1.0f;
  }
  return fitting;
}
inline constexpr Fitting kFitting = MakeFitting();
inline constexpr RefitConfig kRefit = {
    kFitting.absolute, true, kFitting.one, 80, 0.05f, 0.05f, 1.1f, true};

// Of DetectorMemory.
inline constexpr int kRefitFloats = DetectorMemory::RefitFloats(kCount, kChannels);

inline constexpr DetectorConfig kDetector = {
    {kTables.offset, kTables.scale, 4.0f, kTables.low, kTables.high, kTables.zero,
     kTables.whitening, 24.0f},
    {ScoreKind::kQuartic, kTables.low, kTables.high, kTables.zero, kTables.whitening},
    {4.0f, 32.0f, 3.0f, 8.0f, 1.0f, 2, 3, 6, 0.8f, 40},
    {kTables.zero, kTables.whitening},
    nullptr,
    nullptr,
    &kRefit,
};

inline constexpr AnalogChannel kAnalogChannel = {
    .kind = AnalogKind::kLinear,
    .gain = 10.0f,
    .offset = 20.0f,
    .beta = 0.0f,
    .r0_ohm = 0.0f,
    .t0_celsius = 25.0f,
    .series_ohm = 0.0f,
    .full_scale_volts = 3.3f,
};
inline constexpr AnalogChannel kAnalogChannels[kChannels] = {kAnalogChannel, kAnalogChannel};
inline constexpr AnalogConfig kAnalog = {4095, 16, kAnalogChannels};
inline constexpr ChannelConfig kChannelConfigs[kChannels] = {{-40.0f, 125.0f}, {-40.0f, 125.0f}};
inline constexpr SensorConfig kSensor = {90, kChannelConfigs, &kAnalog};

// Frames whose values are like the samples, for who puts them into `kApp`.
inline constexpr FrameValueSpec kFrameValues[kChannels] = {{&Moments::mean, 0},
                                                           {&Moments::mean, 1}};
inline constexpr FrameConfig kFrame = {8, 3, kChannels, kChannels, 2.0f, kFrameValues};

inline constexpr char kFingerprint[] =
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
inline constexpr const char* kChannelNames[kChannels] = {"left", "right"};
inline constexpr const char* kChannelUnits[kChannels] = {"C", "C"};

inline constexpr float kLevel[kChannels] = {25.0f, 25.0f};
inline constexpr float kColour[kChannels] = {};
inline constexpr float kMixing[] = {1.0f, 0.0f, 1.0f};
inline constexpr NormalSignal kNormalSignal = {kChannels, kLevel, kSigma, kColour, kMixing};

inline constexpr float kGolden[kCount] = {};  // in and out: MeanAutoencoder answers zeros

inline constexpr ModelConfig kApp = {
    .profile = "everything",
    .fingerprint = kFingerprint,
    .channel_names = kChannelNames,
    .channel_units = kChannelUnits,
    .channels = kChannels,
    .value_names = kChannelNames,
    .value_units = kChannelUnits,
    .sample_period_us = kPeriodUs,
    .frame = nullptr,
    .model_bytes = 0,
    .sensor = kSensor,
    .features = kFeatures,
    .detector = kDetector,
    .golden_count = 1,
    .golden_inputs = kGolden,
    .golden_outputs = kGolden,
    .golden_tolerance = 1e-6f,
};

}  // namespace everything
