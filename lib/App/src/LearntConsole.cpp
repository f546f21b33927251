#include "LearntConsole.h"

#include <cmath>

namespace anomaly {

void LearntConsole::Flush() {
  platform_.serial.Write(line_.text(), line_.size());
  line_.Clear();
}

size_t LearntConsole::Load() {
  if (!block_.exists() || platform_.learnt == nullptr) return 0;
  return platform_.learnt->Load(block_.bytes(), block_.size());
}

void LearntConsole::Answer(const Command& command) {
  switch (command.kind) {
    case CommandKind::kLearn:
      return AskFit(command);
    case CommandKind::kNormal:
      return (void)Ask(Request::Kind::kNormal);
    case CommandKind::kAccept:
      return (void)Ask(Request::Kind::kAccept);
    case CommandKind::kForget:
      return (void)Ask(Request::Kind::kForget);
    default:
      return (void)Ask(Request::Kind::kLearnt);
  }
}

bool LearntConsole::Ask(Request::Kind kind, int value) {
  if (Refuse(kind)) return false;
  if (asked_ || !exchange_.Send({kind, 0.0f, static_cast<uint32_t>(value)})) {
    AddError(line_, kBusyError);
    return false;
  }
  asked_ = true;
  return true;
}

bool LearntConsole::Refuse(Request::Kind kind) {
  const bool slow = config_.detector.slow != nullptr;
  const bool learns = slow || config_.detector.learning != nullptr;
  if (!learns) AddError(line_, kLearnsNothingError);
  if (learns && !slow && kind == Request::Kind::kAccept) AddError(line_, kNoSlowChartsError);
  return line_.size() > 0;
}

void LearntConsole::Poll() {
  if (exchange_.block_waits.load(std::memory_order_acquire)) {
    const bool keeps = platform_.learnt != nullptr && !stopped_;
    if (keeps) (void)platform_.learnt->Save(block_.bytes(), block_.size());
    exchange_.block_waits.store(false, std::memory_order_release);
  }
  if (exchange_.report_waits.load(std::memory_order_acquire)) PrintNext(exchange_.report);
}

// One line a turn: a slow serial line has no room for all of them at once.
void LearntConsole::PrintNext(const LearntReport& report) {
  const bool table = report.kind == Request::Kind::kLearnt;
  const int charts = table && config_.detector.slow != nullptr ? kSlowLearntCharts : 0;
  const int values = charts == 0 ? 1 : config_.features.channels;
  const bool last_value = report.value + 1 >= values;
  const bool has_limits = table && last_value && config_.detector.learning != nullptr;
  const int limits = has_limits ? config_.features.count : 0;
  const int line = printed_++;
  if (line < charts) return AddChart(report, line);
  if (line < charts + limits) return AddLimit(report, line - charts);
  if (!table) {
    AnswerRequest(report);
  } else if (last_value) {
    AddLearntDone(line_, report.days, report.minutes);
  }
  const int next = report.value + 1;
  printed_ = 0;
  asked_ = false;
  exchange_.report_waits.store(false, std::memory_order_release);
  if (table && !last_value) (void)Ask(Request::Kind::kLearnt, next);
  if (line_.size() > 0) Flush();
}

void LearntConsole::Changed(Setting setting) {
  if (link_ != nullptr) link_->session().Changed(setting, settings_.Threshold());
}

void LearntConsole::AnswerRequest(const LearntReport& report) {
  switch (report.kind) {
    case Request::Kind::kNormal:
      return AnswerNormal(report);
    case Request::Kind::kAccept:
      Changed(Setting::kAccept);
      return AddLevelAccepted(line_, ValueName(report.level.value), report.level.chart.from,
                              report.level.chart.to);
    default:
      Changed(Setting::kForget);
      return AddForgot(line_, report.days);
  }
}

const char* LearntConsole::ValueName(int value) const {
  return config_.features.channels > 1 ? config_.value_names[value] : nullptr;
}

void LearntConsole::AnswerNormal(const LearntReport& report) {
  const AcceptedAlarm& accepted = report.accepted;
  const SlowWatch::Change& slow = accepted.slow;
  if (accepted.feature >= 0 || slow.value >= 0) Changed(Setting::kNormal);
  if (accepted.feature >= 0) {
    const FeatureSpec& spec = config_.features.specs[accepted.feature];
    AddAccepted(line_, {FeatureBehaviour(spec.kind), ValueName(spec.channel)}, accepted.from,
                accepted.to);
  } else if (slow.value >= 0) {
    AddAccepted(line_, {SlowChartName(slow.chart.chart), ValueName(slow.value)}, slow.chart.from,
                slow.chart.to);
  } else {
    AddError(line_, kNoAlarmError);
  }
}

void LearntConsole::AddChart(const LearntReport& report, int chart) {
  SlowCharts::Standing standing = report.standings[chart];
  const bool minutes = chart >= kSlowPeriod;
  if (chart >= kSlowActivity) {  // of logarithms
    standing.value = std::exp(standing.value);
    standing.low = std::exp(standing.low);
    standing.high = std::exp(standing.high);
  }
  AddLearntChart(line_, {SlowChartName(chart), ValueName(report.value)}, standing,
                 minutes ? "min" : config_.value_units[report.value]);
  Flush();
}

void LearntConsole::AddLimit(const LearntReport& report, int feature) {
  const FeatureSpec& spec = config_.features.specs[feature];
  const float* const limits = report.limits + ResidualLimits::kSides * feature;
  AddLearntLimit(line_, feature + 1, {FeatureBehaviour(spec.kind), ValueName(spec.channel)},
                 limits[1], limits[0]);
  Flush();
}

void LearntConsole::AskFit(const Command& command) {
  const RefitConfig* const refit = config_.detector.refit;
  if (refit == nullptr) {
    return AddError(line_, config_.is_generic() ? kGenericError : kNoScoreError);
  }
  if (command.restore) {
    if (!exchange_.Send({Request::Kind::kForgetFit, 0.0f, 0})) AddError(line_, kBusyError);
    return;
  }
  if (exchange_.state.load(std::memory_order_relaxed) == State::kFault) {
    return AddError(line_, kLearnInFaultError);
  }
  const uint32_t frames = Refit::Frames(command.count, config_.frame_period_us(), *refit);
  if (!exchange_.Send({Request::Kind::kLearn, 0.0f, frames})) return AddError(line_, kBusyError);
  AddLearning(line_, frames, config_.frame_period_us(), command.count);
}

void LearntConsole::PrintFit(const Event& event) {
  const LearnResult& result = event.learn;
  const bool done = result.status == Refit::Status::kDone;
  if (!done && result.status != Refit::Status::kIdle) return AddWhyNot(result);
  const float before = settings_.Threshold();
  settings_.default_threshold = result.default_threshold;
  settings_.record.threshold_scale = 1.0f;
  for (int i = 0; i < config_.features.channels; ++i) settings_.record.noise[i] = event.values[i];
  const bool kept = settings_.Save() && platform_.learnt != nullptr;
  const FitChange change = {before, settings_.Threshold(), result.frames,
                            settings_.record.threshold > 0.0f, kept};
  done ? AddFitted(line_, change) : AddFitDefault(line_);
  Changed(Setting::kLearn);
  Flush();
}

void LearntConsole::AddWhyNot(const LearnResult& result) {
  switch (result.status) {
    case Refit::Status::kStep:
      AddSteppedError(line_, config_.value_names[result.step_value]);
      break;
    case Refit::Status::kFault:
      AddError(line_, kFaultWhileLearningError);
      break;
    case Refit::Status::kGap:
      AddError(line_, kGapWhileLearningError);
      break;
    case Refit::Status::kNoise:
      AddError(line_, kImplausibleNoiseError);
      break;
    case Refit::Status::kCancelled:
      AddError(line_, kLearnCancelledError);
      break;
    default:
      AddError(line_, kNoNumberError);
      break;
  }
  Flush();
}

}  // namespace anomaly
