// The sampling side: from the blocks of an input to verdicts, one frame after the other.
#pragma once

#include <optional>

#include "AppConfig.h"
#include "Detector.h"
#include "Exchange.h"
#include "Framer.h"
#include "Learner.h"
#include "NoiseCalibration.h"
#include "Platform.h"
#include "SampleCheck.h"
#include "SampleInput.h"
#include "SettingsRecord.h"

class SamplingLoop {
 public:
  // All must outlive the loop. `led` and the exchange are told of every verdict.
  SamplingLoop(const AppConfig& config, AppMemory memory, SampleInput& input, Autoencoder& engine,
               Clock& clock, Exchange& exchange, VerdictSink& led);

  // What was set on this device, before the first Step().
  void Use(const SettingsRecord& settings);

  // Before the first Step(): goes on with what had been learnt, `found` bytes of the block.
  BlockFound Restore(size_t found) { return block_.Restore(found); }
  LearntBlock& block() { return block_; }
  void KeepLearnt() { learner_.Keep(); }

  // Runs the self-test; after a failed one every frame is a FAULT.
  float TestEngine();

  // Waits for the next block and judges it.
  void Step();

  // Instead of Step() after a failed start: the samples are only counted.
  void Skip();

  const Verdict& verdict() const { return verdict_; }  // the last one

 private:
  void TakeRequests();
  bool Take(const Request& request);
  void TakeSample(const float* sample, Fault fault, int64_t micros);
  void AddToFrame(const float* sample, Fault fault, int64_t micros);
  void PublishSample(const float* sample, Fault fault, int64_t micros);
  Fault Check(const float* sample);
  void BeginPiece();
  void Judge(const float* values, Fault fault, int64_t micros);
  void Calibrate(const float* values);
  void CancelCalibration();
  void PublishCalibration(NoiseCalibration::Status status);
  void UseThreshold();

  const AppConfig& config_;
  SampleInput& input_;
  Autoencoder& engine_;
  Clock& clock_;
  Exchange& exchange_;
  VerdictSink& led_;
  Detector detector_;
  LearntBlock block_;
  Learner learner_;
  SampleCheck checks_[kMaxChannels];
  std::optional<Framer> framer_;      // none: a frame is a sample
  Fault frame_fault_ = Fault::kNone;  // of a sample since the last frame
  NoiseCalibration calibration_;
  float user_threshold_ = 0.0f;  // 0: there is none
  float threshold_scale_ = 1.0f;
  uint32_t inject_left_ = 0;
  float inject_value_ = 0.0f;
  bool injecting_ = false;  // it has begun
  bool selftest_failed_ = false;
  uint32_t lost_before_ = 0;
  Verdict verdict_ = {};
};
