// The sampling side of what is learnt: keeps it once an hour, and carries out what a person says of
// it. What it answers goes through the exchange.
#pragma once

#include "Exchange.h"
#include "FrameDetector.h"
#include "LearntBlock.h"
#include "ModelConfig.h"

namespace anomaly {

class Learner {
 public:
  // All must outlive it.
  Learner(const ModelConfig& config, FrameDetector& detector, LearntBlock& block,
          Exchange& exchange)
      : config_(config),
        detector_(detector),
        block_(block),
        exchange_(exchange),
        learns_(config.detector.learning != nullptr || config.detector.slow != nullptr) {}

  // After each frame.
  void CountFrame();

  // kNormal, kAccept, kForget, kLearnt.
  void Take(const Request& request);

  // What was learnt so far, to be kept at once.
  void Keep();

 private:
  void FillReport(int value);

  const ModelConfig& config_;
  FrameDetector& detector_;
  LearntBlock& block_;
  Exchange& exchange_;
  bool learns_;  // from every frame
  int64_t since_kept_us_ = 0;
  bool keep_ = false;  // as soon as the one before has been kept
};

}  // namespace anomaly
