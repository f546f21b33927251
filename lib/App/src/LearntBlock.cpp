#include "LearntBlock.h"

#include <cstring>

size_t LearntBlock::size() const {
  return LearntBlockSize(config_.detector.learning != nullptr ? config_.features.count : 0,
                         config_.detector.slow != nullptr ? config_.features.channels : 0);
}

void LearntBlock::Write() {
  uint8_t* cursor = bytes_ + sizeof(BlockHead);
  const auto put = [&cursor](const void* from, size_t size) {
    std::memcpy(cursor, from, size);
    cursor += size;
  };
  const ResidualLimits& limits = detector_.limits();
  if (limits.exists()) {
    put(&limits.days(), sizeof(LearntDays));
    put(limits.sides(), sizeof(LearntSide) * static_cast<size_t>(limits.side_count()));
  }
  const SlowWatch& slow = detector_.slow();
  for (int i = 0; i < slow.count(); ++i) put(&slow.charts(i).learnt(), sizeof(SlowLearnt));
  SealBlock(bytes_, size(), kVersion, config_.fingerprint);
}

BlockFound LearntBlock::Restore(size_t found) {
  const BlockFound judged = JudgeBlock(bytes_, found, size(), kVersion, config_.fingerprint);
  if (judged != BlockFound::kUsable) return judged;
  const uint8_t* cursor = bytes_ + sizeof(BlockHead);
  const auto get = [&cursor](void* to, size_t size) {
    std::memcpy(to, cursor, size);
    cursor += size;
  };
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
