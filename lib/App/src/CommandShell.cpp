#include "CommandShell.h"

namespace anomaly {

namespace {

constexpr int64_t kFailureRepeatMicros = 5 * 1000 * 1000;

// What one Poll() prints and reads at most.
constexpr int kMaxLines = 64;
constexpr int kMaxBytes = 128;
constexpr int kLinesOfBlock = 4;  // it is as long as so many others

// nullptr: the block is used, or there is none.
const char* WhyForgotten(BlockFound found) {
  if (found == BlockFound::kOfAnotherModel) return kOfAnotherModelText;
  if (found == BlockFound::kOfAnotherVersion) return kOfAnotherVersionText;
  return found == BlockFound::kDamaged ? kDamagedText : nullptr;
}

}  // namespace

CommandShell::CommandShell(SampleDetector& detector, Platform platform, Settings& settings,
                           Exchange& exchange, LearntBlock& learnt, const char* part, Link* link)
    : config_(detector.config()),
      platform_(platform),
      engine_(detector.engine()),
      settings_(settings),
      exchange_(exchange),
      printer_(config_, platform.serial, line_, part),
      learnt_(config_, platform, learnt, settings, exchange, line_, link),
      raw_(config_, platform, exchange, printer_, line_),
      link_(link) {
  if (link != nullptr) link->SetConsole(this, &line_);
}

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
  if (link_ != nullptr) link_->session().Fail(what);
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
  const bool more = PollLine();
  if (link_ == nullptr) return more;
  const uint32_t dropped = exchange_.dropped.load(std::memory_order_relaxed);
  return link_->session().Poll(exchange_.missed.load(std::memory_order_relaxed),
                               dropped + link_->queue().dropped()) ||
         more;
}

bool CommandShell::PollLine() {
  learnt_.Poll();
  raw_.Poll();
  if (failed() && platform_.clock.NowMicros() >= next_failure_micros_) PrintFailure();
  int lines = 0;
  for (int bytes = 0; bytes < kMaxBytes; ++bytes) {
    for (int more; lines < kMaxLines && (more = PrintNext()) > 0;) lines += more;
    const int byte = platform_.serial.ReadByte();
    if (byte < 0) return lines >= kMaxLines;
    if (IsOfPacket(static_cast<uint8_t>(byte))) continue;
    if (!reader_.Feed(static_cast<char>(byte))) continue;
    if (link_ != nullptr) link_->console().SetTyping(true);
    Answer(ParseCommand(reader_.line()));
    if (link_ != nullptr) link_->console().SetTyping(false);
    if (++lines > kMaxLines) return true;
  }
  return true;
}

// What a web page sends to provision the board stands between lines, not in one.
bool CommandShell::IsOfPacket(uint8_t byte) {
  ProvisioningConsole* const console = link_ == nullptr ? nullptr : link_->provisioning();
  if (console == nullptr) return false;
  if (console->Feed(byte)) return true;
  for (size_t i = 0; i < console->released(); ++i) (void)reader_.Feed(ImprovReader::kMark[i]);
  return false;
}

int CommandShell::PrintNext() {
  const Event* event = exchange_.events.Front();
  if (event == nullptr) return printer_.PrintBlock(exchange_.blocks) ? kLinesOfBlock : 0;
  if (event->kind == Event::Kind::kCalibration) {
    PrintCalibration(*event);
  } else if (event->kind == Event::Kind::kLearn) {
    learnt_.PrintFit(*event);
  } else {
    printer_.Print(*event);
  }
  exchange_.events.Pop();
  return 1;
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
  Changed(Setting::kCalibrate);
  Flush();
}

// ---- what was typed

void CommandShell::Answer(const Command& command) {
  if (command.kind > CommandKind::kInvalid) raw_.Heard();
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
    case CommandKind::kBaud:
      raw_.Answer(command);
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
    case CommandKind::kLearn:
    case CommandKind::kNormal:
    case CommandKind::kAccept:
    case CommandKind::kForget:
    case CommandKind::kLearnt:
      if (!Refuse()) learnt_.Answer(command);
      break;
    case CommandKind::kLink:
    case CommandKind::kProvision:
      AnswerLink(command);
      break;
    case CommandKind::kFactoryReset:
      AnswerFactoryReset();
      break;
    case CommandKind::kReboot:
      AddRebooting(line_);
      Flush();
      platform_.system.Reboot();
      return;
  }
  if (line_.size() > 0) Flush();
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
    Changed(Setting::kThreshold);
    return AddThresholdDefault(line_);
  }
  if (!Send({Request::Kind::kThreshold, command.value, 0})) return;
  settings_.record.threshold = command.value;
  AddThresholdSet(line_, command.value, settings_.Save());
  Changed(Setting::kThreshold);
}

void CommandShell::AnswerCalibrate(const Command& command) {
  if (Refuse()) return;
  if (command.restore) {
    if (!Send({Request::Kind::kForgetCalibration, 0.0f, 0})) return;
    forget_sent_ = exchange_.requests_sent;
    settings_.ForgetCalibration();
    (void)settings_.Save();
    Changed(Setting::kCalibrate);
    return AddCalibrationDefault(line_);
  }
  if (exchange_.state.load(std::memory_order_relaxed) != State::kNormal) {
    return AddError(line_, kNotNormalError);
  }
  const uint32_t frames = NoiseCalibration::Frames(command.count, config_.frame_period_us());
  if (!Send({Request::Kind::kCalibrate, 0.0f, frames})) return;
  AddCalibrating(line_, frames, config_.frame_period_us(), command.count);
}

// The result is the answer.
void CommandShell::AnswerSelfTest() {
  if (!Refuse()) (void)Send({Request::Kind::kSelftest, 0.0f, 0});
}

void CommandShell::AnswerLink(const Command& command) {
  if (link_ == nullptr) return AddError(line_, kNoLinkError);
  if (command.kind == CommandKind::kLink) return link_->Answer(command.text, line_);
  ProvisioningConsole* const console = link_->provisioning();
  console == nullptr ? AddError(line_, kNoNetworkError) : console->Answer(command.text, line_);
}

void CommandShell::AnswerFactoryReset() {
  if (link_ == nullptr) return AddError(line_, kNoLinkError);
  AddFactoryReset(line_);
  learnt_.Stop();
  link_->session().FactoryReset();
}

void CommandShell::Changed(Setting setting) {
  if (link_ != nullptr) link_->session().Changed(setting, settings_.Threshold());
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

}  // namespace anomaly
