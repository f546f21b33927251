#include "SamplingLoop.h"

namespace anomaly {

SamplingLoop::SamplingLoop(SampleDetector& detector, AppMemory memory, SampleInput& input,
                           Clock& clock, Exchange& exchange, VerdictSink& outputs)
    : detector_(detector),
      config_(detector.config()),
      input_(input),
      clock_(clock),
      exchange_(exchange),
      outputs_(outputs),
      block_(config_, detector.frames(), detector.calibrator(), memory.learnt),
      learner_(config_, detector.frames(), block_, exchange),
      packer_(config_.packing, exchange) {
  detector.calibrator().SetSink(this);
}

void SamplingLoop::Use(const SettingsRecord& settings) {
  FeatureExtractor& extractor = detector_.frames().extractor();
  detector_.calibrator().SetThresholdScale(settings.threshold_scale);
  for (int i = 0; i < config_.features.channels; ++i) extractor.SetSigma(i, settings.noise[i]);
  detector_.SetThreshold(settings.threshold);
  ShowInUse();
}

// For the console side: which detector is in use, and its noise.
void SamplingLoop::ShowInUse() {
  exchange_.fitted.store(detector_.frames().fitted() != nullptr, std::memory_order_relaxed);
  exchange_.noise.store(detector_.frames().extractor().sigma(0), std::memory_order_relaxed);
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
  // How long a hole is may not be known; that there is one has to be seen.
  holes_ += lost == lost_before_ && block.after_gap ? 1 : lost - lost_before_;
  lost_before_ = lost;
  if (block.after_gap) detector_.Interrupt();
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
    detector_.UseThreshold();
    ShowInUse();
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
      detector_.SetThreshold(request.value);
      return false;
    case Request::Kind::kDefaultThreshold:
      detector_.SetThreshold(0.0f);
      return false;
    case Request::Kind::kForgetCalibration:
      detector_.calibrator().ForgetCalibration();
      return false;
    case Request::Kind::kCalibrate:
      detector_.calibrator().StartCalibration(request.count);
      return true;
    case Request::Kind::kLearn:
      detector_.calibrator().StartLearning(request.count);
      return true;
    case Request::Kind::kForgetFit:
      detector_.calibrator().ForgetLearning();
      return true;
    case Request::Kind::kNormal:
    case Request::Kind::kAccept:
    case Request::Kind::kForget:
    case Request::Kind::kLearnt:
      learner_.Take(request);
      return true;
    case Request::Kind::kSelftest: {
      Event event = {};
      event.kind = Event::Kind::kSelftest;
      event.max_error = detector_.Test();
      exchange_.Publish(event);
      return true;
    }
  }
  return false;
}

void SamplingLoop::TakeSample(const float* sample, Fault fault, int64_t micros) {
  // A warm-up would hide an injected value, and one follows a fault: it begins when the detector
  // judges, and then goes on whatever comes of it.
  const FrameDetector& frames = detector_.frames();
  const bool judges = frames.state() != State::kFault && frames.warmup_left() == 0;
  injecting_ = inject_left_ > 0 && (injecting_ || judges);
  float injected[kMaxChannels];
  if (injecting_) {
    --inject_left_;
    fault = Fault::kNone;
    for (int i = 0; i < config_.channels; ++i) injected[i] = inject_value_;
    sample = injected;
  }
  if (fault == Fault::kNone) fault = detector_.Check(sample);
  PublishRaw(sample, fault, micros);
  Count(exchange_.samples);
  if (detector_.Gather(sample, fault)) Judge(micros);
}

// Without frames and blocks, the reading is the sample.
void SamplingLoop::PublishRaw(const float* sample, Fault fault, int64_t micros) {
  const bool wanted = exchange_.raw.load(std::memory_order_relaxed);
  if (config_.packing == nullptr) {
    if (config_.frame != nullptr && wanted) PublishSample(sample, fault, micros);
  } else if (!wanted) {
    packer_.Forget();
  } else if (fault != Fault::kNone) {
    packer_.End();
  } else {
    packer_.Add(sample, exchange_.samples.load(std::memory_order_relaxed) + holes_, micros);
  }
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

void SamplingLoop::Judge(int64_t micros) {
  const bool believed = detector_.fault() == Fault::kNone;
  const uint32_t before = clock_.Stopwatch();
  FrameVerdict& verdict = detector_.Judge();
  if (believed) exchange_.latencies.Add(clock_.Stopwatch() - before);
  if (believed && detector_.fault() != Fault::kNone) Count(exchange_.engine_failures);
  verdict.frame = exchange_.frames.load(std::memory_order_relaxed);
  verdict.micros = micros;
  Count(exchange_.frames);
  exchange_.state.store(verdict.state, std::memory_order_relaxed);
  exchange_.noise.store(detector_.frames().extractor().sigma(0), std::memory_order_relaxed);
  Tell(verdict);
  detector_.Conclude();
}

void SamplingLoop::Tell(const FrameVerdict& verdict) {
  const Fault fault = detector_.fault();
  float expected[kMaxValues];
  const bool shows =
      fault == Fault::kNone && exchange_.shows_channels.load(std::memory_order_relaxed);
  if (shows) detector_.frames().Expect(expected);
  const JudgedFrame frame = {verdict, fault, detector_.values(), shows ? expected : nullptr};
  learner_.CountFrame();
  outputs_.Take(frame);
  // Without frames each sample has a verdict, and none is printed while blocks of them are.
  const bool packs = config_.packing != nullptr && exchange_.raw.load(std::memory_order_relaxed);
  if (config_.frame != nullptr || !packs || fault != Fault::kNone) exchange_.Take(frame);
  if (link_ != nullptr) link_->Take(frame);
}

// ---- how a `calibrate` or a `learn` ended

void SamplingLoop::Calibrated(NoiseCalibration::Status status) {
  Event event = {};
  event.kind = Event::Kind::kCalibration;
  event.calibration = status;
  event.threshold_scale = detector_.calibrator().threshold_scale();
  event.requests_done = exchange_.requests_done.load(std::memory_order_relaxed);
  FillNoise(&event);
  exchange_.Publish(event);
}

void SamplingLoop::Learnt(Refit::Status status, uint32_t frames) {
  Event event = {};
  event.kind = Event::Kind::kLearn;
  event.learn.status = status;
  event.learn.frames = frames;
  event.learn.step_value = static_cast<int8_t>(detector_.frames().step_value());
  event.learn.default_threshold = detector_.frames().decision().threshold;
  FillNoise(&event);
  if (status == Refit::Status::kDone || status == Refit::Status::kIdle) learner_.Keep();
  ShowInUse();
  exchange_.Publish(event);
}

void SamplingLoop::FillNoise(Event* event) {
  for (int i = 0; i < config_.features.channels; ++i) {
    event->values[i] = detector_.frames().extractor().measured_sigma(i);
  }
}

}  // namespace anomaly
