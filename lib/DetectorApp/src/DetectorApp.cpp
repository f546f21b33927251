#include "DetectorApp.h"

#include <cfloat>
#include <cmath>

namespace {

constexpr int64_t kFailureRepeatMicros = 5 * 1000 * 1000;
constexpr uint32_t kFingerprintDigits = 12;

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

// LED after a failed start, one step a sample: three blinks and a pause.
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
  line_.Add("Initializing Anomaly Detector...\r\n");
  line_.Add("Profile: ").Add(config_.profile).Add(" | Engine: ").Add(engine_.name());
  line_.Add(" | Fingerprint: ");
  for (uint32_t i = 0; i < kFingerprintDigits; ++i) line_.Add(config_.fingerprint[i]);
  line_.Add(" | Period: ").AddInteger(config_.sample_period_us / 1000).Add(" ms\r\n");
  if (board_.ResetReason() != nullptr) {
    line_.Add("Reset: ").Add(board_.ResetReason()).Add("\r\n");
  }
  Flush();
  const EngineStatus status = engine_.Load();
  if (status != EngineStatus::kOk) {
    failure_ = EngineStatusText(status);
    state_.store(State::kFault, std::memory_order_relaxed);
    PrintFailure();
    return;
  }
  AddSelfTest(SelfTest());
  LoadSettings();
  line_.Add("System Ready. Monitoring Sensor...\r\n");
  Flush();
}

// What was set on this device with this very model; a stranger's figures would do harm.
void DetectorApp::LoadSettings() {
  float value = 0.0f;
  if (board_.LoadSetting(Setting::kModel, &value) && !Same(value, ModelTag(config_.fingerprint))) {
    for (int i = 0; i < kSettingCount; ++i) board_.EraseSetting(static_cast<Setting>(i));
    line_.Add("Settings of another model are forgotten\r\n");
  }
  // Only what `calibrate` and `threshold` can have stored: a worn flash may hold anything.
  const auto load = [&](Setting setting, float least, float largest) {
    return board_.LoadSetting(setting, &value) && value >= least && value <= largest;
  };
  if (load(Setting::kThresholdScale, Calibration::kLeastScale, Calibration::kLargestScale)) {
    threshold_scale_ = value;
  }
  for (int i = 0; i < config_.features.channels; ++i) {
    const float trained = config_.features.sigma[i];
    if (load(NoiseSetting(i), trained / Calibration::kMaxChange,
             trained * Calibration::kMaxChange)) {
      detector_.extractor().SetSigma(i, value);
    }
  }
  if (load(Setting::kThreshold, FLT_TRUE_MIN, FLT_MAX)) user_threshold_ = value;
  noise_.store(detector_.extractor().sigma(0), std::memory_order_relaxed);
  UseThreshold();
  if (user_threshold_ > 0.0f) {
    line_.Add("Threshold: ")
        .AddFixed(user_threshold_, kScoreDecimals)
        .Add(" (set by the user)\r\n");
  }
}

// ---- sampling side

void DetectorApp::UseThreshold() {
  const float threshold = user_threshold_ > 0.0f
                              ? user_threshold_
                              : config_.detector.decision.threshold * threshold_scale_;
  detector_.SetThreshold(threshold);
  threshold_.store(threshold, std::memory_order_relaxed);
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

void DetectorApp::TakeRequests() {
  while (const Request* request = requests_.Front()) {
    switch (request->kind) {
      case Request::Kind::kInject:
        inject_value_ = request->value;
        inject_left_ = request->count;
        injecting_ = false;
        break;
      case Request::Kind::kThreshold:
        user_threshold_ = request->value;
        break;
      case Request::Kind::kDefaultThreshold:
        user_threshold_ = 0.0f;
        break;
      case Request::Kind::kCalibrate:
        CancelCalibration();
        if (detector_.state() == State::kNormal) {
          calibration_.Start(request->count, detector_.extractor());
        } else {
          PublishCalibration(Calibration::Status::kLeftNormal);
        }
        break;
      case Request::Kind::kForgetCalibration:
        CancelCalibration();
        threshold_scale_ = 1.0f;
        for (int i = 0; i < config_.features.channels; ++i) {
          detector_.extractor().SetSigma(i, config_.features.sigma[i]);
        }
        break;
      case Request::Kind::kSelftest: {
        Event event = {};
        event.kind = Event::Kind::kSelftest;
        event.max_error = SelfTest();
        Publish(event);
        break;
      }
    }
    requests_.Pop();
    UseThreshold();
  }
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
  for (int i = 0; i < config_.features.channels; ++i) {
    event.values[i] = detector_.extractor().measured_sigma(i);
  }
  Publish(event);
}

void DetectorApp::Publish(const Event& event) {
  if (!events_.Push(event)) dropped_.fetch_add(1, std::memory_order_relaxed);
}

void DetectorApp::SampleFailed() {
  constexpr uint32_t kSteps = sizeof(kFailurePattern) / sizeof(kFailurePattern[0]);
  board_.SetLed(kFailurePattern[samples() % kSteps]);
  samples_.fetch_add(1, std::memory_order_relaxed);
}

void DetectorApp::Sample() {
  if (failure_ != nullptr) return SampleFailed();
  TakeRequests();
  SensorSample sample = board_.ReadSensor();
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
    event.shows_channels = channels_.load(std::memory_order_relaxed);
    if (event.shows_channels) detector_.Expect(event.expected);
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

void DetectorApp::Poll() {
  while (const Event* event = events_.Front()) {
    Print(*event);
    events_.Pop();
  }
  if (failure_ != nullptr && board_.NowMicros() >= next_failure_micros_) PrintFailure();
  for (int byte = board_.ReadByte(); byte >= 0; byte = board_.ReadByte()) {
    if (reader_.Feed(static_cast<char>(byte))) Answer(ParseCommand(reader_.line()));
  }
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
    if (state == State::kAnomaly) AddAnomalyMarker(line_);
  }
  Flush();
}

void DetectorApp::AddSelfTest(float max_error) {
  line_.Add(max_error > config_.golden_tolerance ? "SELFTEST FAILED" : "SELFTEST OK");
  line_.Add(" (max error ").AddFixed(max_error, 6).Add(", ");
  line_.AddInteger(config_.golden_count).Add(" vectors)\r\n");
}

void DetectorApp::PrintFailure() {
  line_.Add(failure_);
  if (engine_.detail()[0] != '\0') line_.Add(" (").Add(engine_.detail()).Add(')');
  line_.Add("\r\n");
  Flush();
  next_failure_micros_ = board_.NowMicros() + kFailureRepeatMicros;
}

bool DetectorApp::SendRequest(const Request& request) {
  if (requests_.Push(request)) return true;
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
      line_.Add("OK rebooting\r\n");
      Flush();
      board_.Reboot();
      return;
    case CommandKind::kCalibrate:
      AnswerCalibrate(command);
      break;
  }
  line_.Add("\r\n");
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
  line_.Add(" threshold=").AddFixed(threshold_.load(std::memory_order_relaxed), kScoreDecimals);
  line_.Add(" noise=").AddFixed(noise_.load(std::memory_order_relaxed), kRawDecimals);
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
  line_.Add(" threshold=").AddFixed(threshold_.load(std::memory_order_relaxed), kScoreDecimals);
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
    board_.EraseSetting(Setting::kThreshold);
    line_.Add("OK threshold default");
    return;
  }
  if (!SendRequest({Request::Kind::kThreshold, command.value, 0})) return;
  line_.Add("OK threshold ").AddFixed(command.value, kScoreDecimals);
  Save(Setting::kThreshold, command.value);
}

void DetectorApp::AnswerCalibrate(const Command& command) {
  if (Failed()) return;
  if (command.restore) {
    if (!SendRequest({Request::Kind::kForgetCalibration, 0.0f, 0})) return;
    board_.EraseSetting(Setting::kThresholdScale);
    for (int i = 0; i < config_.features.channels; ++i) board_.EraseSetting(NoiseSetting(i));
    line_.Add("OK calibrate default");
    return;
  }
  if (state() != State::kNormal) {
    line_.Add("ERR calibrate works in state NORMAL only");
    return;
  }
  const uint64_t samples = uint64_t{command.count} * 1000000 / config_.sample_period_us;
  if (!SendRequest({Request::Kind::kCalibrate, 0.0f, static_cast<uint32_t>(samples)})) return;
  line_.Add("Calibrating: ").AddInteger(command.count).Add(" s of normal signal are wanted");
}

void DetectorApp::PrintCalibration(const Event& event) {
  if (event.calibration == Calibration::Status::kDone) {
    line_.Add("OK calibrate noise ").AddFixed(config_.features.sigma[0], kRawDecimals);
    line_.Add(" -> ").AddFixed(event.values[0], kRawDecimals);
    const float threshold = config_.detector.decision.threshold;
    line_.Add(" threshold ").AddFixed(threshold, kScoreDecimals).Add(" -> ");
    line_.AddFixed(threshold * event.threshold_scale, kScoreDecimals);
    Save(Setting::kThresholdScale, event.threshold_scale);
    for (int i = 0; i < config_.features.channels; ++i) Save(NoiseSetting(i), event.values[i]);
  } else if (event.calibration == Calibration::Status::kImplausible) {
    line_.Add("ERR the noise is not the trained one within a factor of 4: record and retrain");
  } else if (event.calibration == Calibration::Status::kCancelled) {
    line_.Add("ERR calibrate was given up: another command took its place");
  } else {
    line_.Add("ERR calibrate was given up: the signal was not NORMAL all the time");
  }
  line_.Add("\r\n");
  Flush();
}

void DetectorApp::Save(Setting setting, float value) {
  const bool kept = board_.SaveSetting(Setting::kModel, ModelTag(config_.fingerprint)) &&
                    board_.SaveSetting(setting, value);
  if (!kept) line_.Add(" (until the next reboot)");
}

// After a failed start nothing can be judged, and no command of that kind can be carried out.
bool DetectorApp::Failed() {
  if (failure_ != nullptr) line_.Add("ERR ").Add(failure_);
  return failure_ != nullptr;
}
