#include "Learner.h"

namespace anomaly {

namespace {
constexpr int64_t kKeepMicros = 3600LL * 1000 * 1000;
}

void Learner::CountFrame() {
  if (keep_) Keep();
  if (!learns_) return;
  exchange_.days_learnt.store(detector_.days_learnt(), std::memory_order_relaxed);
  exchange_.slow.store(detector_.slow().ratio(), std::memory_order_relaxed);
  exchange_.slow_nearest.store(detector_.slow().nearest(), std::memory_order_relaxed);
  since_kept_us_ += config_.frame_period_us();
  if (since_kept_us_ >= kKeepMicros) Keep();
}

void Learner::Keep() {
  if (!block_.exists()) return;
  keep_ = true;
  if (exchange_.block_waits.load(std::memory_order_acquire)) return;
  block_.Write();
  exchange_.block_waits.store(true, std::memory_order_release);
  since_kept_us_ = 0;
  keep_ = false;
}

void Learner::Take(const Request& request) {
  LearntReport& report = exchange_.report;
  report = {};
  report.kind = request.kind;
  report.days = detector_.days_learnt();
  switch (request.kind) {
    case Request::Kind::kNormal:
      report.accepted = detector_.AcceptAlarm();
      break;
    case Request::Kind::kAccept:
      report.level = detector_.slow().MoveLevel();
      break;
    case Request::Kind::kForget:
      detector_.Forget();
      break;
    default:
      FillReport(static_cast<int>(request.count));
      break;
  }
  if (request.kind != Request::Kind::kLearnt) Keep();
  exchange_.report_waits.store(true, std::memory_order_release);
}

void Learner::FillReport(int value) {
  LearntReport& report = exchange_.report;
  report.value = value;
  const SlowWatch& slow = detector_.slow();
  if (value < slow.count()) {
    const SlowCharts& charts = slow.charts(value);
    for (int i = 0; i < kSlowCharts; ++i) report.standings[i] = charts.standing(i);
    report.minutes = charts.learnt().minutes;
  }
  const ResidualLimits& limits = detector_.limits();
  for (int i = 0; i < limits.side_count(); ++i) report.limits[i] = limits.sides()[i].now;
}

}  // namespace anomaly
