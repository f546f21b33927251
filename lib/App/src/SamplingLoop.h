// The sampling side: from the blocks of an input to verdicts, one frame after the other.
#pragma once

#include "AppMemory.h"
#include "Exchange.h"
#include "Learner.h"
#include "Platform.h"
#include "SampleDetector.h"
#include "SampleInput.h"
#include "SamplePacker.h"
#include "SettingsRecord.h"

namespace anomaly {

class SamplingLoop final : private CalibrationSink {
 public:
  // All must outlive the loop. `outputs` and the exchange are told of every verdict.
  SamplingLoop(SampleDetector& detector, AppMemory memory, SampleInput& input, Clock& clock,
               Exchange& exchange, VerdictSink& outputs);

  // What was set on this device, before the first Step().
  void Use(const SettingsRecord& settings);

  // Before the first Step(): goes on with what had been learnt, `found` bytes of the block.
  BlockFound Restore(size_t found) { return detector_.Load(block_.bytes(), found); }
  LearntBlock& block() { return block_; }
  void KeepLearnt() { learner_.Keep(); }
  // Of the detector that is in use.
  float default_threshold() const { return detector_.frames().decision().threshold; }

  // Who else is told of every verdict.
  void SetLink(VerdictSink* link) { link_ = link; }

  // Waits for the next block and judges it.
  void Step();

  // Instead of Step() after a failed start: the samples are only counted.
  void Skip();

  const FrameVerdict& verdict() const { return detector_.verdict(); }  // the last one

 private:
  void TakeRequests();
  bool Take(const Request& request);
  void TakeSample(const float* sample, Fault fault, int64_t micros);
  void PublishRaw(const float* sample, Fault fault, int64_t micros);
  void PublishSample(const float* sample, Fault fault, int64_t micros);
  void Judge(int64_t micros);
  void Tell(const FrameVerdict& verdict);
  void ShowInUse();
  void Calibrated(NoiseCalibration::Status status) override;
  void Learnt(Refit::Status status, uint32_t frames) override;
  void FillNoise(Event* event);

  SampleDetector& detector_;
  const ModelConfig& config_;
  SampleInput& input_;
  Clock& clock_;
  Exchange& exchange_;
  VerdictSink& outputs_;
  VerdictSink* link_ = nullptr;
  LearntBlock block_;
  Learner learner_;
  SamplePacker packer_;
  uint32_t inject_left_ = 0;
  float inject_value_ = 0.0f;
  bool injecting_ = false;  // it has begun
  uint32_t lost_before_ = 0;
  uint32_t holes_ = 0;  // samples that the sequence of packed ones jumps over
};

}  // namespace anomaly
