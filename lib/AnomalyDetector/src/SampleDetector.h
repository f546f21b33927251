// From the samples of a sensor to verdicts: a sample that cannot be believed is a FAULT, the others
// become frames where the model has frames, and each frame is judged. It learns when it is asked
// to, and from day to day by itself. The firmware and a package for other people's projects are
// both built on it; its memory and its engine are the caller's, see anomaly_detector.h.
#pragma once

#include <optional>

#include "Autoencoder.h"
#include "Calibrator.h"
#include "CauseNames.h"
#include "Fault.h"
#include "FrameDetector.h"
#include "Framer.h"
#include "GenericModel.h"
#include "LearntBlock.h"
#include "ModelConfig.h"
#include "Parts.h"
#include "SampleCheck.h"

namespace anomaly {

// What is said of a sample.
struct Verdict {
  State state;
  Fault fault;          // why the state is FAULT, else kNone
  bool is_new;          // false: no frame was due, so this is said of the last one
  float score;          // NaN in a FAULT
  float threshold;      // in use: scores above it are an ANOMALY
  float expected;       // what the model expected of the first value, in its unit; NaN: not known
  const char* cause;    // "level", "drift", the name of a value, ...; "" unless ANOMALY
  const char* channel;  // whose drift it is, where there are several values; "" otherwise
  float slow;           // how near the nearest slow limit is, 1 at the limit; NaN: no slow charts
};

// How a Learn() went on.
using LearnStatus = Refit::Status;

// "done", "running", "the signal stepped from one level to another", ...; never null.
const char* LearnStatusText(LearnStatus status);

// What it works in, sized by the caller.
struct SampleMemory {
  DetectorMemory detector;
  CalibrationMemory* calibration;  // [values of a frame]
  FrameMemory frame = {};
  GenericModel* generic = nullptr;  // of a generic model
};

class SampleDetector {
 public:
  // All must outlive it.
  SampleDetector(const ModelConfig& config, SampleMemory memory, Autoencoder& engine);
  SampleDetector(const SampleDetector&) = delete;
  SampleDetector& operator=(const SampleDetector&) = delete;

  // ---- one call a sample

  // Of a generic model, before the first sample: seconds from sample to sample.
  void SetPeriod(float seconds);

  // Takes a sample of config().channels values, in their units.
  Verdict Update(const float* sample);

  // Instead of Update() where the sensor gave nothing, or nothing that can be believed.
  Verdict TakeFault(Fault why = Fault::kNoAnswer);

  // What follows does not continue what came before, after a pause for example.
  void Interrupt();

  // Why nothing can be judged: the engine does not load, or fails its self-test; "": it can.
  const char* error() const { return error_; }

  // ---- what it learns

  // Fits itself again from so many samples to come, which have to be normal; few are taken as the
  // fewest that it can learn from. False: this model cannot, or the state is FAULT.
  bool Learn(uint32_t samples);
  bool learning() const { return learnt() == LearnStatus::kRunning; }
  // Of the last Learn(): kIdle (there was none), kRunning, kDone, or why nothing changed.
  LearnStatus learnt() const;

  // The alarm that is on, or was the last one, was normal: ends it and widens what raised it.
  // False: there was none, or this model does not learn.
  bool Normal();

  // Back to what the model was trained to.
  void Forget();

  // A threshold of one's own, on the scale of the score; 0: the model's again.
  void SetThreshold(float threshold);
  float threshold() const { return detector_.threshold(); }
  // The model's own, as fitted and calibrated.
  float default_threshold() const;

  // What was learnt as bytes, for a flash memory; LearntBlockSize() of room. What is not of this
  // model, or damaged, is not taken, and the answer says so. The threshold of SetThreshold() is not
  // in it.
  size_t Save(uint8_t* bytes, size_t room);
  BlockFound Load(const uint8_t* bytes, size_t size);

  // ---- the steps of Update(), for a program that has something to do between them

  // Loads the engine and tests it; error() says how that went.
  void Begin();
  // The self-test's largest error; after a failed one every frame is a FAULT.
  float Test();

  Fault Check(const float* sample);
  // A sample, and whether it is believed. True: a frame is due, for Judge().
  bool Gather(const float* sample, Fault fault);
  // Number and time of the frame are the caller's to fill in.
  FrameVerdict& Judge();
  // After Judge(), once the verdict has been used: what learns sees the frame.
  void Conclude();

  // Of the last frame: its values, and why they are not believed or could not be judged.
  const float* values() const { return values_; }
  Fault fault() const { return fault_; }
  const FrameVerdict& verdict() const { return verdict_; }
  // The same for a person.
  Verdict Told(bool is_new) const;

  // ---- its parts

  const ModelConfig& config() const { return config_; }
  Autoencoder& engine() { return engine_; }
  FrameDetector& frames() { return detector_; }
  Calibrator& calibrator() { return calibrator_; }
  // After anything that changes the threshold in one of the parts.
  void UseThreshold();

 private:
  Verdict Take(const float* sample, Fault fault);
  FrameVerdict Measure();

  const ModelConfig& config_;
  Autoencoder& engine_;
  FrameDetector detector_;
  Calibrator calibrator_;
  SampleCheck checks_[kMaxChannels];
  std::optional<Framer> framer_;      // none: a frame is a sample
  Fault frame_fault_ = Fault::kNone;  // of a sample since the last frame
  float values_[kMaxValues] = {};
  Fault fault_ = Fault::kNone;
  FrameVerdict verdict_ = {};
  float own_threshold_ = 0.0f;  // 0: there is none
  const char* error_ = "";
  bool selftest_failed_ = false;
  GenericModel* const generic_;                // nullptr: the model knows its noise
  LearnStatus measured_ = LearnStatus::kIdle;  // of the Learn() of a generic model
};

}  // namespace anomaly
