#include "LearntBlock.h"

#include <cmath>
#include <cstring>

namespace anomaly {

size_t LearntBlock::size() const {
  return LearntBlockSize(config_.features.channels,
                         detector_.can_learn() ? config_.features.count : 0,
                         config_.detector.learning != nullptr ? config_.features.count : 0,
                         config_.detector.slow != nullptr ? config_.features.channels : 0);
}

void LearntBlock::Write() {
  uint8_t* cursor = bytes_ + sizeof(BlockHead);
  const auto put = [&cursor](const void* from, size_t size) {
    std::memcpy(cursor, from, size);
    cursor += size;
  };
  for (int i = 0; i < config_.features.channels; ++i) {
    const float noise = detector_.extractor().measured_sigma(i);
    put(&noise, sizeof(noise));
  }
  const float scale = calibrator_.threshold_scale();
  put(&scale, sizeof(scale));
  if (detector_.can_learn()) {
    const Fitted* const fitted = detector_.fitted();
    const uint32_t in_use = fitted != nullptr ? 1 : 0;
    const size_t size = sizeof(float) * static_cast<size_t>(Fitted::Size(config_.features.count));
    put(&in_use, sizeof(in_use));
    if (fitted != nullptr) std::memcpy(cursor, fitted->floats(), size);
    if (fitted == nullptr) std::memset(cursor, 0, size);
    cursor += size;
  }
  const ResidualLimits& limits = detector_.limits();
  if (limits.exists()) {
    put(&limits.days(), sizeof(LearntDays));
    put(limits.sides(), sizeof(LearntSide) * static_cast<size_t>(limits.side_count()));
  }
  const SlowWatch& slow = detector_.slow();
  for (int i = 0; i < slow.count(); ++i) put(&slow.charts(i).learnt(), sizeof(SlowLearnt));
  SealBlock(bytes_, size(), kVersion, config_.fingerprint);
}

BlockFound LearntBlock::Restore(const uint8_t* bytes, size_t found) {
  const BlockFound judged = JudgeBlock(bytes, found, size(), kVersion, config_.fingerprint);
  if (judged != BlockFound::kUsable) return judged;
  const uint8_t* cursor = bytes + sizeof(BlockHead);
  const auto get = [&cursor](void* to, size_t size) {
    std::memcpy(to, cursor, size);
    cursor += size;
  };
  for (int i = 0; i < config_.features.channels; ++i) {
    float noise = 0.0f;
    get(&noise, sizeof(noise));
    if (std::isfinite(noise)) detector_.extractor().SetSigma(i, noise);
  }
  float scale = 1.0f;
  get(&scale, sizeof(scale));
  calibrator_.SetThresholdScale(scale);
  if (detector_.can_learn()) {
    uint32_t in_use = 0;
    get(&in_use, sizeof(in_use));
    if (in_use != 0) detector_.Refitted(cursor);
    cursor += sizeof(float) * static_cast<size_t>(Fitted::Size(config_.features.count));
  }
  ResidualLimits& limits = detector_.limits();
  if (limits.exists()) {
    LearntDays days;
    LearntSide sides[ResidualLimits::kSides * kMaxFeatures];
    get(&days, sizeof(days));
    get(sides, sizeof(LearntSide) * static_cast<size_t>(limits.side_count()));
    limits.Restore(days, sides);
  }
  SlowWatch& slow = detector_.slow();
  for (int i = 0; i < slow.count(); ++i) {
    SlowLearnt learnt;
    get(&learnt, sizeof(learnt));
    slow.Restore(i, learnt);
  }
  return judged;
}

}  // namespace anomaly
