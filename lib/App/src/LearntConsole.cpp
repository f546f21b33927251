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

void LearntConsole::AnswerRequest(const LearntReport& report) {
  switch (report.kind) {
    case Request::Kind::kNormal:
      return AnswerNormal(report);
    case Request::Kind::kAccept:
      return AddLevelAccepted(line_, ValueName(report.level.value), report.level.chart.from,
                              report.level.chart.to);
    default:
      return AddForgot(line_, report.days);
  }
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
