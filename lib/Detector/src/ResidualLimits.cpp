#include "ResidualLimits.h"

#include <cmath>

namespace anomaly {

namespace {

constexpr float kMemoryDays = 30.0f;
constexpr float kDoubt = 3.0f;         // days whose variance has been half seen
constexpr float kShare = 0.1f;         // of the mean: the least standard deviation of the days
constexpr float kLastingShare = 0.2f;  // the same of a logarithm
constexpr float kCut = 4.23f;          // standard deviations: what a day counts at most
constexpr float kGumbelScale = 0.78f;  // its quantile, in standard deviations: scale * rho - shift
constexpr float kGumbelShift = 0.45f;
constexpr uint32_t kWeek = 7;        // after it a limit grows slowly
constexpr uint16_t kMostFrozen = 7;  // an alarm of so many days is learnt after all

// The tracker aims at one day in nine with an alarm.
constexpr float kRhoUp = 0.6f;
constexpr float kRhoDown = 0.072f;
constexpr float kLeastRho = 1.6f;
constexpr float kMostRho = 4.4f;

constexpr float kEcho = 1.5f;      // times today's largest
constexpr float kMostEcho = 2.0f;  // times what it is, later on
constexpr float kAcceptedMargin = 1.5f;
constexpr float kAcceptedMean = 1.2f;
constexpr float kAcceptedLength = 2.0f;
constexpr float kTookPart = 0.7f;  // of its limit: a smaller residual was not what alarmed

constexpr float kOscillates = 0.7f;  // of the trained limit
constexpr float kFade = 2.0f;        // frames that one without an oscillation takes away

}  // namespace

ResidualLimits::ResidualLimits(const LearningConfig* config, LearntSide* sides, int count)
    : config_(config), sides_(sides), count_(count) {
  Forget();
}

void ResidualLimits::Restore(const LearntDays& days, const LearntSide* sides) {
  days_ = days;
  for (int i = 0; i < kSides * count_; ++i) sides_[i] = sides[i];
  Settle();
}

void ResidualLimits::Forget() {
  if (exists()) Restore(*config_->trained_days, config_->trained);
  had_alarm_ = false;
}

float ResidualLimits::widest(int feature) const {
  return std::fmax(side(feature, 1.0f).now, side(feature, -1.0f).now);
}

void ResidualLimits::Settle() {
  if (exists()) settling_ = config_->settle_frames;
  lasting_ = 0.0f;
  lasts_ = false;
}

void ResidualLimits::Watch(const float* residuals) {
  if (!exists()) return;
  const bool learns = settling_ == 0;
  if (!learns) --settling_;
  for (int i = 0; learns && i < count_; ++i) {
    LearntSide& one = sides_[Place(i, residuals[i])];
    one.today = std::fmax(one.today, std::fabs(residuals[i]));
  }
  if (config_->oscillation < 0) return;
  const bool oscillates = residuals[config_->oscillation] > kOscillates;
  const float most = static_cast<float>(config_->day_frames);  // no day has more
  lasting_ = oscillates ? std::fmin(lasting_ + 1.0f, most) : std::fmax(0.0f, lasting_ - kFade);
  const float length = std::log1p(lasting_);
  if (learns) days_.lasting.today = std::fmax(days_.lasting.today, length);
  lasts_ = days_.days >= 1 && length >= days_.lasting.limit;
}

void ResidualLimits::Conclude(bool alarm_before, bool alarm, const float* residuals) {
  if (!exists()) return;
  if (alarm && !alarm_before) {
    if (days_.alarms < UINT16_MAX) ++days_.alarms;
    had_alarm_ = true;
    for (float& largest : last_alarm_) largest = 0.0f;
  }
  if (alarm) {
    for (int i = 0; i < count_; ++i) {
      float& largest = last_alarm_[Place(i, residuals[i])];
      largest = std::fmax(largest, std::fabs(residuals[i]));
    }
  } else if (alarm_before) {
    EndAlarm();
  }
  if (++days_.frame_of_day >= config_->day_frames) EndDay(alarm);
}

// One new thing does not alarm twenty times a day.
void ResidualLimits::EndAlarm() {
  const bool free = learns_freely();
  for (int i = 0; i < kSides * count_; ++i) {
    LearntSide& one = sides_[i];
    const LearningRule& rule = config_->rules[i / kSides];
    if (!free && !rule.echoes) continue;
    float seen = one.today;
    // What has come from one side will come from the other: a door that opens is closed.
    if (free && rule.mirrors) seen = std::fmax(seen, sides_[i ^ 1].today);
    float wide = kEcho * seen;
    if (!free) wide = std::fmin(wide, kMostEcho * one.now);
    one.now = std::fmax(one.now, wide);
  }
}

void ResidualLimits::EndDay(bool alarm) {
  days_.frame_of_day = 0;
  if (alarm && !learns_freely() && days_.frozen < kMostFrozen) {
    ++days_.frozen;
  } else {
    days_.frozen = 0;
    if (days_.days >= 1) {
      const float rho = days_.rho + (days_.alarms > 0 ? kRhoUp : -kRhoDown);
      days_.rho = std::fmin(std::fmax(rho, kLeastRho), kMostRho);
    }
    const bool grows_slowly = days_.days + 1 > kWeek;
    for (int i = 0; i < kSides * count_; ++i) {
      LearntSide& one = sides_[i];
      Learn(&one, kShare * one.mean);
      const float most = one.limit * config_->rules[i / kSides].growth;
      const float limit = Limit(one, kShare * one.mean, 1.0f);
      one.limit = grows_slowly ? std::fmin(limit, most) : limit;
    }
    LearntSide& lasting = days_.lasting;
    Learn(&lasting, kLastingShare);
    lasting.limit = Limit(lasting, kLastingShare, config_->least_lasting);
    ++days_.days;
  }
  for (int i = 0; i < kSides * count_; ++i) {
    sides_[i].today = 0.0f;
    sides_[i].now = sides_[i].limit;
  }
  days_.lasting.today = 0.0f;
  days_.alarms = 0;
}

void ResidualLimits::Learn(LearntSide* one, float deviation) const {
  const float days = static_cast<float>(days_.days);
  float value = one->today;
  if (!learns_freely()) {
    const float spread = one->variance * (1.0f + kDoubt / days) + deviation * deviation;
    value = std::fmin(value, one->mean + kCut * std::sqrt(spread));
  }
  const float weight = 1.0f / std::fmin(days + 1.0f, kMemoryDays);
  const float change = value - one->mean;
  one->mean += weight * change;
  one->variance = (1.0f - weight) * (one->variance + weight * change * change);
}

float ResidualLimits::Limit(const LearntSide& one, float deviation, float least) const {
  const float days = static_cast<float>(days_.days) + 1.0f;
  const float floor = deviation * (1.0f + 1.0f / days);
  const float spread = std::sqrt(one.variance * (1.0f + kDoubt / days) + floor * floor);
  return std::fmax(least, one.mean + (kGumbelScale * days_.rho - kGumbelShift) * spread);
}

int ResidualLimits::alarm_feature() const {
  int farthest = 0;
  float most = -1.0f;
  for (int i = 0; i < kSides * count_; ++i) {
    const float ratio = last_alarm_[i] / sides_[i].limit;
    if (ratio <= most) continue;
    most = ratio;
    farthest = i / kSides;
  }
  return farthest;
}

void ResidualLimits::Accept() {
  if (lasts_) {
    LearntSide& lasting = days_.lasting;
    const float accepted = std::log1p(kAcceptedLength * lasting_);
    lasting.mean = std::fmax(lasting.mean, std::log1p(lasting_));
    lasting.limit = std::fmax(lasting.limit, accepted);
    lasts_ = false;
  }
  for (int i = 0; exists() && i < kSides * count_; ++i) {
    LearntSide& one = sides_[i];
    const float seen = last_alarm_[i];
    if (seen < kTookPart * one.limit) continue;
    one.now = std::fmax(one.now, kAcceptedMargin * seen);
    one.limit = std::fmax(one.limit, kAcceptedMargin * seen);
    one.mean = std::fmax(one.mean, kAcceptedMean * seen);
  }
}

}  // namespace anomaly
