// What the console says of the board: `status` and `model`.
#include "CommandShell.h"

namespace anomaly {

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
  status.baud = raw_.baud();
  status.anomalies = printer_.anomalies();
  status.faults = printer_.faults();
  status.threshold = settings_.Threshold();
  const bool forgotten = ForgetIsOnItsWay(exchange_.requests_done.load(std::memory_order_acquire));
  status.noise =
      forgotten ? settings_.record.noise[0] : exchange_.noise.load(std::memory_order_relaxed);
  status.can_learn = config_.detector.refit != nullptr;
  status.fitted = exchange_.fitted.load(std::memory_order_relaxed);
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
  if (link_ != nullptr) {
    status.dropped += link_->queue().dropped();
    status.link = link_->transport().StateText();
    status.link_queue = link_->ring().queue();
    status.link_lost = link_->ring().lost();
  }
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
  model.default_threshold = settings_.default_threshold;
  AddModel(line_, model);
}

}  // namespace anomaly
