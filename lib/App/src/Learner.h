// The sampling side of what is learnt: keeps it once an hour, and carries out what a person says of
// it. What it answers goes through the exchange.
#pragma once

#include "AppConfig.h"
#include "Detector.h"
#include "Exchange.h"
#include "LearntBlock.h"

class Learner {
 public:
  // All must outlive it.
  Learner(const AppConfig& config, Detector& detector, LearntBlock& block, Exchange& exchange)
      : config_(config), detector_(detector), block_(block), exchange_(exchange) {}

  // After each frame.
  void CountFrame();

  // kNormal, kAccept, kForget, kLearnt.
  void Take(const Request& request);

  // What was learnt so far, to be kept at once.
  void Keep();

 private:
  void FillReport(int value);

  const AppConfig& config_;
  Detector& detector_;
  LearntBlock& block_;
  Exchange& exchange_;
  int64_t since_kept_us_ = 0;
  bool keep_ = false;  // as soon as the one before has been kept
};
