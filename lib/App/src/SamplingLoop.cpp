#include "SamplingLoop.h"

#include "SelfTest.h"

SamplingLoop::SamplingLoop(const AppConfig& config, AppMemory memory, SampleInput& input,
                           Autoencoder& engine, Clock& clock, Exchange& exchange, VerdictSink& led)
    : config_(config),
      input_(input),
      engine_(engine),
      clock_(clock),
      exchange_(exchange),
      led_(led),
      detector_(config.detector, config.features, memory.detector, engine),
      block_(config, detector_, memory.learnt),
      learner_(config, detector_, block_, exchange),
      calibration_(config.detector, config.features) {
  if (config.frame != nullptr) framer_.emplace(*config.frame, memory.frame);
}

void SamplingLoop::Use(const SettingsRecord& settings) {
  user_threshold_ = settings.threshold;
  threshold_scale_ = settings.threshold_scale;
  for (int i = 0; i < config_.features.channels; ++i) {
    detector_.extractor().SetSigma(i, settings.noise[i]);
  }
  UseThreshold();
  verdict_.threshold = detector_.threshold();
  exchange_.noise.store(detector_.extractor().sigma(0), std::memory_order_relaxed);
}

float SamplingLoop::TestEngine() {
  const float max_error = SelfTest(config_, engine_);
  selftest_failed_ = max_error > config_.golden_tolerance;
  return max_error;
}

void SamplingLoop::UseThreshold() {
  detector_.SetThreshold(
      ThresholdInUse(config_.detector.decision, user_threshold_, threshold_scale_));
}

void SamplingLoop::Skip() {
  const int count = input_.Wait().count;
  Count(exchange_.samples, static_cast<uint32_t>(count));
  input_.Release();
}

void SamplingLoop::Step() {
  const SampleBlock& block = input_.Wait();
  TakeRequests();
  const uint32_t lost = input_.lost();
  if (lost != lost_before_) Count(exchange_.missed, lost - lost_before_);
  lost_before_ = lost;
  if (block.after_gap) BeginPiece();
  for (int i = 0; i < block.count; ++i) {
    TakeSample(block.values + i * config_.channels, block.fault,
               block.micros + int64_t{i} * config_.sample_period_us);
  }
  input_.Release();
}

// One that the sampling side answers is the last before a block: a flood of them costs no reading.
void SamplingLoop::TakeRequests() {
  bool answers = false;
  while (!answers) {
    const Request* request = exchange_.requests.Front();
    if (request == nullptr) return;
    answers = Take(*request);
    exchange_.requests.Pop();
    UseThreshold();
    exchange_.noise.store(detector_.extractor().sigma(0), std::memory_order_relaxed);
    exchange_.requests_done.fetch_add(1, std::memory_order_release);
  }
}

// True where the sampling side answers it, now or later.
bool SamplingLoop::Take(const Request& request) {
  switch (request.kind) {
    case Request::Kind::kInject:
      inject_value_ = request.value;
      inject_left_ = request.count;
      injecting_ = false;
      return false;
    case Request::Kind::kThreshold:
      user_threshold_ = request.value;
      return false;
    case Request::Kind::kDefaultThreshold:
      user_threshold_ = 0.0f;
      return false;
    case Request::Kind::kCalibrate:
      CancelCalibration();
      if (detector_.state() == State::kNormal) {
        calibration_.Start(request.count, detector_.extractor());
      } else {
        PublishCalibration(NoiseCalibration::Status::kLeftNormal);
      }
      return true;
    case Request::Kind::kForgetCalibration:
      CancelCalibration();
      threshold_scale_ = 1.0f;
      for (int i = 0; i < config_.features.channels; ++i) {
        detector_.extractor().SetSigma(i, config_.features.sigma[i]);
      }
      return false;
    case Request::Kind::kNormal:
    case Request::Kind::kAccept:
    case Request::Kind::kForget:
    case Request::Kind::kLearnt:
      learner_.Take(request);
      return true;
    case Request::Kind::kSelftest: {
      Event event = {};
      event.kind = Event::Kind::kSelftest;
      event.max_error = TestEngine();
      exchange_.Publish(event);
      return true;
    }
  }
  return false;
}

// What follows does not continue what came before: as after a start.
void SamplingLoop::BeginPiece() {
  CancelCalibration();
  detector_.Reset();
  for (SampleCheck& check : checks_) check.Reset();
  if (framer_) framer_->Reset();
  frame_fault_ = Fault::kNone;
}

void SamplingLoop::TakeSample(const float* sample, Fault fault, int64_t micros) {
  // A warm-up would hide an injected value, and one follows a fault: it begins when the detector
  // judges, and then goes on whatever comes of it.
  const bool judges = detector_.state() != State::kFault && detector_.warmup_left() == 0;
  injecting_ = inject_left_ > 0 && (injecting_ || judges);
  float injected[kMaxChannels];
  if (injecting_) {
    --inject_left_;
    fault = Fault::kNone;
    for (int i = 0; i < config_.channels; ++i) injected[i] = inject_value_;
    sample = injected;
  }
  if (fault == Fault::kNone) fault = Check(sample);
  if (framer_ && exchange_.raw.load(std::memory_order_relaxed)) {
    PublishSample(sample, fault, micros);
  }
  Count(exchange_.samples);
  framer_ ? AddToFrame(sample, fault, micros) : Judge(sample, fault, micros);
}

void SamplingLoop::PublishSample(const float* sample, Fault fault, int64_t micros) {
  Event event = {};
  event.kind = Event::Kind::kSample;
  event.fault = fault;
  event.sequence = exchange_.samples.load(std::memory_order_relaxed);
  event.micros = micros;
  for (int i = 0; i < config_.channels; ++i) event.values[i] = sample[i];
  exchange_.Publish(event);
}

// A fault of one sample is the fault of the frame that is due next; then frames begin anew.
void SamplingLoop::AddToFrame(const float* sample, Fault fault, int64_t micros) {
  if (fault != Fault::kNone) frame_fault_ = fault;
  const bool due = fault == Fault::kNone ? framer_->Add(sample) : framer_->Skip();
  if (!due) return;
  fault = frame_fault_;
  frame_fault_ = Fault::kNone;
  if (fault == Fault::kNone && !framer_->full()) return;
  float values[kMaxValues] = {};
  if (fault == Fault::kNone) framer_->Values(values);
  Judge(values, fault, micros);
}

Fault SamplingLoop::Check(const float* sample) {
  for (int i = 0; i < config_.channels; ++i) {
    const SensorConfig& sensor = config_.sensor;
    const Fault fault = checks_[i].Update(sensor.channels[i], sensor.stuck_samples, sample[i]);
    if (fault != Fault::kNone) return fault;
  }
  return Fault::kNone;
}

void SamplingLoop::Judge(const float* values, Fault fault, int64_t micros) {
  if (selftest_failed_) fault = Fault::kSelfTest;
  if (fault != Fault::kNone) {
    verdict_ = detector_.TakeFault();
  } else {
    const uint32_t before = clock_.Stopwatch();
    verdict_ = detector_.Update(values);
    exchange_.latencies.Add(clock_.Stopwatch() - before);
    if (verdict_.state == State::kFault) {
      fault = Fault::kEngine;
      Count(exchange_.engine_failures);
    }
  }
  verdict_.frame = exchange_.frames.load(std::memory_order_relaxed);
  Count(exchange_.frames);
  verdict_.micros = micros;
  float expected[kMaxValues];
  const bool shows =
      fault == Fault::kNone && exchange_.shows_channels.load(std::memory_order_relaxed);
  if (shows) detector_.Expect(expected);
  exchange_.state.store(verdict_.state, std::memory_order_relaxed);
  exchange_.noise.store(detector_.extractor().sigma(0), std::memory_order_relaxed);
  const JudgedFrame frame = {verdict_, fault, values, shows ? expected : nullptr};
  learner_.CountFrame();
  led_.Take(frame);
  exchange_.Take(frame);
  if (calibration_.running()) Calibrate(values);
}

void SamplingLoop::Calibrate(const float* values) {
  const NoiseCalibration::Status status =
      calibration_.Update(values, verdict_, detector_.extractor());
  if (status == NoiseCalibration::Status::kRunning) return;
  if (status == NoiseCalibration::Status::kDone) {
    threshold_scale_ = calibration_.threshold_scale();
    UseThreshold();
  }
  PublishCalibration(status);
}

void SamplingLoop::CancelCalibration() {
  if (!calibration_.running()) return;
  calibration_.Cancel(detector_.extractor());
  PublishCalibration(NoiseCalibration::Status::kCancelled);
}

void SamplingLoop::PublishCalibration(NoiseCalibration::Status status) {
  Event event = {};
  event.kind = Event::Kind::kCalibration;
  event.calibration = status;
  event.threshold_scale = threshold_scale_;
  event.requests_done = exchange_.requests_done.load(std::memory_order_relaxed);
  for (int i = 0; i < config_.features.channels; ++i) {
    event.values[i] = detector_.extractor().measured_sigma(i);
  }
  exchange_.Publish(event);
}
