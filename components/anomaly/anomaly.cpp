#include "anomaly.h"

#include <algorithm>
#include <cstring>
#include <memory>

#include "esphome/core/log.h"

namespace esphome::anomaly_ {

static const char *const TAG = "anomaly";

static const uint32_t SAVE_INTERVAL_MS = 60 * 60 * 1000;
static const float SHORTEST_SILENCE_S = 30.0f;
static const float SILENT_INTERVALS = 3.0f;

void AnomalyComponent::setup() {
  if (*this->error_() != '\0') {
    ESP_LOGE(TAG, "The detector cannot judge: %s", this->error_());
    this->mark_failed();
    return;
  }
  this->preferences_.init(this->pieces_());
  for (uint32_t i = 0; i < this->pieces_(); i++)
    this->preferences_.push_back(global_preferences->make_preference<Piece>(this->preference_key_ + i, true));
  this->load_();
  this->set_interval(SAVE_INTERVAL_MS, [this]() { this->save_(); });
  this->source_->add_on_state_callback([this](float value) { this->take_value_(value); });
  if (this->source_->has_state()) {
    this->take_value_(this->source_->state);
  } else {
    this->watch_for_silence_(this->silence_());
  }
}

void AnomalyComponent::dump_config() {
  ESP_LOGCONFIG(TAG,
                "Anomaly detector:\n"
                "  Sensor: %s\n"
                "  Interval: %.1f s\n"
                "  Learnt state: %u bytes",
                this->source_->get_name().c_str(), this->interval_, static_cast<unsigned>(this->saved_bytes_()));
  LOG_SENSOR("  ", "Score", this->score_sensor_);
  LOG_SENSOR("  ", "Expected", this->expected_sensor_);
  LOG_SENSOR("  ", "Threshold", this->threshold_sensor_);
}

void AnomalyComponent::set_sensitivity(float sensitivity) {
  this->sensitivity_ = sensitivity;
  this->use_threshold_();
}

void AnomalyComponent::learn(uint32_t samples) {
  if (this->learn_(samples)) {
    ESP_LOGI(TAG, "Learning from %u samples", static_cast<unsigned>(samples));
    this->learning_ = true;
  } else {
    ESP_LOGW(TAG, "Cannot learn: the model does not, or the sensor is at fault");
  }
}

void AnomalyComponent::learn_for(uint32_t milliseconds) {
  this->learn(static_cast<uint32_t>(std::ceil(static_cast<float>(milliseconds) / (1000.0f * this->interval_))));
}

void AnomalyComponent::normal() {
  if (!this->normal_()) {
    ESP_LOGW(TAG, "There was no alarm that could be normal");
    return;
  }
  this->publish_(this->last_());
  this->save_();
}

void AnomalyComponent::take_value_(float value) {
  this->watch_for_silence_(this->silence_());
  this->publish_(std::isnan(value) ? this->take_fault_() : this->judge_(value));
  if (this->learning_ && !this->is_learning_()) {
    ESP_LOGI(TAG, "Learning has ended");
    this->learning_ = false;
    this->save_();
  }
  this->use_threshold_();
}

/// Seconds without a value that are one too many.
float AnomalyComponent::silence_() const { return std::max(SHORTEST_SILENCE_S, SILENT_INTERVALS * this->interval_); }

/// A sensor that no longer has values is at fault, in each interval until it has one.
void AnomalyComponent::watch_for_silence_(float seconds) {
  this->set_timeout("silence", static_cast<uint32_t>(1000.0f * seconds), [this]() {
    this->watch_for_silence_(this->interval_);
    this->publish_(this->take_fault_());
  });
}

/// The cause comes before the alarm, and the score last: whoever has it has what belongs to it.
void AnomalyComponent::publish_(const ::anomaly::Verdict &verdict) {
  const bool is_anomaly = verdict.state == ::anomaly::State::kAnomaly;
  const bool is_fault = verdict.state == ::anomaly::State::kFault;
#ifdef USE_TEXT_SENSOR
  auto tell = [](text_sensor::TextSensor *sensor, const char *text) {
    if (sensor != nullptr && (!sensor->has_state() || sensor->state != text))
      sensor->publish_state(text);
  };
  tell(this->state_text_sensor_, ::anomaly::StateText(verdict.state));
  tell(this->cause_text_sensor_, is_fault ? ::anomaly::FaultText(verdict.fault) : verdict.cause);
#endif
#ifdef USE_BINARY_SENSOR
  if (this->anomaly_binary_sensor_ != nullptr)
    this->anomaly_binary_sensor_->publish_state(is_anomaly);
  if (this->fault_binary_sensor_ != nullptr)
    this->fault_binary_sensor_->publish_state(is_fault);
#endif
  if (this->threshold_sensor_ != nullptr && this->threshold_sensor_->state != verdict.threshold)
    this->threshold_sensor_->publish_state(verdict.threshold);
  if (this->expected_sensor_ != nullptr)
    this->expected_sensor_->publish_state(verdict.expected);
  if (this->score_sensor_ != nullptr)
    this->score_sensor_->publish_state(verdict.score);
}

void AnomalyComponent::use_threshold_() {
  const float wanted = this->sensitivity_ == 1.0f ? 0.0f : this->default_threshold_() / this->sensitivity_;
  if (wanted == this->threshold_)
    return;
  this->threshold_ = wanted;
  this->set_threshold_(wanted);
}

void AnomalyComponent::load_() {
  // From the heap: once at start and once an hour, and too large for the stack of a chip.
  auto pieces = std::make_unique<Piece[]>(this->pieces_());
  for (size_t i = 0; i < this->pieces_(); i++) {
    if (!this->preferences_[i].load(&pieces[i]))
      return;  // nothing was learnt yet
  }
  if (this->read_(pieces[0].data(), this->saved_bytes_())) {
    ESP_LOGI(TAG, "Going on with what was learnt");
  } else {
    ESP_LOGW(TAG, "What was learnt is of another model or damaged and is not used");
  }
}

void AnomalyComponent::save_() {
  if (this->preferences_.empty())
    return;
  auto pieces = std::make_unique<Piece[]>(this->pieces_());
  if (this->write_(pieces[0].data(), this->saved_bytes_()) == 0)
    return;
  for (size_t i = 0; i < this->pieces_(); i++)
    this->preferences_[i].save(&pieces[i]);
}

}  // namespace esphome::anomaly_
