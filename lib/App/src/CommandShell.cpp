#include "CommandShell.h"

namespace {

constexpr int64_t kFailureRepeatMicros = 5 * 1000 * 1000;

// What one Poll() prints and reads at most.
constexpr int kMaxLines = 64;
constexpr int kMaxBytes = 128;

// nullptr: the block is used, or there is none.
const char* WhyForgotten(BlockFound found) {
  if (found == BlockFound::kOfAnotherModel) return kOfAnotherModelText;
  if (found == BlockFound::kOfAnotherVersion) return kOfAnotherVersionText;
  return found == BlockFound::kDamaged ? kDamagedText : nullptr;
}

}  // namespace

CommandShell::CommandShell(const AppConfig& config, Platform platform, Autoencoder& engine,
                           Settings& settings, Exchange& exchange, LearntBlock& learnt,
                           const char* part)
    : config_(config),
      platform_(platform),
      engine_(engine),
      settings_(settings),
      exchange_(exchange),
      printer_(config, platform.serial, line_, part),
      learnt_(config, platform, learnt, exchange, line_) {}

void CommandShell::Flush() {
  platform_.serial.Write(line_.text(), line_.size());
  line_.Clear();
}

// ---- before anything is sampled

void CommandShell::Greet(const char* reset_reason) {
  AddInitializing(line_);
  Flush();
  AddHello(line_, config_.profile, engine_.name(), config_.fingerprint, config_.sample_period_us,
           config_.frame);
  Flush();
  if (reset_reason == nullptr) return;
  AddReset(line_, reset_reason);
  Flush();
}

void CommandShell::SayReady(float max_error, BlockFound settings, BlockFound learnt) {
  AddSelfTest(line_, max_error, config_.golden_tolerance, config_.golden_count);
  Flush();
  if (const char* why = WhyForgotten(settings)) AddForgotten(line_, "Settings", why);
  if (const char* why = WhyForgotten(learnt)) AddForgotten(line_, "Learnt limits", why);
  if (settings_.record.threshold > 0.0f) AddUserThreshold(line_, settings_.record.threshold);
  if (line_.size() > 0) Flush();
  AddReady(line_);
  Flush();
}

void CommandShell::Fail(const char* what, const char* detail) {
  failure_ = what;
  failure_detail_ = detail;
  exchange_.state.store(State::kFault, std::memory_order_relaxed);
  PrintFailure();
}

void CommandShell::PrintFailure() {
  AddFailure(line_, failure_, failure_detail_);
  Flush();
  next_failure_micros_ = platform_.clock.NowMicros() + kFailureRepeatMicros;
}

// ---- what happened

bool CommandShell::Poll() {
  learnt_.Poll();
  if (failed() && platform_.clock.NowMicros() >= next_failure_micros_) PrintFailure();
  int lines = 0;
  for (int bytes = 0; bytes < kMaxBytes; ++bytes) {
    while (lines < kMaxLines && PrintNext()) ++lines;
    const int byte = platform_.serial.ReadByte();
    if (byte < 0) return lines >= kMaxLines;
    if (!reader_.Feed(static_cast<char>(byte))) continue;
    Answer(ParseCommand(reader_.line()));
    if (++lines > kMaxLines) return true;
  }
  return true;
}

bool CommandShell::PrintNext() {
  const Event* event = exchange_.events.Front();
  if (event == nullptr) return false;
  if (event->kind == Event::Kind::kCalibration) {
    PrintCalibration(*event);
  } else {
    printer_.Print(*event);
  }
  exchange_.events.Pop();
  return true;
}

void CommandShell::PrintCalibration(const Event& event) {
  if (ForgetIsOnItsWay(event.requests_done)) {
    AddError(line_, kAnotherCommandError);
    return Flush();
  }
  switch (event.calibration) {
    case NoiseCalibration::Status::kDone:
      return TakeCalibration(event);
    case NoiseCalibration::Status::kImplausible:
      AddError(line_, kImplausibleNoiseError);
      break;
    case NoiseCalibration::Status::kCancelled:
      AddError(line_, kAnotherCommandError);
      break;
    default:
      AddError(line_, kLeftNormalError);
      break;
  }
  Flush();
}

void CommandShell::TakeCalibration(const Event& event) {
  const SettingsRecord before = settings_.record;
  CalibrationChange change = {};
  change.channels = config_.features.channels;
  change.noise_before = before.noise;
  change.noise = event.values;
  change.threshold_before = settings_.Threshold();
  settings_.record.threshold_scale = event.threshold_scale;
  for (int i = 0; i < change.channels; ++i) settings_.record.noise[i] = event.values[i];
  change.threshold = settings_.Threshold();
  change.user_threshold = before.threshold > 0.0f;
  change.kept = settings_.Save();
  AddCalibrated(line_, change);
  Flush();
}

// ---- what was typed

void CommandShell::Answer(const Command& command) {
  switch (command.kind) {
    case CommandKind::kEmpty:
      return;
    case CommandKind::kInvalid:
      AddError(line_, command.error);
      break;
    case CommandKind::kHelp:
      AddHelp(line_);
      break;
    case CommandKind::kStatus:
      AnswerStatus();
      break;
    case CommandKind::kModel:
      AnswerModel();
      break;
    case CommandKind::kRaw:
      printer_.SetRaw(command.on, command.crc);
      exchange_.raw.store(command.on, std::memory_order_relaxed);
      AddRawSet(line_, command.on, command.crc);
      break;
    case CommandKind::kChannels:
      exchange_.shows_channels.store(command.on, std::memory_order_relaxed);
      AddChannelsSet(line_, command.on);
      break;
    case CommandKind::kInject:
      AnswerInject(command);
      break;
    case CommandKind::kThreshold:
      AnswerThreshold(command);
      break;
    case CommandKind::kSelftest:
      AnswerSelfTest();
      break;
    case CommandKind::kCalibrate:
      AnswerCalibrate(command);
      break;
    case CommandKind::kNormal:
      AnswerLearnt(Request::Kind::kNormal);
      break;
    case CommandKind::kAccept:
      AnswerLearnt(Request::Kind::kAccept);
      break;
    case CommandKind::kForget:
      AnswerLearnt(Request::Kind::kForget);
      break;
    case CommandKind::kLearnt:
      AnswerLearnt(Request::Kind::kLearnt);
      break;
    case CommandKind::kReboot:
      AddRebooting(line_);
      Flush();
      platform_.system.Reboot();
      return;
  }
  if (line_.size() > 0) Flush();
}

void CommandShell::AnswerStatus() {
  SystemFigure figures[System::kMaxFigures];
  StatusAnswer status = {};
  status.state = exchange_.state.load(std::memory_order_relaxed);
  status.uptime_s = platform_.clock.NowMicros() / 1000000;
  status.samples = exchange_.samples.load(std::memory_order_relaxed);
  status.has_frames = config_.frame != nullptr;
  status.frames = exchange_.frames.load(std::memory_order_relaxed);
  status.missed = exchange_.missed.load(std::memory_order_relaxed);
  status.dropped = exchange_.dropped.load(std::memory_order_relaxed);
  status.queue_max = exchange_.events.high_water();
  status.anomalies = printer_.anomalies();
  status.faults = printer_.faults();
  status.threshold = settings_.Threshold();
  const bool forgotten = ForgetIsOnItsWay(exchange_.requests_done.load(std::memory_order_acquire));
  status.noise =
      forgotten ? settings_.record.noise[0] : exchange_.noise.load(std::memory_order_relaxed);
  status.has_slow = config_.detector.slow != nullptr;
  status.learns = status.has_slow || config_.detector.learning != nullptr;
  status.days_learnt = exchange_.days_learnt.load(std::memory_order_relaxed);
  status.slow = exchange_.slow.load(std::memory_order_relaxed);
  status.slow_nearest = SlowCauseText(exchange_.slow_nearest.load(std::memory_order_relaxed));
  status.engine_failures = exchange_.engine_failures.load(std::memory_order_relaxed);
  status.inference_us = exchange_.latencies.last();
  status.p50_us = exchange_.latencies.Quantile(50);
  status.p99_us = exchange_.latencies.Quantile(99);
  status.engine_bytes = engine_.memory_used();
  status.engine_reserved = engine_.memory_reserved();
  status.figures = figures;
  status.figure_count = platform_.system.Figures(figures);
  status.failure = failure_;
  AddStatus(line_, status);
}

void CommandShell::AnswerModel() {
  ModelAnswer model = {};
  model.profile = config_.profile;
  model.fingerprint = config_.fingerprint;
  model.engine = engine_.name();
  model.model_bytes = config_.model_bytes;
  model.engine_bytes = engine_.memory_used();
  model.channels = config_.channels;
  model.channel_names = config_.channel_names;
  model.channel_units = config_.channel_units;
  model.features = config_.features.count;
  model.period_us = config_.sample_period_us;
  model.frame = config_.frame;
  model.values = config_.features.channels;
  model.value_names = config_.value_names;
  model.value_units = config_.value_units;
  model.threshold = settings_.Threshold();
  model.default_threshold = config_.detector.decision.threshold;
  AddModel(line_, model);
}

void CommandShell::AnswerInject(const Command& command) {
  if (Refuse() || !Send({Request::Kind::kInject, command.value, command.count})) return;
  const State state = exchange_.state.load(std::memory_order_relaxed);
  AddInjected(line_, command.value, command.count,
              state == State::kWarmup || state == State::kFault);
}

void CommandShell::AnswerThreshold(const Command& command) {
  if (Refuse()) return;
  if (command.restore) {
    if (!Send({Request::Kind::kDefaultThreshold, 0.0f, 0})) return;
    settings_.record.threshold = 0.0f;
    (void)settings_.Save();
    return AddThresholdDefault(line_);
  }
  if (!Send({Request::Kind::kThreshold, command.value, 0})) return;
  settings_.record.threshold = command.value;
  AddThresholdSet(line_, command.value, settings_.Save());
}

void CommandShell::AnswerCalibrate(const Command& command) {
  if (Refuse()) return;
  if (command.restore) {
    if (!Send({Request::Kind::kForgetCalibration, 0.0f, 0})) return;
    forget_sent_ = exchange_.requests_sent;
    settings_.ForgetCalibration();
    (void)settings_.Save();
    return AddCalibrationDefault(line_);
  }
  if (exchange_.state.load(std::memory_order_relaxed) != State::kNormal) {
    return AddError(line_, kNotNormalError);
  }
  const uint32_t frames = NoiseCalibration::Frames(command.count, config_.frame_period_us());
  if (!Send({Request::Kind::kCalibrate, 0.0f, frames})) return;
  AddCalibrating(line_, frames, config_.frame_period_us(), command.count);
}

// What became of it is the answer.
void CommandShell::AnswerLearnt(Request::Kind kind) {
  if (!Refuse()) (void)learnt_.Ask(kind);
}

// The result is the answer.
void CommandShell::AnswerSelfTest() {
  if (!Refuse()) (void)Send({Request::Kind::kSelftest, 0.0f, 0});
}

bool CommandShell::Refuse() {
  if (failed()) AddError(line_, failure_);
  return failed();
}

bool CommandShell::Send(const Request& request) {
  if (exchange_.Send(request)) return true;
  AddError(line_, kBusyError);
  return false;
}

bool CommandShell::ForgetIsOnItsWay(uint32_t done) const {
  return static_cast<int32_t>(forget_sent_ - done) > 0;
}
