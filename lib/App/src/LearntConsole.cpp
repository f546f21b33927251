#include "LearntConsole.h"

#include <cmath>

void LearntConsole::Flush() {
  platform_.serial.Write(line_.text(), line_.size());
  line_.Clear();
}

size_t LearntConsole::Load() {
  if (!block_.exists() || platform_.learnt == nullptr) return 0;
  return platform_.learnt->Load(block_.bytes(), block_.size());
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
    if (platform_.learnt != nullptr) (void)platform_.learnt->Save(block_.bytes(), block_.size());
    exchange_.block_waits.store(false, std::memory_order_release);
  }
  if (!exchange_.report_waits.load(std::memory_order_acquire)) return;
  asked_ = false;
  const LearntReport report = exchange_.report;
  exchange_.report_waits.store(false, std::memory_order_release);
  switch (report.kind) {
    case Request::Kind::kNormal:
      return AnswerNormal(report);
    case Request::Kind::kAccept:
      return AnswerAccept(report);
    case Request::Kind::kForget:
      AddForgot(line_, report.days);
      return Flush();
    default:
      break;
  }
  PrintCharts(report);
  const int values = config_.detector.slow == nullptr ? 1 : config_.features.channels;
  if (report.value + 1 < values) {
    if (!Ask(Request::Kind::kLearnt, report.value + 1)) Flush();
    return;
  }
  PrintLimits(report);
  AddLearntDone(line_, report.days, report.minutes);
  Flush();
}

const char* LearntConsole::ValueName(int value) const {
  return config_.features.channels > 1 ? config_.value_names[value] : nullptr;
}

void LearntConsole::AnswerNormal(const LearntReport& report) {
  const AcceptedAlarm& accepted = report.accepted;
  const SlowWatch::Change& slow = accepted.slow;
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
  Flush();
}

void LearntConsole::AnswerAccept(const LearntReport& report) {
  const SlowWatch::Change& level = report.level;
  AddLevelAccepted(line_, ValueName(level.value), level.chart.from, level.chart.to);
  Flush();
}

void LearntConsole::PrintCharts(const LearntReport& report) {
  if (config_.detector.slow == nullptr) return;
  for (int chart = 0; chart < kSlowLearntCharts; ++chart) {
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
}

void LearntConsole::PrintLimits(const LearntReport& report) {
  if (config_.detector.learning == nullptr) return;
  for (int i = 0; i < config_.features.count; ++i) {
    const FeatureSpec& spec = config_.features.specs[i];
    const float* const limits = report.limits + ResidualLimits::kSides * i;
    AddLearntLimit(line_, i + 1, {FeatureBehaviour(spec.kind), ValueName(spec.channel)}, limits[1],
                   limits[0]);
    Flush();
  }
}
