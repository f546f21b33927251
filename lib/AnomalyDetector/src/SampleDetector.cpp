#include "SampleDetector.h"

#include "SelfTest.h"

namespace anomaly {

namespace {

const char kSelfTestFailed[] = "the engine failed its self-test";

const DetectorConfig& Constants(const ModelConfig& config, GenericModel* generic) {
  if (generic == nullptr) return config.detector;
  generic->Begin(config.detector);
  generic->SetPeriod(1e-6f * static_cast<float>(config.frame_period_us()));
  return generic->detector();
}

}  // namespace

const char* LearnStatusText(LearnStatus status) {
  switch (status) {
    case LearnStatus::kIdle:
      return "nothing was to be learnt";
    case LearnStatus::kRunning:
      return "running";
    case LearnStatus::kDone:
      return "done";
    case LearnStatus::kFault:
      return "a sample was not believable";
    case LearnStatus::kGap:
      return "samples are missing";
    case LearnStatus::kStep:
      return "the signal stepped from one level to another";
    case LearnStatus::kNoNumber:
      return "what came out is no number";
    case LearnStatus::kNoise:
      return "the noise is far from the trained one";
    case LearnStatus::kCancelled:
      return "something else took its place";
  }
  return "unknown";
}

SampleDetector::SampleDetector(const ModelConfig& config, SampleMemory memory, Autoencoder& engine)
    : config_(config),
      engine_(engine),
      detector_(Constants(config, memory.generic), config.features, memory.detector, engine),
      calibrator_(config, detector_, memory.calibration),
      generic_(memory.generic) {
  if (kWithFrames && config.frame != nullptr) framer_.emplace(*config.frame, memory.frame);
  verdict_.threshold = detector_.threshold();
  verdict_.state = detector_.state();
}

void SampleDetector::Begin() {
  const EngineStatus status = LoadFor(engine_, config_.features.count);
  error_ = status == EngineStatus::kOk ? "" : EngineStatusText(status);
  selftest_failed_ = status != EngineStatus::kOk;
  if (!selftest_failed_) Test();
}

float SampleDetector::Test() {
  const float max_error = SelfTest(config_, engine_);
  selftest_failed_ = !(max_error <= config_.golden_tolerance);
  error_ = selftest_failed_ ? kSelfTestFailed : "";
  return max_error;
}

// ---- one call a sample

Verdict SampleDetector::Update(const float* sample) { return Take(sample, Check(sample)); }

Verdict SampleDetector::TakeFault(Fault why) {
  const float nothing[kMaxChannels] = {};
  return Take(nothing, why);
}

Verdict SampleDetector::Take(const float* sample, Fault fault) {
  const bool due = Gather(sample, fault);
  if (due) {
    Judge();
    Conclude();
  }
  return Told(due);
}

void SampleDetector::SetPeriod(float seconds) {
  if (generic_ == nullptr) return;
  generic_->SetPeriod(seconds);
  detector_.UseTrained();
  UseThreshold();
}

void SampleDetector::Interrupt() {
  if (generic_ != nullptr) generic_->Interrupt();
  if (kWithRefit) calibrator_.Interrupt();
  detector_.Reset();
  for (SampleCheck& check : checks_) check.Reset();
  if (kWithFrames && framer_) framer_->Reset();
  frame_fault_ = Fault::kNone;
}

Verdict SampleDetector::Told(bool is_new) const {
  Verdict told = {};
  told.state = verdict_.state;
  told.fault = fault_;
  told.is_new = is_new;
  told.score = verdict_.score;
  told.threshold = verdict_.threshold;
  told.expected = verdict_.reconstruction;
  told.cause = told.channel = "";
  told.slow = verdict_.slow;
  if (verdict_.state == State::kAnomaly) {
    const CauseNames names = {config_.features, config_.value_names, config_.value_causes};
    const CauseText cause = names.Of(verdict_);
    told.cause = cause.what;
    if (cause.channel != nullptr) told.channel = cause.channel;
  }
  return told;
}

// ---- its steps

Fault SampleDetector::Check(const float* sample) {
  for (int i = 0; i < config_.channels; ++i) {
    const SensorConfig& sensor = config_.sensor;
    const Fault fault = checks_[i].Update(sensor.channels[i], sensor.stuck_samples, sample[i]);
    if (fault != Fault::kNone) return fault;
  }
  if (generic_ != nullptr && generic_->IsStuck(sample[0])) return Fault::kStuck;
  return Fault::kNone;
}

// A fault of one sample is the fault of the frame that is due next; then frames begin anew.
bool SampleDetector::Gather(const float* sample, Fault fault) {
  if (fault != Fault::kNone) frame_fault_ = fault;
  if (kWithFrames && framer_) {
    const bool due = fault == Fault::kNone ? framer_->Add(sample) : framer_->Skip();
    if (!due) return false;
    if (frame_fault_ == Fault::kNone && !framer_->full()) return false;
    for (float& value : values_) value = 0.0f;
    if (frame_fault_ == Fault::kNone) framer_->Values(values_);
  } else {
    for (int i = 0; i < config_.channels; ++i) values_[i] = sample[i];
  }
  fault_ = selftest_failed_ ? Fault::kSelfTest : frame_fault_;
  frame_fault_ = Fault::kNone;
  return true;
}

FrameVerdict& SampleDetector::Judge() {
  if (fault_ != Fault::kNone) {
    if (generic_ != nullptr) generic_->Interrupt();
    verdict_ = detector_.TakeFault();
  } else if (generic_ != nullptr && !generic_->knows_noise()) {
    verdict_ = Measure();
  } else {
    verdict_ = detector_.Update(values_);
    if (verdict_.state == State::kFault) fault_ = Fault::kEngine;
    if (generic_ != nullptr && detector_.limits().learns_freely()) {
      const bool alarm = verdict_.state == State::kAnomaly;
      if (generic_->Outlasts(alarm && verdict_.slow_cause == SlowCause::kNone)) Normal();
    }
  }
  return verdict_;
}

// Nothing can be judged before the noise is known.
FrameVerdict SampleDetector::Measure() {
  FrameVerdict verdict = {};
  verdict.state = State::kWarmup;
  verdict.reconstruction = values_[0];
  verdict.threshold = detector_.threshold();
  if (detector_.slow().exists()) verdict.slow = detector_.slow().ratio();
  if (generic_->Take(values_[0])) {
    detector_.extractor().SetSigma(0, generic_->sigma());
    detector_.Reset();
    if (measured_ == LearnStatus::kRunning) measured_ = LearnStatus::kDone;
  }
  return verdict;
}

void SampleDetector::Conclude() {
  if (kWithRefit && calibrator_.TakeFrame(values_, verdict_)) UseThreshold();
}

// ---- what it learns

bool SampleDetector::Learn(uint32_t samples) {
  if (generic_ != nullptr) {
    Forget();
    generic_->Measure(samples);
    measured_ = LearnStatus::kRunning;
    return true;
  }
  if (!detector_.can_learn() || detector_.state() == State::kFault) return false;
  const uint32_t hop = config_.frame == nullptr ? 1 : static_cast<uint32_t>(config_.frame->hop);
  const uint32_t least = config_.detector.refit->least_frames;
  calibrator_.StartLearning(samples / hop > least ? samples / hop : least);
  UseThreshold();
  return true;
}

LearnStatus SampleDetector::learnt() const {
  return generic_ == nullptr ? calibrator_.learnt() : measured_;
}

bool SampleDetector::Normal() {
  const AcceptedAlarm accepted = detector_.AcceptAlarm();
  verdict_.state = detector_.state();
  return accepted.feature >= 0 || accepted.slow.value >= 0;
}

void SampleDetector::Forget() {
  if (generic_ != nullptr) {
    generic_->Measure(0);
    measured_ = LearnStatus::kIdle;
  }
  if (detector_.can_learn()) {
    calibrator_.ForgetLearning();
  } else if (kWithRefit) {
    calibrator_.ForgetCalibration();
  }
  detector_.Forget();
  UseThreshold();
}

void SampleDetector::SetThreshold(float threshold) {
  own_threshold_ = threshold > 0.0f ? threshold : 0.0f;
  UseThreshold();
}

float SampleDetector::default_threshold() const {
  return ThresholdInUse(detector_.decision().threshold, 0.0f, calibrator_.threshold_scale());
}

void SampleDetector::UseThreshold() {
  detector_.SetThreshold(ThresholdInUse(detector_.decision().threshold, own_threshold_,
                                        calibrator_.threshold_scale()));
  verdict_.threshold = detector_.threshold();
}

size_t SampleDetector::Save(uint8_t* bytes, size_t room) {
  LearntBlock block(config_, detector_, calibrator_, bytes);
  if (block.size() > room) return 0;
  block.Write();
  return block.size();
}

BlockFound SampleDetector::Load(const uint8_t* bytes, size_t size) {
  const BlockFound found =
      LearntBlock(config_, detector_, calibrator_, nullptr).Restore(bytes, size);
  const float noise = detector_.extractor().measured_sigma(0);
  if (found == BlockFound::kUsable && generic_ != nullptr && noise > 0.0f) {
    generic_->SetNoise(noise);
  }
  UseThreshold();
  return found;
}

}  // namespace anomaly
