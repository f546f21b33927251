#include "DetectorApp.h"

#include <cfloat>
#include <cmath>

namespace {

constexpr int64_t kFailureRepeatMicros = 5 * 1000 * 1000;
constexpr int64_t kBlinkMicros = 250 * 1000;
constexpr uint32_t kMaxFailedStarts = 3;
constexpr uint32_t kFingerprintDigits = 12;

// What one Poll() prints and reads at most.
constexpr int kMaxLines = 64;
constexpr int kMaxBytes = 128;

// 24 bits of the fingerprint, which a float holds exactly.
float ModelTag(const char* fingerprint) {
  uint32_t tag = 0;
  for (int i = 0; i < 6; ++i) {
    const char digit = fingerprint[i];
    tag = tag * 16 + static_cast<uint32_t>(digit <= '9' ? digit - '0' : digit - 'a' + 10);
  }
  return static_cast<float>(tag);
}

bool Same(float a, float b) { return !(a < b) && !(a > b); }

const char kFailedStartsText[] = "three starts in a row did not come to System Ready";
const char kSetByTheUser[] = " (set by the user)";
const char kNotKept[] = " (until the next reboot)";
const char kAnotherCommand[] = "ERR calibrate was given up: another command took its place";

// LED after a failed start, kBlinkMicros a step: three blinks and a pause.
constexpr bool kFailurePattern[] = {true, false, true, false, true, false, false, false};

}  // namespace

DetectorApp::DetectorApp(const AppConfig& config, FeatureMemory memory, Board& board,
                         Autoencoder& engine)
    : config_(config),
      board_(board),
      engine_(engine),
      detector_(config.detector, config.features, memory, engine),
      checks_{SensorCheck(config.sensor), SensorCheck(config.sensor), SensorCheck(config.sensor),
              SensorCheck(config.sensor), SensorCheck(config.sensor), SensorCheck(config.sensor),
              SensorCheck(config.sensor), SensorCheck(config.sensor)},
      calibration_(config.detector, config.features) {
  static_assert(kMaxChannels == 8, "one SensorCheck a channel above");
}

void DetectorApp::Start() {
  const uint32_t starts = board_.CountStart();
  line_.Add("Initializing Anomaly Detector...").End();
  Flush();
  line_.Add("Profile: ").Add(config_.profile).Add(" | Engine: ").Add(engine_.name());
  line_.Add(" | Fingerprint: ");
  for (uint32_t i = 0; i < kFingerprintDigits; ++i) line_.Add(config_.fingerprint[i]);
  line_.Add(" | Period: ").AddInteger(config_.sample_period_us / 1000).Add(" ms").End();
  Flush();
  const char* const reason = board_.ResetReason();
  if (reason != nullptr) {
    line_.Add("Reset: ").Add(reason).End();
    Flush();
  }
  if (starts > kMaxFailedStarts) return Fail(kFailedStartsText, reason == nullptr ? "" : reason);
  const EngineStatus status = engine_.Load();
  if (status != EngineStatus::kOk) return Fail(EngineStatusText(status), engine_.detail());
  AddSelfTest(SelfTest());
  Flush();
  LoadSettings();
  line_.Add("System Ready. Monitoring Sensor...").End();
  Flush();
  board_.StartDone();
}

// Nothing will be judged; that is said, so this start was no failed one.
void DetectorApp::Fail(const char* what, const char* detail) {
  failure_ = what;
  failure_detail_ = detail;
  state_.store(State::kFault, std::memory_order_relaxed);
  PrintFailure();
  board_.StartDone();
}

// What was set on this device with this very model; a stranger's figures would do harm.
void DetectorApp::LoadSettings() {
  float value = 0.0f;
  if (board_.LoadSetting(Setting::kModel, &value) && !Same(value, ModelTag(config_.fingerprint))) {
    for (int i = 0; i < kSettingCount; ++i) board_.EraseSetting(static_cast<Setting>(i));
    line_.Add("Settings of another model are forgotten").End();
    Flush();
  }
  // Only what `calibrate` and `threshold` can have stored: a worn flash may hold anything.
  const auto load = [&](Setting setting, float least, float largest) {
    return board_.LoadSetting(setting, &value) && value >= least && value <= largest;
  };
  if (load(Setting::kThresholdScale, Calibration::kLeastScale, Calibration::kLargestScale)) {
    threshold_scale_ = set_.threshold_scale = value;
  }
  for (int i = 0; i < config_.features.channels; ++i) {
    const float trained = set_.noise[i] = config_.features.sigma[i];
    if (load(NoiseSetting(i), trained / Calibration::kMaxChange,
             trained * Calibration::kMaxChange)) {
      set_.noise[i] = value;
      detector_.extractor().SetSigma(i, value);
    }
  }
  if (load(Setting::kThreshold, FLT_TRUE_MIN, FLT_MAX)) user_threshold_ = set_.threshold = value;
  noise_.store(detector_.extractor().sigma(0), std::memory_order_relaxed);
  UseThreshold();
  if (set_.threshold > 0.0f) {
    line_.Add("Threshold: ").AddFixed(set_.threshold, kScoreDecimals).Add(kSetByTheUser).End();
    Flush();
  }
}

// ---- sampling side

void DetectorApp::UseThreshold() {
  detector_.SetThreshold(user_threshold_ > 0.0f
                             ? user_threshold_
                             : config_.detector.decision.threshold * threshold_scale_);
}

float DetectorApp::SelfTest() {
  float output[kMaxFeatures];
  float max_error = 0.0f;
  const int count = config_.features.count;
  for (int i = 0; i < config_.golden_count; ++i) {
    if (engine_.Reconstruct(config_.golden_inputs + i * count, output) != EngineStatus::kOk) {
      max_error = INFINITY;
      break;
    }
    for (int j = 0; j < count; ++j) {
      const float error = std::fabs(output[j] - config_.golden_outputs[i * count + j]);
      // Written so that NaN counts as the largest error.
      if (!(error <= max_error)) max_error = std::isnan(error) ? INFINITY : error;
    }
  }
  selftest_failed_ = max_error > config_.golden_tolerance;
  return max_error;
}

// One that the sampling side answers is the last before a sample: a flood of them costs no reading.
void DetectorApp::TakeRequests() {
  bool answers = false;
  while (!answers) {
    const Request* request = requests_.Front();
    if (request == nullptr) return;
    answers = Take(*request);
    requests_.Pop();
    UseThreshold();
    noise_.store(detector_.extractor().sigma(0), std::memory_order_relaxed);
    requests_done_.fetch_add(1, std::memory_order_release);
  }
}

// True where the sampling side answers it, now or later.
bool DetectorApp::Take(const Request& request) {
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
        PublishCalibration(Calibration::Status::kLeftNormal);
      }
      return true;
    case Request::Kind::kForgetCalibration:
      CancelCalibration();
      threshold_scale_ = 1.0f;
      for (int i = 0; i < config_.features.channels; ++i) {
        detector_.extractor().SetSigma(i, config_.features.sigma[i]);
      }
      return false;
    case Request::Kind::kSelftest: {
      Event event = {};
      event.kind = Event::Kind::kSelftest;
      event.max_error = SelfTest();
      Publish(event);
      return true;
    }
  }
  return false;
}

void DetectorApp::CancelCalibration() {
  if (!calibration_.running()) return;
  calibration_.Cancel(detector_.extractor());
  PublishCalibration(Calibration::Status::kCancelled);
}

void DetectorApp::PublishCalibration(Calibration::Status status) {
  Event event = {};
  event.kind = Event::Kind::kCalibration;
  event.calibration = status;
  event.threshold_scale = threshold_scale_;
  event.requests_done = requests_done_.load(std::memory_order_relaxed);
  for (int i = 0; i < config_.features.channels; ++i) {
    event.values[i] = detector_.extractor().measured_sigma(i);
  }
  Publish(event);
}

void DetectorApp::Publish(const Event& event) {
  if (!events_.Push(event)) dropped_.fetch_add(1, std::memory_order_relaxed);
}

// What follows does not continue what came before: as after a start.
void DetectorApp::BeginPiece() {
  CancelCalibration();
  detector_.Reset();
  for (SensorCheck& check : checks_) check.Reset();
}

void DetectorApp::Sample() {
  if (failure_ != nullptr) {
    samples_.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  TakeRequests();
  SensorSample sample = board_.ReadSensor();
  if (sample.after_gap) BeginPiece();
  // A warm-up would hide an injected value, and one follows a fault: it begins when the detector
  // judges, and then goes on whatever comes of it.
  const bool judges = detector_.state() != State::kFault && detector_.warmup_left() == 0;
  injecting_ = inject_left_ > 0 && (injecting_ || judges);
  if (injecting_) {
    --inject_left_;
    sample.fault = SensorFault::kNone;
    for (int i = 0; i < config_.features.channels; ++i) sample.values[i] = inject_value_;
  }
  SensorFault fault = sample.fault;
  for (int i = 0; i < config_.features.channels; ++i) {
    if (fault == SensorFault::kNone) fault = checks_[i].Update(sample.values[i]);
  }
  if (selftest_failed_) fault = SensorFault::kSelfTest;

  Event event = {};
  event.sequence = samples_.fetch_add(1, std::memory_order_relaxed);
  event.micros = board_.NowMicros();
  event.fault = fault;
  if (fault != SensorFault::kNone) {
    event.kind = Event::Kind::kFault;
    event.verdict = detector_.Fault();
  } else {
    event.kind = Event::Kind::kReading;
    const uint32_t before = board_.Stopwatch();
    event.verdict = detector_.Update(sample.values);
    latencies_.Add(board_.Stopwatch() - before);
    if (event.verdict.state == State::kFault) {
      event.kind = Event::Kind::kFault;
      event.fault = SensorFault::kEngine;
      engine_failures_.fetch_add(1, std::memory_order_relaxed);
    } else {
      event.shows_channels = channels_.load(std::memory_order_relaxed);
      if (event.shows_channels) detector_.Expect(event.expected);
    }
  }
  for (int i = 0; i < config_.features.channels; ++i) event.values[i] = sample.values[i];
  verdict_ = event.verdict;
  const State state = event.verdict.state;
  state_.store(state, std::memory_order_relaxed);
  noise_.store(detector_.extractor().sigma(0), std::memory_order_relaxed);
  const bool led = state == State::kAnomaly;
  if (led != led_) board_.SetLed(led);
  led_ = led;
  Publish(event);
  if (!calibration_.running()) return;
  const Calibration::Status status =
      calibration_.Update(sample.values, event.verdict, detector_.extractor());
  if (status == Calibration::Status::kRunning) return;
  if (status == Calibration::Status::kDone) {
    threshold_scale_ = calibration_.threshold_scale();
    UseThreshold();
  }
  PublishCalibration(status);
}

// ---- console side

bool DetectorApp::Poll() {
  if (failure_ != nullptr) {
    BlinkFailure();
    if (board_.NowMicros() >= next_failure_micros_) PrintFailure();
  }
  int lines = 0;
  for (int bytes = 0; bytes < kMaxBytes; ++bytes) {
    while (lines < kMaxLines && PrintNext()) ++lines;
    const int byte = board_.ReadByte();
    if (byte < 0) return lines >= kMaxLines;
    if (!reader_.Feed(static_cast<char>(byte))) continue;
    Answer(ParseCommand(reader_.line()));
    if (++lines > kMaxLines) return true;
  }
  return true;
}

bool DetectorApp::PrintNext() {
  const Event* event = events_.Front();
  if (event == nullptr) return false;
  Print(*event);
  events_.Pop();
  return true;
}

void DetectorApp::BlinkFailure() {
  constexpr int64_t kSteps = sizeof(kFailurePattern) / sizeof(kFailurePattern[0]);
  const bool led = kFailurePattern[board_.NowMicros() / kBlinkMicros % kSteps];
  if (led != led_) board_.SetLed(led);
  led_ = led;
}

float DetectorApp::Threshold() const {
  return set_.threshold > 0.0f ? set_.threshold
                               : config_.detector.decision.threshold * set_.threshold_scale;
}

// A `calibrate default` was answered, and is not among the first `done` requests.
bool DetectorApp::ForgetIsOnItsWay(uint32_t done) const {
  return static_cast<int32_t>(forget_sent_ - done) > 0;
}

void DetectorApp::Flush() {
  board_.Write(line_.text(), line_.size());
  line_.Clear();
}

const char* DetectorApp::Cause(int8_t feature) const {
  const FeatureSpec& spec = config_.features.specs[feature];
  if (config_.features.channels > 1) return config_.channel_names[spec.channel];
  return FeatureBehaviour(spec.kind);
}

void DetectorApp::Print(const Event& event) {
  if (event.kind == Event::Kind::kSelftest) {
    line_.Add("OK ");
    AddSelfTest(event.max_error);
    return Flush();
  }
  if (event.kind == Event::Kind::kCalibration) return PrintCalibration(event);
  const State state = event.verdict.state;
  if (state != last_state_ && state == State::kAnomaly) ++anomalies_;
  if (state != last_state_ && state == State::kFault) ++faults_;
  last_state_ = state;
  if (event.kind == Event::Kind::kFault) {
    AddFault(line_, event.fault);
  } else if (raw_) {
    AddRaw(line_, event.sequence, event.micros / 1000, event.values, config_.features.channels,
           raw_crc_);
  } else {
    const ChannelReadings others = {config_.channel_names, event.values, event.expected};
    AddReading(line_, event.verdict, event.values[0], Cause(event.verdict.cause),
               config_.features.channels, event.shows_channels ? &others : nullptr);
    if (state == State::kAnomaly) {
      Flush();
      AddAnomalyMarker(line_);
    }
  }
  Flush();
}

void DetectorApp::AddSelfTest(float max_error) {
  line_.Add(max_error > config_.golden_tolerance ? "SELFTEST FAILED" : "SELFTEST OK");
  line_.Add(" (max error ").AddFixed(max_error, 6).Add(", ");
  line_.AddInteger(config_.golden_count).Add(" vectors)").End();
}

void DetectorApp::PrintFailure() {
  line_.Add(failure_);
  if (failure_detail_[0] != '\0') line_.Add(" (").Add(failure_detail_).Add(')');
  line_.End();
  Flush();
  next_failure_micros_ = board_.NowMicros() + kFailureRepeatMicros;
}

bool DetectorApp::SendRequest(const Request& request) {
  if (requests_.Push(request)) {
    ++requests_sent_;
    return true;
  }
  line_.Add("ERR busy, try again");
  return false;
}

void DetectorApp::Answer(const Command& command) {
  switch (command.kind) {
    case CommandKind::kEmpty:
      return;
    case CommandKind::kInvalid:
      line_.Add("ERR ").Add(command.error);
      break;
    case CommandKind::kHelp:
      line_.Add("OK ").Add(kHelpText);
      break;
    case CommandKind::kStatus:
      AnswerStatus();
      break;
    case CommandKind::kModel:
      AnswerModel();
      break;
    case CommandKind::kRaw:
      AnswerRaw(command);
      break;
    case CommandKind::kChannels:
      AnswerChannels(command);
      break;
    case CommandKind::kInject:
      AnswerInject(command);
      break;
    case CommandKind::kThreshold:
      AnswerThreshold(command);
      break;
    case CommandKind::kSelftest:
      if (Failed()) break;
      if (SendRequest({Request::Kind::kSelftest, 0.0f, 0})) return;  // the result is the answer
      break;
    case CommandKind::kReboot:
      line_.Add("OK rebooting").End();
      Flush();
      board_.Reboot();
      return;
    case CommandKind::kCalibrate:
      AnswerCalibrate(command);
      break;
  }
  line_.End();
  Flush();
}

void DetectorApp::AnswerStatus() {
  const int64_t uptime_ms = board_.NowMicros() / 1000;
  line_.Add("OK state=").Add(StateText(state()));
  line_.Add(" uptime_s=").AddInteger(uptime_ms / 1000);
  line_.Add(" samples=").AddInteger(samples());
  line_.Add(" missed=").AddInteger(missed_.load(std::memory_order_relaxed));
  line_.Add(" dropped=").AddInteger(dropped_.load(std::memory_order_relaxed));
  line_.Add(" queue_max=").AddInteger(events_.high_water());
  line_.Add(" anomalies=").AddInteger(anomalies_).Add(" faults=").AddInteger(faults_);
  line_.Add(" threshold=").AddFixed(Threshold(), kScoreDecimals);
  const bool forgotten = ForgetIsOnItsWay(requests_done_.load(std::memory_order_acquire));
  line_.Add(" noise=").AddFixed(forgotten ? set_.noise[0] : noise_.load(std::memory_order_relaxed),
                                kRawDecimals);
  line_.Add(" engine_failures=").AddInteger(engine_failures_.load(std::memory_order_relaxed));
  line_.Add(" inference_us=").AddInteger(latencies_.last());
  line_.Add(" p50_us=").AddInteger(latencies_.Quantile(50));
  line_.Add(" p99_us=").AddInteger(latencies_.Quantile(99));
  line_.Add(" engine_bytes=").AddInteger(engine_.memory_used());
  line_.Add(" engine_reserved=").AddInteger(engine_.memory_reserved());
  board_.AddStatus(line_);
  if (failure_ != nullptr) line_.Add(" failure=\"").Add(failure_).Add('"');
}

void DetectorApp::AnswerModel() {
  line_.Add("OK profile=").Add(config_.profile);
  line_.Add(" fingerprint=").Add(config_.fingerprint);
  line_.Add(" engine=\"").Add(engine_.name()).Add('"');
  line_.Add(" model_bytes=").AddInteger(config_.model_bytes);
  line_.Add(" engine_bytes=").AddInteger(engine_.memory_used());
  line_.Add(" channels=").AddInteger(config_.features.channels);
  const auto add_list = [this](const char* key, const char* const* texts) {
    line_.Add(key).Add("=\"");
    for (int i = 0; i < config_.features.channels; ++i) line_.Add(i > 0 ? "," : "").Add(texts[i]);
    line_.Add('"');
  };
  add_list(" channel_names", config_.channel_names);
  add_list(" channel_units", config_.channel_units);
  line_.Add(" features=").AddInteger(config_.features.count);
  line_.Add(" period_ms=").AddInteger(config_.sample_period_us / 1000);
  line_.Add(" threshold=").AddFixed(Threshold(), kScoreDecimals);
  line_.Add(" default_threshold=").AddFixed(config_.detector.decision.threshold, kScoreDecimals);
}

void DetectorApp::AnswerRaw(const Command& command) {
  raw_ = command.on;
  raw_crc_ = command.crc;
  line_.Add(!command.on ? "OK raw off" : command.crc ? "OK raw on crc" : "OK raw on");
}

void DetectorApp::AnswerChannels(const Command& command) {
  channels_.store(command.on, std::memory_order_relaxed);
  line_.Add(command.on ? "OK channels on" : "OK channels off");
}

void DetectorApp::AnswerInject(const Command& command) {
  if (Failed() || !SendRequest({Request::Kind::kInject, command.value, command.count})) return;
  line_.Add("OK inject ").AddFixed(command.value, kValueDecimals).Add(' ');
  line_.AddInteger(command.count);
  if (state() == State::kWarmup || state() == State::kFault) {
    line_.Add(" as soon as the warm-up ends");
  }
}

void DetectorApp::AnswerThreshold(const Command& command) {
  if (Failed()) return;
  if (command.restore) {
    if (!SendRequest({Request::Kind::kDefaultThreshold, 0.0f, 0})) return;
    set_.threshold = 0.0f;
    board_.EraseSetting(Setting::kThreshold);
    line_.Add("OK threshold default");
    return;
  }
  if (!SendRequest({Request::Kind::kThreshold, command.value, 0})) return;
  set_.threshold = command.value;
  line_.Add("OK threshold ").AddFixed(command.value, kScoreDecimals);
  if (!Save(Setting::kThreshold, command.value)) line_.Add(kNotKept);
}

void DetectorApp::AnswerCalibrate(const Command& command) {
  if (Failed()) return;
  if (command.restore) {
    if (!SendRequest({Request::Kind::kForgetCalibration, 0.0f, 0})) return;
    forget_sent_ = requests_sent_;
    set_.threshold_scale = 1.0f;
    board_.EraseSetting(Setting::kThresholdScale);
    for (int i = 0; i < config_.features.channels; ++i) {
      set_.noise[i] = config_.features.sigma[i];
      board_.EraseSetting(NoiseSetting(i));
    }
    line_.Add("OK calibrate default");
    return;
  }
  if (state() != State::kNormal) {
    line_.Add("ERR calibrate works in state NORMAL only");
    return;
  }
  const uint32_t samples = Calibration::Samples(command.count, config_.sample_period_us);
  if (!SendRequest({Request::Kind::kCalibrate, 0.0f, samples})) return;
  const uint64_t micros = uint64_t{samples} * config_.sample_period_us;
  const auto seconds = static_cast<int64_t>((micros + 999999) / 1000000);
  line_.Add("Calibrating: ").AddInteger(seconds).Add(" s of normal signal are wanted");
  if (seconds > command.count) line_.Add(", ").AddInteger(samples).Add(" samples at least");
}

void DetectorApp::PrintCalibration(const Event& event) {
  if (ForgetIsOnItsWay(event.requests_done)) {
    line_.Add(kAnotherCommand);
  } else if (event.calibration == Calibration::Status::kDone) {
    TakeCalibration(event);
  } else if (event.calibration == Calibration::Status::kImplausible) {
    line_.Add("ERR the noise is not the trained one within a factor of 4: record and retrain");
  } else if (event.calibration == Calibration::Status::kCancelled) {
    line_.Add(kAnotherCommand);
  } else {
    line_.Add("ERR calibrate was given up: the signal was not NORMAL all the time");
  }
  line_.End();
  Flush();
}

// All channels in the order of the profile, then the threshold: each as it was, and is now.
void DetectorApp::TakeCalibration(const Event& event) {
  const float threshold = Threshold();
  bool kept = Save(Setting::kThresholdScale, event.threshold_scale);
  set_.threshold_scale = event.threshold_scale;
  line_.Add("OK calibrate noise ");
  for (int i = 0; i < config_.features.channels; ++i) {
    kept = Save(NoiseSetting(i), event.values[i]) && kept;
    if (i > 0) line_.Add(", ");
    line_.AddFixed(set_.noise[i], kRawDecimals).Add(" -> ");
    line_.AddFixed(event.values[i], kRawDecimals);
    set_.noise[i] = event.values[i];
  }
  line_.Add(" threshold ").AddFixed(threshold, kScoreDecimals).Add(" -> ");
  line_.AddFixed(Threshold(), kScoreDecimals);
  if (set_.threshold > 0.0f) line_.Add(kSetByTheUser);
  if (!kept) line_.Add(kNotKept);
}

bool DetectorApp::Save(Setting setting, float value) {
  return board_.SaveSetting(Setting::kModel, ModelTag(config_.fingerprint)) &&
         board_.SaveSetting(setting, value);
}

// After a failed start nothing can be judged, and no command of that kind can be carried out.
bool DetectorApp::Failed() {
  if (failure_ != nullptr) line_.Add("ERR ").Add(failure_);
  return failure_ != nullptr;
}
